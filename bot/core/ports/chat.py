"""A platform where people talk, and the bot as platforms see it.

ChatError                    what a `Chat` may raise, and nothing else
├── ChatUnavailableError     certainly not posted; try again after `retry_after`
├── ChatUncertainError       it may have been posted: reconcile, never blindly resend
└── ChatRefusedError         refused until a person fixes the cause, or for good; the reason says why
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType, Protocol

from bot.core.domain.document import Document
from bot.core.domain.errors import UsageError
from bot.core.domain.extent import Extent
from bot.core.domain.form import Form

DeliveryKey = NewType("DeliveryKey", str)
"""The permanent name of one outbound message: at most 25 characters of `[0-9a-z]` (Discord's nonce)."""


class Platform(StrEnum):
    """Where people talk."""

    DISCORD = "discord"
    SLACK = "slack"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class ChannelRef:
    """A channel; `workspace` and `id` are opaque outside the adapter that minted them."""

    platform: Platform
    workspace: str
    id: str

    def __str__(self) -> str:
        """`slack:T0123/C0123`, `discord:1234567890` or `web:general`; `parse_channel` reads it."""
        place = f"{self.workspace}/{self.id}" if self.workspace else self.id
        return f"{self.platform}:{place}"


def parse_channel(text: str) -> ChannelRef:
    """The channel that an operator typed as REF; raises `UsageError`."""
    platform, colon, place = text.strip().partition(":")
    workspace, slash, channel = place.rpartition("/")
    if platform == Platform.WEB:
        channel = hyphenated(channel)
    if not colon or platform not in set(Platform) or not channel or (slash and not workspace):
        raise UsageError(
            "“{text}” is not a channel: write slack:C0123, slack:T0123/C0123, "
            "discord:1234567890 or web:general",
            text=text,
        )
    return ChannelRef(Platform(platform), workspace, channel)


def hyphenated(name: str) -> str:
    """The name of a channel of the web chat, with a hyphen for each white space in it."""
    return "-".join(name.split())


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message; `id` is opaque, as in `ChannelRef`."""

    channel: ChannelRef
    id: str


@dataclass(frozen=True, slots=True)
class User:
    """A person; `can_manage` is the platform's answer for the channel at hand.

    `workspace` is the person's own where Slack tells it: in a channel of Slack Connect it may be
    another than the channel's. `known_as` are ids of the same person on other platforms
    (`person_id`): who is signed in to the web chat with an account there.
    """

    id: str
    name: str
    can_manage: bool
    workspace: str = ""
    known_as: tuple[str, ...] = ()


def person_id(channel: ChannelRef, user: str) -> str:
    """A person's id with its platform and, for Slack, the workspace: `slack:T0123/U0123`.

    Ids of Slack repeat in other workspaces; those of Discord and of the web chat do not.
    """
    if channel.platform is Platform.SLACK:
        return f"{channel.platform}:{channel.workspace}/{user}"
    return f"{channel.platform}:{user}"


def person_ids(channel: ChannelRef, user: User) -> tuple[str, ...]:
    """The ids under which a person may be known: that of their own workspace is the first.

    A person in a shared channel of Slack also has an id in the workspace that sees them there.
    """
    own = replace(channel, workspace=user.workspace or channel.workspace)
    return tuple(dict.fromkeys((person_id(own, user.id), person_id(channel, user.id))))


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a person, already acknowledged to the platform.

    `name` is a name of the command table without the slash; `options` are its options as
    text; `locale` is the person's (`ko`, `en-US` …), empty if it is unknown; `root` is the thread
    it came from. Options mention people as `<@id>`; `mentioned` has the names of those whose name
    is known. `also_reads` are channels, as REFs, whose talk the person reads besides this one: an
    answer that tells of it is private.
    """

    name: str
    options: Mapping[str, str]
    user: User
    channel: ChannelRef
    locale: str
    root: MessageRef | None = None
    mentioned: Mapping[str, str] = field(default_factory=dict)
    also_reads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FilledForm:
    """What a person typed into a form: its `name` and `key`, and the text of each field."""

    name: str
    key: str
    values: Mapping[str, str]
    user: User
    channel: ChannelRef
    locale: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One suggestion of an autocomplete: what is shown, what is filled in."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """A message of a person in the thread under `root`; never the bot's own.

    `at` is when it was posted, by the platform's clock (`None`: now). `edited_at` is its version,
    `None` for the first one: the newest version wins, in any order of arrival. `locale` is the
    author's (`ko`, `en-US` …), empty where the platform does not tell it.
    """

    root: MessageRef
    message: MessageRef
    user: User
    text: str
    mentions_bot: bool
    at: datetime | None = None
    edited_at: datetime | None = None
    locale: str = ""


@dataclass(frozen=True, slots=True)
class KeptReply:
    """The stored version of a person's message, to be compared with the platform's history."""

    message: MessageRef
    said_at: datetime
    edited_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reaction:
    """A person put an emoji on a message or, unless it `is_added`, took it back.

    `emoji` is a character, or a name (`+1::skin-tone-2`, `party_parrot`). `at` is by the platform's
    clock (`None`: now). Never the bot's own.
    """

    message: MessageRef
    user: User
    emoji: str
    is_added: bool
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReactionsRead:
    """All reactions of people that a message had at an instant; with `emoji`, all of that one."""

    message: MessageRef
    found: frozenset[tuple[User, str]]
    at: datetime
    emoji: str | None = None


class ChatError(Exception):
    """What a `Chat` may raise; its text is safe to show to the operator.

    `reason` can be translated. `detail` is the platform's own name for the error, if it gave one;
    the text of the exception holds both.
    """

    detail: str = ""

    @property
    def reason(self) -> str:
        """What is wrong, and what a person can do about it where they can."""
        return str(self.args[0]) if self.args else ""

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


class ChatUnavailableError(ChatError):
    """Certainly not posted; retry after `retry_after` (`None`: at the caller's choice)."""

    def __init__(
        self, reason: str, *, retry_after: timedelta | None = None, whole_workspace: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.whole_workspace = whole_workspace


class ChatUncertainError(ChatError):
    """It may have been posted: a time-out, a reset, a server error."""


class ChatRefusedError(ChatError):
    """Refused: the reason says what is wrong and what a person can do about it.

    `extent` says what else will be refused, and whether that can be fixed.
    """

    def __init__(self, reason: str, extent: Extent = Extent.CHANNEL) -> None:
        super().__init__(reason)
        self.extent = extent


class Inbox(Protocol):
    """The bot, as platforms see it. Calls may be repeated, since platforms redeliver."""

    async def command(self, command: Command) -> Document:
        """The answer to a command; never raises for what a person did.

        Where the command table lets the channel see it, a private document still goes to the
        person alone.
        """
        ...

    async def complete(self, command: Command, option: str, typed: str) -> tuple[Choice, ...]:
        """At most 25 suggestions for what is being typed into `option`."""
        ...

    def blank_form(self, command: Command) -> Form:
        """The form that a command opens, at once and from the command alone: no database is asked.

        A platform gives a form three seconds to appear. `opens_form` of the command table says
        which commands open one.
        """
        ...

    async def open_form(self, command: Command, blank: Form) -> Form | Document:
        """The same form with what is known: the paper, a draft of this person, suggestions.

        A document says why there is no form: this person may not write, for example. The form may
        have another key than the blank one; the newest one counts.
        """
        ...

    async def keep_form(self, filled: FilledForm) -> bool:
        """Store what is typed so far as this person's draft; the newest version wins.

        Returns whether it is stored: a page goes on holding what is not.
        """
        ...

    async def press_form(self, filled: FilledForm, action: str) -> Form:
        """Carry out one of the form's actions; the form that is shown next, with all that was typed."""
        ...

    async def submit_form(self, filled: FilledForm) -> Form | Document:
        """Carry out the form, once for its key; a form says what is to be corrected.

        What was typed is stored before anything else; when even that fails, the returned form says
        so and has all of it. Never raises for what a person did.
        """
        ...

    async def on_message(self, said: ThreadMessage) -> None:
        """An upsert: edits and redeliveries repeat `message`."""
        ...

    async def on_message_deleted(self, message: MessageRef) -> None:
        """A person deleted a message."""
        ...

    async def on_reaction(self, reaction: Reaction) -> None:
        """A person reacted to a message; in any order, and perhaps again."""
        ...

    async def on_reactions_read(self, read: ReactionsRead) -> bool:
        """The reactions of a message were read; whether anything was not known."""
        ...

    async def on_channel_read(self, channel: ChannelRef, at: datetime) -> None:
        """Every reaction to the papers of a channel was read that was there at that instant."""
        ...


class Chat(Protocol):
    """A platform, as the bot sees it.

    Raises only `ChatUnavailableError`, `ChatUncertainError` and `ChatRefusedError`.

    A document too long for one message goes on in the thread: the returned reference is the
    first message's. `find` says `None` until every part is there, and posting again with the
    same key then adds only the parts that are missing, so a crash between two parts is repaired.
    """

    @property
    def platform(self) -> Platform:
        """Which one."""
        ...

    async def post(
        self, channel: ChannelRef, document: Document, *, key: DeliveryKey
    ) -> MessageRef:
        """Post a message; `key` can be found again with `find`."""
        ...

    async def reply(self, root: MessageRef, document: Document, *, key: DeliveryKey) -> MessageRef:
        """Post into the thread under `root`, opening it where there is none."""
        ...

    async def find(
        self,
        channel: ChannelRef,
        key: DeliveryKey,
        *,
        since: datetime,
        root: MessageRef | None = None,
    ) -> MessageRef | None:
        """Our message with this key, posted at or after `since`, or `None`.

        `root` names the thread of a reply, since threads are searched one by one.
        """
        ...

    async def edit(self, message: MessageRef, document: Document) -> None:
        """Replace what a message of ours says."""
        ...

    async def delete(self, message: MessageRef) -> None:
        """Remove a message of ours; removing it again succeeds."""
        ...

    async def direct_channel(self, workspace: str, user: str) -> ChannelRef:
        """The channel of a person's direct messages with the bot, opened if needed.

        Call it only for a person who has just asked for it, and keep what it returns: platforms
        take a bot that opens many channels unasked for a spammer. The channel is one like any
        other, which this person alone reads. It posts nothing and may be repeated.

        Raises `ChatRefusedError` where the person cannot be written to, and `ChatUnavailableError`.
        """
        ...

    async def run(self, inbox: Inbox) -> None:
        """Serve the platform until cancelled."""
        ...


class ProcessedEvents(Protocol):
    """The ids of processed events, since platforms redeliver."""

    async def is_known(self, event_id: str) -> bool:
        """Whether the event was processed."""
        ...

    async def first_time(self, event_id: str) -> bool:
        """Mark the event as processed; returns whether it was new. Ids are deleted after a day or so."""
        ...


class KeyValueStore(Protocol):
    """A key-value store for what a platform must remember across restarts."""

    async def find(self, name: str) -> str | None:
        """The value stored under the name, if any."""
        ...

    async def put(self, name: str, value: str) -> None:
        """Store the value under the name."""
        ...


class Replies(Protocol):
    """The stored replies, which a platform compares with its history after an outage (backfill)."""

    async def roots(self, platform: Platform, since: datetime) -> tuple[MessageRef, ...]:
        """The threads of a platform with replies since then, newest first, bounded in number."""
        ...

    async def papers(self, platform: Platform, since: datetime) -> tuple[MessageRef, ...]:
        """The messages that show an entry and were posted since then, newest first."""
        ...

    async def kept_in(self, root: MessageRef) -> tuple[KeptReply, ...]:
        """The stored replies of a thread, in the order they were posted."""
        ...
