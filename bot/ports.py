"""What the bot needs of the outside, as small Protocols with their value types and errors.

ChatError                    what a `Chat` may raise, and nothing else
├── ChatUnavailableError     certainly not posted; try again after `retry_after`
├── ChatUncertainError       it may have been posted: reconcile, never blindly resend
└── ChatRefusedError         refused for good, with a reason a person understands

SourceError                  what a `PaperSource` may raise, and nothing else
├── SourceWaitError          not asked at all: it must be left alone until an instant
├── SourceThrottledError     it asks us to slow down; every target waits
├── SourceUnavailableError   no answer, or that of a server in trouble
├── SourceReplyError         an answer that is not to be believed; nothing of it counts
└── SourceQuestionError      it refuses this question; asking again gets the same answer
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NewType, Protocol

from bot.domain.announce import Feed
from bot.domain.candidates import Example, Judgement, Newcomer
from bot.domain.discussion import Reply
from bot.domain.document import Document
from bot.domain.entry import EntryId, Reference, Related, StoredEntry
from bot.domain.errors import UsageError
from bot.domain.record import ArxivRecord, PaperEvent

DeliveryKey = NewType("DeliveryKey", str)
"""Names one outbound message for ever: at most 25 characters of `[0-9a-z]` (Discord's nonce)."""


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
    if not colon or platform not in set(Platform) or not channel or (slash and not workspace):
        raise UsageError(
            "“{text}” is no channel: write slack:C0123, slack:T0123/C0123, "
            "discord:1234567890 or web:general",
            text=text,
        )
    return ChannelRef(Platform(platform), workspace, channel)


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message; `id` is opaque, as in `ChannelRef`."""

    channel: ChannelRef
    id: str


@dataclass(frozen=True, slots=True)
class User:
    """A person; `can_manage` is the platform's answer for the channel at hand."""

    id: str
    name: str
    can_manage: bool


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a person, already acknowledged to the platform.

    `name` is a name of the command table without the slash; `options` are its options as
    text; `locale` is the person's (`ko`, `en-US` …); `root` is the thread it came from.
    """

    name: str
    options: Mapping[str, str]
    user: User
    channel: ChannelRef
    locale: str
    root: MessageRef | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One suggestion of an autocomplete: what is shown, what is filled in."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody said something in the thread under `root`; never this bot."""

    root: MessageRef
    message: MessageRef
    user: User
    text: str
    mentions_bot: bool


class ChatError(Exception):
    """What a `Chat` may raise; the message is safe to show to the operator."""


class ChatUnavailableError(ChatError):
    """Certainly not posted; worth another try after `retry_after` (`None`: as you like)."""

    def __init__(
        self, reason: str, *, retry_after: timedelta | None = None, whole_workspace: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.whole_workspace = whole_workspace


class ChatUncertainError(ChatError):
    """It may have been posted: a time-out, a reset, a server error."""


class ChatRefusedError(ChatError):
    """Refused for good: the reason says what is wrong and what a person can do about it."""


class Inbox(Protocol):
    """The bot, as platforms see it. Calls may be repeated: platforms redeliver."""

    async def command(self, command: Command) -> Document:
        """The answer to a command; never raises for what a person did."""
        ...

    async def complete(self, command: Command, option: str, typed: str) -> tuple[Choice, ...]:
        """At most 25 suggestions for what is being typed into `option`."""
        ...

    async def said(self, said: Said) -> None:
        """An upsert: edits and redeliveries repeat `message`."""
        ...

    async def unsaid(self, message: MessageRef) -> None:
        """A person took a message back."""
        ...


class Chat(Protocol):
    """A platform, as the bot sees it.

    Raises only `ChatUnavailableError`, `ChatUncertainError` and `ChatRefusedError`.

    A document too long for one message goes on in the thread: the returned reference is the
    first message's. `find` says `None` until every part is there, and posting again with the
    same key then adds only the parts that are missing, so that a crash half-way is mended.
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
        """Our message with this key, posted at or after `since`; `None`: it is not there.

        `root` is the one that a reply was meant for: threads are read one by one.
        """
        ...

    async def edit(self, message: MessageRef, document: Document) -> None:
        """Replace what a message of ours says."""
        ...

    async def delete(self, message: MessageRef) -> None:
        """Remove a message of ours; done already counts as done."""
        ...

    async def run(self, inbox: Inbox) -> None:
        """Serve the platform until cancelled."""
        ...


class Seen(Protocol):
    """What platforms have delivered already: they repeat themselves."""

    async def is_known(self, event_id: str) -> bool:
        """Whether `first_time` was asked about it before."""
        ...

    async def first_time(self, event_id: str) -> bool:
        """Whether this is new; from now on it is not. Ids are forgotten after a day or so."""
        ...


class Memo(Protocol):
    """Small things that an adapter remembers between two runs, by name."""

    async def recall(self, name: str) -> str | None:
        """What was noted last under that name, if anything."""
        ...

    async def note(self, name: str, value: str) -> None:
        """Remember this under that name from now on."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked for the operator; `words` say what to do unless it is `ok`."""

    subject: str
    ok: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a message of the web chat, under the name they had then."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class BoardMessage:
    """One message of the web chat as the board keeps it.

    `content` is a document for the bot's messages and text for people's; it is empty text once
    `deleted`. `author` of a message of the bot is whoever asked for it, with `question` the
    command line, or `None`. `root` is the message in whose thread it stands; `replies` counts
    what is left in its own thread. Every change, also of the thread, gives the message a higher
    `revision` than any message had before.
    """

    id: int
    channel: str
    root: int | None
    author: Author | None
    by_bot: bool
    question: str
    content: Document | str
    posted_at: datetime
    edited_at: datetime | None
    deleted: bool
    key: str | None
    replies: int
    last_reply_at: datetime | None
    revision: int


class Board(Protocol):
    """The memory of the web chat: its channels and messages. Instants are aware UTC."""

    async def list_channels(self) -> tuple[str, ...]:
        """Their names, oldest first; `general` is always there."""
        ...

    async def add_channel(self, name: str, *, at: datetime) -> None:
        """Make the channel exist; repeating it changes nothing. Raises `UsageError`."""
        ...

    async def add(
        self,
        channel: str,
        content: Document | str,
        *,
        at: datetime,
        root: int | None = None,
        author: Author | None = None,
        question: str = "",
        key: str | None = None,
    ) -> BoardMessage:
        """Keep a message; the same `key` again gives the message that is there, unchanged.

        The channel, and the root where there is one, must exist.
        """
        ...

    async def find(self, message: int) -> BoardMessage | None:
        """The message of that id, deleted ones included."""
        ...

    async def find_by_key(self, channel: str, key: str, *, since: datetime) -> BoardMessage | None:
        """The message with that key in that channel, if posted at or after `since`."""
        ...

    async def update(
        self, message: int, content: Document | str, *, at: datetime, question: str | None = None
    ) -> BoardMessage | None:
        """Replace what a message says (and its `question`); `None` when it is gone."""
        ...

    async def remove(self, message: int, *, at: datetime) -> BoardMessage | None:
        """Forget what a message said; `None` when there never was one. May be repeated."""
        ...

    async def list_messages(
        self, channel: str, *, limit: int, root: int | None = None, before: int | None = None
    ) -> tuple[BoardMessage, ...]:
        """The newest `limit` messages with an id below `before`, oldest of them first.

        They are the channel's own, or those in the thread of `root`. Deleted ones are left out
        unless there are replies to them.
        """
        ...

    async def list_changes(self, after: int, *, limit: int) -> tuple[BoardMessage, ...]:
        """The messages with a revision above `after`, in that order, deleted ones included."""
        ...

    async def newest_revision(self) -> int:
        """The highest revision there is, or 0."""
        ...


@dataclass(frozen=True, slots=True)
class Mention:
    """A paper that an entry mentions, and our newest entry about that paper, if any."""

    reference: Reference
    entry_id: EntryId | None = None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """An entry with what stands around it; lists of entries are newest first.

    What the curator left out of the paper is filled in from `record`, which is what arXiv says;
    `events` are what became of the paper since, `replies` what people said of it, both oldest first.
    """

    stored: StoredEntry
    mentions: tuple[Mention, ...] = ()
    cited_by: tuple[Related, ...] = ()
    links: tuple[Related, ...] = ()
    linked_by: tuple[Related, ...] = ()
    same_paper: tuple[Related, ...] = ()
    record: ArxivRecord | None = None
    events: tuple[PaperEvent, ...] = ()
    replies: tuple[Reply, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """A date and how many entries it has."""

    on: date
    entries: int


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag and how many entries carry it."""

    tag: str
    entries: int


@dataclass(frozen=True, slots=True)
class Found:
    """One page of entries, newest first; `more` says that there is another page."""

    entries: tuple[StoredEntry, ...]
    more: bool


class Library(Protocol):
    """What pages read of the curator's archive."""

    async def find_entry(self, entry_id: EntryId) -> EntryPage | None:
        """The entry of that id, withdrawn or not."""
        ...

    async def list_on(self, day: date) -> tuple[StoredEntry, ...]:
        """A day's entries in their order, without withdrawn ones."""
        ...

    async def list_days(self, *, before: date | None = None, limit: int) -> tuple[Day, ...]:
        """The newest days that have entries, earlier than `before`, newest first."""
        ...

    async def day_after(self, day: date) -> date | None:
        """The next day that has entries."""
        ...

    async def list_tags(self, *, limit: int) -> tuple[TagCount, ...]:
        """The tags with the most entries, most first."""
        ...

    async def list_tagged(self, tag: str, *, page: int, per_page: int) -> Found:
        """A page, from 1, of the entries with that tag (or an alias of it)."""
        ...


@dataclass(frozen=True, slots=True)
class Condition:
    """How one part of the bot is; `detail` is a line for the operator, without secrets."""

    name: str
    ok: bool
    detail: str = ""
    last_ok_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How the bot is; `ok` is the verdict on the whole, as a supervisor should read it."""

    ok: bool
    platforms: tuple[Condition, ...] = ()
    pumps: tuple[Condition, ...] = ()
    arxiv: Condition | None = None


class Refusal(StrEnum):
    """Why an answer of a paper source does not count."""

    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    SERVER_ERROR = "server_error"
    TOO_LARGE = "too_large"
    HTML = "html"
    ENTITIES = "entities"
    MALFORMED = "malformed"
    REDIRECT = "redirect"
    ERROR_FEED = "error_feed"
    QUESTION = "question"


class SourceError(Exception):
    """What a `PaperSource` may raise; the message is one line for the operator."""


class SourceWaitError(SourceError):
    """Nothing was asked: the target must be left alone until `until`."""

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(reason)
        self.until = until


class SourceFailureError(SourceError):
    """Something was asked, and there is no answer to use. `retry_after` is the server's wish."""

    def __init__(self, kind: Refusal, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.retry_after = retry_after


class SourceThrottledError(SourceFailureError):
    """It asks us to slow down."""


class SourceUnavailableError(SourceFailureError):
    """It does not answer, or only to say that it is in trouble."""


class SourceReplyError(SourceFailureError):
    """The answer is not to be believed: HTML, cut off, too large, sent on elsewhere."""


class SourceQuestionError(SourceFailureError):
    """The question is refused; `culprit` is the part of it that is wrong, where it is named."""

    def __init__(self, reason: str, *, culprit: str | None = None) -> None:
        super().__init__(Refusal.QUESTION, reason)
        self.culprit = culprit


class Turnstile(Protocol):
    """Lets one request through at a time, well apart, over every process of this bot."""

    def turn(self, target: str) -> AbstractAsyncContextManager[None]:
        """One request of a target (`feed:cs.LG`, `papers` …); waits for its turn.

        Raises `SourceWaitError` when the wait would be long. A `SourceFailureError` that leaves
        the block is remembered, and makes the target, or all of them, wait.
        """
        ...


class PaperSource(Protocol):
    """arXiv, as the bot sees it; raises `SourceError` only."""

    async def fetch_feed(self, category: str, *, etag: str | None = None) -> Feed | None:
        """What was announced last in a category; `None`: not changed since that ETag."""
        ...

    async def fetch_records(self, numbers: Sequence[str]) -> tuple[ArxivRecord, ...]:
        """The newest version of each paper, at most 100; unknown ones are left out."""
        ...

    async def search_titles(self, titles: Sequence[str]) -> tuple[ArxivRecord, ...]:
        """Papers whose titles hold the words of one of these; at most 10 titles, 100 papers."""
        ...

    async def list_submitted(
        self, category: str, since: datetime, until: datetime, *, start: int, limit: int
    ) -> tuple[ArxivRecord, ...]:
        """Papers of a category first submitted in that time, oldest first, from the start-th."""
        ...


class Ranker(Protocol):
    """Learns the curator's taste and judges new papers by it."""

    async def train(self, picked: Sequence[Example], passed: Sequence[Example]) -> None:
        """Learn from papers that were picked and papers that were passed over.

        Raises `RankerError`. What was learnt survives a restart.
        """
        ...

    async def judge(self, newcomers: Sequence[Newcomer]) -> tuple[Judgement, ...]:
        """A judgement for each; raises `RankerError`, also when nothing was learnt yet."""
        ...


class RankerError(Exception):
    """Ranking is not possible; the message says why, and what the operator can do."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number about the bot for `/metrics`; `words` say in English what it is."""

    name: str
    words: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()
    only_grows: bool = False
