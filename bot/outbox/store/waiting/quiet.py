"""Notices and copies that wait while their channel is quiet (issue 16, item 4).

They are planned as others, behind everything that people asked for, and may be posted from the end
of the quiet hours on. What waits for that has `QUIET` as its reason; after a restore it is searched
for then. What is claimed waits no longer.
"""

from datetime import datetime

from bot.channels.store import subscriptions
from bot.core.database.database import Transaction
from bot.core.database.instants import to_text
from bot.outbox.domain.delivery import QUIET

# The condition of the index `delivery_open` is spelled out: SQLite concludes it from no other.
_WAITS_ANYWHERE = """
    state IN ('planned', 'sending') AND (state = 'planned' OR sending = '') AND reason = :quiet
"""
_WAITS = f"channel = :channel AND {_WAITS_ANYWHERE}"


async def find_end(tx: Transaction, channel: str, now: datetime) -> tuple[datetime, str] | None:
    """Until when what nobody asked for waits in the channel, as `subscriptions.find_quiet` says it.

    Now where the quiet hours have ended and what waited is not posted; `None`: it need not wait.
    """
    found = await subscriptions.find_quiet(tx, channel, now)
    if found is not None:
        return found
    waits = await tx.one(
        f"SELECT 1 FROM delivery WHERE {_WAITS} LIMIT 1",  # noqa: S608 - our own text
        {"channel": channel, "quiet": QUIET},
    )
    return (now, "") if waits is not None else None


async def list_over(tx: Transaction, now: datetime) -> tuple[str, ...]:
    """The channels with something whose quiet hours have ended and which is not posted."""
    rows = await tx.all(
        f"""
        SELECT DISTINCT channel FROM delivery WHERE {_WAITS_ANYWHERE} AND not_before <= :now
         ORDER BY channel
        """,  # noqa: S608 - our own text
        {"now": to_text(now), "quiet": QUIET},
    )
    return tuple(row["channel"] for row in rows)


async def apply(tx: Transaction, channel: str, now: datetime) -> None:
    """The channel's quiet hours, or its zone, were changed: what waits follows them.

    Also for what may have waited for something else while they were.
    """
    found = await subscriptions.find_quiet(tx, channel, now)
    until, clock = found if found is not None else (now, "")
    await tx.run(
        f"UPDATE delivery SET not_before = :until, detail = :clock, reason = :reason WHERE {_WAITS}",  # noqa: S608
        {
            "channel": channel,
            "until": to_text(until),
            "clock": clock,
            "reason": QUIET if found is not None else "",
            "quiet": QUIET,
        },
    )
