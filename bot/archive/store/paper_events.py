"""Events of papers: new versions, withdrawals, entries that cite them."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import partial

from bot.archive.domain.arxiv_record import Change, PaperEvent, PaperEventKind
from bot.archive.domain.entry import EntryId
from bot.archive.store.sort_key import span
from bot.core.database import instants
from bot.core.database.database import Row, Statements, Transaction
from bot.core.domain.dataclass import dataclass


async def add(tx: Transaction, changed: Iterable[tuple[str, Change]], now: datetime) -> None:
    """Store changes of papers, given by number."""
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


async def count_before(tx: Transaction, event: PaperEvent) -> int:
    """How many earlier events of the paper were of the same kind and version."""
    row = await tx.one(
        """
        SELECT count(*) AS many FROM paper_event
         WHERE number = :number AND kind = :kind AND new_version = :version AND id < :id
        """,
        {
            "number": event.number,
            "kind": event.kind,
            "version": event.new_version,
            "id": event.id,
        },
    )
    return int(row["many"]) if row is not None else 0


@dataclass(frozen=True, slots=True)
class Citation:
    """An entry that refers to a paper, which had an entry before that one came in."""

    number: str
    entry_id: EntryId
    on: date
    came_at: datetime


async def list_citations(
    tx: Transaction, *, dated_from: date, came_from: datetime
) -> tuple[Citation, ...]:
    """References to papers that have older entries, not noted yet.

    Only of entries dated and imported since then. Entries of one import do not cite each other:
    the first import of an archive has no citations.
    """
    rows = await tx.all(
        """
        SELECT p.arxiv_id, e.id, e.date, e.created_at
        FROM entry AS e JOIN reference AS r ON r.newness = e.newness
            JOIN paper AS p ON p.id = r.paper_id
        WHERE e.newness >= :low AND e.created_at >= :came_from AND p.arxiv_id IS NOT NULL
            AND EXISTS (
                SELECT 1 FROM entry AS o
                WHERE o.paper_id = p.id AND o.newness > 0 AND o.newness < e.newness
                    AND o.created_at < e.created_at
            )
            AND NOT EXISTS (
                SELECT 1 FROM paper_event AS n
                WHERE n.number = p.arxiv_id AND n.entry_id = e.id AND n.kind = 'cited'
            )
        ORDER BY e.id, p.arxiv_id
        """,
        {"low": span(dated_from, None)[0], "came_from": instants.to_text(came_from)},
    )
    return tuple(
        Citation(
            row["arxiv_id"],
            EntryId(row["id"]),
            date.fromisoformat(row["date"]),
            instants.from_text(row["created_at"]),
        )
        for row in rows
    )


async def add_citations(tx: Transaction, citations: Iterable[Citation], now: datetime) -> None:
    """Store citations. May be repeated: each pair of entry and paper is stored once."""
    await tx.run_many(
        """
        INSERT INTO paper_event (number, kind, entry_id, noticed_at)
        VALUES (:number, 'cited', :entry_id, :now)
        ON CONFLICT DO NOTHING
        """,
        [
            {"number": each.number, "entry_id": each.entry_id, "now": instants.to_text(now)}
            for each in citations
        ],
    )


async def list_of(tx: Transaction, number: str) -> tuple[PaperEvent, ...]:
    """The events of a paper, oldest first."""
    return await tx.call(partial(load, number=number))


def load(statements: Statements, number: str) -> tuple[PaperEvent, ...]:
    """The same, within a transaction's call."""
    rows = statements.all(
        "SELECT * FROM paper_event WHERE number = :number ORDER BY id", {"number": number}
    )
    return tuple(map(_event, rows))


async def list_after(tx: Transaction, event_id: int, limit: int) -> tuple[PaperEvent, ...]:
    """The events after that one, oldest first."""
    rows = await tx.all(
        "SELECT * FROM paper_event WHERE id > :id ORDER BY id LIMIT :limit",
        {"id": event_id, "limit": limit},
    )
    return tuple(map(_event, rows))


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
