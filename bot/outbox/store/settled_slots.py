"""Slots whose papers' messages are settled: posted, held or given up. A trigger notes them."""

from bot.core.database.database import Transaction


async def take(tx: Transaction, limit: int) -> tuple[int, ...]:
    """Take slots in which no paper's message is open any more; each is returned once.

    One of which a message settles again, by a retry, is returned again.
    """
    rows = await tx.all(
        """
        DELETE FROM settled_slot
         WHERE slot_id IN
               (SELECT slot_id FROM settled_slot s
                 WHERE NOT EXISTS (SELECT 1 FROM delivery d
                                    WHERE d.slot_id = s.slot_id AND d.state IN ('planned', 'sending')
                                      AND d.part = 'entry-' || CAST(d.entry_id AS TEXT))
                 ORDER BY slot_id LIMIT :limit)
        RETURNING slot_id
        """,
        {"limit": limit},
    )
    return tuple(sorted(row["slot_id"] for row in rows))
