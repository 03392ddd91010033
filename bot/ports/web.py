"""What the web chat needs of the house: a memory for its messages, and the archive to read."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from bot.domain.discussion import Reply
from bot.domain.document import Document
from bot.domain.entry import EntryId, Reference, Related, StoredEntry
from bot.domain.record import ArxivRecord, PaperEvent


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

    async def list_unheard(self, *, limit: int) -> tuple[BoardMessage, ...]:
        """What people wrote, changed or took back in threads and the bot has not heard, in order.

        It is noted with the change itself, and stands here until `mark_heard`.
        """
        ...

    async def mark_heard(self, heard: BoardMessage) -> None:
        """The bot has heard the message as it is in `heard`; a change after that stays unheard."""
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

    `record` is what arXiv says of the paper, `events` are what became of the paper since, `replies`
    what people said of it, both oldest first; `talked_of` are the papers that those link and the
    curator does not mention.
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
    talked_of: tuple[Mention, ...] = ()


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

    async def find_entry(self, entry_id: EntryId, *, all_talk: bool) -> EntryPage | None:
        """The entry of that id, withdrawn or not.

        Without `all_talk`, of what people said only that which belongs to the web chat: said
        there, or in a channel that is linked with one of it.
        """
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
