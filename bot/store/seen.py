"""Ids of events that platforms have delivered, for a while."""

from datetime import datetime

from bot.store.database import Transaction
from bot.store.instants import to_text


async def add(tx: Transaction, event_id: str, at: datetime) -> bool:
    """Remember an id; whether it was new."""
    sql = "INSERT INTO seen_event (id, seen_at) VALUES (:id, :at) ON CONFLICT (id) DO NOTHING"
    return await tx.run(sql, {"id": event_id, "at": to_text(at)}) == 1


async def remove_before(tx: Transaction, at: datetime) -> int:
    """Forget ids that came before `at`; how many."""
    return await tx.run("DELETE FROM seen_event WHERE seen_at < :at", {"at": to_text(at)})


async def is_known(tx: Transaction, event_id: str) -> bool:
    """Whether it is remembered."""
    row = await tx.one("SELECT 1 FROM seen_event WHERE id = :id", {"id": event_id})
    return row is not None
