"""The outbox in the operator's hands: see what is stuck, send it again, let it go."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

from bot.domain.delivery import State
from bot.domain.errors import NotFoundError, UsageError
from bot.domain.subscription import Subscription
from bot.ports import Condition
from bot.store import edits, outbox, subscriptions
from bot.store.database import Database, Transaction
from bot.store.outbox import Delivery

LATE = timedelta(minutes=10)
"""A message that waits for so long makes the bot unhealthy."""

Tell = Callable[[Subscription], Awaitable[None]]
"""Tells people, the operator and whoever subscribed, that a channel refuses messages."""


async def list_deliveries(
    db: Database, *, states: Iterable[State] = State, channel: str | None = None, limit: int = 100
) -> tuple[Delivery, ...]:
    """The newest `limit` deliveries of these states, the oldest of them first."""
    async with db.reading() as tx:
        return await outbox.list_deliveries(tx, states=states, channel=channel, limit=limit)


async def retry(db: Database, delivery_id: int, *, now: datetime) -> Delivery:
    """Have a delivery posted after all; returns it as it is now. Raises `UserError`.

    One that is posted but could not be edited or removed yet is tried at once. One that may have been posted is searched for first. Where no search can tell, it is posted:
    whoever asks for it has looked.
    """
    async with db.transaction() as tx:
        await _get(tx, delivery_id)
        done = await outbox.retry(tx, delivery_id, now) or await edits.try_now(tx, delivery_id)
        delivery = await _get(tx, delivery_id)
    if not done:
        raise UsageError(
            "Delivery {id} is {state}: there is nothing to try again",
            id=delivery_id,
            state=delivery.state,
        )
    return delivery


async def drop(db: Database, delivery_id: int, *, now: datetime) -> Delivery:
    """Give a delivery up, and the replies to it; returns it as it is now. Raises `UserError`.

    One that is posted but could not be edited or removed yet stays as it is.
    """
    async with db.transaction() as tx:
        await _get(tx, delivery_id)
        done = await outbox.drop(tx, delivery_id) or await edits.drop(tx, delivery_id, now)
        delivery = await _get(tx, delivery_id)
    if not done:
        raise UsageError(
            "Delivery {id} is {state}: it cannot be dropped", id=delivery_id, state=delivery.state
        )
    return delivery


async def _get(tx: Transaction, delivery_id: int) -> Delivery:
    found = await outbox.find(tx, delivery_id)
    if found is None:
        raise NotFoundError("There is no delivery {id}", id=delivery_id)
    return found


async def condition(db: Database, *, now: datetime) -> Condition:
    """For `/healthz`: not well when something waits for too long; what is stuck is told."""
    async with db.reading() as tx:
        tally = await outbox.tally(tx)
    late = tally.waiting_since is not None and now - tally.waiting_since > LATE
    detail = f"{tally.open} open, {tally.held} held, {tally.dead} dead"
    return Condition("outbox", ok=not late, detail=detail)


async def tell_refusals(db: Database, tell: Tell, *, now: datetime) -> int:
    """Tell of every subscription that was refused and nobody was told of; may tell twice.

    Returns how many that were. What `tell` raises is raised, and that one is told again.
    """
    async with db.reading() as tx:
        untold = await subscriptions.list_untold(tx)
    for subscription in untold:
        await tell(subscription)
        async with db.transaction() as tx:
            await subscriptions.mark_told(tx, subscription.id, now)
    return len(untold)
