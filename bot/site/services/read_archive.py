"""Reads what the site shows: all entries, what arXiv says of their papers, and public replies."""

from functools import partial

from bot.archive.domain.arxiv_record import PaperEvent
from bot.archive.domain.entry import StoredEntry
from bot.archive.store import arxiv_records, entries, paper_events
from bot.core.database.database import Database, Statements, Transaction
from bot.discussion.store import public_replies
from bot.feeds.services.feed_library import with_marks
from bot.site.domain.archive import Archive

_AT_ONCE = 500


async def read_archive(db: Database) -> Archive:
    """Every entry that is not withdrawn, in one reading."""
    async with db.reading() as tx:
        found = await _entries(tx)
        numbers = sorted(
            {
                stored.entry.paper.arxiv_id.number
                for stored in found
                if stored.entry.paper.arxiv_id is not None
            }
        )
        records = await arxiv_records.find(tx, numbers)
        events = await tx.call(partial(_events, numbers=list(records)))
        marks = {each.stored.id: each for each in await with_marks(tx, found)}
        talks = await public_replies.list_all(tx)
    return Archive(found, marks, records, events, talks)


async def _entries(tx: Transaction) -> tuple[StoredEntry, ...]:
    ids = await entries.list_in_order(tx)
    found: list[StoredEntry] = []
    for start in range(0, len(ids), _AT_ONCE):
        found += await entries.list_by_id(tx, ids[start : start + _AT_ONCE])
    return tuple(found)


def _events(statements: Statements, *, numbers: list[str]) -> dict[str, tuple[PaperEvent, ...]]:
    return {number: paper_events.load(statements, number) for number in numbers}
