"""Ids of events that platforms have delivered, for a while."""

from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Connection

from bot.core.database.database import Transaction
from bot.core.database.instants import to_text


async def add_all(tx: Transaction, event_ids: Sequence[str], at: datetime) -> tuple[bool, ...]:
    """Remember ids, in one hop; of each whether it was new."""
    sql = "INSERT INTO seen_event (id, seen_at) VALUES (:id, :at) ON CONFLICT (id) DO NOTHING"
    rows = [{"id": event_id, "at": to_text(at)} for event_id in event_ids]

    def insert(connection: Connection) -> tuple[bool, ...]:
        return tuple(connection.execute(sql, row).rowcount == 1 for row in rows)

    return await tx.call(insert)


async def remove_before(tx: Transaction, at: datetime) -> int:
    """Forget ids that came before `at`; how many."""
    return await tx.run("DELETE FROM seen_event WHERE seen_at < :at", {"at": to_text(at)})


async def is_known(tx: Transaction, event_id: str) -> bool:
    """Whether it is remembered."""
    row = await tx.one("SELECT 1 FROM seen_event WHERE id = :id", {"id": event_id})
    return row is not None
