"""An entry with everything around it, and what pages read of the archive (`Library`)."""

from collections.abc import AsyncIterator, Collection
from datetime import date
from typing import Protocol

from bot.archive.domain.arxiv_record import ArxivRecord, PaperEvent
from bot.archive.domain.counts import Day, TagCount
from bot.archive.domain.entry import EntryId, Reference, Related, StoredEntry
from bot.core.domain.dataclass import dataclass
from bot.discussion.domain.questions import Reply
from bot.graph.domain.graph import Graph


@dataclass(frozen=True, slots=True)
class Mention:
    """A paper that an entry mentions, and our newest entry about that paper, if any."""

    reference: Reference
    entry_id: EntryId | None = None


@dataclass(frozen=True, slots=True)
class ThreadPlace:
    """A thread of the entry: its channel's REF, and its address at that platform, if it has one."""

    channel: str
    link: str | None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """An entry with its surroundings; lists of entries are newest first.

    `record` is arXiv's record of the paper, `events` its later versions and withdrawals, `replies`
    what people said about it, both oldest first; `linked_in_replies` are papers linked in replies that
    the curator does not mention. Calls of the bot (`@paperbot refs`) are no replies. `threads` are
    the posted threads of the entry, oldest first. `likes` is how many people like it, wherever they do.
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
    linked_in_replies: tuple[Mention, ...] = ()
    threads: tuple[ThreadPlace, ...] = ()
    likes: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """One page of entries; `more` says that there is another page.

    `total` is `None` where there are too many to count. `suggestions` are queries to try instead,
    where a search found nothing. `tag` is the tag of a list of it, which another spelling may have
    asked for; empty where there is no such tag.
    """

    entries: tuple[StoredEntry, ...]
    more: bool
    total: int | None = None
    suggestions: tuple[str, ...] = ()
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion of a query: what is shown, and the whole query that it makes."""

    label: str
    query: str


class Library(Protocol):
    """What pages read of the curator's archive."""

    async def find_entry(
        self, entry_id: EntryId, *, all_discussions: bool, channels: Collection[str] = ()
    ) -> EntryPage | None:
        """The entry of that id, withdrawn or not.

        Without `all_discussions`, only replies from the web chat's channels, those of `channels`
        (REFs) and channels linked with them are included, and only threads in these.
        """
        ...

    async def read_graph(self) -> Graph:
        """The newest papers, and which of them refer to which."""
        ...

    async def list_similar(self, paper: StoredEntry, *, limit: int) -> tuple[StoredEntry, ...]:
        """The entries most similar to that entry's paper, best first, without withdrawn ones."""
        ...

    async def search(
        self,
        query: str,
        *,
        page: int,
        per_page: int,
        all_discussions: bool,
        channels: Collection[str] = (),
    ) -> Found:
        """A page, from 1, of what a look-up finds; raises `QueryError`.

        Without `all_discussions`, `in:discussion` finds what `find_entry` shows.
        """
        ...

    def every(
        self, query: str, *, all_discussions: bool, channels: Collection[str] = ()
    ) -> AsyncIterator[StoredEntry]:
        """Everything that a look-up finds, the oldest first; entries of one paper follow one another.

        Read page by page. Raises `QueryError` at the first step; for the rest see `search`.
        """
        ...

    async def complete(self, typed: str, *, limit: int) -> tuple[Suggestion, ...]:
        """At most `limit` completions of a query that is being typed."""
        ...

    async def list_channels(self) -> tuple[str, ...]:
        """The channels, as REFs, that have a digest or a discussion."""
        ...

    async def is_subscribed(self, channel: str) -> bool:
        """Whether the digest is posted in that channel of the web chat, or would be but for a pause."""
        ...

    async def list_on(self, day: date) -> tuple[StoredEntry, ...]:
        """A day's entries in their order, without withdrawn ones."""
        ...

    async def list_between(self, first: date, last: date) -> tuple[StoredEntry, ...]:
        """The entries of these days, both included, the oldest day first, without withdrawn ones."""
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

    async def list_beside(self, tag: str, *, limit: int) -> tuple[TagCount, ...]:
        """The tags that stand most often beside that tag, and how often, most first."""
        ...

    async def list_tagged(self, tag: str, *, page: int, per_page: int) -> Found:
        """A page, from 1, of the entries with that tag (or an alias of it)."""
        ...
