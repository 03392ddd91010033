"""Recaps that name somebody who has been forgotten are presented again.

Whoever forgets a person marks them in the same transaction, and does no more: to look back takes a
while. Later each is presented in a transaction of its own, by whichever process looks next. Only the
few that are not posted yet are presented at once: nobody is to read the name in a new message.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from bot.archive.domain.present_entry import LANGUAGES
from bot.channels.domain.subscription import Subscription
from bot.channels.store import subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.domain.document import Document
from bot.core.ports import DeliveryKey
from bot.core.store import key_value
from bot.digest.services.filtered import find_problem
from bot.discussion.services.guards import RECAPS
from bot.discussion.services.thread_messages import Voices
from bot.outbox.store import edits
from bot.recap.domain.period import Period, Unit, period_of, period_text, week_from_friday
from bot.recap.services.look_back import LookedBack, look_back, look_back_for
from bot.recap.services.plan_recaps import due_days, present, recap_key

_STALE = "stale recap "
"""Before the delivery's id and the period that the person spoke in; the value is the channel (REF)."""


async def mark(tx: Transaction, shown: Iterable[tuple[str, datetime]], *, voices: Voices) -> None:
    """Mark the recaps that may name somebody who has been forgotten in this transaction.

    `shown` are the channels (REFs) in which the person was read, and when they said something. Hold
    `RECAPS`.
    """
    said: defaultdict[str, set[datetime]] = defaultdict(set)
    for channel, at in shown:
        said[channel].add(at)
    for channel, instants in sorted(said.items()):
        subscription = await subscriptions.find(tx, channel)
        if subscription is None or subscription.channel != channel:
            continue
        zone = subscription.options.schedule.zone
        about: defaultdict[DeliveryKey, set[Period]] = defaultdict(set)
        for day in {at.astimezone(zone).date() for at in instants}:
            # Recaps of an older version were about the week from Monday to Sunday.
            for period in (
                period_of(Unit.MONTH, day),
                week_from_friday(day),
                period_of(Unit.WEEK, day),
            ):
                for on in due_days(_now(period)):
                    about[recap_key(channel, on, period.unit)].add(period)
        for key, delivery_id in (await edits.list_by_key(tx, about)).items():
            is_planned = await edits.is_planned(tx, delivery_id)
            for period in about[key]:
                if is_planned:
                    await _present_again(tx, delivery_id, subscription, period, voices)
                    continue
                name = f"{_STALE}{delivery_id} {period.unit} {period.first.isoformat()}"
                await key_value.put(tx, name, channel)


async def renew(db: Database, *, voices: Voices) -> int:
    """Present the marked recaps again; returns how many. May be called repeatedly, by several processes.

    One that fails stays marked and does not stop the others; an `ExceptionGroup` with the failures is
    raised at the end.
    """
    async with db.reading() as tx:
        marked = await key_value.list_all(tx, _STALE)
    renewed = 0
    errors: list[Exception] = []
    for name, channel in marked:
        try:
            async with db.transaction() as tx:
                # Else one that is made meanwhile would name who is forgotten.
                await tx.guard(RECAPS)
                renewed += await _renew(tx, name, channel, voices)
        except Exception as error:  # noqa: BLE001 — one recap never stops the others
            errors.append(error)
    if errors:
        raise ExceptionGroup("some recaps could not be presented again", errors)
    return renewed


async def _renew(tx: Transaction, name: str, channel: str, voices: Voices) -> bool:
    if await key_value.take(tx, name) is None:  # another process was here
        return False
    delivery_id, unit, first = name.removeprefix(_STALE).split()
    subscription = await subscriptions.find(tx, channel)
    if subscription is None:
        return False
    spoken_in = Period(Unit(unit), date.fromisoformat(first))
    return await _present_again(tx, int(delivery_id), subscription, spoken_in, voices)


async def _present_again(
    tx: Transaction, delivery_id: int, subscription: Subscription, spoken_in: Period, voices: Voices
) -> bool:
    shown = await edits.find_document(tx, delivery_id)
    if shown is None:
        return False
    period = _told(shown, spoken_in, voices)
    if period not in (None, spoken_in):
        return False
    found = await _look_back_again(tx, subscription, period or _now(spoken_in))
    await edits.want(tx, delivery_id, present(found, subscription, voices))
    return True


def _now(period: Period) -> Period:
    """What a recap is about by now that was about this period; one told on Friday is not from Monday."""
    if period.unit is Unit.WEEK:
        return week_from_friday(period.last).before() if period.first.weekday() == 0 else period
    return period


def _told(shown: Document, period: Period, voices: Voices) -> Period | None:
    """The period that a recap says it is about; `None` where its text is not kept any more."""
    now = _now(period)
    before = period_of(now.unit, now.after().first) if now.unit is Unit.WEEK else now
    for each in (now, before):
        if any(period_text(each, voices(language)) in shown.summary for language in LANGUAGES):
            return each
    return None


async def _look_back_again(
    tx: Transaction, subscription: Subscription, period: Period
) -> LookedBack:
    """The recap of the period by now; without the channel's filter where that cannot be read."""
    if find_problem(subscription) is None:
        return await look_back_for(tx, subscription, period)
    zone = subscription.options.schedule.zone
    return await look_back(tx, period, zone=zone, channels=(subscription.channel,))
