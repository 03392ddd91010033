"""Parses commands, presses and events of Slack. Pure.

Every field is checked, since Slack's payloads are foreign JSON. A payload that is not meant for
the bot, or that it does not understand, becomes `None`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import unescape
from typing import Any

from bot.core.domain import commands
from bot.core.ports import ChannelRef, MessageRef, Platform
from bot.platforms.slack.addresses import message_address
from bot.platforms.slack.inbound import mrkdwn
from bot.platforms.slack.inbound.events import (
    AppRemoved,
    BotIdentity,
    ButtonPress,
    CommandRequest,
    HomeOpened,
    Location,
    MessageDeleted,
    MessagePosted,
    Reacted,
    SlackEvent,
)
from bot.platforms.slack.inbound.message_words import has_choice, message_words, own_words
from bot.platforms.slack.timestamps import parse_timestamp

_SUBTYPES_OF_PEOPLE = frozenset({"", "file_share", "me_message", "thread_broadcast"})
"""Other subtypes are Slack's own: joins, topics and so on."""

_LATEST = 1 << 36
"""Seconds since 1970 that are an instant."""


def read_command(body: Mapping[str, Any]) -> CommandRequest | None:
    """Parse a slash command."""
    name, user, channel = _text(body, "command"), _text(body, "user_id"), _text(body, "channel_id")
    if not (name and user and channel):
        return None
    text = _text(body, "text")
    is_escaped = (spec := commands.find(name.removeprefix("/"))) is not None and spec.takes_people
    text = mrkdwn.command_text(text) if is_escaped else unescape(text)
    return CommandRequest(
        event_id=_event_id(body, "trigger_id", "response_url"),
        line=f"{unescape(name)} {text}".strip(),
        user=user,
        user_name=_text(body, "user_name"),
        place=Location(channel),
        response_url=_text(body, "response_url") or None,
        trigger=_text(body, "trigger_id"),
    )


def read_press(body: Mapping[str, Any]) -> ButtonPress | None:
    """Parse a pressed button or a chosen option that carries a command line."""
    actions = body.get("actions")
    action = _object(actions[0]) if isinstance(actions, list) and actions else {}
    option = _object(action.get("selected_option"))
    line = _text(action, "value") or _text(option, "value")
    person = _object(body.get("user"))
    user = _text(person, "id")
    if not (line and user):
        return None
    container = _object(body.get("container"))
    channel = _text(_object(body.get("channel")), "id") or _text(container, "channel_id")
    message = _object(body.get("message"))
    thread = _text(message, "thread_ts") or _text(container, "thread_ts") or None
    return ButtonPress(
        event_id=_event_id(body, "trigger_id", "response_url"),
        line=line,
        user=user,
        user_name=_text(person, "name") or _text(person, "username"),
        place=Location(channel, thread) if channel else None,
        block_id=_text(action, "block_id"),
        is_ephemeral=container.get("is_ephemeral") is True,
        response_url=_text(body, "response_url") or None,
        trigger=_text(body, "trigger_id"),
    )


def read_event(body: Mapping[str, Any], us: BotIdentity) -> SlackEvent | None:
    """Parse an event of the Events API."""
    event = _object(body.get("event"))
    event_id = _event_id(body, "event_id")
    match _text(event, "type"):
        case "app_mention":
            return _mention(event, event_id, us)
        case "message":
            return _message(event, event_id, us)
        case "reaction_added" | "reaction_removed":
            return _reaction(event, event_id, us)
        case "app_home_opened" if _text(event, "tab") in {"", "home"}:
            user = _text(event, "user")
            return HomeOpened(event_id, user) if user else None
        case "app_uninstalled":
            return AppRemoved(event_id, event_time(body))
        case "tokens_revoked":
            bots = _object(event.get("tokens")).get("bot")
            if isinstance(bots, list) and us.user in bots:
                return AppRemoved(event_id, event_time(body), is_revoked=True)
    return None


def event_time(body: Mapping[str, Any]) -> datetime:
    """When an event happened, in whole seconds; the latest time that there is if Slack does not say."""
    at = body.get("event_time")
    if isinstance(at, int) and 0 < at < _LATEST:
        return datetime.fromtimestamp(at, UTC)
    return datetime.max.replace(tzinfo=UTC)


def _mention(event: Mapping[str, Any], event_id: str, us: BotIdentity) -> CommandRequest | None:
    if not _is_from_person(event, us):
        return None
    if _text(event, "thread_ts") and _text(event, "parent_user_id") in {"", us.user}:
        return None  # Slack also sends it as a message event, which is handled instead.
    return _command_in_message(event, event_id, without_mention(own_words(event), us))


def _command_in_message(
    event: Mapping[str, Any], event_id: str, text: str
) -> CommandRequest | None:
    channel, ts, user = (_text(event, name) for name in ("channel", "ts", "user"))
    if not (channel and ts and user):
        return None
    place = Location(channel, _text(event, "thread_ts") or None)
    return CommandRequest(event_id, text, user, "", place, message=ts)


