"""All entries that a query finds, page by page: what an export writes."""

from collections.abc import AsyncIterator

from bot.archive.domain.entry import StoredEntry
from bot.archive.store import entries
from bot.core.database.database import Database
from bot.lookup.domain.query import parse
from bot.lookup.store import search

_PAGE = 500


async def chosen(db: Database, query: str, *, as_written: bool) -> AsyncIterator[StoredEntry]:
    """What the query finds (empty: everything), in the order of days, then of sources.

    `as_written` is for what may be read in again: arXiv's words must not become the curator's.
    Raises `QueryError`.
    """
    wanted = parse(query)
    async with db.reading() as tx:
        found = await search.list_all(tx, wanted) if wanted.terms else None
        ordered = await entries.list_in_order(tx, found)
    for start in range(0, len(ordered), _PAGE):
        async with db.reading() as tx:
            part = ordered[start : start + _PAGE]
            page = await entries.list_by_id(tx, part, as_written=as_written)
        for stored in page:
            yield stored
