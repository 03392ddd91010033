"""What Slack tells us, as values: pure, and nothing that is malformed gets through.

Every payload is somebody else's JSON, so every field is looked at before it is believed; what
is not meant for us, or not understood, is `None`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from bot.platforms.slack.inbound.message_words import has_choice, message_words, own_words

_TALK = frozenset({"", "file_share", "me_message", "thread_broadcast"})
"""Subtypes of a message that somebody said; the others are Slack's own (joins, topics …)."""

_TIMESTAMP = re.compile(r"([0-9]{1,11})\.([0-9]{1,6})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Location:
    """Where something was typed or pressed: `thread` is its root's timestamp."""

    channel: str
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A command line from a person, typed after a slash, in a mention or in a direct message.

    `message` is the timestamp of a message that asks (none for a slash command, which leaves
    none); `response_url` is where a slash command is answered.
    """

    event_id: str
    line: str
    user: str
    user_name: str
    place: Location
    message: str | None = None
    response_url: str | None = None


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """A command line from a button or a select.

    `block_id` says what the message is; `is_ephemeral` that only the presser sees it; without
    a `place` it was pressed in the App Home.
    """

    event_id: str
    line: str
    user: str
    user_name: str
    place: Location | None
    block_id: str
    is_ephemeral: bool
    response_url: str | None


@dataclass(frozen=True, slots=True)
class MessagePosted:
    """A message in the thread of one of our messages; `text` is all of its words, as mrkdwn.

    `event_id` names the version of the message, whichever way it comes to us; `at` is when it was
    said, `edited_at` when it was edited last. `user_name` is known of apps alone. `mentions_bot`
    says that its author calls the bot, not somebody whom they quote.
    """

    event_id: str
    channel: str
    root: str
    ts: str
    user: str
    text: str
    at: datetime
    edited_at: datetime | None = None
    user_name: str = ""
    mentions_bot: bool = False


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message in a thread that is not there any more."""

    event_id: str
    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class HomeOpened:
    """Somebody looks at the bot's home."""

    event_id: str
    user: str


SlackEvent = CommandRequest | ButtonPress | MessagePosted | MessageDeleted | HomeOpened


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """Who the bot is in its workspace; `app` is empty where Slack does not say it."""

    team: str
    user: str
    bot: str
    app: str = ""


def read_command(body: Mapping[str, Any]) -> CommandRequest | None:
    """A typed slash command."""
    name, user, channel = _text(body, "command"), _text(body, "user_id"), _text(body, "channel_id")
    if not (name and user and channel):
        return None
    line = f"{name} {_text(body, 'text')}".strip()
    return CommandRequest(
        event_id=_event_id(body, "trigger_id", "response_url"),
        line=unescape(line),
        user=user,
        user_name=_text(body, "user_name"),
        place=Location(channel),
        response_url=_text(body, "response_url") or None,
    )


def read_press(body: Mapping[str, Any]) -> ButtonPress | None:
    """A pressed button or a chosen option that carries a command line."""
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
    )


def read_event(body: Mapping[str, Any], us: BotIdentity) -> SlackEvent | None:
    """An event of the Events API."""
    event = _object(body.get("event"))
    event_id = _event_id(body, "event_id")
    match _text(event, "type"):
        case "app_mention":
            return _mention(event, event_id, us)
        case "message":
            return _message(event, event_id, us)
        case "app_home_opened" if _text(event, "tab") in {"", "home"}:
            user = _text(event, "user")
            return HomeOpened(event_id, user) if user else None
    return None


def _mention(event: Mapping[str, Any], event_id: str, us: BotIdentity) -> CommandRequest | None:
    if not _is_of_a_person(event, us):
        return None
    if _text(event, "thread_ts") and _text(event, "parent_user_id") in {"", us.user}:
        return None  # in a thread of ours: it comes as a message too, and is heard as one
    return _asked(event, event_id, without_mention(own_words(event), us))


