"""Subscribing channels: all wrong options are reported at once, and nothing is half done."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from bot.archive.domain.typed_dates import Days
from bot.channels.domain.schedule import Schedule, Slot, newest_slot, next_slot
from bot.channels.domain.subscription import (
    DigestOptions,
    Standing,
    Subscription,
)
from bot.channels.domain.typed_schedule import parse_time
from bot.channels.store import channel_preferences, slots, subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import NotSubscribedError, ProblemsError, UsageError
from bot.core.domain.i18n import translatable
from bot.core.ports import (
    ChannelRef,
    ChatError,
    ChatRefusedError,
    ChatUnavailableError,
    Platform,
    parse_channel,
)
from bot.digest.services import shared_channels
from bot.digest.services.filtered import find_problem
from bot.digest.services.options import parsing
from bot.digest.services.options.layouts import possible_layout
from bot.digest.services.options.typed import TypedOptions, read_options
from bot.digest.services.options.zones import parse_zone
from bot.digest.services.review import reviewed
from bot.digest.services.shared_channels import Connected, no_connected
from bot.lookup.domain.tag_filter import parse_tags
from bot.lookup.services import typed_dates
from bot.outbox.store import deliveries, operator_view
from bot.outbox.store.waiting import quiet
from bot.workspaces.services import slack_apps

T = TypeVar("T")

Check = Callable[[ChannelRef], Awaitable[ChannelRef]]
"""Asks the platform whether the bot may post there: the channel as the platform knows it
(with its workspace), or `ChatRefusedError` saying what to do about it."""

_DAY = timedelta(days=1)
_EVER = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Status:
    """A subscription's status: next slot, last closed date, messages in flight and stuck.

    `wait` is why messages wait, and the platform's words for it; both may be empty. `problem` is why
    no digest is planned. From `public_since` on, what is said in the channel is public.
    """

    subscription: Subscription
    next_slot: Slot | None
    last_on: date | None
    tally: operator_view.Tally
    wait: tuple[str, str] = ("", "")
    problem: ProblemsError | None = None
    public_since: datetime | None = None


async def add(
    db: Database,
    channel: ChannelRef,
    words: TypedOptions,
    *,
    now: datetime,
    since: date | None = None,
    created_by: str = "",
    check: Check | None = None,
    connected: Connected = no_connected,
    wait: timedelta = timedelta(),
    standing: Standing = Standing.ACTIVE,
    replaced: str | None = None,
    also: Callable[[Transaction, Subscription], Awaitable[None]] | None = None,
) -> Subscription:
    """Subscribe a channel; `words` must have a time and a zone. Raises `UserError`.

    Nothing is planned before `wait` has passed, unless its options are changed. A subscription that is
    paused for the reason `replaced` is replaced. `also` is done in the same transaction.

    It starts with today's entries or, with `since`, with that day: older days are then posted one
    by one, each as a digest of its own. Days that were posted from a workspace that shares the
    channel are left out.
    """
    parsing.check(words.typed(), Days(now.date()))
    if words.at is None or words.zone is None:
        raise UsageError("A digest needs a time and a zone, like 09:00 and Asia/Seoul")
    schedule = Schedule(parse_time(words.at), parse_zone(words.zone))
    words = replace(words, layout=possible_layout(channel, words.layout, is_new=True))
    today = now.astimezone(schedule.zone).date()
    if since is None and words.since is not None:
        since = await typed_dates.read(db, words.since, now=now, zone=schedule.zone)
    options = read_options(words, DigestOptions(schedule, since or today), Days(today))
    channel = await _checked(channel, check)
    shared = await _shared(db, channel, connected)
    async with db.transaction() as tx:
        if channel.platform is Platform.SLACK:
            # Whoever ends a workspace stops the digests that are there: this one, too, or none yet.
            await tx.guard(slack_apps.GUARD)
        await subscriptions.guard(tx, str(channel))
        present = await subscriptions.find(tx, str(channel))
        if present is not None and not _gives_way(present, replaced):
            raise UsageError(
                "{channel} is already subscribed: use “channel change”, or remove it first",
                channel=str(channel),
            )
        blocking = (Standing.ACTIVE, Standing.PAUSED)
        last = await shared_channels.take_over(tx, channel, shared, blocking=blocking, now=now)
        options = _after(options, last)
        added = await subscriptions.add(
            tx,
            str(channel),
            options,
            standing=standing,
            now=now,
            next_at=now + wait if standing is Standing.ACTIVE else None,
            created_by=created_by,
            replay_until=_replay_until(options, today, now),
        )
        await reviewed.keep_nothing(tx, added.id)
        if also is not None:
            await also(tx, added)
        return added


def _gives_way(present: Subscription, replaced: str | None) -> bool:
    """Whether the channel may be subscribed, although there is a row of it."""
    is_over = present.standing in (Standing.REMOVED, Standing.MANUAL)
    return is_over or (present.standing is Standing.PAUSED and present.reason == replaced)


def _replay_until(options: DigestOptions, today: date, now: datetime) -> date | None:
    """The last date to replay, if the first wanted day is in the past."""
    newest = newest_slot(options.schedule, now).on
    return newest if options.since < today and options.since <= newest else None


def check_change(channel: ChannelRef, words: TypedOptions, *, now: datetime) -> None:
    """Raises `UserError` for options that `change` would not take."""
    parsing.check(words.typed(), Days(now.date()))
    if words.since is not None:
        raise UsageError(
            "“since” counts only when a channel is subscribed: earlier days cannot be added later"
        )
    possible_layout(channel, words.layout)


async def change(
    db: Database, channel: ChannelRef, words: TypedOptions, *, now: datetime
) -> Subscription:
    """Change options; those not given stay. Raises `UserError`.

    A new filter applies to what no slot has covered yet, and to notes that come in from now on: what
    the old one kept out of a digest is not posted later. After one that could not be read, it applies to all
    that waited.
    """
    check_change(channel, words, now=now)
    async with db.transaction() as tx:
        await subscriptions.guard(tx, str(channel))
        present = await _get(tx, channel)
        before = present.options
        # A pause stays one, whatever is changed in it.
        present = replace(present, options=_after_pause(present, before, now))
        options = read_options(words, present.options, Days(now.date()))
        if find_problem(present) is not None:
            if (options.tags, options.only) != (before.tags, before.only):
                # Nothing was posted through the old one: what waited is posted through the new one.
                last = await slots.last_closed(tx, present.id)
                options = _after(options, last)
        elif (parse_tags(options.tags), options.only) != (parse_tags(before.tags), before.only):
            last = await slots.last_closed(tx, present.id)
            covered = _covered(present, last, now)
            if covered is not None:
                today = now.astimezone(options.schedule.zone).date()
                first = max(options.since, min(today, covered + _DAY))
                await reviewed.keep_waiting(tx, present, options, now, first)
                if last is None:
                    options = replace(options, since=first)
                else:  # a note of an earlier day that comes in from now on is a late one
                    await reviewed.keep_out(tx, present, first)
        changed = await _update(tx, present, options, present.standing, now)
        await quiet.apply(tx, present.channel, now)
        return changed


def _covered(present: Subscription, last: date | None, now: datetime) -> date | None:
    """The date up to which slots have come; `None` before the first one of a replay."""
    if last is None and present.replay_until is None:
        return newest_slot(present.options.schedule, now).on
    return last


async def pause(db: Database, channel: ChannelRef, *, now: datetime) -> Subscription:
    """Stop planning digests until resumed; messages already in the outbox are still posted.

    One that waited for something else waits for that alone from then on. What waits now, of days
    before today's slot, is posted after it is resumed.
    """
    async with db.transaction() as tx:
        await subscriptions.guard(tx, str(channel))
        present = await _get(tx, channel)
        if present.standing is Standing.PAUSED:
            # An address that confirms begins only what nobody has paused.
            await subscriptions.give_reason(tx, present.id, "")
            return await _get(tx, channel)
        if present.standing is Standing.MANUAL:
            options = _from_today(present.options, now)
            return await _update(tx, present, options, Standing.PAUSED, now)
        schedule = present.options.schedule
        today = now.astimezone(schedule.zone).date()
        first_kept_out = max(today, newest_slot(schedule, now).on + _DAY)
        await reviewed.keep_waiting(tx, present, present.options, now, first_kept_out)
        return await _update(tx, present, present.options, Standing.PAUSED, now)


async def resume(
    db: Database,
    channel: ChannelRef,
    *,
    now: datetime,
    check: Check | None = None,
    connected: Connected = no_connected,
) -> Subscription:
    """Resume: a paused subscription continues today, a refused one where it stopped.

    A paused one gets what waited when it was paused, too. What a workspace that shares the channel
    has posted meanwhile is left out. Raises `UsageError` while it is posted from there.
    """
    async with db.reading() as tx:
        present = await _get(tx, channel)
    if present.standing is Standing.REFUSED or channel.platform is Platform.MAIL:
        await _checked(channel, check)
    place = parse_channel(present.channel)
    shared = await _shared(db, place, connected)
    async with db.transaction() as tx:
        await subscriptions.guard(tx, str(channel))
        present = await _get(tx, channel)
        options = _after_pause(present, present.options, now)
        if present.standing is Standing.MANUAL:
            options = _from_today(options, now)
        if present.standing is not Standing.ACTIVE:
            last = await shared_channels.take_over(
                tx, place, shared, blocking=(Standing.ACTIVE,), now=now
            )
            options = _after(options, last)
            if last is not None:
                await reviewed.keep_nothing(tx, present.id)
        await deliveries.release(tx, present.channel, now)
        if present.standing is Standing.ACTIVE:
            return present
        return await _update(tx, present, options, Standing.ACTIVE, now)


async def remove(db: Database, channel: ChannelRef, *, now: datetime) -> Subscription:
    """Remove it; messages in the outbox are still posted. Its closed days stay recorded.

    Nothing that was said in the channel is public any more.
    """
    async with db.transaction() as tx:
        await subscriptions.guard(tx, str(channel))
        present = await _get(tx, channel)
        removed = await _update(tx, present, present.options, Standing.REMOVED, now)
        await channel_preferences.end_public(tx, present.channel)
        await quiet.apply(tx, present.channel, now)
        return removed


async def by_hand(
    db: Database,
    channel: ChannelRef,
    words: TypedOptions,
    *,
    now: datetime,
    check: Check | None = None,
) -> Subscription:
    """The subscription for a manual digest; a channel without one gets one without a schedule."""
    async with db.reading() as tx:
        present = await subscriptions.find(tx, str(channel))
    if present is not None and present.standing is not Standing.REMOVED:
        return present
    parsing.check(words.typed(), Days(now.date()))
    words = replace(words, layout=possible_layout(channel, words.layout, is_new=True))
    schedule = Schedule(parse_time(words.at or "09:00"), parse_zone(words.zone or "UTC"))
    options = read_options(words, DigestOptions(schedule, since=_EVER), Days(now.date()))
    channel = await _checked(channel, check)
    async with db.transaction() as tx:
        await subscriptions.guard(tx, str(channel))
        present = await subscriptions.find(tx, str(channel))
        if present is not None and present.standing is not Standing.REMOVED:
            return present
        added = await subscriptions.add(
            tx, str(channel), options, standing=Standing.MANUAL, now=now, next_at=None
        )
        await reviewed.keep_nothing(tx, added.id)
        return added


async def list_all(db: Database) -> tuple[Subscription, ...]:
    """Every subscription that was not removed, by channel."""
    async with db.reading() as tx:
        return await subscriptions.list_all(tx)


async def get(db: Database, channel: ChannelRef) -> Subscription:
    """The channel's subscription; raises `NotSubscribedError`."""
    async with db.reading() as tx:
        return await _get(tx, channel)


