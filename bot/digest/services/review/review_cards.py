"""The cards by which curators are asked: planned in time, and edited until they show the outcome.

A card is a direct message of the outbox. It is planned for a person and a slot once, and whatever
changes the slot has it presented again (issue 17, item 3).
"""

import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import field, replace
from datetime import date, datetime, timedelta
from functools import partial

from bot.archive.store import entries
from bot.channels.domain.digest_options import Unapproved
from bot.channels.domain.schedule import (
    GRACE,
    Slot,
    current_slot,
    due,
    next_slot,
    slot_on,
    slot_utc,
)
from bot.channels.domain.subscription import Standing, Subscription
from bot.channels.store import channel_managers, slots, subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document
from bot.core.domain.errors import StorageError, UsageError, UserError
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
"""The channel of a person's direct messages; raises `ChatError` and `StorageError`."""

PART = "review"
AHEAD = timedelta(hours=15)
"""A card comes so long before its slot: for nine o'clock at six in the evening before."""

_KEPT = timedelta(days=60)
_DAY = timedelta(days=1)
_WINDOW = timedelta(days=30)
"""A slot takes entries of a week, or since the last one: seldom older ones (`candidates`)."""


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
    return await _look(tx, subscription, slot, closed, now)


async def _look(
    tx: Transaction, subscription: Subscription, slot: Slot, closed: date, now: datetime
) -> ReviewedSlot:
    """How a slot stands where all up to `closed` are closed.

    One of a day that has none any more has passed, if nothing was posted then.
    """
    schedule = subscription.options.schedule
    found = await slots.find_closed(tx, subscription.id, slot.on)
    if found is not None:
        review = await tx.call(partial(reviews.find, subscription_id=subscription.id, on=slot.on))
        shown = await entries.list_by_id(tx, found.entries)
        return ReviewedSlot(subscription, slot, Stage.CLOSED, review, Choice(shown))
    review, choice, _ = await reviewed.look(tx, subscription, slot.on)
    stage = Stage.AHEAD
    if slot_on(schedule, slot.on) is None:
        stage = Stage.PASSED
    elif slot.at <= now:
        waiting = due(schedule, closed, now)
        is_waiting = waiting is not None and waiting.slot.on == slot.on
        stage = Stage.WAITING if is_waiting else Stage.PASSED
    code = code_of(subscription, slot.on, review, choice)
    return ReviewedSlot(subscription, slot, stage, review, choice, code)


async def refresh(
    tx: Transaction, subscription: Subscription, on: date, *, voices: Voices, now: datetime
) -> tuple[ReviewedSlot, int]:
    """Have the cards of a slot show how it stands; returns that, and how many cards changed.

    The day may have no slot any more: its weekday may be dropped once there are cards.
    """
    schedule = subscription.options.schedule
    slot = slot_on(schedule, on) or Slot(on, slot_utc(on, schedule.at, schedule.zone))
    closed = await reviewed.closed_until(tx, subscription)
    shown, changed = await _look(tx, subscription, slot, closed, now), 0
    for card in await reviews.list_cards(tx, subscription.id, on):
        if card.key is not None:
            changed += await direct_messages.want(
                tx, card.key, partial(present, shown, voices=voices)
            )
    if shown.stage is Stage.CLOSED or (shown.stage is Stage.PASSED and slot.at <= now):
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


@dataclass(slots=True)
class Seen:
    """What a process knows of the cards that it has brought up to date.

    Thousands of channels are looked at every minute: only those are asked for whose slot may have
    changed (3,000 channels took half a minute of each minute before).
    """

    _current: dict[int, tuple[object, datetime, datetime]] = field(default_factory=dict)
    pruned_on: date | None = None

    def is_current(self, subscription_id: int, stamp: object, now: datetime) -> bool:
        """Whether nothing has changed since, and time changes nothing yet."""
        known = self._current.get(subscription_id)
        return known is not None and known[0] == stamp and known[1] <= now < known[2]

    def note(self, subscription_id: int, stamp: object, now: datetime, until: datetime) -> None:
        """Its cards are up to date until that instant."""
        self._current[subscription_id] = (stamp, now, until)


def _nobody() -> None:
    """The default of `alive`."""


async def plan_cards(
    db: Database,
    asking: Asking,
    *,
    now: datetime,
    voices: Voices,
    seen: Seen,
    alive: Callable[[], None] = _nobody,
) -> tuple[int, int]:
    """Ask about each slot that comes soon; returns how many cards are new, and how many changed.

    May be called repeatedly and by several processes, each with its own `seen`. `alive` is called
    after each channel.
    """
    today = now.date()
    await _drop_refused(db, now)
    async with db.reading() as tx:
        stamps = await tx.call(
            partial(reviews.list_stamps, is_habit=asking.is_habit, recent=today - _WINDOW)
        )
        archive = await _archive_stamp(tx, today) if stamps else 0
    work = _Work(db, asking, now, voices)
    planned = changed = 0
    for subscription_id, stamp in stamps.items():
        if not stamp.has_query and seen.is_current(subscription_id, (archive, stamp), now):
            continue
        alive()
        async with db.reading() as tx:
            if find_problem(await subscriptions.get(tx, subscription_id)) is not None:
                continue
        edited, slots_shown = await _bring_up_to_date(work, subscription_id)
        changed += edited
        asked = await _ask(work, subscription_id)
        planned += asked.planned
        if not asked.is_final:
            continue  # somebody could not be asked: again in a minute
        until = min(_next_change(each, now) for each in (*slots_shown, asked.slot))
        seen.note(subscription_id, (archive, stamp), now, until)
    if seen.pruned_on != today:
        async with db.transaction() as tx:
            await reviews.prune(tx, today - _KEPT)
        seen.pruned_on = today
    return planned, changed


