"""Notices and copies that wait while their channel is quiet (issue 16, item 4).

They are planned as others, behind everything that people asked for, and may be posted from the end
of the quiet hours on. What waits for that has `QUIET` as its reason.
"""

from datetime import datetime

from bot.channels.store import subscriptions
from bot.core.database.database import Transaction
from bot.core.database.instants import to_text
from bot.outbox.domain.delivery import QUIET


async def apply(tx: Transaction, channel: str, now: datetime) -> None:
    """The channel's quiet hours, or its zone, were changed: what waits follows them."""
    found = await subscriptions.find_quiet(tx, channel, now)
    until, clock = found if found is not None else (now, "")
    await tx.run(
        """
        UPDATE delivery SET not_before = :until, detail = :clock, reason = :reason
         WHERE channel = :channel AND state IN ('planned', 'sending') AND state = 'planned'
           AND reason = :quiet
        """,
        {
            "channel": channel,
            "until": to_text(until),
            "clock": clock,
            "reason": QUIET if found is not None else "",
            "quiet": QUIET,
        },
    )
