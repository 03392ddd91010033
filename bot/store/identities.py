"""Entries without a link: which papers they were found to be about, and which are still open."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from bot.domain.entry import EntryId
from bot.store import arxiv_words, trouble
from bot.store.database import Row, Transaction


@dataclass(frozen=True, slots=True)
class Nameless:
    """A paper known by its title only, as its newest entry gives it.

    `confidence` is the highest that a search had, `tries` how many there were.
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
        LEFT JOIN arxiv_identity AS i ON i.paper_key = p.key
        LEFT JOIN arxiv_trouble AS t ON t.target = :target AND t.name = p.key
    WHERE e.newness > 0 AND p.arxiv_id IS NULL AND p.url IS NULL AND i.number IS NULL
        AND e.newness = (
            SELECT max(o.newness) FROM entry AS o WHERE o.paper_id = p.id
        )
"""


async def list_open(tx: Transaction, *, limit: int) -> tuple[Nameless, ...]:
    """Papers known by title only, newest entries first."""
    rows = await tx.all(
        _OPEN + "ORDER BY e.newness DESC LIMIT :limit", {"target": trouble.TITLES, "limit": limit}
    )
    return tuple(map(_nameless, rows))


async def list_due(tx: Transaction, today: date, limit: int) -> tuple[Nameless, ...]:
    """Those of them to search for together on that day; what spoilt an answer comes last."""
    rows = await tx.all(
        _OPEN
        + """
        AND (i.paper_key IS NULL OR i.next_on <= :today)
        ORDER BY t.name IS NOT NULL, t.together DESC, t.failures, e.newness DESC
        LIMIT :limit
        """,
        {"target": trouble.TITLES, "today": today.isoformat(), "limit": limit},
    )
    return trouble.part(((_nameless(row), row["together"]) for row in rows), limit)


def _nameless(row: Row) -> Nameless:
    return Nameless(
        paper_key=row["key"],
        entry_id=EntryId(row["id"]),
        title=row["title"],
        authors=tuple(json.loads(row["authors"])),
        confidence=row["confidence"] or 0.0,
        tries=row["tries"] or 0,
    )


async def put(
    tx: Transaction,
    nameless: Nameless,
    *,
    number: str | None,
    confidence: float,
    next_on: date | None,
) -> None:
    """A search was made: the paper found, or `None` and when to search again."""
    await tx.run(
        """
        INSERT INTO arxiv_identity (paper_key, number, confidence, tries, next_on)
        VALUES (:key, :number, :confidence, 1, :next_on)
        ON CONFLICT (paper_key) DO UPDATE SET
            number = excluded.number, confidence = excluded.confidence, tries = tries + 1,
            next_on = excluded.next_on
        """,
        {
            "key": nameless.paper_key,
            "number": number,
            "confidence": confidence,
            "next_on": next_on.isoformat() if next_on is not None else None,
        },
    )


async def find(tx: Transaction, keys: Iterable[str]) -> Mapping[str, str]:
    """The numbers of those of the papers, given by key, that were found by their titles."""
    rows = await tx.all(
        """
        SELECT paper_key, number FROM arxiv_identity
        WHERE number IS NOT NULL AND paper_key IN (SELECT value FROM json_each(:keys))
        """,
        {"keys": json.dumps(tuple(keys), ensure_ascii=False)},
    )
    return {row["paper_key"]: row["number"] for row in rows}


async def count_found(tx: Transaction) -> int:
    """How many papers were found by their titles."""
    row = await tx.one("SELECT count(*) AS found FROM arxiv_identity WHERE number IS NOT NULL")
    return row["found"] if row is not None else 0


async def apply_found(tx: Transaction) -> int:
    """Give papers that were found their arXiv ids, also when a note was read again since.

    A paper that is there under its id already takes over the entries. Returns how many changed.
    """
    rows = await tx.all(
        """
        SELECT p.id, i.number FROM arxiv_identity AS i JOIN paper AS p ON p.key = i.paper_key
        WHERE i.number IS NOT NULL
        """
    )
    found = [(row["id"], row["number"]) for row in rows]
    if found:
        await tx.call(partial(_apply, found=found))
    return len(found)


def _apply(connection: sqlite3.Connection, *, found: Sequence[tuple[int, str]]) -> None:
    for paper_id, number in found:
        known = connection.execute(
            "SELECT id FROM paper WHERE key = 'arxiv:' || :number", {"number": number}
        ).fetchone()
        if known is None:
            connection.execute(
                "UPDATE paper SET key = 'arxiv:' || :number, arxiv_id = :number WHERE id = :id",
                {"number": number, "id": paper_id},
            )
            continue
        both = {"old": paper_id, "new": known["id"]}
        connection.execute("UPDATE entry SET paper_id = :new WHERE paper_id = :old", both)
        connection.execute(
            "UPDATE OR IGNORE reference SET paper_id = :new WHERE paper_id = :old", both
        )
        connection.execute("DELETE FROM reference WHERE paper_id = :old", both)
        connection.execute(
            """
            UPDATE paper SET title = coalesce(title, (SELECT title FROM paper WHERE id = :old))
            WHERE id = :new
            """,
            both,
        )
        connection.execute("DELETE FROM paper WHERE id = :old", both)
    arxiv_words.index_papers(connection, (number for _, number in found))
