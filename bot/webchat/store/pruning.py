"""What of the web chat's messages is pruned, in small batches."""

from datetime import datetime

from bot.core.database.database import Transaction
from bot.core.database.instants import to_text
from bot.webchat.store.board import GUARD


async def next_batch(tx: Transaction, after: int, before: datetime, limit: int) -> int | None:
    """The last id of the next messages after that id; `None` once they are younger than `before`."""
    row = await tx.one(
        """
        SELECT max(id) AS until, min(posted_at) AS oldest FROM
            (SELECT id, posted_at FROM board_message WHERE id > :after ORDER BY id LIMIT :limit)
            AS batch
        """,
        {"after": after, "limit": limit},
    )
    if row is None or row["until"] is None or row["oldest"] >= to_text(before):
        return None
    return int(row["until"])


async def prune_deleted(tx: Transaction, after: int, until: int, before: datetime) -> int:
    """Drop what is left of messages with these ids that were deleted before that instant."""
    await tx.guard(GUARD)  # nobody replies to one of them meanwhile
    return await tx.run(
        """
        DELETE FROM board_message
         WHERE id > :after AND id <= :until AND deleted_at < :before AND unheard = FALSE
           AND NOT EXISTS (SELECT 1 FROM board_message r WHERE r.root_id = board_message.id)
        """,
        {"after": after, "until": until, "before": to_text(before)},
    )


async def prune(tx: Transaction, after: int, until: int, before: datetime) -> int:
    """Delete messages with these ids that were posted before that instant.

    Messages that the outbox posted stay, and roots of threads that others wrote in.
    """
    await tx.guard(GUARD)
    return await tx.run(
        """
        DELETE FROM board_message
         WHERE id > :after AND id <= :until AND posted_at < :before AND unheard = FALSE
           AND message_key IS NULL
           AND NOT EXISTS (SELECT 1 FROM board_message r WHERE r.root_id = board_message.id)
        """,
        {"after": after, "until": until, "before": to_text(before)},
    )
