"""An entry with everything around it, and what pages read of the archive (`Library`)."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from bot.archive.domain.arxiv_record import ArxivRecord, PaperEvent
from bot.archive.domain.counts import Day, TagCount
from bot.archive.domain.entry import EntryId, Reference, Related, StoredEntry
from bot.discussion.domain.questions import Reply


@dataclass(frozen=True, slots=True)
class Mention:
    """A paper that an entry mentions, and our newest entry about that paper, if any."""

    reference: Reference
    entry_id: EntryId | None = None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """An entry with its surroundings; lists of entries are newest first.

    `record` is arXiv's record of the paper, `events` its later versions and withdrawals, `replies`
    what people said about it, both oldest first; `linked_in_replies` are papers linked in replies that
    the curator does not mention.
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


@dataclass(frozen=True, slots=True)
class Found:
    """One page of entries, newest first; `more` says that there is another page."""

    entries: tuple[StoredEntry, ...]
    more: bool


class Library(Protocol):
    """What pages read of the curator's archive."""

    async def find_entry(self, entry_id: EntryId, *, all_discussions: bool) -> EntryPage | None:
        """The entry of that id, withdrawn or not.

        Without `all_discussions`, only replies from the web chat's channels and channels linked with
        them are included.
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
