"""The methods of the Web API over a `World`: what each checks, does and answers."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.fakes.slack.blocks import MOST_BLOCKS, pings, problems, too_long
from tests.fakes.slack.modals import ViewRefusedError
from tests.fakes.slack.world import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    Channel,
    Ephemeral,
    File,
    Json,
    SlackError,
    World,
)

_HISTORY_SCOPES = {"channel": "channels:history", "group": "groups:history", "im": "im:history"}
_READ_SCOPES = {"channel": "channels:read", "group": "groups:read", "im": "im:read"}


class WebApi:
    """Answers calls; `emit` is told of every event that Slack would send."""

    def __init__(self, world: World, emit: Callable[[Json], None]) -> None:
        self._world = world
        self._emit = emit
        self.pinged: list[Json] = []
        self._methods: dict[str, Callable[[Mapping[str, Any]], Json]] = {
            "auth.test": self._auth_test,
            "bots.info": self._bot_info,
            "chat.delete": self._delete,
            "chat.getPermalink": self._permalink,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.info": self._info,
            "conversations.join": self._join,
            "conversations.list": self._list,
            "conversations.members": self._members,
            "users.conversations": self._own_channels,
            "conversations.open": self._open,
            "conversations.replies": self._replies,
            "files.completeUploadExternal": self._complete_upload,
            "files.getUploadURLExternal": self._begin_upload,
            "reactions.get": self._reactions,
            "team.info": self._team,
            "users.info": self._user,
            "views.open": lambda args: self._modal(world.modals.open, args),
            "views.publish": self._publish,
            "views.update": lambda args: self._modal(world.modals.update, args),
        }

    def call(self, method: str, args: Mapping[str, Any]) -> Json:
        """The answer; raises `SlackError`."""
        if method not in self._methods:
            raise SlackError("unknown_method", req_method=method)
        return self._methods[method](args)

    def _need(self, scope: str) -> None:
        if scope not in self._world.scopes:
            provided = ",".join(sorted(self._world.scopes))
            raise SlackError("missing_scope", needed=scope, provided=provided)

    # Identity

    def _auth_test(self, _: Mapping[str, Any]) -> Json:
        return {
            "url": "https://papers.slack.com/",
            "team": "Papers",
            "user": "paperbot",
            "team_id": self._world.team,
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def _bot_info(self, args: Mapping[str, Any]) -> Json:
        self._need("users:read")
        if args.get("bot") != BOT_ID:
            raise SlackError("bot_not_found")
        bot = {"id": BOT_ID, "deleted": False, "name": "paperbot"}
        return {"bot": bot | {"app_id": APP_ID, "user_id": BOT_USER}}

    def _team(self, _: Mapping[str, Any]) -> Json:
        self._need("team:read")
        return {"team": {"id": self._world.team, "name": "Papers", "domain": "papers"}}

    def _user(self, args: Mapping[str, Any]) -> Json:
        self._need("users:read")
        person = self._world.people.get(str(args.get("user", "")))
        if person is None:
            raise SlackError("user_not_found")
        user: Json = {
            "id": person.id,
            "name": person.name.lower(),
            "real_name": person.name,
            "profile": {"display_name": person.name, "real_name": person.name},
            "is_admin": person.admin,
            "is_owner": person.owner,
            "is_primary_owner": False,
            "is_bot": person.bot,
            "deleted": person.deleted,
            "team_id": person.team or self._world.team,
            "tz": "Asia/Seoul",
        }
        if person.teams:
            user["enterprise_user"] = {
                "teams": [*person.teams],
                "is_admin": person.rules,
                "is_owner": False,
            }
        if _flag(args, "include_locale"):
            user["locale"] = person.locale
        return {"user": user}

    # Messages

    def _post(self, args: Mapping[str, Any]) -> Json:
        self._need("chat:write")
        channel = self._postable(args)
        text, blocks = self._content(args)
        message = self._world.add_message(
            channel,
            user=BOT_USER,
            text=text,
            blocks=blocks,
            thread=args.get("thread_ts"),
            metadata=_metadata(args),
            broadcast=_flag(args, "reply_broadcast"),
        )
        self._emit(message_event(channel, message))
        return {
            "channel": channel.id,
            "ts": message["ts"],
            "message": _shown(message, with_metadata=True),
        }

    def _postable(self, args: Mapping[str, Any]) -> Channel:
        place = str(args.get("channel", ""))
        if place in self._world.people:  # a person's id stands for their direct messages
            channel = self._world.direct_channel(place)
        else:
            channel = self._world.visible_channel(place)
        if channel.direct and not self._world.messages_tab:
            raise SlackError("messages_tab_disabled")
        if channel.archived:
            raise SlackError("is_archived")
        if BOT_USER not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    def _content(self, args: Mapping[str, Any], most: int = MOST_BLOCKS) -> tuple[str, list[Json]]:
        text = str(args.get("text") or "")
        blocks = _json(args.get("blocks"), "invalid_blocks_format") or []
        if not text and not blocks:
            raise SlackError("no_text")
        if len(text) > 40_000:
            raise SlackError("msg_too_long")
        found = problems(blocks, most=most) if blocks else []
        found = found or self._unusable(blocks)
        if found:
            raise SlackError("invalid_blocks", response_metadata={"messages": found})
        if too_long(blocks):
            raise SlackError("msg_blocks_too_long")
        if pings(text, blocks):
            self.pinged.append({"text": text, "blocks": blocks})
        return text, blocks

    def _post_ephemeral(self, args: Mapping[str, Any]) -> Json:
        self._need("chat:write")
        channel = self._postable(args)
        user = str(args.get("user", ""))
        if user not in channel.members:
            raise SlackError("user_not_in_channel")
        text, blocks = self._content(args)
        self._world.ephemerals.append(
            Ephemeral(channel.id, user, text, blocks, args.get("thread_ts"))
        )
        return {"message_ts": self._world.next_ts()}

    def _own(self, args: Mapping[str, Any], refusal: str) -> tuple[Channel, Json]:
        self._need("chat:write")
        channel = self._world.visible_channel(str(args.get("channel", "")))
        message = channel.messages.get(str(args.get("ts", "")))
        if message is None or message.get("subtype") == "tombstone":
            raise SlackError("message_not_found")
        if message["user"] != BOT_USER:
            raise SlackError(refusal)
        if channel.archived:
            raise SlackError("is_inactive")
        return channel, message

    def _update(self, args: Mapping[str, Any]) -> Json:
        channel, message = self._own(args, "cant_update_message")
        text, blocks = self._content(args)
        if len(text) > 4000:
            raise SlackError("msg_too_long")
        previous = dict(message)
        message |= {"text": text, "edited": {"user": BOT_USER, "ts": self._world.next_ts()}}
        message["blocks"] = [
            {"block_id": f"b{self._world.next_number()}", **block} for block in blocks
        ]
        if "metadata" in args and (metadata := _metadata(args)) is not None:
            message["metadata"] = metadata
        self._emit(changed_event(channel, message, previous, self._world))
        return {"channel": channel.id, "ts": message["ts"], "text": text, "message": message}

    def _delete(self, args: Mapping[str, Any]) -> Json:
        channel, message = self._own(args, "cant_delete_message")
        previous = self._world.remove_message(channel, message["ts"])
        self._emit(deleted_event(channel, previous, self._world))
        return {"channel": channel.id, "ts": message["ts"]}

    def _permalink(self, args: Mapping[str, Any]) -> Json:
        channel = self._world.visible_channel(str(args.get("channel", "")))
        ts = str(args.get("message_ts", ""))
        if ts not in channel.messages:
            raise SlackError("message_not_found")
        link = f"https://papers.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
        return {"channel": channel.id, "permalink": link}

    # Files: https://docs.slack.dev/messaging/working-with-files

    def _begin_upload(self, args: Mapping[str, Any]) -> Json:
        self._need("files:write")
        length, text = str(args.get("length") or ""), str(args.get("alt_txt") or "")
        if not args.get("filename") or not length.isdigit() or int(length) < 1:
            raise SlackError("missing_argument")
        if len(text) > 1000:
            raise SlackError("alt_txt_too_large")
        file = File(f"F{self._world.next_number()}", int(length), text)
        self._world.files[file.id] = file
        return {"upload_url": self._world.upload_base + file.id, "file_id": file.id}

    def _complete_upload(self, args: Mapping[str, Any]) -> Json:
        """Without a channel the file stays private. It can only be called once for a file."""
        self._need("files:write")
        named = _json(args.get("files"), "invalid_arguments") or []
        if not named:
            raise SlackError("missing_argument")
        for each in named:
            file = self._world.files.get(str(each.get("id")))
            if file is None or file.data is None or file.is_completed:
                raise SlackError("file_not_found")
            file.is_completed, file.channel = True, str(args.get("channel_id") or "")
        return {"files": [{"id": each["id"], "title": each.get("title", "")} for each in named]}

    def _unusable(self, blocks: list[Json]) -> list[str]:
        """Images that Slack does not have, or not yet: who posts must have access to the file."""
        ids = [
            b["slack_file"].get("id") for b in blocks if b["type"] == "image" and "slack_file" in b
        ]
        if ids and self._world.unseen > 0:
            self._world.unseen -= 1
            return ["invalid slack file"]
        files = [self._world.files.get(str(each)) for each in ids]
        return ["invalid slack file" for each in files if each is None or not each.is_completed]

    # Conversations

    def _readable(self, args: Mapping[str, Any]) -> Channel:
        channel = self._world.visible_channel(str(args.get("channel", "")))
        self._need(_HISTORY_SCOPES[_kind(channel)])
        if BOT_USER not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    def _history(self, args: Mapping[str, Any]) -> Json:
        channel = self._readable(args)
        chosen = [message for message in channel.roots() if _within(message["ts"], args)]
        chosen.sort(key=lambda message: _number(message["ts"]), reverse=True)
        return _page(chosen, args)

    def _replies(self, args: Mapping[str, Any]) -> Json:
        channel = self._readable(args)
        message = channel.messages.get(str(args.get("ts", "")))
        if message is None:
            raise SlackError("thread_not_found")
        root = str(message.get("thread_ts", message["ts"]))
        chosen = [
            message
            for message in channel.thread(root)
            if message["ts"] == root or _within(message["ts"], args)
        ]
        return _page(chosen, args)

    def _reactions(self, args: Mapping[str, Any]) -> Json:
        self._need("reactions:read")
        channel = self._world.visible_channel(str(args.get("channel", "")))
        message = channel.messages.get(str(args.get("timestamp", "")))
        if message is None:
            raise SlackError("message_not_found")
        return {"type": "message", "channel": channel.id, "message": dict(message)}

    def _info(self, args: Mapping[str, Any]) -> Json:
        channel = self._world.visible_channel(str(args.get("channel", "")))
        self._need(_READ_SCOPES[_kind(channel)])
        return {"channel": _described(channel, self._world.team)}

    def _list(self, _: Mapping[str, Any]) -> Json:
        self._need("channels:read")
        listed = [
            _described(channel)
            for channel in self._world.channels.values()
            if not channel.direct and (not channel.private or BOT_USER in channel.members)
        ]
        return {"channels": listed, "response_metadata": {"next_cursor": ""}}

    def _own_channels(self, args: Mapping[str, Any]) -> Json:
        self._need("channels:read")
        user = str(args.get("user") or BOT_USER)
        if user not in self._world.people:
            raise SlackError("user_not_found")
        listed = [
            _described(channel)
            for channel in self._world.channels.values()
            if not (channel.direct or channel.archived)
            and user in channel.members
            and (not channel.private or BOT_USER in channel.members)
        ]
        return {"channels": listed, "response_metadata": {"next_cursor": ""}}

    def _members(self, args: Mapping[str, Any]) -> Json:
        channel = self._world.visible_channel(str(args.get("channel", "")))
        self._need(_READ_SCOPES[_kind(channel)])
        return {"members": sorted(channel.members), "response_metadata": {"next_cursor": ""}}

    def _join(self, args: Mapping[str, Any]) -> Json:
        self._need("channels:join")
        channel = self._world.visible_channel(str(args.get("channel", "")))
        if channel.archived:
            raise SlackError("is_archived")
        channel.members.add(BOT_USER)
        return {"channel": _described(channel)}

    def _open(self, args: Mapping[str, Any]) -> Json:
        """One person's direct messages; this Slack has none of several people."""
        self._need("im:write")
        users = str(args.get("users") or "")
        if not users:
            raise SlackError("users_list_not_supplied")
        person = self._world.people.get(users)
        if person is None:
            raise SlackError("user_not_found")
        if person.bot:
            raise SlackError("cannot_dm_bot")
        if person.deleted:
            raise SlackError("user_disabled")
        return {"channel": {"id": self._world.direct_channel(users).id}}

    # Home and modals

    def _modal(self, method: Callable[[Mapping[str, Any]], Json], args: Mapping[str, Any]) -> Json:
        try:
            return {"view": method(args)}
        except ViewRefusedError as refused:
            raise SlackError(
                refused.name, response_metadata={"messages": refused.found}
            ) from refused

    def _publish(self, args: Mapping[str, Any]) -> Json:
        view = _json(args.get("view"), "invalid_arguments")
        if not isinstance(view, dict) or view.get("type") != "home":
            raise SlackError("invalid_arguments")
        found = problems(view.get("blocks"), most=100)
        if found:
            raise SlackError("invalid_arguments", response_metadata={"messages": found})
        if str(args.get("user_id", "")) not in self._world.people:
            raise SlackError("user_not_found")
        self._world.homes[str(args["user_id"])] = view
        return {"view": view}


