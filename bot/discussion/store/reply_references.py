"""Papers that replies link (table `reply_reference`), and which of them got a card."""

from collections.abc import Iterable
from datetime import datetime

from bot.core.database.database import Transaction
from bot.core.database.instants import to_text
from bot.core.domain.dataclass import dataclass


async def set_references(tx: Transaction, reply_id: int, numbers: Iterable[str]) -> None:
    """Set the arXiv papers that the reply links; cards already made stay recorded."""
    wanted = tuple(numbers)
    rows = await tx.all("SELECT number FROM reply_reference WHERE reply_id = :id", {"id": reply_id})
    await tx.run_many(
        "DELETE FROM reply_reference WHERE reply_id = :id AND number = :number",
        [{"id": reply_id, "number": row["number"]} for row in rows if row["number"] not in wanted],
    )
    await tx.run_many(
        """
        INSERT INTO reply_reference (reply_id, number, position) VALUES (:id, :number, :position)
        ON CONFLICT (reply_id, number) DO UPDATE SET position = excluded.position
        """,
        [
            {"id": reply_id, "number": number, "position": position}
            for position, number in enumerate(wanted)
        ],
    )


@dataclass(frozen=True, slots=True)
class CardDue:
    """A paper linked in a reply that has an entry or an arXiv record, and no card yet."""

    reply_id: int
    number: str
    channel: str
    message_id: str
    root_message: str
    text: str


async def list_cards_due(
    tx: Transaction, *, reply_id: int | None = None, limit: int = 50
) -> tuple[CardDue, ...]:
    """Linked papers without a card that have an entry or an arXiv record by now."""
    rows = await tx.all(
        """
        SELECT f.reply_id, f.number, r.channel, r.message_id, r.root_message, r.text
          FROM reply_reference f JOIN reply r ON r.id = f.reply_id
         WHERE f.card_at IS NULL AND (CAST(:reply AS BIGINT) IS NULL OR f.reply_id = :reply)
           AND r.entry_id IS NOT NULL AND r.gone_at IS NULL
           AND (EXISTS (SELECT 1 FROM arxiv_record a WHERE a.number = f.number)
                OR EXISTS (SELECT 1 FROM paper p JOIN entry e ON e.paper_id = p.id
                            WHERE p.arxiv_id = f.number AND e.newness > 0))
         ORDER BY f.reply_id, f.position LIMIT :limit
        """,
        {"reply": reply_id, "limit": limit},
    )
    return tuple(
        CardDue(
            reply_id=row["reply_id"],
            number=row["number"],
            channel=row["channel"],
            message_id=row["message_id"],
            root_message=row["root_message"],
            text=row["text"],
        )
        for row in rows
    )


async def mark_card(tx: Transaction, reply_id: int, number: str, now: datetime) -> None:
    """Record that the paper's card is in the outbox."""
    await tx.run(
        "UPDATE reply_reference SET card_at = :now WHERE reply_id = :id AND number = :number",
        {"id": reply_id, "number": number, "now": to_text(now)},
    )
