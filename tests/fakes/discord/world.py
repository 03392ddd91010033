"""What a Discord holds: guilds, people, channels, threads and messages, and who may do what."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.fakes import tokens

Json = dict[str, Any]

EPOCH_MS = 1_420_070_400_000
TEXT, DM, VOICE, ANNOUNCEMENT, FORUM = 0, 1, 2, 5, 15
ANNOUNCEMENT_THREAD, PUBLIC_THREAD = 10, 11
THREADS = frozenset({ANNOUNCEMENT_THREAD, PUBLIC_THREAD})

ADMINISTRATOR, MANAGE_CHANNELS = 1 << 3, 1 << 4
VIEW, SEND, MANAGE_MESSAGES, EMBED_LINKS, READ_HISTORY = 1 << 10, 1 << 11, 1 << 13, 1 << 14, 1 << 16
ATTACH_FILES = 1 << 15
MANAGE_THREADS, CREATE_THREADS, SEND_IN_THREADS = 1 << 34, 1 << 35, 1 << 38
BOT_PERMISSIONS = (
    VIEW
    | SEND
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_HISTORY
    | MANAGE_THREADS
    | CREATE_THREADS
    | SEND_IN_THREADS
)
EVERYBODY = VIEW | SEND | READ_HISTORY | CREATE_THREADS | SEND_IN_THREADS
ALL = (1 << 53) - 1

HAS_THREAD, EPHEMERAL, LOADING = 1 << 5, 1 << 6, 1 << 7

# As long as real ones: discord.py sees no mention in shorter ids.
BOT_ID = APP_ID = 900_000_000_000_000_900
BOT_ROLE = 900_000_000_000_000_901
TOKEN = tokens.TOKEN


class DiscordError(Exception):
    """What Discord answers instead: an HTTP status, its own code and a message."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    @property
    def body(self) -> Json:
        found: Json = {"message": self.message, "code": self.code}
        return found | ({"errors": self.errors} if self.errors else {})


def unknown_channel() -> DiscordError:
    return DiscordError(404, 10003, "Unknown Channel")


def unknown_message() -> DiscordError:
    return DiscordError(404, 10008, "Unknown Message")


def missing_access() -> DiscordError:
    return DiscordError(403, 50001, "Missing Access")


def missing_permissions() -> DiscordError:
    return DiscordError(403, 50013, "Missing Permissions")


@dataclass
class Person:
    id: int
    name: str
    manages: bool = False
    locale: str = "en-US"
    bot: bool = False
    not_in: set[int] = field(default_factory=set)
    """The guilds that the person is not in."""
    is_closed: bool = False
    """Whether the person takes no direct messages of the bot; their channel can be opened."""

    def json(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
            "primary_guild": None,
            "clan": None,
        }


@dataclass
class Channel:
    """A channel, a thread or the direct messages with one person."""

    id: int
    type: int
    name: str
    guild: int | None = None
    parent: int | None = None
    owner: int | None = None
    recipient: Person | None = None
    archived: bool = False
    locked: bool = False
    auto_archive: int = 1440
    changed_at: float = 0.0
    overwrites: list[Json] = field(default_factory=list)
    tags: list[Json] = field(default_factory=list)
    applied_tags: list[int] = field(default_factory=list)
    requires_tag: bool = False
    messages: dict[int, Json] = field(default_factory=dict)
    deleted: bool = False

    @property
    def is_thread(self) -> bool:
        return self.type in THREADS

    @property
    def last_message(self) -> int | None:
        return next(reversed(self.messages), None)


def emoji_json(emoji: str) -> Json:
    """A character, or a custom emoji as `name:id`."""
    name, _, id = emoji.partition(":")
    return {"id": id or None, "name": name}


@dataclass
class Guild:
    id: int
    name: str
    everyone: int = EVERYBODY
    bot_permissions: int = BOT_PERMISSIONS
    has_bot: bool = True


