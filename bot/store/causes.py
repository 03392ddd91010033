"""Answers and cards in the outbox, by the message that they are there for: they go with it."""

from datetime import datetime

from bot.domain.delivery import TAKEN_BACK
from bot.ports import MessageRef
from bot.store.database import Transaction
from bot.store.instants import to_text


async def unwant(tx: Transaction, cause: MessageRef, content: str, shape: str) -> None:
    """No answer to that message and no card of it shall be left, posted or not.

    `content`, a dumped document, takes the place of what they said, so that the outbox does not
    keep it either.
    """
    named = {"channel": str(cause.channel), "cause": cause.id}
    await tx.run(
        """
        UPDATE delivery
           SET unwanted = 1, edit_after = '', edit_failures = 0, document = :content,
               wanted = :shape
         WHERE channel = :channel AND caused_by = :cause
        """,
        named | {"content": content, "shape": shape},
    )
    await tx.run(
        """
        UPDATE delivery SET state = 'dead', reason = :taken_back, detail = '', waits_for = NULL
         WHERE channel = :channel AND caused_by = :cause AND state IN ('planned', 'held')
           AND in_doubt = 0
        """,
        named | {"taken_back": TAKEN_BACK},
    )


async def has_card(tx: Transaction, root_id: int, part: str, since: datetime) -> bool:
    """Whether a card of that name was planned in a thread since that instant and is wanted."""
    row = await tx.one(
        """
        SELECT 1 FROM delivery
         WHERE root_id = :root AND part = :part AND planned_at >= :since AND unwanted = 0
           AND state <> 'dead' LIMIT 1
        """,
        {"root": root_id, "part": part, "since": to_text(since)},
    )
    return row is not None
