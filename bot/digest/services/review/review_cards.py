"""The cards by which curators are asked: planned in time, and edited until they show the outcome.

A card is a direct message of the outbox. It is planned for a person and a slot once, and whatever
changes the slot has it presented again (issue 17, item 3).
"""

import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from bot.archive.store import entries
from bot.channels.domain.digest_options import Unapproved
from bot.channels.domain.schedule import current_slot, due, slot_on
from bot.channels.domain.subscription import Standing, Subscription
from bot.channels.store import channel_managers, slots, subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.domain.document import Document
from bot.core.domain.errors import UsageError, UserError
from bot.core.ports import (
    ChannelRef,
    ChatError,
    ChatRefusedError,
    User,
    parse_channel,
)
from bot.digest.domain.present_review import present_review
from bot.digest.domain.review import Choice, ReviewedSlot, Stage, code_of
from bot.digest.services import plan
from bot.digest.services.filtered import find_problem
from bot.digest.services.plan import Voices
from bot.digest.services.review import reviewed
from bot.digest.store import reviews
from bot.digest.store.reviews import Card
from bot.discussion.services.thread_messages import key_of, speak
from bot.outbox.store import deliveries, direct_messages

log = logging.getLogger(__name__)

OpenInbox = Callable[[ChannelRef, User], Awaitable[ChannelRef]]
"""The channel of a person's direct messages; raises `ChatError`."""

PART = "review"
AHEAD = timedelta(hours=15)
"""A card comes so long before its slot: for nine o'clock at six in the evening before."""

_KEPT = timedelta(days=60)


async def look(
    tx: Transaction, subscription: Subscription, on: date | None, now: datetime
) -> ReviewedSlot:
    """How the slot of a date stands, by default the one that is posted next; raises `UsageError`."""
    schedule = subscription.options.schedule
    closed = await reviewed.closed_until(tx, subscription)
    slot = current_slot(schedule, closed, now) if on is None else slot_on(schedule, on)
    if slot is None:
        raise UsageError(
            "No digest is posted in {channel} on {day}", channel=subscription.channel, day=on
        )
    found = await slots.find_closed(tx, subscription.id, slot.on)
    if found is not None:
        review = await tx.call(partial(reviews.find, subscription_id=subscription.id, on=slot.on))
        shown = await entries.list_by_id(tx, found.entries)
        return ReviewedSlot(subscription, slot, Stage.CLOSED, review, Choice(shown))
    review, choice, _ = await reviewed.look(tx, subscription, slot.on)
    stage = Stage.AHEAD
    if slot.at <= now:
        waiting = due(schedule, closed, now)
        is_waiting = waiting is not None and waiting.slot.on == slot.on
        stage = Stage.WAITING if is_waiting else Stage.PASSED
    code = code_of(subscription, slot.on, review, choice)
    return ReviewedSlot(subscription, slot, stage, review, choice, code)


async def refresh(
    tx: Transaction, subscription: Subscription, on: date, *, voices: Voices, now: datetime
) -> tuple[ReviewedSlot, int]:
    """Have the cards of a slot show how it stands; returns that, and how many cards changed."""
    shown, changed = await look(tx, subscription, on, now), 0
    for card in await reviews.list_cards(tx, subscription.id, on):
        if card.key is not None:
            changed += await direct_messages.want(
                tx, card.key, partial(present, shown, voices=voices)
            )
    if not shown.is_open:
        await reviews.settle_cards(tx, subscription.id, on)
    return shown, changed


def present(shown: ReviewedSlot, channel: ChannelRef, *, voices: Voices) -> Document:
    """The card for a person's direct messages, in the language of the channel of the digest."""
    say = voices(shown.subscription.options.spoken)
    return speak(voices, channel, say, lambda each: present_review(shown, each))


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom the cards go to, and how: `curators` are ids of people, `is_habit` asks of every digest.

    Otherwise only of those that wait for an approval. `open_inbox` gives a person's direct messages.
    """

    curators: Collection[str]
    is_habit: bool
    open_inbox: OpenInbox


async def plan_cards(
    db: Database, asking: Asking, *, now: datetime, voices: Voices
) -> tuple[int, int]:
    """Ask about each slot that comes soon; returns how many cards are new, and how many changed.

    May be called repeatedly and by several processes.
    """
    async with db.reading() as tx:
        unsettled = await reviews.list_unsettled(tx)
        active = [
            each
            for each in await subscriptions.list_all(tx)
            if each.standing is Standing.ACTIVE
            and find_problem(each) is None
            and (asking.is_habit or each.options.unapproved is Unapproved.HOLD)
        ]
    changed = 0
    for subscription_id, on in unsettled:
        async with db.transaction() as tx:
            subscription = await subscriptions.get(tx, subscription_id)
            await plan.guard(tx, subscription.channel)
            if find_problem(subscription) is not None:
                continue
            changed += (await refresh(tx, subscription, on, voices=voices, now=now))[1]
    planned = 0
    for subscription in active:
        planned += await _ask(db, subscription, asking, now=now, voices=voices)
    async with db.transaction() as tx:
        await reviews.prune(tx, (now - _KEPT).date())
    return planned, changed


async def _ask(
    db: Database, subscription: Subscription, asking: Asking, *, now: datetime, voices: Voices
) -> int:
    """Plan the cards of the next slot for those who have none, if there is something to review."""
    async with db.reading() as tx:
        people = {*asking.curators, *await _list_named(tx, subscription)}
        shown = await look(tx, subscription, None, now)
        on = shown.slot.on
        people -= {each.person for each in await reviews.list_cards(tx, subscription.id, on)}
    if not people or now < shown.slot.at - AHEAD or not (shown.choice.shown or shown.choice.left):
        return 0
    inboxes = {person: await _inbox(person, asking) for person in sorted(people)}
    async with db.transaction() as tx:
        await plan.guard(tx, subscription.channel)
        shown = await look(tx, await subscriptions.get(tx, subscription.id), on, now)
        known = {each.person for each in await reviews.list_cards(tx, subscription.id, on)}
        if not shown.is_open:
            return 0
        planned = 0
        for person, (inbox, is_final) in inboxes.items():
            if person in known or (inbox is None and not is_final):
                continue
            key = key_of(("review", str(subscription.id), on.isoformat(), person))
            card = Card(person, key if inbox is not None else None)
            await reviews.add_card(tx, subscription.id, on, card)
            if inbox is not None:
                document = present(shown, inbox, voices=voices)
                draft = deliveries.Draft(key, inbox, PART, document)
                planned += await deliveries.add(tx, [draft], now)
    return planned


async def _list_named(tx: Transaction, subscription: Subscription) -> tuple[str, ...]:
    """The people who were named to manage the digest of the channel."""
    return tuple(each.person for each in await channel_managers.list_of(tx, subscription.channel))


async def _inbox(person: str, asking: Asking) -> tuple[ChannelRef | None, bool]:
    """A person's direct messages; without any, whether it is no use to try again."""
    place = parse_channel(person)
    user = User(place.id, "", can_manage=False)
    try:
        return await asking.open_inbox(replace(place, id=""), user), True
    except ChatError as error:
        is_final = isinstance(error, ChatRefusedError)
        log.warning("%s cannot be asked to review a digest: %s", person, error)
        return None, is_final
    except UserError as error:
        log.warning("%s cannot be asked to review a digest: %s", person, error)
        return None, True
