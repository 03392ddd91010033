"""A platform where people talk, and the bot as platforms see it.

ChatError                    what a `Chat` may raise, and nothing else
├── ChatUnavailableError     certainly not posted; try again after `retry_after`
├── ChatUncertainError       it may have been posted: reconcile, never blindly resend
└── ChatRefusedError         refused until a person fixes the cause, or for good; the reason says why
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.domain.document import Document
from bot.core.domain.extent import Extent
from bot.core.domain.form import Form
from bot.core.ports.values import (
    ChannelRef,
    Choice,
    Command,
    DeliveryKey,
    FilledForm,
    KeptReply,
    MessageRef,
    Platform,
    Reaction,
    ReactionsRead,
    ThreadMessage,
)


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

    async def on_channel_read(
        self,
        channel: ChannelRef,
        papers: Collection[MessageRef],
        reads: Collection[ReactionsRead],
        at: datetime,
    ) -> None:
        """Every reaction to these papers of a channel was read, after that instant.

        They are all that were posted there from the first to the last of them; of those that were
        deleted nothing was read.
        """
        ...


class Chat(Protocol):
    """A platform, as the bot sees it.

    Raises only `ChatUnavailableError`, `ChatUncertainError` and `ChatRefusedError`.

    A document too long for one message goes on in the thread: the returned reference is the
    first message's. `find` says `None` until every part is there, and posting again with the
    same key and `since` adds only the parts that are missing, so a crash between two parts is
    repaired.
    """

    @property
    def platform(self) -> Platform:
        """Which one."""
        ...

    async def post(
        self,
        channel: ChannelRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        """Post a message; `key` can be found again with `find`.

        `since` is when an earlier attempt may have begun, which may have posted some of its
        messages; without it there was none, and nothing is searched for.
        """
        ...

    async def reply(
        self,
        root: MessageRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        """Post into the thread under `root`, opening it where there is none; `since` as in `post`."""
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
        """Replace what a message of ours says.

        A platform whose messages stay as they are for good refuses with `Extent.SENT`.
        """
        ...

    async def delete(self, message: MessageRef) -> None:
        """Remove a message of ours; removing it again succeeds. Refused as for `edit`."""
        ...

    async def direct_channel(self, workspace: str, user: str) -> ChannelRef:
        """The channel of a person's direct messages with the bot, opened if needed.

        Call it only for a person who has just asked for it, and keep what it returns: platforms
        take a bot that opens many channels unasked for a spammer. The channel is one like any
        other, which this person alone reads. It posts nothing and may be repeated.

        Raises `ChatRefusedError` where the person cannot be written to, `ChatUnavailableError`, and
        `StorageError` where the channel is a row of our own database.
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
