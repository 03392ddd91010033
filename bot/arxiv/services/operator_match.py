"""The paper of an entry without a link: how it was matched, and the operator's correction."""

from datetime import datetime

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import StoredEntry
from bot.archive.store import title_matches
from bot.archive.store.guards import ARCHIVE
from bot.archive.store.title_matches import Identity, title_key
from bot.core.database.database import Database
from bot.core.domain.errors import UsageError


async def find_identity(db: Database, stored: StoredEntry) -> Identity | None:
    """How the paper was matched; `None` if the entry has a link, or no search was made yet."""
    if stored.entry.paper.url is not None:
        return None
    async with db.reading() as tx:
        return await title_matches.find(tx, title_key(stored.entry.paper.title))


async def decide(
    db: Database, stored: StoredEntry, arxiv_id: ArxivId | None, *, now: datetime
) -> None:
    """Store the operator's decision: the paper of an entry, or none. No search changes it.

    It holds for every entry of that title that has no link. Raises `UsageError` where the entry
    has one.
    """
    paper = stored.entry.paper
    if paper.url is not None:
        raise UsageError(
            "Entry {id} links to its paper itself ({url}): change the link where the entry was "
            "written",
            id=stored.id,
            url=paper.url,
        )
    number = arxiv_id.number if arxiv_id is not None else None
    async with db.transaction() as tx:
        await tx.guard(ARCHIVE)
        await title_matches.decide(tx, title_key(paper.title), number, now)
