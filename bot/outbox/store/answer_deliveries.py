"""Answers and cards by the message that caused them: they are removed with it."""

from datetime import datetime

from bot.core.database.database import Transaction
from bot.core.database.instants import to_text
from bot.core.ports import MessageRef


async def list_of(tx: Transaction, cause: MessageRef) -> tuple[int, ...]:
    """The deliveries of answers to a message and of its cards."""
    rows = await tx.all(
        "SELECT id FROM delivery WHERE channel = :channel AND caused_by = :cause",
        {"channel": str(cause.channel), "cause": cause.id},
    )
    return tuple(row["id"] for row in rows)


async def has_card(tx: Transaction, root_id: int, part: str, since: datetime) -> bool:
    """Whether a card of that name was planned in a thread since then and is not to be removed."""
    row = await tx.one(
        """
        SELECT 1 FROM delivery
         WHERE root_id = :root AND part = :part AND planned_at >= :since AND unwanted = 0
           AND state <> 'dead' LIMIT 1
        """,
        {"root": root_id, "part": part, "since": to_text(since)},
    )
    return row is not None
