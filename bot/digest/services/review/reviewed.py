"""What a slot takes after a review, and what waits for a later one however old it is by then."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeAlias

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.channels.domain.digest_options import Unapproved
from bot.channels.domain.schedule import LATE_NOTES, current_slot
from bot.channels.domain.subscription import DigestOptions, Standing, Subscription
from bot.channels.store import slots
from bot.core.database.database import Statements, Transaction
from bot.digest.domain.digest import compile_digest
from bot.digest.domain.review import Choice, Decision, Review, choose
from bot.digest.services.filtered import candidates, find_problem, untaken
from bot.digest.store import reviews

_DAY = timedelta(days=1)

Held: TypeAlias = Mapping[EntryId, date]
"""The entries that a subscription holds, and from which date on they may be posted; or `NEVER`."""


async def closed_until(tx: Transaction, subscription: Subscription) -> date:
    """The date up to which every slot is closed."""
    last = await slots.last_closed(tx, subscription.id)
    eve = subscription.options.since - _DAY
    return eve if last is None else max(last, eve)


async def look(
    tx: Transaction, subscription: Subscription, on: date
) -> tuple[Review, Choice, Held]:
    """What is decided of a slot that is not closed, and what it takes as things stand."""
    state = partial(_state, subscription_id=subscription.id, on=on)
    last, review, held = await tx.call(state)
    later = [entry_id for entry_id, until in held.items() if on < until < reviews.NEVER]
    found = await candidates(tx, subscription, on, last=last, held=held)
    return review, choose(found, review, later, subscription.options.most), held


def _state(
    statements: Statements, subscription_id: int, on: date
) -> tuple[date | None, Review, Held]:
    return (
        slots.newest_closed(statements, subscription_id),
        reviews.find(statements, subscription_id, on),
        reviews.list_held(statements, subscription_id),
    )


async def waits(tx: Transaction, subscription: Subscription, on: date) -> bool:
    """Whether a due slot is to wait for an approval; an empty one needs none."""
    if subscription.options.unapproved is not Unapproved.HOLD:
        return False
    review, choice, _ = await look(tx, subscription, on)
    return review.decision is Decision.OPEN and bool(choice.shown)


async def choose_slot(
    tx: Transaction, subscription: Subscription, on: date, *, is_doubtful: bool
) -> tuple[Choice, Held]:
    """What a slot takes that is closed now, and what was held before.

    Of a doubtful one, planned again after a restore, nothing that had to be approved and was not.
    """
    review, choice, held = await look(tx, subscription, on)
    has_to_wait = subscription.options.unapproved is Unapproved.HOLD and is_doubtful
    if has_to_wait and review.decision is Decision.OPEN:
        choice = Choice(held=choice.held, left=(*choice.shown, *choice.counted))
    return choice, held


async def finish(
    tx: Transaction, subscription: Subscription, on: date, choice: Choice, held: Held
) -> None:
    """The slot is closed: what it leaves is kept for the next one, however old it is by then."""
    if taken := [each.id for each in (*choice.shown, *choice.counted) if each.id in held]:
        await reviews.release(tx, subscription.id, taken)
    if left := [each.id for each in choice.left]:
        await reviews.hold(tx, subscription.id, left, on + _DAY)


async def waiting(tx: Transaction, subscription: Subscription, on: date) -> tuple[StoredEntry, ...]:
    """What a slot of that date could take, whatever is decided of it."""
    last, _, held = await tx.call(partial(_state, subscription_id=subscription.id, on=on))
    if subscription.standing in (Standing.PAUSED, Standing.MANUAL):
        last = None  # no slot takes the days since that one
    found = await candidates(tx, subscription, on, last=last, held=held)
    return tuple(each for each in found if held.get(each.id, date.min) <= on)


async def keep_waiting(
    tx: Transaction, subscription: Subscription, options: DigestOptions, now: datetime, before: date
) -> None:
    """What the next slot could take stays for it, though `since` of the new options will be later.

    Of the entries dated `before` a day, those that pass the old filter and the new one.
    """
    if find_problem(subscription) is not None:
        # What it would let pass nobody knows; the next one decides.
        unfiltered = replace(subscription.options, tags="", only="")
        subscription = replace(subscription, options=unfiltered)
    changed = replace(subscription, options=replace(options, since=subscription.options.since))
    closed = await closed_until(tx, subscription)
    on = current_slot(options.schedule, closed, now).on
    held = await tx.call(partial(reviews.list_held, subscription_id=subscription.id))
    late = [
        each.id
        for each in await waiting(tx, subscription, on)
        if each.entry.date is not None and each.entry.date < before and each.id not in held
    ]
    if late and find_problem(changed) is None:
        passing = {each.id for each in await waiting(tx, changed, on)}
        late = [each for each in late if each in passing]
    await reviews.hold(tx, subscription.id, late, closed + _DAY)


async def keep_out(tx: Transaction, subscription: Subscription, before: date) -> None:
    """Of the entries dated `before` a day, no slot takes those that are there and do not wait.

    Those of that week: no later slot reaches further back.
    """
    unfiltered = replace(subscription.options, tags="", only="")
    there = replace(subscription, options=unfiltered)
    held = await tx.call(partial(reviews.list_held, subscription_id=subscription.id))
    found = await untaken(tx, there, before - LATE_NOTES, before - _DAY)
    kept_out = [each.id for each in compile_digest(found, on=before).entries if each.id not in held]
    await reviews.hold(tx, subscription.id, kept_out, reviews.NEVER)


async def keep_nothing(tx: Transaction, subscription_id: int) -> None:
    """Nothing waits any more: the subscription begins anew."""
    held = await tx.call(partial(reviews.list_held, subscription_id=subscription_id))
    await reviews.release(tx, subscription_id, held)
