"""What a Slack workspace holds: people, channels, messages, homes."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.slack.modals import Modals

Json = dict[str, Any]

BOT_USER, BOT_ID, APP_ID = "UBOT", "BBOT", "A0001"
OTHER_BOT = "UBOT1"
"""The bot's user in another workspace, as a shared channel shows it."""
EVERY_SCOPE = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "mpim:read",
        "reactions:read",
        "team:read",
        "users:read",
    }
)


class SlackError(Exception):
    """The error name that Slack answers with, and more fields of the answer."""

    def __init__(self, name: str, **more: Any) -> None:
        super().__init__(name)
        self.name = name
        self.more = more


@dataclass
class File:
    """An upload: begun with its length, then `data` is there, then it is completed, once."""

    id: str
    length: int
    text: str
    data: bytes | None = None
    is_completed: bool = False
    channel: str = ""


@dataclass
class Person:
    id: str
    name: str
    admin: bool = False
    owner: bool = False
    locale: str = "en-US"
    bot: bool = False
    deleted: bool = False
    team: str = ""
    """Another workspace, of which the person comes through a shared channel, or is at home in."""
    teams: tuple[str, ...] = ()
    """The workspaces of an organisation that the person is in."""
    rules: bool = False
    """Whether the person is an administrator of the organisation."""


@dataclass
class Channel:
    id: str
    name: str
    creator: str = "U1"
    private: bool = False
    archived: bool = False
    direct: str = ""
    """Whose direct messages with the bot it holds."""
    members: set[str] = field(default_factory=set)
    messages: dict[str, Json] = field(default_factory=dict)
    """By `ts`, replies included."""
    teams: tuple[str, ...] = ()
    """The workspaces that share it, where several do (Slack Connect)."""

    def roots(self) -> list[Json]:
        """What stands in the channel itself, oldest first."""
        return [message for message in self.messages.values() if _is_root(message)]

    def thread(self, root: str) -> list[Json]:
        """The root, if it is still there, and its replies, oldest first."""
        return [
            message
            for message in self.messages.values()
            if message["ts"] == root or message.get("thread_ts") == root
        ]


def _is_root(message: Json) -> bool:
    return message.get("thread_ts", message["ts"]) == message["ts"] or (
        message.get("subtype") == "thread_broadcast"
    )


@dataclass
class Ephemeral:
    """A message that only `user` sees."""

    channel: str
    user: str
    text: str
    blocks: list[Json]
    thread: str | None = None


class World:
    """One workspace, with the bot installed in it."""

    def __init__(self, *, clock: Callable[[], float] = time.time, team: str = "T1") -> None:
        self.clock = clock
        self.team = team
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.ephemerals: list[Ephemeral] = []
        self.homes: dict[str, Json] = {}
        self.scopes = set(EVERY_SCOPE)
        self.files: dict[str, File] = {}
        self.unseen = 0
        """So many messages with a file are refused: Slack is still working on it."""
        self.upload_base = ""
        self.messages_tab = True
        """Whether the app's Messages tab is on, without which nobody gets direct messages."""
        self._last_ts = 0
        self._count = itertools.count(1)
        self.modals = Modals(clock, self.next_number, team)
        self.add_person("U1", "Ada", admin=True)
        self.add_person("U2", "하늘", locale="ko-KR")
        self.people[BOT_USER] = Person(BOT_USER, "paperbot", bot=True)
        self.add_channel("C1", "papers")

    def add_person(
        self, user: str, name: str, *, admin: bool = False, locale: str = "en-US"
    ) -> Person:
        person = Person(user, name, admin=admin, locale=locale)
        self.people[user] = person
        return person

    def add_channel(
        self,
        place: str,
        name: str,
        *,
        creator: str = "U1",
        private: bool = False,
        joined: bool = True,
    ) -> Channel:
        channel = Channel(place, name, creator=creator, private=private)
        channel.members = {creator, *([BOT_USER] if joined else [])}
        self.channels[place] = channel
        return channel

    def direct_channel(self, user: str) -> Channel:
        """The direct messages between the bot and somebody."""
        place = f"D{user}"
        if place not in self.channels:
            self.channels[place] = Channel(place, "", direct=user, members={user, BOT_USER})
        return self.channels[place]

    def next_ts(self) -> str:
        """A timestamp that no message has: microseconds, always growing."""
        self._last_ts = max(self._last_ts + 1, int(self.clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def next_number(self) -> int:
        return next(self._count)

    def visible_channel(self, place: str) -> Channel:
        """The channel as the bot sees it: private ones only from inside."""
        channel = self.channels.get(place)
        if channel is None or (channel.private and BOT_USER not in channel.members):
            raise SlackError("channel_not_found")
        return channel

    def add_message(
        self,
        channel: Channel,
        *,
        user: str,
        text: str,
        blocks: list[Json] | None = None,
        thread: str | None = None,
        metadata: Json | None = None,
        broadcast: bool = False,
    ) -> Json:
        """Put a message into the channel, or into the thread that `thread` belongs to."""
        message: Json = {"type": "message", "user": user, "text": text, "ts": self.next_ts()}
        message["team"] = self.team
        if user == BOT_USER:
            message |= {"bot_id": BOT_ID, "app_id": APP_ID}
        if blocks:
            message["blocks"] = [
                {"block_id": f"b{self.next_number()}", **block} for block in blocks
            ]
        if metadata:
            message["metadata"] = metadata
        if thread is not None:
            self._into_thread(channel, message, thread, broadcast=broadcast)
        channel.messages[message["ts"]] = message
        return message

    def _into_thread(
        self, channel: Channel, message: Json, thread: str, *, broadcast: bool
    ) -> None:
        parent = channel.messages.get(thread)
        if parent is None:
            raise SlackError("thread_not_found")
        root = channel.messages.get(parent.get("thread_ts", thread), parent)
        message |= {"thread_ts": root["ts"], "parent_user_id": root["user"]}
        if broadcast:
            message["subtype"] = "thread_broadcast"
        root["thread_ts"] = root["ts"]
        root["reply_count"] = root.get("reply_count", 0) + 1
        root["latest_reply"] = message["ts"]

    def react(self, message: Json, user: str, emoji: str, *, is_added: bool) -> bool:
        """Put an emoji on a message or take it away; whether that changes anything."""
        found: list[Json] = message.setdefault("reactions", [])
        each = next((each for each in found if each["name"] == emoji), None)
        if is_added == (each is not None and user in each["users"]):
            return False
        if each is None:
            found.append(each := {"name": emoji, "users": [], "count": 0})
        if is_added:
            each["users"].append(user)
        else:
            each["users"].remove(user)
        each["count"] = len(each["users"])
        message["reactions"] = [each for each in found if each["users"]]
        if not message["reactions"]:
            del message["reactions"]
        return True

    def remove_message(self, channel: Channel, ts: str) -> Json:
        """Take a message away; a root with replies leaves a tombstone, as in Slack."""
        message = channel.messages.get(ts)
        if message is None or message.get("subtype") == "tombstone":
            raise SlackError("message_not_found")
        previous = dict(message)
        if message.get("reply_count"):
            message |= {"subtype": "tombstone", "text": "This message was deleted."}
            message["user"] = "USLACKBOT"
            for name in ("blocks", "metadata", "bot_id", "app_id"):
                message.pop(name, None)
            return previous
        del channel.messages[ts]
        root = channel.messages.get(message.get("thread_ts", ""))
        if root is not None and root is not message:
            root["reply_count"] = root.get("reply_count", 1) - 1
        return previous
