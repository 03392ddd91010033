"""Planning recaps: a due one goes into the outbox in the transaction that notes it as planned.

So it is planned once, whoever is killed when and however the clocks are set (issue 16, item 3).
"""

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta

from bot.channels.domain.digest_options import RecapChoice
from bot.channels.domain.recap_schedule import ask_recap_at, due_recap
from bot.channels.domain.schedule import Slot
from bot.channels.domain.subscription import Standing, Subscription
from bot.channels.store import subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.domain.document import Document
from bot.core.ports import DeliveryKey, parse_channel
from bot.digest.services.filtered import find_problem
from bot.digest.services.plan_each import plan_each
from bot.discussion.services.guards import RECAPS
from bot.discussion.services.thread_messages import Voices, key_of, speak
from bot.outbox.store import deliveries
from bot.recap.domain.period import Period, Unit, period_of, week_from_friday
from bot.recap.services.look_back import LookedBack, look_back_for

log = logging.getLogger(__name__)

_DAY = timedelta(days=1)
_LATE = timedelta(minutes=1)
"""What is planned so late may have been posted before the database was restored."""


def _nobody() -> None:
    """The default of `told`."""


async def next_due(db: Database) -> datetime | None:
    """When there may be a recap to plan again."""
    async with db.reading() as tx:
        return await subscriptions.next_recap_to_ask(tx)


async def plan_recaps(
    db: Database, *, now: datetime, voices: Voices, told: Callable[[], None] = _nobody
) -> int:
    """Plan every due recap; returns how many. `told` is called when a message can go out.

    May be called repeatedly and by several processes. A channel that fails is tried again later and
    does not stop the others; an `ExceptionGroup` with the failures is raised at the end.
    """
    counts: list[int] = []

    async def plan(tx: Transaction, subscription_id: int, channel: str) -> int:
        await tx.guard(*sorted((*subscriptions.guards_of(channel), RECAPS)))
        return await _look_at(tx, subscription_id, now, voices)

    def note(planned: int) -> None:
        counts.append(planned)
        if planned:
            told()

    await plan_each(
        db,
        subscriptions.list_recaps_to_ask,
        plan,
        ask_at=subscriptions.ask_recap_at,
        done=note,
        now=now,
    )
    return sum(counts)


async def _look_at(tx: Transaction, subscription_id: int, now: datetime, voices: Voices) -> int:
    subscription = await subscriptions.get(tx, subscription_id)
    options = subscription.options
    choice, schedule = options.recap, options.schedule
    if subscription.standing is not Standing.ACTIVE or choice is RecapChoice.OFF:
        return 0
    problem = find_problem(subscription)
    if problem is not None:
        log.warning(
            "no recap in %s: %s", subscription.channel, " — ".join(map(str, problem.problems))
        )
        await subscriptions.ask_recap_at(tx, subscription_id, ask_recap_at(choice, schedule, now))
        return 0
    slot = due_recap(
        choice,
        schedule,
        since=subscription.recap_since or subscription.created_at,
        closed=subscription.recap_on,
        now=now,
    )
    planned = await _plan(tx, subscription, slot, now, voices) if slot is not None else 0
    again = ask_recap_at(choice, schedule, now)
    closed = slot.on if slot is not None else None
    await subscriptions.ask_recap_at(tx, subscription_id, again, closed=closed)
    return planned


async def _plan(
    tx: Transaction, subscription: Subscription, slot: Slot, now: datetime, voices: Voices
) -> int:
    options = subscription.options
    period = period_before(options.recap, slot)
    found = await look_back_for(tx, subscription, period)
    if options.recap.is_silent and not found.recap.has_enough:
        return 0
    draft = deliveries.Draft(
        key=recap_key(subscription.channel, slot.on, period.unit),
        channel=parse_channel(subscription.channel),
        part="recap",
        document=present(found, subscription, voices),
        doubt_from=slot.at if now - slot.at > _LATE else None,
    )
    return await deliveries.add(tx, [draft], now)


def present(found: LookedBack, subscription: Subscription, voices: Voices) -> Document:
    """A recap as the channel of the subscription reads it."""
    channel = parse_channel(subscription.channel)
    return speak(voices, channel, voices(subscription.options.spoken), found.present)


def recap_key(channel: str, on: date, unit: Unit) -> DeliveryKey:
    """The key of the recap that is due in a channel on that day."""
    return key_of(("recap", channel, on.isoformat(), unit))


def due_days(period: Period) -> tuple[date, ...]:
    """The days on which a recap of a week or month may be due: the next one where a zone skips one."""
    return tuple(period.after().first + later * _DAY for later in range(3))


def period_before(choice: RecapChoice, slot: Slot) -> Period:
    """What a recap looks back on: the seven days before a Friday, the month before a first."""
    if choice.is_weekly:
        return week_from_friday(slot.on).before()
    return period_of(Unit.MONTH, slot.on).before()