def message_event(channel: Channel, message: Json) -> Json:
    """The event of a new message, as the Events API tells it."""
    shown = {name: value for name, value in message.items() if name not in _COUNTS}
    shown.pop("metadata", None)
    event = {"type": "message", "channel": channel.id, "channel_type": _event_kind(channel)}
    return {**shown, **event, "event_ts": message["ts"]}


def changed_event(channel: Channel, message: Json, previous: Json, world: World) -> Json:
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": channel.id,
        "channel_type": _event_kind(channel),
        "message": dict(message),
        "previous_message": previous,
        "ts": world.next_ts(),
        "event_ts": message["ts"],
    }


def deleted_event(channel: Channel, previous: Json, world: World) -> Json:
    return {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "channel": channel.id,
        "channel_type": _event_kind(channel),
        "deleted_ts": previous["ts"],
        "previous_message": previous,
        "ts": world.next_ts(),
        "event_ts": previous["ts"],
    }


_COUNTS = ("reply_count", "latest_reply")


def _kind(channel: Channel) -> str:
    if channel.direct:
        return "im"
    return "group" if channel.private else "channel"


_event_kind = _kind


def _described(channel: Channel, team: str = "") -> Json:
    if channel.direct:
        return {"id": channel.id, "is_im": True, "user": channel.direct}
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.private,
        "is_private": channel.private,
        "is_im": False,
        "is_archived": channel.archived,
        "is_member": BOT_USER in channel.members,
        "creator": channel.creator,
        "is_shared": bool(channel.teams),
        "is_ext_shared": bool(channel.teams),
        "is_org_shared": False,
        "context_team_id": team,
        "shared_team_ids": list(channel.teams or (team,)),
    }


