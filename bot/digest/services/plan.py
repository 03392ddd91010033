"""Planning: what is due goes into the outbox, a slot and its messages in one transaction.

Which entries a slot takes: those dated up to its date that the channel wants and that no slot
of the subscription took before. So an entry goes to a channel once, whatever its note is
called in the meantime, and one that is written after the hour of its own day's digest is in
the next. How far back that reaches is bounded: to the first day after the last slot, or a
week (`LATE_NOTES`), never before the subscription's `since`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.archive.domain.entry import StoredEntry
from bot.archive.store import entries
from bot.channels.domain.digest_options import TagFilter
from bot.channels.domain.schedule import LATE_NOTES, ask_again_at, due, newest_slot, next_slot
from bot.channels.domain.subscription import Standing, Subscription
from bot.channels.store import slots, subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.domain.document import dump
from bot.core.domain.errors import NotFoundError
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, DeliveryKey, parse_channel
from bot.digest.domain.digest import Digest, compile_digest
from bot.digest.domain.present_digest import Post, present_digest
from bot.digest.services.thread_intro import openings
from bot.discussion.services.answers import Link, no_link
from bot.lookup.domain.tag_filter import parse_tags
from bot.outbox.domain.content_hash import content_hash
from bot.outbox.domain.delivery import delivery_key
from bot.outbox.store import deliveries

Voices = Callable[[str], Translate]
"""The `Translate` of a locale."""


REPLAY_PAUSE = timedelta(seconds=5)
"""How long a replay waits before it looks whether the channel is done with the day before."""

AFTER_FAILURE = timedelta(minutes=1)

_BATCH = 100
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Planned:
    """A slot that was closed, and how many messages it brought into the outbox."""

    channel: ChannelRef
    on: date
    messages: int
    papers: int


async def plan_due(
    db: Database, *, now: datetime, voices: Voices, link: Link = no_link
) -> tuple[Planned, ...]:
    """Close every slot that is due; those with nothing to say bring no messages.

    May be called as often as one likes, by as many processes as one likes. A subscription that
    fails is put off and does not stop the others; then an `ExceptionGroup` is raised at the end.
    """
    closed: list[Planned] = []
    errors: list[Exception] = []
    while True:
        async with db.reading() as tx:
            asked = await subscriptions.list_to_ask(tx, now, _BATCH)
        if not asked:
            break
        for subscription_id in asked:
            try:
                async with db.transaction() as tx:
                    closed += await _look_at(tx, subscription_id, now, voices, link)
            except Exception as error:  # noqa: BLE001 — one channel never stops the others
                errors.append(error)
                async with db.transaction() as tx:
                    await subscriptions.ask_at(tx, subscription_id, now + AFTER_FAILURE)
    if errors:
        raise ExceptionGroup("some subscriptions could not be planned", errors)
    return tuple(closed)


async def look_at_all(db: Database, *, now: datetime) -> None:
    """Have the next `plan_due` look at every subscription: at start, zones may be new."""
    async with db.transaction() as tx:
        await subscriptions.ask_all(tx, now)


async def _look_at(
    tx: Transaction, subscription_id: int, now: datetime, voices: Voices, link: Link
) -> list[Planned]:
    subscription = await subscriptions.get(tx, subscription_id)
    if subscription.standing is not Standing.ACTIVE:
        return []
    schedule = subscription.wishes.schedule
    closed = await _closed_until(tx, subscription)
    if subscription.replay_until is not None:
        planned = await _replay(tx, subscription, closed, now=now, voices=voices, link=link)
        if planned is not None:
            return planned
        closed = await _closed_until(tx, subscription)
    planned = []
    found = due(schedule, closed, now)
    if found is not None:
        planned = await _close(
            tx, subscription, found.slot.on, missed=found.missed, now=now, voices=voices, link=link
        )
        closed = found.slot.on
    await subscriptions.ask_at(tx, subscription_id, ask_again_at(schedule, closed, now))
    return planned


async def _closed_until(tx: Transaction, subscription: Subscription) -> date:
    """The date up to which nothing is due any more."""
    last = await slots.last_closed(tx, subscription.id)
    eve = subscription.wishes.since - _DAY
    return eve if last is None else max(last, eve)


async def _replay(
    tx: Transaction,
    subscription: Subscription,
    closed: date,
    *,
    now: datetime,
    voices: Voices,
    link: Link,
) -> list[Planned] | None:
    """One step of putting each older day out by itself; `None` when there is no older day left.

    The next day waits until the channel is done with the one before, so that pausing stops it.
    """
    until = subscription.replay_until
    slot = next_slot(subscription.wishes.schedule, closed)
    if until is None or slot.on > until or slot.at > now:
        if not _is_doubtful(subscription, slot.on):
            await subscriptions.replay(tx, subscription.id, None, None)
        return None
    if await deliveries.has_open(tx, subscription.channel):
        await subscriptions.ask_at(tx, subscription.id, now + REPLAY_PAUSE)
        return []
    planned = await _close(tx, subscription, slot.on, missed=(), now=now, voices=voices, link=link)
    pause = REPLAY_PAUSE if planned and planned[0].messages else timedelta()
    await subscriptions.ask_at(tx, subscription.id, now + pause)
    return planned


def _is_doubtful(subscription: Subscription, on: date) -> bool:
    """Whether what that day's slot takes may have been posted by somebody we know nothing of.

    That goes on for a while after the last day in doubt: an entry may have gone out by hand.
    """
    until = subscription.replay_until
    return subscription.doubt_from is not None and until is not None and on - LATE_NOTES <= until


async def _close(
    tx: Transaction,
    subscription: Subscription,
    on: date,
    *,
    missed: Iterable[date],
    now: datetime,
    voices: Voices,
    link: Link,
) -> list[Planned]:
    last = await slots.last_closed(tx, subscription.id)
    first = on - LATE_NOTES if last is None else min(last + _DAY, on - LATE_NOTES)
    taken = await _untaken(tx, subscription, max(first, subscription.wishes.since), on)
    planned = await _plan(
        tx,
        subscription,
        on,
        taken,
        missed=missed,
        now=now,
        voices=voices,
        link=link,
        by_hand=False,
    )
    return [planned] if planned is not None else []


async def plan_by_hand(
    db: Database,
    subscription: Subscription,
    on: date | None,
    *,
    now: datetime,
    voices: Voices,
    link: Link = no_link,
) -> Planned:
    """Plan a day's entries now (`paperbot post`): of `on`, else all that the next slot would take.

    Raises `NotFoundError` when there are none that the channel wants and has not had. The
    schedule goes on as if nothing had happened, without these entries.
    """
    wishes = subscription.wishes
    async with db.transaction() as tx:
        if on is None:
            day = now.astimezone(wishes.schedule.zone).date()
            taken = await _untaken(tx, subscription, max(day - LATE_NOTES, wishes.since), day)
        else:
            day = on
            taken = await _untaken(tx, subscription, on, on)
        wanted = _wanted(taken, parse_tags(wishes.tags))
        if not wanted:
            raise NotFoundError(
                "There is nothing of {day} to post in {channel}: no entry that it wants and has "
                "not had",
                day=day.isoformat(),
                channel=subscription.channel,
            )
        planned = await _plan(
            tx, subscription, day, taken, missed=(), now=now, voices=voices, link=link, by_hand=True
        )
    assert planned is not None  # noqa: S101 — by hand, a date may be closed again and again
    return planned


async def _untaken(
    tx: Transaction, subscription: Subscription, first: date, last: date
) -> tuple[StoredEntry, ...]:
    """The entries of these days that no slot of the subscription took yet."""
    found = await entries.between(tx, first, last)
    taken = await slots.posted(tx, subscription.id, [stored.id for stored in found])
    return tuple(stored for stored in found if stored.id not in taken)


def _wanted(found: Iterable[StoredEntry], tags: TagFilter) -> tuple[StoredEntry, ...]:
    return compile_digest(found, on=date.min, tags=tags).entries


async def _plan(
    tx: Transaction,
    subscription: Subscription,
    on: date,
    taken: tuple[StoredEntry, ...],
    *,
    missed: Iterable[date],
    now: datetime,
    voices: Voices,
    link: Link,
    by_hand: bool,
) -> Planned | None:
    """Close the slot and plan its messages; `None` when it was closed before."""
    wishes = subscription.wishes
    tags = parse_tags(wishes.tags)
    digest = compile_digest(taken, on=on, tags=tags, most=wishes.most, missed=missed)
    shown = tuple(stored.id for stored in digest.entries)
    closed = await slots.close(
        tx,
        subscription.id,
        on,
        by_hand=by_hand,
        languages=wishes.languages,
        layout=wishes.layout,
        left_out=digest.left_out,
        missed=digest.missed,
        shown=shown,
        counted=[each.id for each in _wanted(taken, tags) if each.id not in shown],
        now=now,
    )
    if closed is None:
        return None
    say = voices(wishes.languages[0])
    posts = present_digest(
        digest,
        languages=wishes.languages,
        layout=wishes.layout,
        say=say,
        openings=await openings(
            tx, digest.entries, channel=subscription.channel, link=link, say=say
        ),
    )
    channel = parse_channel(subscription.channel)
    doubt_from = subscription.doubt_from if _is_doubtful(subscription, on) else None
    drafts = draft_posts(
        posts, digest, channel, slot_id=closed.id, round_=closed.round, doubt_from=doubt_from
    )
    messages = await deliveries.add(tx, drafts, now)
    return Planned(channel, on, messages, len(shown))


def draft_posts(
    posts: Iterable[Post],
    digest: Digest,
    channel: ChannelRef,
    *,
    slot_id: int,
    round_: int,
    doubt_from: datetime | None = None,
) -> tuple[deliveries.Draft, ...]:
    """The messages of a slot as the outbox takes them."""
    sources = {stored.id: stored.entry.source for stored in digest.entries}
    drafts = []
    for post in posts:
        source = sources.get(post.entry_id) if post.entry_id is not None else None
        if source is None:
            names = (str(channel), digest.on.isoformat(), str(round_), post.part)
        else:
            # Named after the note, not after the slot or the row: after a restore, an entry may
            # come in another slot and under another id, and must be found all the same.
            own = post.part.removeprefix(f"entry-{post.entry_id}")
            names = (str(channel), source.path, str(source.part), own)
        content = dump(post.document)
        drafts.append(
            deliveries.Draft(
                key=DeliveryKey(delivery_key(*names)),
                channel=channel,
                part=post.part,
                content=content,
                shape=content_hash(content),
                slot_id=slot_id,
                entry_id=post.entry_id,
                reply_to=post.reply_to,
                doubt_from=doubt_from,
            )
        )
    return tuple(drafts)


async def doubt_since(tx: Transaction, made_at: datetime, now: datetime) -> int:
    """Somebody else may have posted anything since then: all of it is searched for first.

    What waits in the outbox, and each day since then as a slot of its own. Returns how many
    messages of the outbox that are.
    """
    for subscription in await subscriptions.list_all(tx):
        newest = newest_slot(subscription.wishes.schedule, now).on
        until = max(subscription.replay_until or newest, newest)
        doubt_from = min(subscription.doubt_from or made_at, made_at)
        await subscriptions.replay(tx, subscription.id, until, doubt_from)
    await subscriptions.ask_all(tx, now)
    return await deliveries.doubt_open(tx, made_at, now)
