"""Papers known by title only, and when to search for them again."""

import json
from datetime import date

from bot.archive.domain.entry import EntryId
from bot.arxiv.store import failed_requests
from bot.core.database.database import Row, Transaction
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class OpenTitle:
    """A paper known by its title only, as its newest entry gives it.

    `confidence` is the highest of all searches, `tries` their number.
    """

    paper_key: str
    entry_id: EntryId
    title: str
    authors: tuple[str, ...]
    confidence: float = 0.0
    tries: int = 0


_OPEN = """
    SELECT p.key, e.id, e.title, e.authors, i.confidence, i.tries, t.together
    FROM entry AS e JOIN paper AS p ON p.id = e.paper_id
        LEFT JOIN title_match AS i ON i.paper_key = p.key
        LEFT JOIN failed_request AS t ON t.target = :target AND t.name = p.key
    WHERE e.newness > 0 AND p.arxiv_id IS NULL AND p.url IS NULL AND i.number IS NULL
        AND e.newness = (
            SELECT max(o.newness) FROM entry AS o WHERE o.paper_id = p.id
        )
"""


async def list_open(tx: Transaction, *, limit: int) -> tuple[OpenTitle, ...]:
    """Papers known by title only, newest entries first."""
    rows = await tx.all(
        _OPEN + "ORDER BY e.newness DESC LIMIT :limit",
        {"target": failed_requests.TITLES, "limit": limit},
    )
    return tuple(map(_open_title, rows))


async def list_due(tx: Transaction, today: date, limit: int) -> tuple[OpenTitle, ...]:
    """Those to search for together on that day; titles of failed requests come last."""
    rows = await tx.all(
        _OPEN
        + """
        AND (i.paper_key IS NULL OR i.next_on <= :today)
        ORDER BY t.name IS NOT NULL, t.together DESC, t.failures, e.newness DESC
        LIMIT :limit
        """,
        {"target": failed_requests.TITLES, "today": today.isoformat(), "limit": limit},
    )
    return failed_requests.part(((_open_title(row), row["together"]) for row in rows), limit)


def _open_title(row: Row) -> OpenTitle:
    return OpenTitle(
        paper_key=row["key"],
        entry_id=EntryId(row["id"]),
        title=row["title"],
        authors=tuple(json.loads(row["authors"])),
        confidence=row["confidence"] or 0.0,
        tries=row["tries"] or 0,
    )
