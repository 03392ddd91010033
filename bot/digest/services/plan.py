"""Planning digests: a due slot and its messages go into the outbox in one transaction.

A slot takes the entries dated up to its date that pass the channel's filter and were in no
earlier slot of the subscription. So an entry is posted to a channel once, even if its note is
renamed, and an entry written after its own day's digest is in the next one. It reaches back to
the day after the last slot or a week (`LATE_NOTES`), whichever is earlier, but never before
`since`, but for what waited when `since` changed. Where curators decided about the slot (`bot.digest.domain.review`), it takes what they
approved, or nothing; where nobody approved it, a channel may want it to wait. It waits, too, while
the channel's filter cannot be read.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.archive.domain.entry import StoredEntry
from bot.archive.store.guards import ARCHIVE
from bot.channels.domain.digest_options import Intro
from bot.channels.domain.schedule import LATE_NOTES, ask_again_at, due, newest_slot, next_slot
from bot.channels.domain.subscription import Standing, Subscription
from bot.channels.store import slots, subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import NotFoundError
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, DeliveryKey, parse_channel
from bot.digest.domain.digest import Digest, compile_digest
from bot.digest.domain.present_digest import Post
from bot.digest.services.filtered import find_problem, tag_filter, untaken
from bot.digest.services.plan_each import plan_each
from bot.digest.services.presented import present_slot
from bot.digest.services.review import reviewed
from bot.discussion.services.answers import Link, no_link
from bot.outbox.domain.delivery import delivery_key, entry_key
from bot.outbox.store import deliveries, threads

log = logging.getLogger(__name__)

Voices = Callable[[str], Translate]
"""Gives the `Translate` of a locale."""


REPLAY_PAUSE = timedelta(seconds=5)
"""How often a replay checks whether the channel has posted the previous day."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Planned:
    """A closed slot, and how many messages it put into the outbox."""

    channel: ChannelRef
    on: date
    messages: int
    papers: int


def _nobody() -> None:
    """The default of `told`."""


async def next_due(db: Database) -> datetime | None:
    """When there may be something to plan again."""
    async with db.reading() as tx:
        return await subscriptions.next_to_ask(tx)


async def plan_due(
    db: Database,
    *,
    now: datetime,
    voices: Voices,
    link: Link = no_link,
    told: Callable[[], None] = _nobody,
) -> tuple[Planned, ...]:
    """Close every due slot; empty ones plan no messages. `told` is called when messages can go out.

    May be called repeatedly and by several processes. A subscription that fails is retried later
    and does not stop the others; an `ExceptionGroup` with the failures is raised at the end.
    """
    closed: list[Planned] = []

    async def plan(tx: Transaction, subscription_id: int, channel: str) -> list[Planned]:
        await guard(tx, channel)
        return await _look_at(tx, subscription_id, now, voices, link)

    def note(planned: list[Planned]) -> None:
        closed.extend(planned)
        if any(each.messages for each in planned):
            told()

    await plan_each(
        db, subscriptions.list_to_ask, plan, ask_at=subscriptions.ask_at, done=note, now=now
    )
    _log_skipped(closed)
    return tuple(closed)


def _log_skipped(closed: Iterable[Planned]) -> None:
    """A line for each channel: a replay may pass over hundreds of days without papers."""
    skipped: dict[ChannelRef, list[date]] = {}
    for each in closed:
        if not each.papers:
            skipped.setdefault(each.channel, []).append(each.on)
    for channel, days in skipped.items():
        if len(days) == 1:
            log.info("skipped %s in %s: no paper to post", days[0], channel)
        else:
            text = "skipped %s to %s in %s; days without a paper to post: %d"
            log.info(text, min(days), max(days), channel, len(days))


async def guard(tx: Transaction, channel: str) -> None:
    """Before anything is read: what is planned is what the archive says when it is committed.

    A change of an entry is noted for those in a slot: it must not be stored while one is planned.
    """
    await tx.guard(ARCHIVE, *subscriptions.guards_of(channel), threads.GUARD)


async def _look_at(
    tx: Transaction, subscription_id: int, now: datetime, voices: Voices, link: Link
) -> list[Planned]:
    subscription = await subscriptions.get(tx, subscription_id)
    if subscription.standing is not Standing.ACTIVE:
        return []
    schedule = subscription.options.schedule
    problem = find_problem(subscription)
    if problem is not None:
        log.warning("%s waits: %s", subscription.channel, " — ".join(map(str, problem.problems)))
        again = next_slot(schedule, newest_slot(schedule, now).on)
        await subscriptions.ask_at(tx, subscription_id, again.at)
        return []
    closed = await reviewed.closed_until(tx, subscription)
    if subscription.replay_until is not None:
        planned = await _replay(tx, subscription, closed, now=now, voices=voices, link=link)
        if planned is not None:
            return planned
        closed = await reviewed.closed_until(tx, subscription)
    planned = []
    found = due(schedule, closed, now)
    if found is not None:
        if found.missed:
            days = ", ".join(day.isoformat() for day in found.missed)
            log.info("skipped %s in %s: the bot was away", days, subscription.channel)
        on = found.slot.on
        if await reviewed.waits(tx, subscription, on):
            log.info("%s waits in %s for an approval", on, subscription.channel)
            await subscriptions.ask_at(tx, subscription_id, next_slot(schedule, on).at)
            return []
        planned = await _close(
            tx, subscription, on, missed=found.missed, now=now, voices=voices, link=link
        )
        closed = on
    await subscriptions.ask_at(tx, subscription_id, ask_again_at(schedule, closed, now))
    return planned


