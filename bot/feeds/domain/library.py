"""What feeds are read from (`FeedLibrary`), as the web server and the static site see it."""

from datetime import date
from typing import Protocol

from bot.archive.domain.entry import EntryId
from bot.core.domain.dataclass import dataclass
from bot.feeds.domain.feed import Page


@dataclass(frozen=True, slots=True)
class Changed:
    """An entry and the day on which what it says was last changed."""

    id: EntryId
    changed_on: date


class FeedLibrary(Protocol):
    """Reads the entries of feeds, newest first, without withdrawn ones, empty notes and any reply.

    Because of empty notes a page may have fewer entries than the others.
    """

    async def newest(self, *, today: date, page: int) -> Page:
        """A page (from 1) of all entries that `today` has begun for."""
        ...

    async def tagged(self, tag: str, *, today: date, page: int) -> Page | None:
        """A page of the entries with that tag or an alias of it; `None` if there is no such tag."""
        ...

    async def found(self, query: str, *, today: date, page: int) -> Page:
        """A page of what a look-up finds; raises `QueryError`, also for what no feed can be made of."""
        ...

    async def last_entry(self) -> int:
        """The highest id of an entry; 0 without any."""
        ...

    async def changes(self, first: int, last: int, *, today: date) -> tuple[Changed, ...]:
        """The entries with ids from `first` to `last` that feeds have from `today` on, by id."""
        ...


class NoFeeds:
    """The default where there is no archive."""

    async def newest(self, *, today: date, page: int) -> Page:  # noqa: ARG002
        return Page((), more=False)

    async def tagged(self, tag: str, *, today: date, page: int) -> Page | None:  # noqa: ARG002
        return None

    async def found(self, query: str, *, today: date, page: int) -> Page:  # noqa: ARG002
        return Page((), more=False)

    async def last_entry(self) -> int:
        return 0

    async def changes(self, first: int, last: int, *, today: date) -> tuple[Changed, ...]:  # noqa: ARG002
        return ()