async def status(db: Database, channel: ChannelRef, *, now: datetime) -> Status:
    """The status of the channel's subscription; raises `NotSubscribedError`."""
    async with db.reading() as tx:
        present = await _get(tx, channel)
        last = await slots.last_closed(tx, present.id)
        tally = await operator_view.tally(tx, channel=present.channel)
        wait = await operator_view.find_wait(tx, present.channel)
        public_since = (await channel_preferences.get(tx, present.channel)).public_since
    upcoming = None
    if present.standing is Standing.ACTIVE:
        schedule = present.options.schedule
        today = newest_slot(schedule, now).on
        upcoming = next_slot(schedule, max(today, last or today, present.options.since - _DAY))
    return Status(present, upcoming, last, tally, wait, find_problem(present), public_since)


async def _update(
    tx: Transaction,
    present: Subscription,
    options: DigestOptions,
    standing: Standing,
    now: datetime,
) -> Subscription:
    next_at = now if standing is Standing.ACTIVE else None
    await subscriptions.update(tx, present.id, options, standing=standing, now=now, next_at=next_at)
    return await subscriptions.get(tx, present.id)


async def _get(tx: Transaction, channel: ChannelRef) -> Subscription:
    present = await subscriptions.find(tx, str(channel))
    if present is not None and present.standing is not Standing.REMOVED:
        return present
    known = [each.channel for each in await subscriptions.list_all(tx)]
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - slow to import, for misspelt names

    near = process.extractOne(str(channel), known, scorer=fuzz.WRatio, score_cutoff=80)
    if near is not None:
        raise NotSubscribedError(
            "{channel} is not subscribed; did you mean {near}?", channel=str(channel), near=near[0]
        )
    raise NotSubscribedError("{channel} is not subscribed", channel=str(channel))