async def _replay(
    tx: Transaction,
    subscription: Subscription,
    closed: date,
    *,
    now: datetime,
    voices: Voices,
    link: Link,
) -> list[Planned] | None:
    """Plan the next older day of a replay; `None` when none is left.

    It waits until the channel has posted the previous day, so that pausing stops the replay.
    """
    until = subscription.replay_until
    slot = next_slot(subscription.options.schedule, closed)
    if until is None or slot.on > until or slot.at > now:
        if not _is_doubtful(subscription, slot.on):
            await subscriptions.replay(tx, subscription.id, None, None)
        return None
    if await deliveries.has_open_digest(tx, subscription.channel):
        await subscriptions.ask_at(tx, subscription.id, now + REPLAY_PAUSE)
        return []
    planned = await _close(tx, subscription, slot.on, missed=(), now=now, voices=voices, link=link)
    pause = REPLAY_PAUSE if planned and planned[0].messages else timedelta()
    await subscriptions.ask_at(tx, subscription.id, now + pause)
    return planned


def _is_doubtful(subscription: Subscription, on: date) -> bool:
    """Whether entries of that day's slot may have been posted before a restore.

    This extends past the last replayed day, since an entry may have been posted by hand later.
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
    choice, held = await reviewed.choose_slot(
        tx, subscription, on, is_doubtful=_is_doubtful(subscription, on)
    )
    digest = compile_digest(choice.shown, on=on, missed=missed)
    planned = await _plan(
        tx,
        subscription,
        replace(digest, left_out=len(choice.counted)),
        choice.counted,
        now=now,
        voices=voices,
        link=link,
        by_hand=False,
    )
    await reviewed.finish(tx, subscription, on, choice, held)
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

    Raises `NotFoundError` if none is new to the channel and passes its filter, or the subscription
    was removed meanwhile. The schedule is unaffected, except that later slots leave these entries out.
    """
    async with db.transaction() as tx:
        await guard(tx, subscription.channel)
        subscription = await subscriptions.get(tx, subscription.id)  # it may have changed
        if subscription.standing is Standing.REMOVED:
            raise NotFoundError(
                "The digest of {channel} was removed meanwhile: run the command again to post there "
                "nevertheless",
                channel=subscription.channel,
            )
        options = subscription.options
        day = on or now.astimezone(options.schedule.zone).date()
        if on is None:
            taken = await reviewed.waiting(tx, subscription, day)
        else:
            taken = await untaken(tx, subscription, day, day)
        digest = compile_digest(taken, on=day, tags=await tag_filter(tx, options))
        if not digest.entries:
            raise NotFoundError(
                "There is nothing of {day} to post in {channel}: no entry matches its filter, "
                "or all were posted already",
                day=day.isoformat(),
                channel=subscription.channel,
            )
        end = options.most
        planned = await _plan(
            tx,
            subscription,
            replace(digest, entries=digest.entries[:end], left_out=len(digest.entries[end:])),
            digest.entries[end:],
            now=now,
            voices=voices,
            link=link,
            by_hand=True,
        )
    assert planned is not None  # noqa: S101 — by hand, a date may be closed again and again
    return planned


async def _plan(
    tx: Transaction,
    subscription: Subscription,
    digest: Digest,
    counted: Iterable[StoredEntry],
    *,
    now: datetime,
    voices: Voices,
    link: Link,
    by_hand: bool,
) -> Planned | None:
    """Close the slot and plan its messages; `None` if it was closed before.

    Its header only counts the `counted` entries.
    """
    options, on = subscription.options, digest.on
    shown = tuple(stored.id for stored in digest.entries)
    closed = await slots.close(
        tx,
        subscription.id,
        on,
        by_hand=by_hand,
        languages=options.languages,
        spoken=options.spoken,
        layout=options.layout,
        intro=options.intro,
        left_out=digest.left_out,
        missed=digest.missed,
        shown=shown,
        counted=[each.id for each in counted],
        now=now,
    )
    if closed is None:
        return None
    posts = await present_slot(
        tx,
        digest,
        channel=subscription.channel,
        languages=options.languages,
        layout=options.layout,
        spoken=options.spoken,
        voices=voices,
        link=link,
        introduced=digest.entries if options.intro is Intro.ON else (),
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
    """The messages of a slot as outbox drafts."""
    sources = {stored.id: stored.entry.source for stored in digest.entries}
    drafts = []
    for post in posts:
        source = sources.get(post.entry_id) if post.entry_id is not None else None
        if source is None:
            key = delivery_key(str(channel), digest.on.isoformat(), str(round_), post.part)
        else:
            own = post.part.removeprefix(f"entry-{post.entry_id}")
            key = entry_key(str(channel), source.path, source.part, own)
        drafts.append(
            deliveries.Draft(
                key=DeliveryKey(key),
                channel=channel,
                part=post.part,
                document=post.document,
                slot_id=slot_id,
                entry_id=post.entry_id,
                reply_to=post.reply_to,
                doubt_from=doubt_from,
            )
        )
    return tuple(drafts)


async def doubt_since(tx: Transaction, made_at: datetime, now: datetime) -> int:
    """After a restore: anything since `made_at` may have been posted, so search before posting.

    Applies to waiting messages, and to each day since then, replayed as its own slot. Returns the
    number of waiting messages.
    """
    for subscription in await subscriptions.list_all(tx):
        newest = newest_slot(subscription.options.schedule, now).on
        until = max(subscription.replay_until or newest, newest)
        doubt_from = min(subscription.doubt_from or made_at, made_at)
        await subscriptions.replay(tx, subscription.id, until, doubt_from)
    await subscriptions.ask_all(tx, now)
    return await deliveries.doubt_open(tx, made_at, now)
