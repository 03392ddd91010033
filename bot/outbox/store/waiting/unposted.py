"""Messages of a channel that are not posted yet and are not to be any more."""

from functools import partial

from bot.core.database.database import Transaction
from bot.outbox.store import deliveries

# Two conditions, each with an index of its own.
_UNPOSTED = """
SELECT id FROM delivery WHERE channel = :channel AND state IN ('planned', 'sending')
 UNION ALL
SELECT id FROM delivery
 WHERE state IN ('held', 'dead') AND channel = :channel AND (state = 'held' OR waits_for IS NOT NULL)
"""


async def give_up(tx: Transaction, channel: str, reason: str) -> None:
    """Post none of the channel's messages that wait, also not when the channel is resumed.

    One that is under way may still arrive, and then stays. One in doubt stays held for a person.
    """
    rows = await tx.all(_UNPOSTED, {"channel": channel})
    them = [row["id"] for row in rows]
    await tx.call(partial(deliveries.lock, ids=them))
    await tx.run(
        """
        UPDATE delivery
           SET state = CASE WHEN state <> 'sending' AND in_doubt = FALSE THEN 'dead' ELSE state END,
               reason = CASE WHEN state <> 'sending' AND in_doubt = FALSE THEN :reason ELSE reason END,
               waits_for = NULL, unwanted = 2
         WHERE id IN (SELECT value FROM numbers(:them)) AND state <> 'sent' AND unwanted = 0
        """,
        {"them": them, "reason": reason},
    )