class World:
    """Every guild that the bot's application is installed in."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.bot = Person(BOT_ID, "paperbot", bot=True)
        self.reactions: dict[int, dict[str, list[int]]] = {}
        """The people behind each emoji, by message."""
        self.people: dict[int, Person] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.commands: dict[int | None, list[Json]] = {}
        """The registered commands, by guild; `None`: the global ones."""
        self.token = TOKEN
        self.content_intent = True
        self.bot_public = True
        self.direct_openings: int | None = None
        """How many channels of direct messages may still be opened; `None`: any number."""
        self._last_id = 0
        self.add_guild(1, "Reading group")
        self.add_channel(11, "papers")
        self.add_person(101, "Ada", manages=True)
        self.add_person(102, "하늘", locale="ko")

    def next_id(self) -> int:
        """A snowflake that nothing has: always growing."""
        at = (int(self.clock() * 1000) - EPOCH_MS) << 22
        self._last_id = max(self._last_id + 1, at)
        return self._last_id

    def timestamp(self, at: float | None = None) -> str:
        return datetime.fromtimestamp(self.clock() if at is None else at, UTC).isoformat()

    def add_guild(self, id: int, name: str) -> Guild:
        self.guilds[id] = Guild(id, name)
        return self.guilds[id]

    def add_person(
        self, id: int, name: str, *, manages: bool = False, locale: str = "en-US", bot: bool = False
    ) -> Person:
        self.people[id] = Person(id, name, manages, locale, bot)
        return self.people[id]

    def add_channel(
        self,
        id: int,
        name: str,
        *,
        type: int = TEXT,
        guild: int = 1,
        tags: Iterable[str] = (),
        requires_tag: bool = False,
    ) -> Channel:
        channel = Channel(id, type, name, guild=guild, requires_tag=requires_tag)
        channel.tags = [
            {"id": str(self.next_id()), "name": tag, "moderated": False} for tag in tags
        ]
        for tag in channel.tags:
            tag |= {"emoji_id": None, "emoji_name": None}
        self.channels[id] = channel
        return channel

    def direct_channel(self, person: Person) -> Channel:
        for channel in self.channels.values():
            if channel.type == DM and channel.recipient is person:
                return channel
        if self.direct_openings is not None:
            if self.direct_openings <= 0:
                raise DiscordError(403, 40003, "You are opening direct messages too fast")
            self.direct_openings -= 1
        channel = Channel(self.next_id(), DM, "", recipient=person)
        self.channels[channel.id] = channel
        return channel

    def forbid(self, channel: int, permissions: int) -> None:
        """Take permissions from the bot in one channel."""
        self.channels[channel].overwrites = [
            {"id": str(BOT_ID), "type": 1, "allow": "0", "deny": str(permissions)}
        ]

    def permissions(self, channel: Channel, person: Person) -> int:
        """What a person may do in a channel, overwrites included."""
        if channel.guild is None:
            return ALL
        guild = self.guilds[channel.guild]
        if person is not self.bot:
            extra = ALL if person.manages else 0
            return guild.everyone | extra
        granted = guild.everyone | guild.bot_permissions
        if granted & ADMINISTRATOR:
            return ALL
        place = self.channels.get(channel.parent, channel) if channel.parent else channel
        for overwrite in place.overwrites:
            granted &= ~int(overwrite["deny"])
            granted |= int(overwrite["allow"])
        return granted

    def visible_channel(self, id: int) -> Channel:
        """The channel as the bot sees it; raises what Discord answers where it does not."""
        channel = self.channels.get(id)
        if channel is None or channel.deleted:
            raise unknown_channel()
        if channel.guild is not None:
            if not self.guilds[channel.guild].has_bot:
                raise missing_access()
            if not self.permissions(channel, self.bot) & VIEW:
                raise missing_access()
        return channel

    def demand(self, channel: Channel, permission: int) -> None:
        if self.permissions(channel, self.bot) & permission != permission:
            raise missing_permissions()

    def new_message(self, channel: Channel, author: Person, **fields: Any) -> Json:
        """A message that stands nowhere yet."""
        id = self.next_id()
        message: Json = {
            "id": str(id),
            "channel_id": str(channel.id),
            "author": author.json(),
            "content": "",
            "timestamp": self.timestamp(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "components": [],
            "pinned": False,
            "flags": 0,
            "type": 0,
        }
        return message | fields

    def react(self, message: Json, person: Person, emoji: str, *, is_added: bool) -> bool:
        """Put an emoji on a message or take it away; whether that changes anything."""
        people = self.reactions.setdefault(int(message["id"]), {}).setdefault(emoji, [])
        if is_added == (person.id in people):
            return False
        (people.append if is_added else people.remove)(person.id)
        self._count_reactions(message)
        return True

    def clear_reactions(self, message: Json, emoji: str | None) -> None:
        """Remove all reactions to a message, or all of one emoji."""
        found = self.reactions.setdefault(int(message["id"]), {})
        for each in list(found):
            if emoji in {None, each}:
                del found[each]
        self._count_reactions(message)

    def drop_account(self, person: Person) -> None:
        """Somebody deletes their account: their reactions go, and nobody is told."""
        for channel in self.channels.values():
            for message in channel.messages.values():
                for people in self.reactions.get(int(message["id"]), {}).values():
                    if person.id in people:
                        people.remove(person.id)
                self._count_reactions(message)

    def _count_reactions(self, message: Json) -> None:
        message["reactions"] = [
            {"emoji": emoji_json(emoji), "count": len(people), "me": self.bot.id in people}
            for emoji, people in self.reactions.get(int(message["id"]), {}).items()
            if people
        ]

    def attachment(self, name: str) -> Json:
        """A file; its address is signed, and good until the next day."""
        id = self.next_id()
        address = f"https://cdn.discordapp.com/attachments/1/{id}/{name}?ex=67a2&is=67a1&hm=beef"
        return {
            "id": str(id),
            "filename": name,
            "size": 1024,
            "url": address,
            "proxy_url": address,
        }

    def without_content(self, message: Json, channel: Channel) -> Json:
        """A message as a bot without the message content intent gets it."""
        is_shown = (
            message.get("author", {}).get("id") == str(self.bot.id)
            or channel.guild is None
            or any(user["id"] == str(self.bot.id) for user in message.get("mentions", []))
        )
        if is_shown:
            return message
        hidden: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
        return {name: value for name, value in message.items() if name != "poll"} | hidden

    def add_message(self, channel: Channel, message: Json) -> Json:
        channel.messages[int(message["id"])] = message
        channel.changed_at = self.clock()
        return message

    def open_thread(
        self, parent: Channel, id: int, name: str, *, owner: int, auto_archive: int = 1440
    ) -> Channel:
        type = ANNOUNCEMENT_THREAD if parent.type == ANNOUNCEMENT else PUBLIC_THREAD
        thread = Channel(
            id,
            type,
            name,
            guild=parent.guild,
            parent=parent.id,
            owner=owner,
            auto_archive=auto_archive,
            changed_at=self.clock(),
        )
        self.channels[id] = thread
        root = parent.messages.get(id)
        if root is not None:
            root["flags"] |= HAS_THREAD
            root["thread"] = self.channel_json(thread)
        return thread

    def delete_thread(self, thread: Channel) -> None:
        """The thread goes with all that was said in it; the message that it was opened on stays."""
        thread.deleted = True
        root = self.channels[thread.parent].messages.get(thread.id) if thread.parent else None
        if root is not None:
            root["flags"] &= ~HAS_THREAD
            root.pop("thread", None)

    def threads_of(self, guild: int) -> list[Channel]:
        return [
            channel
            for channel in self.channels.values()
            if channel.is_thread and channel.guild == guild and not channel.deleted
        ]

    def channel_json(self, channel: Channel) -> Json:
        last = channel.last_message
        found: Json = {
            "id": str(channel.id),
            "type": channel.type,
            "last_message_id": str(last) if last else None,
            "flags": 0,
        }
        if channel.type == DM:
            assert channel.recipient is not None
            return found | {"recipients": [channel.recipient.json()]}
        found |= {"name": channel.name, "guild_id": str(channel.guild), "rate_limit_per_user": 0}
        if channel.is_thread:
            return found | self._thread_json(channel)
        found |= {
            "position": 0,
            "parent_id": None,
            "nsfw": False,
            "topic": None,
            "permission_overwrites": channel.overwrites,
        }
        if channel.type == VOICE:
            found |= {"bitrate": 64000, "user_limit": 0}
        if channel.type == FORUM:
            found |= {
                "available_tags": channel.tags,
                "default_reaction_emoji": None,
                "default_forum_layout": 0,
                "default_sort_order": None,
                "flags": (1 << 4) if channel.requires_tag else 0,
            }
        return found

    def _thread_json(self, thread: Channel) -> Json:
        return {
            "parent_id": str(thread.parent),
            "owner_id": str(thread.owner),
            "message_count": len(thread.messages),
            "total_message_sent": len(thread.messages),
            "member_count": 1,
            "applied_tags": [str(tag) for tag in thread.applied_tags],
            "thread_metadata": {
                "archived": thread.archived,
                "locked": thread.locked,
                "auto_archive_duration": thread.auto_archive,
                "archive_timestamp": self.timestamp(thread.changed_at),
                "create_timestamp": self.timestamp(thread.changed_at),
            },
        }

    def guild_json(self, guild: Guild, *, whole: bool) -> Json:
        """As `GET /guilds/{id}` gives it or, `whole`, as the gateway does."""
        found: Json = {
            "id": str(guild.id),
            "name": guild.name,
            "owner_id": "101",
            "roles": self.roles_json(guild),
            "emojis": [],
            "stickers": [],
            "features": [],
            "preferred_locale": "en-US",
            "afk_timeout": 0,
            "premium_tier": 0,
            "system_channel_flags": 0,
            "nsfw_level": 0,
            "mfa_level": 0,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
        }
        if not whole:
            return found
        inside = [
            channel
            for channel in self.channels.values()
            if channel.guild == guild.id
            and not channel.deleted
            and self.permissions(channel, self.bot) & VIEW
        ]
        return found | {
            "member_count": len(self.people) + 1,
            "large": False,
            "unavailable": False,
            "joined_at": self.timestamp(),
            "members": [self.member_json(self.bot)],
            "channels": [self.channel_json(c) for c in inside if not c.is_thread],
            "threads": [self.channel_json(c) for c in inside if c.is_thread and not c.archived],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def roles_json(self, guild: Guild) -> list[Json]:
        def role(id: int, name: str, permissions: int, **more: Any) -> Json:
            return {
                "id": str(id),
                "name": name,
                "permissions": str(permissions),
                "color": 0,
                "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
                "position": 0 if id == guild.id else 1,
                "hoist": False,
                "managed": id != guild.id,
                "mentionable": False,
                "flags": 0,
            } | more

        mine = role(BOT_ROLE, "paperbot", guild.bot_permissions, tags={"bot_id": str(BOT_ID)})
        return [role(guild.id, "@everyone", guild.everyone), mine]

    def member_json(self, person: Person) -> Json:
        return {
            "user": person.json(),
            "roles": [str(BOT_ROLE)] if person is self.bot else [],
            "joined_at": self.timestamp(),
            "nick": None,
            "avatar": None,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "pending": False,
        }
