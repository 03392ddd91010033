"""All entries that a query finds, page by page: what an export writes."""

from collections.abc import AsyncIterator, Sequence

from bot.archive.domain.entry import StoredEntry
from bot.archive.store import entries
from bot.channels.store import linked_channels
from bot.core.database.database import Database
from bot.lookup.domain.query import parse
from bot.lookup.domain.query_terms import InDiscussion
from bot.lookup.store import search

_PAGE = 500


async def chosen(
    db: Database,
    query: str,
    *,
    as_written: bool,
    by_paper: bool = False,
    asked_in: Sequence[str] | None = None,
) -> AsyncIterator[StoredEntry]:
    """What the query finds (empty: everything), in the order of days, then of sources.

    `as_written` is for what may be read in again: arXiv's words must not become the curator's.
    `by_paper`: the other entries of a paper follow its first one. `asked_in` are the channels of the
    question, as in `look_up`. The entries are chosen at the first step, and read page by page.
    Raises `QueryError`.
    """
    wanted = parse(query)
    async with db.reading() as tx:
        readable = None
        if asked_in is not None and InDiscussion() in wanted.terms:
            readable = await linked_channels.readable_from(tx, *asked_in)
        found = await search.list_all(tx, wanted, readable) if wanted.terms else None
        ordered = await entries.list_in_order(tx, found, by_paper=by_paper)
    for start in range(0, len(ordered), _PAGE):
        async with db.reading() as tx:
            part = ordered[start : start + _PAGE]
            page = await entries.list_by_id(tx, part, as_written=as_written)
        for stored in page:
            yield stored
