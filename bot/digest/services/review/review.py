"""Reviewing a digest before it is posted: what a slot would post, and the decisions of curators.

A decision is stored in one transaction together with what it is about, and only if the slot still
stands as the person saw it. So of two people the second sees what the first has decided, and a press
on an old card changes nothing (issue 17, item 3).
"""

import logging
from collections.abc import Collection
from datetime import date, datetime

from bot.channels.domain.subscription import Standing, Subscription
from bot.channels.store import subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import NotFoundError, UsageError
from bot.core.ports import ChannelRef, User, person_ids
from bot.digest.domain.review import (
    Act,
    Hold,
    Release,
    ReviewedSlot,
    Reviewer,
    carried_out,
    is_reached,
)
from bot.digest.services import plan
from bot.digest.services.filtered import find_problem
from bot.digest.services.plan import Voices
from bot.digest.services.review import review_cards
from bot.digest.store import reviews
from bot.outbox.store import direct_messages

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Decided:
    """The slot after an act; unless it `is_done`, the act was given of something else and not done."""

    slot: ReviewedSlot
    is_done: bool


async def list_active(db: Database) -> tuple[Subscription, ...]:
    """The subscriptions whose digests can be reviewed, by channel."""
    async with db.reading() as tx:
        found = await subscriptions.list_all(tx)
    return tuple(each for each in found if each.standing is Standing.ACTIVE)


async def find(db: Database, subscription_id: int) -> Subscription:
    """The subscription of that id; raises `NotFoundError`."""
    async with db.reading() as tx:
        return await _get(tx, subscription_id)


async def _get(tx: Transaction, subscription_id: int) -> Subscription:
    try:
        found = await subscriptions.get(tx, subscription_id)
    except KeyError as error:
        raise NotFoundError("No digest has that number any more") from error
    if found.standing is not Standing.ACTIVE:
        raise UsageError("The digest of {channel} is not posted", channel=found.channel)
    return found


async def show(
    db: Database, subscription_id: int, on: date | None, *, now: datetime
) -> ReviewedSlot:
    """The slot of a date, by default the one that is posted next; raises `UserError`."""
    async with db.reading() as tx:
        return await review_cards.look(tx, await _get(tx, subscription_id), on, now)


async def decide(
    db: Database,
    subscription_id: int,
    on: date,
    act: Act,
    *,
    code: str,
    by: Reviewer,
    now: datetime,
    voices: Voices,
) -> Decided:
    """Carry out an act of a slot that stands as `code` says; its cards show the outcome.

    May be repeated. Raises `UserError`.
    """
    async with db.reading() as tx:
        channel = (await _get(tx, subscription_id)).channel
    async with db.transaction() as tx:
        await plan.guard(tx, channel)
        subscription = await _get(tx, subscription_id)
        before = await review_cards.look(tx, subscription, on, now)
        after = None
        if before.is_open and before.code == code:
            after = carried_out(before.review, before.choice, act, by)
        if after is None:
            return Decided(before, is_done=is_reached(before, act))
        if isinstance(act, Hold):
            await reviews.hold(tx, subscription.id, [act.entry_id], act.until)
        elif isinstance(act, Release):
            await reviews.release(tx, subscription.id, [act.entry_id])
        await reviews.put(tx, subscription.id, on, after, now)
        await subscriptions.ask_at(tx, subscription.id, now)
        shown, _ = await review_cards.refresh(tx, subscription, on, voices=voices, now=now)
    log.info(
        "%s: %s decided of %s: %s", channel, by.name or by.person or "the command line", on, act
    )
    return Decided(shown, is_done=True)


async def count_of(db: Database, channel: ChannelRef, user: User) -> int:
    """The number of digests of which a person decided, or was asked."""
    async with db.reading() as tx:
        return len(await reviews.list_of_person(tx, person_ids(channel, user), user.name))


async def forget_person(
    db: Database, channel: ChannelRef, user: User, *, now: datetime, voices: Voices
) -> None:
    """Remove a person's name from reviews, and from the cards of everybody.

    What they decided holds, and their own cards are removed. May be repeated.
    """
    people = person_ids(channel, user)
    async with db.reading() as tx:
        found = await reviews.list_of_person(tx, people, user.name)
    for named in found:
        async with db.transaction() as tx:
            await plan.guard(tx, named.channel)
            for card in await reviews.list_cards(tx, named.subscription_id, named.on):
                if card.person in people and card.key is not None:
                    await direct_messages.drop(tx, card.key, now)
            await reviews.forget(tx, named, people, user.name)
            subscription = await subscriptions.get(tx, named.subscription_id)
            if find_problem(subscription) is None:  # else the cards wait until it can be read again
                await review_cards.refresh(tx, subscription, named.on, voices=voices, now=now)


async def has_card(db: Database, subscription_id: int, on: date, people: Collection[str]) -> bool:
    """Whether a person, by any of their ids, was sent a card of the slot."""
    async with db.reading() as tx:
        cards = await reviews.list_cards(tx, subscription_id, on)
    return any(each.person in people and each.key is not None for each in cards)
