"""What an operator does with the outbox: list, retry and drop deliveries; its health and metrics."""

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import TypeAlias

from bot.channels.domain.subscription import Subscription
from bot.channels.store import subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.domain.errors import NotFoundError, UsageError
from bot.core.ports import Condition, Measure
from bot.outbox.domain.delivery import State
from bot.outbox.store import deliveries, edits, operator_view
from bot.outbox.store.operator_view import Delivery, Errand, Late
from bot.outbox.store.waiting import quiet

log = logging.getLogger(__name__)

LATE = timedelta(minutes=10)
"""The outbox is unhealthy when a ready message was not tried for so long."""

OVERDUE = timedelta(hours=2)
"""What fails for so long is logged; it is still tried."""

_NAMED = 3
"""At most so many channels are named."""

Told: TypeAlias = tuple[str, Errand]
"""What was logged as late: the channel and the errand."""

Tell = Callable[[Subscription], Awaitable[None]]
"""Tells the operator and the subscriber that a channel refuses messages."""


async def list_deliveries(
    db: Database,
    *,
    states: Iterable[State] = State,
    channel: str | None = None,
    failing: bool = False,
    limit: int = 100,
) -> tuple[Delivery, ...]:
    """The newest `limit` deliveries of these states, the oldest of them first.

    With `failing`, only those that are held or could not be posted, edited or removed yet.
    """
    async with db.reading() as tx:
        return await operator_view.list_deliveries(
            tx, states=states, channel=channel, failing=failing, limit=limit
        )


async def retry(db: Database, delivery_id: int, *, now: datetime) -> Delivery:
    """Post a held or dead delivery after all; returns its new state. Raises `UserError`.

    One that is posted but could not be edited or removed yet is tried at once. One that may have been posted is searched for first. Where no search can tell, it is posted:
    whoever asks for it has looked.
    """
    async with db.transaction() as tx:
        await _get(tx, delivery_id)
        done = await operator_view.retry(tx, delivery_id, now) or await edits.try_now(
            tx, delivery_id
        )
        delivery = await _get(tx, delivery_id)
    if not done:
        raise UsageError(
            "Delivery {id} is {state}: there is nothing to retry",
            id=delivery_id,
            state=delivery.state,
        )
    return delivery


async def drop(db: Database, delivery_id: int, *, now: datetime) -> Delivery:
    """Give up a delivery and the replies to it; returns its new state. Raises `UserError`.

    One that is posted but could not be edited or removed yet stays as it is.
    """
    async with db.transaction() as tx:
        await _get(tx, delivery_id)
        done = await operator_view.drop(tx, delivery_id) or await edits.drop(tx, delivery_id, now)
        delivery = await _get(tx, delivery_id)
    if not done:
        raise UsageError(
            "Delivery {id} is {state}: it cannot be dropped", id=delivery_id, state=delivery.state
        )
    return delivery


async def _get(tx: Transaction, delivery_id: int) -> Delivery:
    found = await operator_view.find(tx, delivery_id)
    if found is None:
        raise NotFoundError(
            "There is no delivery {id}: “paperbot deliveries” lists the numbers", id=delivery_id
        )
    return found


async def list_late(db: Database, *, now: datetime) -> tuple[Late, ...]:
    """What has failed for more than two hours, by channel and errand, the longest first."""
    async with db.reading() as tx:
        return await operator_view.list_late(tx, now - OVERDUE)


async def condition(db: Database, *, now: datetime) -> Condition:
    """For `/healthz`: not ok when a message waits for too long; says what is stuck.

    Edits and removals that wait are told as well, but a channel that refuses them for good makes
    nobody unwell.
    """
    async with db.reading() as tx:
        tally = await operator_view.tally(tx)
        failing = await operator_view.list_late(tx, now - LATE)
    late = [each for each in failing if now - each.since >= OVERDUE]
    unposted = [each for each in failing if each.errand is Errand.POST]
    waits = tally.waiting_since is not None and now - tally.waiting_since > LATE
    ok = not (waits or set(unposted) & set(late))
    numbers = f"{tally.open} open, {tally.held} held, {tally.dead} dead"
    parts = [numbers]
    if not ok:
        parts += [f"{_words(each)} ({each.detail})" for each in unposted[:_NAMED]]
    for errand in (Errand.EDIT, Errand.REMOVE):
        if number := sum(each.number for each in late if each.errand is errand):
            parts.append(f"{number} to {errand} late")
    return Condition("outbox", ok=ok, detail="; ".join(parts), told_to_all=numbers)


def tell_late(late: Iterable[Late], told: Collection[Told]) -> frozenset[Told]:
    """Log what became late and what is no longer late since `told`; returns what is late now."""
    known = {(each.channel, each.errand): each for each in late}
    for key, each in known.items():
        if key not in told:
            log.error("%s: %s; the bot keeps trying", _words(each), each.detail)
    for channel, errand in set(told) - set(known):
        log.info("%s: nothing to %s is late now", channel, errand)
    return frozenset(known)


def _words(late: Late) -> str:
    return f"{late.channel}: {late.number} to {late.errand}, failing since {late.since:%F %R} UTC"


def measure_late(late: Iterable[Late]) -> tuple[Measure, ...]:
    """For `/metrics`."""
    numbers = dict.fromkeys(Errand, 0)
    for each in late:
        numbers[each.errand] += each.number
    words = "Messages that have failed for more than two hours to be posted, edited or removed."
    return tuple(
        Measure("deliveries_late", words, number, (("errand", errand),))
        for errand, number in numbers.items()
    )


async def end_waits(db: Database, *, now: datetime, owner: str = "") -> None:
    """After the clock was set back: end stored waits and look at every subscription again.

    Claims of other processes that live stay; `owner` is this one.
    """
    async with db.transaction() as tx:
        await deliveries.end_waits(tx, now, owner=owner)
        await subscriptions.ask_all(tx, now)


async def end_unlikely_waits(db: Database, *, now: datetime) -> None:
    """At start: the clock may have been set back, and time zone rules may be new."""
    async with db.transaction() as tx:
        await deliveries.end_waits(tx, now, beyond=deliveries.LONGEST_WAIT)
        await subscriptions.ask_all(tx, now)


async def keep_quiet(db: Database, *, now: datetime) -> None:
    """At start: the hours for which messages waited may have ended while nothing was posted.

    Where a channel is quiet again, they wait for the end of that; elsewhere they are due, in order.
    """
    async with db.reading() as tx:
        channels = await quiet.list_over(tx, now)
    for channel in channels:
        async with db.transaction() as tx:
            await subscriptions.guard(tx, channel)
            if await subscriptions.find_quiet(tx, channel, now) is not None:
                await quiet.apply(tx, channel, now)


async def tell_refusals(db: Database, tell: Tell, *, now: datetime) -> int:
    """Tell about each refused subscription that was not told yet; after a crash perhaps twice.

    One that is changed while it is told is told again, if it is refused then. Returns how many were
    told. What `tell` raises is raised, and that one is told again.
    """
    async with db.reading() as tx:
        untold = await subscriptions.list_untold(tx)
    for subscription in untold:
        await tell(subscription)
        async with db.transaction() as tx:
            await subscriptions.mark_told(tx, subscription, now)
    return len(untold)
