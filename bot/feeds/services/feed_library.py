"""`FeedLibrary` over the database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from bot.archive.domain.entry import StoredEntry
from bot.archive.store import tags
from bot.core.database.database import Database, Transaction
from bot.feeds.domain.feed import PER_PAGE, FeedEntry, Page, is_due
from bot.feeds.domain.library import Changed
from bot.feeds.domain.queries import parse_for_feed
from bot.feeds.store import marks
from bot.lookup.domain.query_terms import Dates, NewestFirst, Query, Tag
from bot.lookup.store import search


class DatabaseFeeds:
    """`FeedLibrary` over an open database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def newest(self, *, today: date, page: int) -> Page:
        async with self._db.reading() as tx:
            return await _page(tx, Query(), today, page)

    async def tagged(self, tag: str, *, today: date, page: int) -> Page | None:
        async with self._db.reading() as tx:
            found = await tags.find(tx, tag)
            if found is None:
                return None
            return replace(await _page(tx, Query((Tag(found.tag),)), today, page), tag=found.tag)

    async def found(self, query: str, *, today: date, page: int) -> Page:
        wanted = parse_for_feed(query)
        async with self._db.reading() as tx:
            return await _page(tx, wanted, today, page)

    async def last_entry(self) -> int:
        async with self._db.reading() as tx:
            return await marks.last_entry(tx)

    async def changes(self, first: int, last: int, *, today: date) -> tuple[Changed, ...]:
        async with self._db.reading() as tx:
            return await marks.list_changes(tx, first, last, today)


async def with_marks(tx: Transaction, stored: Sequence[StoredEntry]) -> tuple[FeedEntry, ...]:
    """The entries as feeds know them, in their order."""
    known = await marks.list_of(tx, [each.id for each in stored])
    found = ((each, known[each.id]) for each in stored if each.id in known)
    return tuple(
        FeedEntry(each, mark.first_key, mark.ordinal, mark.changed_at) for each, mark in found
    )


async def _page(tx: Transaction, query: Query, today: date, page: int) -> Page:
    begun = Dates(None, today, today.isoformat())
    query = Query((*query.terms, begun, NewestFirst()))
    hits = await search.look_up(tx, query, page=page, per_page=PER_PAGE)
    due = (each for each in hits.entries if is_due(each.entry, today))
    # What is popular or similar comes in another order, of which this is the first part.
    entries = sorted(due, key=lambda each: each.entry.date or date.min, reverse=True)
    return Page(await with_marks(tx, entries), hits.more)
