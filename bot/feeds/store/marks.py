"""Reads how feeds know entries, and when these were changed."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from bot.archive.domain.entry import EntryId
from bot.core.database import instants
from bot.core.database.database import Transaction
from bot.core.domain.dataclass import dataclass
from bot.feeds.domain.library import Changed


@dataclass(frozen=True, slots=True)
class Marks:
    """What `FeedEntry` has beside the entry."""

    first_key: str
    ordinal: int
    changed_at: datetime | None


async def list_of(tx: Transaction, ids: Iterable[EntryId]) -> Mapping[EntryId, Marks]:
    """The marks of these entries, those that exist."""
    rows = await tx.all(
        """
        SELECT id, first_key, ordinal, changed_at FROM entry
         WHERE id IN (SELECT value FROM numbers(:ids))
        """,
        {"ids": list(ids)},
    )
    return {
        EntryId(row["id"]): Marks(
            row["first_key"],
            row["ordinal"],
            instants.from_text(row["changed_at"]) if row["changed_at"] is not None else None,
        )
        for row in rows
    }


async def last_entry(tx: Transaction) -> int:
    """The highest id of an entry; 0 without any."""
    row = await tx.one("SELECT coalesce(max(id), 0) AS last FROM entry")
    return int(row["last"]) if row is not None else 0


async def list_changes(tx: Transaction, first: int, last: int, today: date) -> tuple[Changed, ...]:
    """The entries with ids from `first` to `last` that are dated until `today`, by id."""
    rows = await tx.all(
        """
        SELECT id, date, changed_at FROM entry
         WHERE id BETWEEN :first AND :last AND newness > 0 AND date <= :today ORDER BY id
        """,
        {"first": first, "last": last, "today": today.isoformat()},
    )
    return tuple(
        Changed(
            EntryId(row["id"]), date.fromisoformat(max(row["date"], (row["changed_at"] or "")[:10]))
        )
        for row in rows
    )
