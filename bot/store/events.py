"""What became of papers: new versions, withdrawals, entries that refer to them."""

import sqlite3
from collections.abc import Iterable
from datetime import date, datetime
from functools import partial

from bot.domain.entry import EntryId
from bot.domain.record import Change, PaperEvent, PaperEventKind
from bot.store import instants
from bot.store.database import Row, Transaction
from bot.store.newness import span


async def add(tx: Transaction, changed: Iterable[tuple[str, Change]], now: datetime) -> None:
    """Note what became of papers, given by number."""
    await tx.run_many(
        """
        INSERT INTO paper_event (number, kind, old_version, new_version, noticed_at)
        VALUES (:number, :kind, :old, :new, :now)
        """,
        [
            {
                "number": number,
                "kind": change.kind,
                "old": change.old_version,
                "new": change.new_version,
                "now": instants.to_text(now),
            }
            for number, change in changed
        ],
    )


async def add_citations(tx: Transaction, since: date, now: datetime) -> int:
    """Note each entry dated `since` or later that refers to a paper with an older entry.

    May be repeated: each pair of entry and paper counts once. Returns how many are new.
    """
    return await tx.run(
        """
        INSERT INTO paper_event (number, kind, entry_id, noticed_at)
        SELECT p.arxiv_id, 'cited', e.id, :now
        FROM entry AS e JOIN reference AS r ON r.newness = e.newness
            JOIN paper AS p ON p.id = r.paper_id
        WHERE e.newness >= :low AND p.arxiv_id IS NOT NULL AND EXISTS (
            SELECT 1 FROM entry AS o
            WHERE o.paper_id = p.id AND o.newness > 0 AND o.newness < e.newness
        )
        ON CONFLICT DO NOTHING
        """,
        {"low": span(since, None)[0], "now": instants.to_text(now)},
    )


async def list_of(tx: Transaction, number: str) -> tuple[PaperEvent, ...]:
    """What became of a paper, oldest first."""
    return await tx.call(partial(load, number=number))


def load(connection: sqlite3.Connection, number: str) -> tuple[PaperEvent, ...]:
    """The same, inside another reading."""
    rows = connection.execute(
        "SELECT * FROM paper_event WHERE number = :number ORDER BY id", {"number": number}
    )
    return tuple(map(_event, rows.fetchall()))


async def list_after(tx: Transaction, event_id: int, limit: int) -> tuple[PaperEvent, ...]:
    """The events after that one, oldest first: for whoever passes them on."""
    rows = await tx.all(
        "SELECT * FROM paper_event WHERE id > :id ORDER BY id LIMIT :limit",
        {"id": event_id, "limit": limit},
    )
    return tuple(map(_event, rows))


async def newest_id(tx: Transaction) -> int:
    """The id of the newest event, or 0."""
    row = await tx.one("SELECT coalesce(max(id), 0) AS id FROM paper_event")
    return row["id"] if row is not None else 0


def _event(row: Row) -> PaperEvent:
    entry_id = row["entry_id"]
    return PaperEvent(
        id=row["id"],
        number=row["number"],
        kind=PaperEventKind(row["kind"]),
        old_version=row["old_version"],
        new_version=row["new_version"],
        entry_id=EntryId(entry_id) if entry_id is not None else None,
        noticed_at=instants.from_text(row["noticed_at"]),
    )
