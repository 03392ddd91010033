"""Copies of replies in the outbox, and posted messages that are to be removed."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from bot.core.database.database import Transaction
from bot.core.database.instants import to_text
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document, dump
from bot.core.ports import ChannelRef, MessageRef, parse_channel
from bot.outbox.domain.content_hash import text_hash
from bot.outbox.domain.delivery import TAKEN_BACK, UNSHARED
from bot.outbox.domain.reach import Reach
from bot.outbox.store import deliveries
from bot.outbox.store.in_reach import IN_REACH


@dataclass(frozen=True, slots=True)
class Made:
    """A copy in the outbox, in any state."""

    delivery_id: int
    channel: ChannelRef


async def list_of(tx: Transaction, reply_id: int) -> tuple[Made, ...]:
    """The copies of a reply."""
    rows = await tx.all(
        "SELECT id, channel FROM delivery WHERE reply_id = :reply ORDER BY id", {"reply": reply_id}
    )
    return tuple(Made(row["id"], parse_channel(row["channel"])) for row in rows)


async def list_channels_of(
    tx: Transaction, reply_ids: Iterable[int]
) -> tuple[tuple[int, str], ...]:
    """Each of these replies that has copies, with a channel that has one."""
    rows = await tx.all(
        """
        SELECT DISTINCT reply_id, channel FROM delivery
         WHERE reply_id IN (SELECT value FROM numbers(:replies))
        """,
        {"replies": list(reply_ids)},
    )
    return tuple((row["reply_id"], row["channel"]) for row in rows)


async def count_of(tx: Transaction, reply_ids: Iterable[int]) -> int:
    """How many copies these replies have."""
    row = await tx.one(
        """
        SELECT count(*) AS copies FROM delivery
         WHERE reply_id IN (SELECT value FROM numbers(:replies))
        """,
        {"replies": list(reply_ids)},
    )
    return int(row["copies"]) if row is not None else 0


async def unwant(
    tx: Transaction, delivery_ids: Iterable[int], document: Document, now: datetime
) -> None:
    """Remove these messages of ours where they are posted, and do not post the others.

    `document` replaces what they said, so that the outbox does not keep it either. One that may
    have been posted is searched for.
    """
    content = dump(document)
    them = {"them": sorted(delivery_ids)}
    await tx.call(partial(deliveries.lock, ids=them["them"]))
    await tx.run(
        """
        UPDATE delivery
           SET unwanted = 1, edit_after = '', edit_failures = 0, failing_since = NULL,
               document = :content, wanted = :hash
         WHERE id IN (SELECT value FROM numbers(:them))
        """,
        them | {"content": content, "hash": text_hash(content)},
    )
    await tx.run(
        """
        UPDATE delivery SET state = 'dead', reason = :taken_back, detail = '', waits_for = NULL
         WHERE id IN (SELECT value FROM numbers(:them)) AND state IN ('planned', 'held')
           AND in_doubt = FALSE
        """,
        them | {"taken_back": TAKEN_BACK},
    )
    await tx.run(
        """
        UPDATE delivery
           SET state = 'sending', attempt = attempt + 1, failures = 0, not_before = :now,
               in_doubt = FALSE, operator_confirmed = FALSE
         WHERE id IN (SELECT value FROM numbers(:them)) AND state IN ('held', 'dead')
           AND in_doubt = TRUE
        """,
        them | {"now": to_text(now)},
    )


async def unshare(tx: Transaction, channel: str) -> None:
    """Stop copies into the channel and from it; posted copies stay."""
    await tx.run(
        """
        UPDATE delivery
           SET state = CASE WHEN state IN ('planned', 'held') AND in_doubt = FALSE THEN 'dead'
                            ELSE state END,
               reason = CASE WHEN state IN ('planned', 'held') AND in_doubt = FALSE THEN :unshared
                             ELSE reason END,
               waits_for = NULL, unwanted = 2
         WHERE id IN (SELECT d.id FROM delivery d JOIN reply r ON r.id = d.reply_id
                       WHERE d.state IN ('planned', 'held', 'sending') AND d.unwanted = 0
                         AND (d.channel = :channel OR r.channel = :channel))
        """,
        {"channel": channel, "unshared": UNSHARED},
    )


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A posted message that is to be removed."""

    id: int
    message: MessageRef
    failures: int


async def list_unwanted(
    tx: Transaction, reach: Reach, now: datetime, limit: int
) -> tuple[Unwanted, ...]:
    """Posted messages of channels in reach that are to be removed now."""
    rows = await tx.all(
        f"""
        SELECT id, channel, message_id, edit_failures FROM delivery
         WHERE unwanted = 1 AND removed_at IS NULL AND state = 'sent' AND edit_after <= :now
           AND {IN_REACH}
         ORDER BY edit_after, id LIMIT :limit
        """,  # noqa: S608 - our own text
        {"now": to_text(now), "limit": limit} | reach.beginnings,
    )
    return tuple(
        Unwanted(
            row["id"],
            MessageRef(parse_channel(row["channel"]), row["message_id"]),
            row["edit_failures"],
        )
        for row in rows
    )


async def mark_removed(tx: Transaction, delivery_id: int, now: datetime) -> None:
    """The message was removed from its platform."""
    await tx.run(
        """
        UPDATE delivery SET removed_at = :now, failing_since = NULL, reason = '', detail = ''
         WHERE id = :id
        """,
        {"id": delivery_id, "now": to_text(now)},
    )


async def give_up_removal(tx: Transaction, delivery_id: int, reason: str, detail: str) -> None:
    """The message stays where it is for good; no further removal is tried."""
    await tx.run(
        """
        UPDATE delivery SET unwanted = 2, failing_since = NULL, reason = :reason, detail = :detail
         WHERE id = :id
        """,
        {"id": delivery_id, "reason": reason, "detail": detail},
    )
