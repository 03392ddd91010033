"""The fake's REST endpoints: what each does to the world, and what it answers."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from tests.fakes.discord import limits
from tests.fakes.discord.gateway import GUILDS, Gateway
from tests.fakes.discord.interactions import Interactions
from tests.fakes.discord.world import (
    ANNOUNCEMENT,
    APP_ID,
    ATTACH_FILES,
    CREATE_THREADS,
    DM,
    EMBED_LINKS,
    FORUM,
    HAS_THREAD,
    MANAGE_MESSAGES,
    MANAGE_THREADS,
    READ_HISTORY,
    SEND,
    SEND_IN_THREADS,
    TEXT,
    VOICE,
    Channel,
    DiscordError,
    Json,
    Person,
    World,
    missing_access,
    unknown_message,
)

Handler = Callable[[dict[str, str], Any, dict[str, str]], Awaitable[Any]]

_MENTION = re.compile(r"<@!?(\d+)>")
MESSAGE_CONTENT_FLAG = 1 << 18
MOST_ACTIVE_THREADS = 1000


class Rest:
    """Routes by method and path; `find` gives the name, the parameters and the handler."""

    def __init__(self, world: World, gateway: Gateway, interactions: Interactions) -> None:
        self.world = world
        self.gateway = gateway
        self.interactions = interactions
        self.nonce_seconds = 180.0
        self.nonces: dict[tuple[int, str], tuple[float, int]] = {}
        """By channel and nonce: when it came, and the message that it made."""
        self.active_threads_limit = MOST_ACTIVE_THREADS
        routes: list[tuple[str, str, str, Handler]] = [
            ("GET", "/users/@me", "me", self.me),
            ("GET", "/oauth2/applications/@me", "application", self.application),
            ("GET", "/applications/@me", "application", self.application),
            ("GET", "/gateway/bot", "gateway", self.gateway_bot),
            ("GET", "/users/@me/guilds", "guilds", self.guilds),
            ("POST", "/users/@me/channels", "direct channels", self.open_direct),
            ("PUT", "/applications/{app}/commands", "commands", self.put_commands),
            ("GET", "/applications/{app}/commands", "commands", self.get_commands),
            ("PUT", "/applications/{app}/guilds/{guild}/commands", "guild commands", self.put_commands),
            ("GET", "/applications/{app}/guilds/{guild}/commands", "guild commands", self.get_commands),
            ("POST", "/interactions/{id}/{token}/callback", "callback", self.callback),
            ("PATCH", "/webhooks/{app}/{token}/messages/@original", "original", self.edit_original),
            ("DELETE", "/webhooks/{app}/{token}/messages/@original", "original", self.drop_original),
            ("POST", "/webhooks/{app}/{token}", "followup", self.follow_up),
            ("GET", "/guilds/{guild}", "guild", self.guild),
            ("GET", "/guilds/{guild}/members/{user}", "member", self.member),
            ("GET", "/guilds/{guild}/channels", "guild channels", self.guild_channels),
            ("GET", "/guilds/{guild}/threads/active", "active threads", self.active_threads),
            ("GET", "/channels/{channel}", "channel", self.get_channel),
            ("PATCH", "/channels/{channel}", "channel", self.edit_channel),
            ("GET", "/channels/{channel}/messages", "history", self.history),
            ("POST", "/channels/{channel}/messages", "messages", self.post),
            ("GET", "/channels/{channel}/messages/{message}", "message", self.get_message),
            ("PATCH", "/channels/{channel}/messages/{message}", "message", self.edit_message),
            ("DELETE", "/channels/{channel}/messages/{message}", "message", self.delete_message),
            ("GET", "/channels/{channel}/messages/{message}/reactions/{emoji}", "reactions", self.reactions),
            ("POST", "/channels/{channel}/messages/{message}/threads", "message threads", self.open_thread),
            ("POST", "/channels/{channel}/threads", "threads", self.open_post),
            ("GET", "/channels/{channel}/threads/archived/public", "archived", self.archived),
        ]  # fmt: skip
        self._routes = [
            (method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), name, handler)
            for method, path, name, handler in routes
        ]

    def find(self, method: str, path: str) -> tuple[str, dict[str, str], Handler] | None:
        for its_method, pattern, name, handler in self._routes:
            match = pattern.fullmatch(path)
            if match is not None and its_method == method:
                return name, match.groupdict(), handler
        return None

    # Who we are

    async def me(self, _at: dict[str, str], _body: Any, _query: dict[str, str]) -> Json:
        return self.world.bot.json() | {"flags": 0, "verified": True, "mfa_enabled": True}

    async def application(self, _at: dict[str, str], _body: Any, _query: dict[str, str]) -> Json:
        return {
            "id": str(APP_ID),
            "name": "paperbot",
            "description": "",
            "icon": None,
            "bot_public": self.world.bot_public,
            "bot_require_code_grant": False,
            "owner": self.world.people[101].json(),
            "verify_key": "00" * 32,
            "flags": MESSAGE_CONTENT_FLAG if self.world.content_intent else 0,
            "team": None,
            "summary": "",
        }

    async def gateway_bot(self, _at: dict[str, str], _body: Any, _query: dict[str, str]) -> Json:
        gateway = self.gateway
        return {
            "url": "wss://127.0.0.1",
            "shards": gateway.shards,
            "session_start_limit": {
                "total": gateway.identify_limit,
                "remaining": max(0, gateway.identify_limit - gateway.identifies),
                "reset_after": 3_600_000,
                "max_concurrency": 1,
            },
        }

    async def guilds(self, _at: dict[str, str], _body: Any, query: dict[str, str]) -> Any:
        after, limit = int(query.get("after", 0)), int(query.get("limit", 200))
        found = [each for each in self._guilds() if int(each["id"]) > after]
        return sorted(found, key=lambda each: int(each["id"]))[:limit]

    def _guilds(self) -> list[Json]:
        return [
            {
                "id": str(guild.id),
                "name": guild.name,
                "icon": None,
                "owner": False,
                "permissions": str(guild.bot_permissions),
                "features": [],
            }
            for guild in self.world.guilds.values()
            if guild.has_bot
        ]

    async def open_direct(self, _at: dict[str, str], body: Any, _query: dict[str, str]) -> Json:
        person = self.world.people.get(int(body["recipient_id"]))
        if person is None or person.bot:
            raise DiscordError(400, 50033, "Invalid Recipient(s)")
        return self.world.channel_json(self.world.direct_channel(person))

    # Commands and interactions

    def _scope(self, at: dict[str, str]) -> int | None:
        if int(at["app"]) != APP_ID:
            raise DiscordError(404, 10002, "Unknown Application")
        if "guild" not in at:
            return None
        guild = self.world.guilds.get(int(at["guild"]))
        if guild is None or not guild.has_bot:
            raise missing_access()
        return guild.id

    async def put_commands(self, at: dict[str, str], body: Any, _query: dict[str, str]) -> Any:
        scope = self._scope(at)
        limits.check_commands(body)
        self.world.commands[scope] = [
            {"id": str(self.world.next_id()), "application_id": str(APP_ID), "version": "1"} | one
            for one in body
        ]
        return self.world.commands[scope]

    async def get_commands(self, at: dict[str, str], _body: Any, _query: dict[str, str]) -> Any:
        return self.world.commands.get(self._scope(at), [])

    async def callback(self, at: dict[str, str], body: Any, query: dict[str, str]) -> Any:
        found = await self.interactions.callback(int(at["id"]), at["token"], body)
        return found if query.get("with_response") == "1" else None

    async def edit_original(self, at: dict[str, str], body: Any, _query: dict[str, str]) -> Json:
        return await self.interactions.edit_original(at["token"], body)

    async def drop_original(self, at: dict[str, str], _body: Any, _query: dict[str, str]) -> None:
        await self.interactions.delete_original(at["token"])

    async def follow_up(self, at: dict[str, str], body: Any, _query: dict[str, str]) -> Json:
        return await self.interactions.follow_up(at["token"], body)

    # Guilds and channels

    def _guild(self, at: dict[str, str]) -> Any:
        guild = self.world.guilds.get(int(at["guild"]))
        if guild is None:
            raise DiscordError(404, 10004, "Unknown Guild")
        if not guild.has_bot:
            raise missing_access()
        return guild

    async def guild(self, at: dict[str, str], _body: Any, _query: dict[str, str]) -> Json:
        return self.world.guild_json(self._guild(at), whole=False)

    async def member(self, at: dict[str, str], _body: Any, _query: dict[str, str]) -> Json:
        self._guild(at)
        id = int(at["user"])
        person = self.world.bot if id == self.world.bot.id else self.world.people.get(id)
        if person is None or int(at["guild"]) in person.not_in:
            raise DiscordError(404, 10007, "Unknown Member")
        return self.world.member_json(person)

    async def guild_channels(self, at: dict[str, str], _body: Any, _query: dict[str, str]) -> Any:
        guild = self._guild(at)
        return [
            self.world.channel_json(channel)
            for channel in self.world.channels.values()
            if channel.guild == guild.id and not channel.is_thread and not channel.deleted
        ]

    async def active_threads(self, at: dict[str, str], _body: Any, _query: dict[str, str]) -> Json:
        threads = [t for t in self.world.threads_of(self._guild(at).id) if not t.archived]
        return {"threads": [self.world.channel_json(thread) for thread in threads], "members": []}

    async def archived(self, at: dict[str, str], _body: Any, query: dict[str, str]) -> Json:
        parent = self.world.visible_channel(int(at["channel"]))
        assert parent.guild is not None
        found = [
            thread
            for thread in self.world.threads_of(parent.guild)
            if thread.archived and thread.parent == parent.id
        ]
        found.sort(key=lambda thread: thread.changed_at, reverse=True)
        if not self.world.permissions(parent, self.world.bot) & READ_HISTORY:
            raise missing_access()
        if query.get("before"):
            found = [t for t in found if self.world.timestamp(t.changed_at) < query["before"]]
        limit = int(query.get("limit", 50))
        return {
            "threads": [self.world.channel_json(thread) for thread in found[:limit]],
            "members": [],
            "has_more": len(found) > limit,
        }

    async def get_channel(self, at: dict[str, str], _body: Any, _query: dict[str, str]) -> Json:
        return self.world.channel_json(self.world.visible_channel(int(at["channel"])))

    async def edit_channel(self, at: dict[str, str], body: Any, _query: dict[str, str]) -> Json:
        channel = self.world.visible_channel(int(at["channel"]))
        if not channel.is_thread:
            raise DiscordError(403, 50013, "Missing Permissions")
        manages = self.world.permissions(channel, self.world.bot) & MANAGE_THREADS
        if channel.locked and not manages:
            raise DiscordError(403, 50013, "Missing Permissions")
        only_reopens = set(body) <= {"archived", "auto_archive_duration"}
        if not manages and not only_reopens and channel.owner != self.world.bot.id:
            raise DiscordError(403, 50013, "Missing Permissions")
        channel.archived = body.get("archived", channel.archived)
        channel.locked = body.get("locked", channel.locked)
        channel.name = body.get("name", channel.name)
        channel.auto_archive = body.get("auto_archive_duration", channel.auto_archive)
        channel.changed_at = self.world.clock()
        await self._changed(channel)
        return self.world.channel_json(channel)

    async def _changed(self, thread: Channel) -> None:
        data = self.world.channel_json(thread)
        await self.gateway.dispatch("THREAD_UPDATE", data, intent=GUILDS)

    # Messages

    async def history(self, at: dict[str, str], _body: Any, query: dict[str, str]) -> Any:
        channel = self.world.visible_channel(int(at["channel"]))
        if channel.type == FORUM:
            raise DiscordError(400, 50008, "Cannot send messages in a non-text channel")
        if not self.world.permissions(channel, self.world.bot) & READ_HISTORY:
            return []  # as in Discord: no error, just nothing
        found = list(channel.messages.values())
        limit = min(100, int(query.get("limit", 50)))
        if "after" in query:
            found = [m for m in found if int(m["id"]) > int(query["after"])][:limit]
        elif "before" in query:
            found = [m for m in found if int(m["id"]) < int(query["before"])][-limit:]
        else:
            found = found[-limit:]
        return [self._read(message, channel) for message in found[::-1]]

    def _read(self, message: Json, channel: Channel) -> Json:
        """As much of a message as the bot may read."""
        may_read = self.world.content_intent and not self.gateway.refuses_content
        return message if may_read else self.world.without_content(message, channel)

    async def post(self, at: dict[str, str], body: Any, _query: dict[str, str]) -> Json:
        limits.check_message(body)
        channel = self.world.visible_channel(int(at["channel"]))
        if channel.type == FORUM:
            raise DiscordError(400, 50008, "Cannot send messages in a non-text channel")
        self._demand_to_send(channel, body)
        if channel.is_thread and channel.locked:
            manages = self.world.permissions(channel, self.world.bot) & MANAGE_THREADS
            if not manages:
                raise DiscordError(403, 160005, "Thread is locked")
        reference = body.get("message_reference") or {}
        missing = int(reference.get("message_id") or 0) not in channel.messages
        if reference and missing and reference.get("fail_if_not_exists", True):
            raise DiscordError(400, 50035, "Invalid Form Body", {"message_reference": {}})
        nonce = body.get("nonce")
        if nonce is not None and body.get("enforce_nonce"):
            kept = self.nonces.get((channel.id, nonce))
            if kept is not None and self.world.clock() - kept[0] < self.nonce_seconds:
                if kept[1] not in channel.messages:
                    raise unknown_message()
                return channel.messages[kept[1]] | {"nonce": nonce}
        message = await self._put(channel, body)
        if nonce is not None:
            self.nonces[channel.id, nonce] = (self.world.clock(), int(message["id"]))
            return message | {"nonce": nonce}
        return message

    def _demand_to_send(self, channel: Channel, body: Json) -> None:
        if channel.recipient is not None and channel.recipient.is_closed:
            raise DiscordError(403, 50007, "Cannot send messages to this user")
        if channel.guild is None:
            return
        self.world.demand(channel, SEND_IN_THREADS if channel.is_thread else SEND)
        if body.get("embeds"):
            self.world.demand(channel, EMBED_LINKS)
        if body.get("attachments"):
            self.world.demand(channel, ATTACH_FILES)

    def _mentioned(self, body: Json) -> list[Person]:
        """Whom a message notifies: mentions in its text, not in embeds, that it allows."""
        allowed = body.get("allowed_mentions") or {"parse": ["users"]}
        named = {int(each) for each in _MENTION.findall(body.get("content") or "")}
        some = {int(each) for each in allowed.get("users") or ()}
        people = named if "users" in allowed.get("parse", ()) else named & some
        return [self.world.people[each] for each in sorted(people) if each in self.world.people]

    async def _put(self, channel: Channel, body: Json) -> Json:
        await self.wake(channel)
        message = self.world.new_message(
            channel,
            self.world.bot,
            content=body.get("content") or "",
            embeds=body.get("embeds") or [],
            components=body.get("components") or [],
            flags=body.get("flags") or 0,
            attachments=[_attached(each) for each in body.get("attachments") or []],
            mentions=[person.json() for person in self._mentioned(body)],
        )
        if body.get("message_reference"):
            message |= {"type": 19, "message_reference": body["message_reference"]}
        self.world.add_message(channel, message)
        seen = self.gateway.event_message(message, channel, self.world.bot)
        if body.get("nonce") is not None:
            seen = seen | {"nonce": body["nonce"]}
        await self.gateway.dispatch_message("MESSAGE_CREATE", seen, channel)
        return message

    async def wake(self, channel: Channel) -> None:
        """What a message does to an archived thread."""
        if channel.archived:
            channel.archived = False
            channel.changed_at = self.world.clock()
            await self._changed(channel)

    def _message(self, at: dict[str, str]) -> tuple[Channel, Json]:
        channel = self.world.visible_channel(int(at["channel"]))
        message = channel.messages.get(int(at["message"]))
        if message is None:
            raise unknown_message()
        return channel, message

    async def get_message(self, at: dict[str, str], _body: Any, _query: dict[str, str]) -> Json:
        channel, message = self._message(at)
        self.world.demand(channel, READ_HISTORY)
        return self._read(message, channel)

    async def reactions(self, at: dict[str, str], _body: Any, query: dict[str, str]) -> Any:
        channel, message = self._message(at)
        self.world.demand(channel, READ_HISTORY)
        people = self.world.reactions.get(int(message["id"]), {}).get(unquote(at["emoji"]), [])
        if query.get("type", "0") == "1":
            return []  # nobody pays for burst reactions here
        after, limit = int(query.get("after", 0)), int(query.get("limit", 25))
        chosen = sorted(id for id in people if id > after)[:limit]
        everybody = {**self.world.people, self.world.bot.id: self.world.bot}
        return [everybody[id].json() for id in chosen]

    async def edit_message(self, at: dict[str, str], body: Any, _query: dict[str, str]) -> Json:
        limits.check_message(body, partial=True, nonce_allowed=False)
        channel, message = self._message(at)
        if message["author"]["id"] != str(self.world.bot.id):
            raise DiscordError(403, 50005, "Cannot edit a message authored by another user")
        if channel.archived:
            raise DiscordError(400, 50083, "Thread is archived")
        for name in ("content", "embeds", "components"):
            if name in body:
                message[name] = body[name] or ("" if name == "content" else [])
        if "attachments" in body:  # those to keep are named, none is here, and new ones are added
            if body["attachments"]:
                self.world.demand(channel, ATTACH_FILES)
            message["attachments"] = [_attached(each) for each in body["attachments"] or []]
        message["edited_timestamp"] = self.world.timestamp()
        seen = self.gateway.event_message(message, channel, self.world.bot)
        await self.gateway.dispatch_message("MESSAGE_UPDATE", seen, channel)
        return message

    async def delete_message(self, at: dict[str, str], _body: Any, _query: dict[str, str]) -> None:
        channel, message = self._message(at)
        if message["author"]["id"] != str(self.world.bot.id):
            self.world.demand(channel, MANAGE_MESSAGES)
        if channel.archived:
            raise DiscordError(400, 50083, "Thread is archived")
        await self.remove(channel, int(message["id"]))

    async def remove(self, channel: Channel, id: int) -> None:
        """Take a message away and say so to every bot that listens."""
        message = channel.messages.pop(id)
        data = {"id": message["id"], "channel_id": message["channel_id"]}
        if channel.guild is not None:
            data["guild_id"] = str(channel.guild)
        await self.gateway.dispatch_message("MESSAGE_DELETE", data, channel)

    # Threads

    async def open_thread(self, at: dict[str, str], body: Any, _query: dict[str, str]) -> Json:
        limits.check_thread(body)
        parent, message = self._message(at)
        if parent.type not in {TEXT, ANNOUNCEMENT}:
            raise DiscordError(400, 50024, "Cannot execute action on this channel type")
        self.world.demand(parent, CREATE_THREADS)
        if message["flags"] & HAS_THREAD:
            raise DiscordError(400, 160004, "A thread has already been created for this message")
        self._demand_room(parent)
        thread = await self.new_thread(
            parent,
            int(message["id"]),
            body["name"],
            owner=self.world.bot.id,
            auto_archive=body.get("auto_archive_duration") or 1440,
        )
        return self.world.channel_json(thread)

    def _demand_room(self, parent: Channel) -> None:
        assert parent.guild is not None
        active = [t for t in self.world.threads_of(parent.guild) if not t.archived]
        if len(active) >= self.active_threads_limit:
            raise DiscordError(400, 160006, "Maximum number of active threads reached")

    async def new_thread(
        self, parent: Channel, id: int, name: str, *, owner: int, auto_archive: int = 1440
    ) -> Channel:
        """A thread from the message of that id (or a forum's post), announced to bots."""
        thread = self.world.open_thread(parent, id, name, owner=owner, auto_archive=auto_archive)
        data = self.world.channel_json(thread) | {"newly_created": True}
        await self.gateway.dispatch("THREAD_CREATE", data, intent=GUILDS)
        return thread

    async def open_post(self, at: dict[str, str], body: Any, _query: dict[str, str]) -> Json:
        limits.check_thread(body)
        parent = self.world.visible_channel(int(at["channel"]))
        if parent.type in {VOICE, DM} or parent.is_thread:
            raise DiscordError(400, 50024, "Cannot execute action on this channel type")
        if parent.type != FORUM:
            raise DiscordError(400, 50035, "Invalid Form Body")
        limits.check_message(body["message"], nonce_allowed=False)
        self.world.demand(parent, SEND)
        if body["message"].get("embeds"):
            self.world.demand(parent, EMBED_LINKS)
        tags = [int(tag) for tag in body.get("applied_tags") or []]
        if set(tags) - {int(tag["id"]) for tag in parent.tags}:
            raise DiscordError(400, 10087, "Unknown tag")
        if parent.requires_tag and not tags:
            raise DiscordError(
                400, 40067, "A tag is required to create a forum post in this channel"
            )
        self._demand_room(parent)
        thread = await self.new_thread(
            parent,
            self.world.next_id(),
            body["name"],
            owner=self.world.bot.id,
            auto_archive=body.get("auto_archive_duration") or 1440,
        )
        thread.applied_tags = tags
        message = self.world.new_message(
            thread,
            self.world.bot,
            id=str(thread.id),
            content=body["message"].get("content") or "",
            embeds=body["message"].get("embeds") or [],
            components=body["message"].get("components") or [],
            flags=body["message"].get("flags") or 0,
        )
        self.world.add_message(thread, message)
        parent.changed_at = self.world.clock()
        seen = self.gateway.event_message(message, thread, self.world.bot)
        await self.gateway.dispatch_message("MESSAGE_CREATE", seen, thread)
        return self.world.channel_json(thread) | {"message": message}


def _attached(file: Json) -> Json:
    """A file as a message shows it; its `description` is the alternative text."""
    if len(file.get("description") or "") > 1024:
        raise DiscordError(400, 50035, "Invalid Form Body", {"attachments": {}})
    address = f"https://cdn.discordapp.com/attachments/1/{file['id']}/{file['filename']}"
    return {**file, "id": "9", "url": address, "proxy_url": address, "content_type": "image/png"}