def _reaction(event: Mapping[str, Any], event_id: str, us: BotIdentity) -> Reacted | None:
    item = _object(event.get("item"))
    channel, ts, kind = _text(item, "channel"), _text(item, "ts"), _text(item, "type")
    user, emoji = _text(event, "user"), _text(event, "reaction")
    is_ours = _text(event, "item_user") in {"", us.user}
    if kind != "message" or not (channel and ts and emoji and is_ours):
        return None
    if user in {"", us.user, "USLACKBOT"}:
        return None
    return Reacted(
        event_id,
        channel,
        ts,
        user,
        emoji,
        is_added=_text(event, "type") == "reaction_added",
        at=parse_timestamp(_text(event, "event_ts")),
    )


def _message(event: Mapping[str, Any], event_id: str, us: BotIdentity) -> SlackEvent | None:
    channel, subtype = _text(event, "channel"), _text(event, "subtype")
    if not channel:
        return None
    if subtype == "message_deleted":
        previous = _object(event.get("previous_message"))
        ts = _text(event, "deleted_ts") or _text(previous, "ts")
        is_reply = _text(previous, "thread_ts") not in {"", ts}
        ours = _text(previous, "bot_id") == us.bot or _text(previous, "user") == us.user
        return MessageDeleted(event_id, channel, ts) if ts and is_reply and not ours else None
    if subtype == "message_changed":
        changed = _object(event.get("message"))
        previous = _object(event.get("previous_message"))
        if _words(changed, channel, us) == _words(previous, channel, us):
            return None  # a link preview, a reaction, a new reply count
        return read_reply(changed, channel, us, changed_ts=_text(event, "ts"))
    if (
        _text(event, "channel_type") == "im"
        and subtype in _SUBTYPES_OF_PEOPLE
        and not _text(event, "thread_ts")
    ):
        return (
            _command_in_message(event, event_id, own_words(event))
            if _is_from_person(event, us)
            else None
        )
    return read_reply(event, channel, us)


def read_reply(
    message: Mapping[str, Any], channel: str, us: BotIdentity, *, changed_ts: str = ""
) -> MessagePosted | None:
    """Parse a message of a person, or a poll of another app, in a thread of the bot's.

    `parent_user_id` is the author of the thread's root. If Slack leaves it out, the thread is
    assumed to be the bot's: the discussion's use case looks it up. `changed_ts` is the timestamp of
    a change. It is used where it is later than `edited.ts`, which may be exact to the second only
    and is absent when Slack adds a transcript.
    """
    ts, root = _text(message, "ts"), _text(message, "thread_ts")
    at = parse_timestamp(ts)
    if at is None or not root or ts == root:
        return None
    author = _author(message, us)
    if author is None or _text(message, "parent_user_id") not in {"", us.user}:
        return None
    edited = _text(_object(message.get("edited")), "ts")
    if (changed := parse_timestamp(changed_ts)) and changed > (parse_timestamp(edited) or at):
        edited = changed_ts
    user, name = author
    return MessagePosted(
        event_id=f"slack:said/{channel}/{ts}/{edited}",
        channel=channel,
        root=root,
        ts=ts,
        user=user,
        text=_words(message, channel, us),
        at=at,
        edited_at=parse_timestamp(edited),
        user_name=name,
        mentions_bot=not name and mentions(own_words(message), us),
    )


def _words(message: Mapping[str, Any], channel: str, us: BotIdentity) -> str:
    place = ChannelRef(Platform.SLACK, us.team, channel)
    said, root = (MessageRef(place, _text(message, name)) for name in ("ts", "thread_ts"))
    return message_words(message, message_address(said, root))


def _author(message: Mapping[str, Any], us: BotIdentity) -> tuple[str, str] | None:
    """The author of a message: a person's id, or the id and name of an app that posts a poll.

    Other messages of apps are ignored. A relay between platforms would otherwise copy the bot's
    copies in an endless loop; what relays post is plain text.
    """
    subtype = _text(message, "subtype")
    if subtype in _SUBTYPES_OF_PEOPLE and _is_from_person(message, us):
        return _text(message, "user"), ""
    bot, user = _text(message, "bot_id"), _text(message, "user")
    if (
        not bot
        or bot == us.bot
        or user == us.user
        or subtype not in {*_SUBTYPES_OF_PEOPLE, "bot_message"}
    ):
        return None
    if not has_choice(message):
        return None
    profile = _text(_object(message.get("bot_profile")), "name")
    return user or bot, profile or _text(message, "username") or user or bot


def _is_from_person(event: Mapping[str, Any], us: BotIdentity) -> bool:
    user = _text(event, "user")
    return bool(user) and user not in {us.user, "USLACKBOT"} and not _text(event, "bot_id")


def without_mention(text: str, us: BotIdentity) -> str:
    """The text behind the bot's mention or, if there is none, the text before it."""
    found = _mention_of(us).search(text)
    if found is None:
        return text
    return text[found.end() :].lstrip(" :,\n") or text[: found.start()]


def mentions(text: str, us: BotIdentity) -> bool:
    """Whether the text mentions the bot."""
    return _mention_of(us).search(text) is not None


def _mention_of(us: BotIdentity) -> re.Pattern[str]:
    return re.compile(rf"<@{re.escape(us.user)}(?:\|[^>]*)?>")


def _event_id(body: Mapping[str, Any], *names: str) -> str:
    """The id that a redelivery repeats; empty if Slack sends none."""
    found = next((value for name in names if (value := _text(body, name))), "")
    return found and f"slack:{found}"


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