MOST_NAMED = 5
"""People whom a history names of one reaction: Slack does not promise all of them
(docs.slack.dev/reference/methods/reactions.get)."""


def _shown(message: Json, *, with_metadata: bool) -> Json:
    shown = {name: value for name, value in message.items() if with_metadata or name != "metadata"}
    if "reactions" in shown:
        shown["reactions"] = [
            each | {"users": each["users"][:MOST_NAMED]} for each in shown["reactions"]
        ]
    return shown


def _page(messages: list[Json], args: Mapping[str, Any]) -> Json:
    limit = min(int(args.get("limit") or 100), 999)
    start = 0
    if cursor := args.get("cursor"):
        ids = [message["ts"] for message in messages]
        if cursor not in ids:
            raise SlackError("invalid_cursor")
        start = ids.index(cursor)
    page, rest = messages[start : start + limit], messages[start + limit :]
    metadata = _flag(args, "include_all_metadata")
    answer: Json = {
        "messages": [_shown(message, with_metadata=metadata) for message in page],
        "has_more": bool(rest),
    }
    if rest:
        answer["response_metadata"] = {"next_cursor": rest[0]["ts"]}
    return answer


def _within(ts: str, args: Mapping[str, Any]) -> bool:
    oldest, latest = args.get("oldest"), args.get("latest")
    inclusive = _flag(args, "inclusive")
    if oldest and not (
        _number(ts) > _number(oldest) or (inclusive and _number(ts) == _number(oldest))
    ):
        return False
    return not latest or (
        _number(ts) < _number(latest) or (inclusive and _number(ts) == _number(latest))
    )


def _number(ts: Any) -> int:
    """A timestamp in whole microseconds: as a float it would lose its last digits."""
    seconds, _, rest = str(ts).partition(".")
    return int(seconds) * 1_000_000 + int(f"{rest:0<6}"[:6] if rest else 0)


def _flag(args: Mapping[str, Any], name: str) -> bool:
    return str(args.get(name, "")).lower() in {"1", "true"}


def _json(value: Any, refusal: str) -> Any:
    if isinstance(value, str) and value:
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(refusal) from None
    return value


def _metadata(args: Mapping[str, Any]) -> Json | None:
    metadata = _json(args.get("metadata"), "invalid_metadata_format")
    if not metadata:
        return None
    if not isinstance(metadata, dict) or not {"event_type", "event_payload"} <= set(metadata):
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(metadata)) > 16_000:
        raise SlackError("metadata_too_large")
    return metadata


__all__ = ["APP_ID", "WebApi", "changed_event", "deleted_event", "message_event"]