async def _drop_refused(db: Database, now: datetime) -> None:
    """Give up cards that wait in an inbox which has refused another one, as that one was."""
    async with db.reading() as tx:
        refused = await direct_messages.list_refused(tx, PART)
    if refused:
        async with db.transaction() as tx:
            for key in refused:
                await direct_messages.drop(tx, key, now)


async def _archive_stamp(tx: Transaction, today: date) -> int:
    """Changes with every entry that a slot of these days may take."""
    found = await entries.between(tx, today - _WINDOW, today + 2 * _DAY)
    held = await entries.list_by_id(tx, await reviews.list_all_held(tx))
    return hash((found, held))


def _next_change(shown: ReviewedSlot, now: datetime) -> datetime:
    """When time alone changes how a slot stands, or whether people are asked about it."""
    slot, schedule = shown.slot, shown.subscription.options.schedule
    after = next_slot(schedule, slot.on).at
    instants = (slot.at - AHEAD, slot.at, slot.at + GRACE, after - AHEAD, after)
    return min((each for each in instants if each > now), default=now)


@dataclass(frozen=True, slots=True)
class _Work:
    db: Database
    asking: Asking
    now: datetime
    voices: Voices


async def _bring_up_to_date(work: _Work, subscription_id: int) -> tuple[int, list[ReviewedSlot]]:
    """Have the cards show how their slots stand; returns how many changed, and the slots."""
    async with work.db.reading() as tx:
        channel = (await subscriptions.get(tx, subscription_id)).channel
        unsettled = await reviews.list_unsettled(tx, subscription_id)
    changed, found = 0, []
    for on in unsettled:
        async with work.db.transaction() as tx:
            await plan.guard(tx, channel)
            subscription = await subscriptions.get(tx, subscription_id)
            shown, edited = await refresh(tx, subscription, on, voices=work.voices, now=work.now)
        changed += edited
        found.append(shown)
    return changed, found


@dataclass(frozen=True, slots=True)
class _Asked:
    """The slot that people are asked about, how many newly, and whether nobody is to be tried again."""

    slot: ReviewedSlot
    planned: int = 0
    is_final: bool = True


async def _ask(work: _Work, subscription_id: int) -> _Asked:
    """Plan the cards of the next slot for those who have none, if there is something to review."""
    db, now, asking = work.db, work.now, work.asking
    async with db.reading() as tx:
        subscription = await subscriptions.get(tx, subscription_id)
        people = {*asking.curators, *await _list_named(tx, subscription)}
        shown = await look(tx, subscription, None, now)
        on = shown.slot.on
        people -= {each.person for each in await reviews.list_cards(tx, subscription.id, on)}
    if not people or not _is_to_ask(shown, asking, now):
        return _Asked(shown)
    inboxes = {person: await _inbox(person, asking) for person in sorted(people)}
    async with db.transaction() as tx:
        await plan.guard(tx, subscription.channel)
        shown = await look(tx, await subscriptions.get(tx, subscription.id), on, now)
        known = {each.person for each in await reviews.list_cards(tx, subscription.id, on)}
        if not shown.is_open:
            return _Asked(shown)
        planned = 0
        for person, (inbox, is_final) in inboxes.items():
            if person in known or (inbox is None and not is_final):
                continue
            key = key_of(("review", str(subscription.id), on.isoformat(), person))
            card = Card(person, key if inbox is not None else None)
            await reviews.add_card(tx, subscription.id, on, card)
            if inbox is not None:
                document = present(shown, inbox, voices=work.voices)
                draft = deliveries.Draft(key, inbox, PART, document)
                planned += await deliveries.add(tx, [draft], now)
    is_final = all(inbox is not None or final for inbox, final in inboxes.values())
    return _Asked(shown, planned, is_final)


def _is_to_ask(shown: ReviewedSlot, asking: Asking, now: datetime) -> bool:
    options = shown.subscription.options
    return (
        shown.subscription.standing is Standing.ACTIVE
        and (asking.is_habit or options.unapproved is Unapproved.HOLD)
        and now >= shown.slot.at - AHEAD
        and bool(shown.choice.shown or shown.choice.left)
    )


async def _list_named(tx: Transaction, subscription: Subscription) -> tuple[str, ...]:
    """The people who were named to manage the digest of the channel."""
    return tuple(each.person for each in await channel_managers.list_of(tx, subscription.channel))


async def _inbox(person: str, asking: Asking) -> tuple[ChannelRef | None, bool]:
    """A person's direct messages; without any, whether it is no use to try again."""
    place = parse_channel(person)
    user = User(place.id, "", can_manage=False)
    try:
        return await asking.open_inbox(replace(place, id=""), user), True
    except (ChatError, StorageError) as error:
        is_final = isinstance(error, ChatRefusedError)
        log.warning("%s cannot be asked to review a digest: %s", person, error)
        return None, is_final
    except UserError as error:
        log.warning("%s cannot be asked to review a digest: %s", person, error)
        return None, True