def _asked(event: Mapping[str, Any], event_id: str, text: str) -> CommandRequest | None:
    channel, ts, user = (_text(event, name) for name in ("channel", "ts", "user"))
    if not (channel and ts and user):
        return None
    place = Location(channel, _text(event, "thread_ts") or None)
    return CommandRequest(event_id, text, user, "", place, message=ts)


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
        if message_words(changed) == message_words(_object(event.get("previous_message"))):
            return None  # a link preview, a reaction, a new reply count
        return read_reply(changed, channel, us, changed_ts=_text(event, "ts"))
    if _text(event, "channel_type") == "im" and subtype in _TALK and not _text(event, "thread_ts"):
        return _asked(event, event_id, own_words(event)) if _is_of_a_person(event, us) else None
    return read_reply(event, channel, us)


def read_reply(
    message: Mapping[str, Any], channel: str, us: BotIdentity, *, changed_ts: str = ""
) -> MessagePosted | None:
    """The message, if a person or a poll of another app said it in a thread of ours.

    Slack names the root's author in `parent_user_id`; where it does not, the thread may be
    ours, and whoever keeps the discussions knows. `changed_ts` is when Slack says that it was
    changed: `edited` may know that to the second only, and two edits of one second are two; a
    transcript comes without any `edited`.
    """
    ts, root = _text(message, "ts"), _text(message, "thread_ts")
    at = instant(ts)
    if at is None or not root or ts == root:
        return None
    author = _author(message, us)
    if author is None or _text(message, "parent_user_id") not in {"", us.user}:
        return None
    edited = _text(_object(message.get("edited")), "ts")
    if (changed := instant(changed_ts)) and changed > (instant(edited) or at):
        edited = changed_ts
    user, name = author
    return MessagePosted(
        event_id=f"slack:said/{channel}/{ts}/{edited}",
        channel=channel,
        root=root,
        ts=ts,
        user=user,
        text=message_words(message),
        at=at,
        edited_at=instant(edited),
        user_name=name,
        mentions_bot=not name and mentions(own_words(message), us),
    )


def _author(message: Mapping[str, Any], us: BotIdentity) -> tuple[str, str] | None:
    """Who said a message: a person's id, or the id and name of an app that polls.

    What else apps say is not heard: a relay between platforms would repeat our copies for ever,
    and what it repeats is bare text.
    """
    subtype = _text(message, "subtype")
    if subtype in _TALK and _is_of_a_person(message, us):
        return _text(message, "user"), ""
    bot, user = _text(message, "bot_id"), _text(message, "user")
    if not bot or bot == us.bot or user == us.user or subtype not in {*_TALK, "bot_message"}:
        return None
    if not has_choice(message):
        return None
    profile = _text(_object(message.get("bot_profile")), "name")
    return user or bot, profile or _text(message, "username") or user or bot


def instant(ts: str) -> datetime | None:
    """When a timestamp of Slack's says, to the microsecond; `None` where it is none."""
    found = _TIMESTAMP.fullmatch(ts)
    if found is None:
        return None
    seconds, rest = found.groups()
    return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(rest.ljust(6, "0")))


def timestamp(at: datetime) -> str:
    """The timestamp of an instant, as Slack writes it."""
    seconds, rest = divmod((at - _EPOCH) // timedelta(microseconds=1), 1_000_000)
    return f"{seconds}.{rest:06d}"


def _is_of_a_person(event: Mapping[str, Any], us: BotIdentity) -> bool:
    user = _text(event, "user")
    return bool(user) and user not in {us.user, "USLACKBOT"} and not _text(event, "bot_id")


def without_mention(text: str, us: BotIdentity) -> str:
    """What was said to the bot: what stands behind its name, or else before it."""
    found = _name_of(us).search(text)
    if found is None:
        return text
    return text[found.end() :].lstrip(" :,\n") or text[: found.start()]


def mentions(text: str, us: BotIdentity) -> bool:
    """Whether the bot is called by its name."""
    return _name_of(us).search(text) is not None


def _name_of(us: BotIdentity) -> re.Pattern[str]:
    return re.compile(rf"<@{re.escape(us.user)}(?:\|[^>]*)?>")


def _event_id(body: Mapping[str, Any], *names: str) -> str:
    """What names this delivery for ever; empty where Slack gives it no name."""
    found = next((value for name in names if (value := _text(body, name))), "")
    return found and f"slack:{found}"


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