def _after(options: DigestOptions, last: date | None) -> DigestOptions:
    """The options for the days after `last`."""
    return options if last is None else replace(options, since=max(options.since, last + _DAY))


def _after_pause(present: Subscription, options: DigestOptions, now: datetime) -> DigestOptions:
    """The options without the days of a pause until now: none where no slot has come in it."""
    schedule = present.options.schedule
    has_missed = newest_slot(schedule, now).on > newest_slot(schedule, present.changed_at).on
    return (
        _from_today(options, now) if present.standing is Standing.PAUSED and has_missed else options
    )


def _from_today(options: DigestOptions, now: datetime) -> DigestOptions:
    today = now.astimezone(options.schedule.zone).date()
    return replace(options, since=max(options.since, today))


async def _checked(channel: ChannelRef, check: Check | None) -> ChannelRef:
    return channel if check is None else await _asked(channel, check(channel))


async def _shared(db: Database, channel: ChannelRef, connected: Connected) -> frozenset[str]:
    return await _asked(channel, shared_channels.find_workspaces(db, channel, connected))


async def _asked(channel: ChannelRef, question: Awaitable[T]) -> T:
    try:
        return await question
    except ChatError as error:
        words = translatable("The bot cannot post in {channel}: {reason}{detail}")
        if not _needs_a_person(error):
            words = translatable(
                "{channel} could not be checked: {reason}{detail}. Try again in a minute"
            )
        detail = f" ({error.detail})" if error.detail else ""
        raise UsageError(words, channel=str(channel), reason=error.reason, detail=detail) from error


def _needs_a_person(error: ChatError) -> bool:
    """Whether trying again does not help until somebody changes something."""
    if isinstance(error, ChatUnavailableError):
        return error.whole_workspace
    return isinstance(error, ChatRefusedError)
