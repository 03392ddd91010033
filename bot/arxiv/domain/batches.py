"""When arXiv's daily batch of a category is expected, and what an answer says about it.

Announcements are made on evenings from Sunday to Thursday, and feeds roll at midnight US/Eastern:
so a batch carries a date from Monday to Friday, and can be there from 04:00 UTC on (05:00 in
winter). A weekend, a holiday and a broken feed all look alike, an empty list; and a feed may
serve yesterday's batch for hours, or for days. So only unseen ids say that there is a new batch.
The date in the feed says which batch it is. That date may lag: it is used where a wrong date
costs one request too many, and never where it could lose a batch.

The calendar has three parts, and each prevents one error: the date of the batch (a stale feed is
not today's batch), holidays (an empty feed on one is no alarm, and no batch is requested by date),
and `LAST_LOOK` (a batch may come late on what was no holiday; and in winter, the empty feed of the
evening before is not today's).
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import replace
from enum import StrEnum

from bot.arxiv.domain.holidays import is_holiday
from bot.core.domain.dataclass import dataclass

OPENS = dt.timedelta(hours=4, minutes=10)
"""Time after midnight UTC from which a day's batch is polled for."""

CLOSES = dt.timedelta(hours=14)
"""Time after midnight UTC at which a missing batch counts as late."""

LAST_LOOK = dt.timedelta(hours=27)
"""Time after midnight UTC from which a feed that is empty till then tells that the day was a holiday."""

ROLLS = dt.timedelta(hours=28)
"""Time after midnight UTC from which a feed may be of the next day, in summer."""

AGAIN_AFTER = (dt.timedelta(minutes=60), dt.timedelta(minutes=90))
"""Least and greatest interval between two polls of a feed that has nothing new yet."""

LONGEST_RECOVERY = 14
"""Days for which a missed batch is requested by date."""

_DAY = dt.timedelta(days=1)


class State(StrEnum):
    """How a category's batch of the day stands."""

    FRESH = "fresh"  # today's batch is here
    WAITING = "waiting"  # expected, not here yet, and not late
    QUIET = "quiet"  # none is expected: a weekend, or a holiday
    STALLED = "stalled"  # expected, and late; what came, if anything, is of an earlier day
    FAILED = "failed"  # the last response was invalid, or there was none


@dataclass(frozen=True, slots=True)
class Watch:
    """The stored state of one category's feed.

    `news_on` is the last day on which unseen ids came. `batch_on` is the last day whose batch is
    accounted for: it came, by the date in the feed; or the feed was empty to the end of what may be a
    holiday; or polling began after it. `failed`: the last request failed.
    """

    category: str
    news_on: dt.date | None = None
    batch_on: dt.date | None = None
    failed: bool = False
    checked_at: dt.datetime | None = None
    next_at: dt.datetime | None = None
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What one valid response held: the number of unseen ids, and the dates that they claim.

    `is_empty`: it held no item at all.
    """

    unseen: int = 0
    claims: Collection[dt.date] = ()
    is_empty: bool = False
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class CategoryStatus:
    """The status of a category's batch of the day; `items` is how many unseen ids came today.

    `older` is the day that they claim, where it is an earlier one. `missed` are days whose
    batches are still requested by date, `lost` those that were given up. `refusal` is the kind of
    the last response, where it was not used, and `reason` says why.
    """

    category: str
    state: State
    items: int
    is_cut: bool
    recovered: int
    checked_at: dt.datetime | None
    next_at: dt.datetime | None
    older: dt.date | None = None
    missed: tuple[dt.date, ...] = ()
    lost: tuple[dt.date, ...] = ()
    refusal: str = ""
    reason: str = ""


def batch_day(now: dt.datetime) -> dt.date:
    """The date of the batch that may be there at `now`."""
    return (now.astimezone(dt.UTC) - OPENS).date()


def is_expected(day: dt.date) -> bool:
    """Whether arXiv publishes batches with that date, apart from holidays."""
    return day.weekday() < 5


def may_be_holiday(day: dt.date) -> bool:
    """Whether the batch of that date may be missing because of a holiday.

    It is announced on the evening before; a Monday's is prepared on Friday.
    """
    before = day_before(day)
    return any(is_holiday(before + _DAY * n) for n in range((day - before).days + 1))


def has_closed(now: dt.datetime) -> bool:
    """Whether the time has passed by which the batch of the day must be there."""
    return _at(batch_day(now), CLOSES) <= now


def state(watch: Watch, now: dt.datetime) -> State:
    """The state of the category at `now`."""
    day = batch_day(now)
    if watch.failed:
        return State.FAILED
    has_news = watch.news_on is not None and watch.news_on >= day
    if has_news and ((watch.batch_on or day) >= day or not is_expected(day)):
        return State.FRESH
    if not is_expected(day):
        return State.QUIET
    if not has_closed(now):
        return State.WAITING
    if may_be_holiday(day):
        return State.FRESH if has_news else State.QUIET
    return State.STALLED


def is_due(watch: Watch, now: dt.datetime) -> bool:
    """Whether to poll now: a new category at once, any other at its `next_at`."""
    return watch.next_at is None or watch.next_at <= now


def arrived(seen: Seen, now: dt.datetime) -> frozenset[dt.date]:
    """The days whose batches came with a response.

    Only unseen ids count: a stale feed may show old ids under a new date. Ids that claim an
    impossible date count as today's.
    """
    if not seen.unseen:
        return frozenset()
    # The newest date there is at arXiv is never later than that of UTC.
    newest = now.astimezone(dt.UTC).date()
    oldest = newest - dt.timedelta(days=LONGEST_RECOVERY)
    claimed = frozenset(day for day in seen.claims if oldest <= day <= newest)
    return claimed or frozenset({batch_day(now)})


def arrival_day(came: Collection[dt.date], now: dt.datetime) -> dt.date:
    """The day to which new items count: today, or tomorrow in the minutes before `OPENS`."""
    return max(batch_day(now), *came) if came else batch_day(now)


def after_answer(watch: Watch, seen: Seen, now: dt.datetime, jitter: float) -> Watch:
    """The state after a valid response; `jitter` is a random number in [0, 1)."""
    today, came = batch_day(now), arrived(seen, now)
    accounted = {_accounted(watch, now), *came}
    is_at_end = _at(today, LAST_LOOK) <= now < _at(today, ROLLS)
    if seen.is_empty and may_be_holiday(today) and is_at_end:
        accounted.add(today)
    after = replace(
        watch,
        news_on=arrival_day(came, now) if came else watch.news_on,
        batch_on=max(accounted),
        failed=False,
        checked_at=now,
        # "Not modified" would not say that the feed is empty.
        etag=None if seen.is_empty else seen.etag or watch.etag,
    )
    return replace(after, next_at=_next_at(after, now, jitter))


def _next_at(watch: Watch, now: dt.datetime, jitter: float) -> dt.datetime:
    """When to poll again after a valid response."""
    today = batch_day(now)
    if state(watch, now) is State.WAITING:
        return next_look(now, jitter)
    is_open = is_expected(today) and (watch.batch_on is None or watch.batch_on < today)
    if is_open and may_be_holiday(today) and now < _at(today, LAST_LOOK):
        return _at(today, LAST_LOOK) + _spread(jitter)
    return next_window(now, jitter)


def after_failure(watch: Watch, now: dt.datetime, retry_at: dt.datetime) -> Watch:
    """The state after a failed request."""
    return replace(
        watch, batch_on=_accounted(watch, now), failed=True, checked_at=now, next_at=retry_at
    )


def _accounted(watch: Watch, now: dt.datetime) -> dt.date:
    """The last day that is accounted for; a new category misses nothing before today."""
    today = batch_day(now)
    return min(watch.batch_on, today + _DAY) if watch.batch_on else day_before(today)


class Trouble(StrEnum):
    """Whether the operator must look at the feeds as a whole."""

    NONE = "none"
    WARNING = "warning"  # a batch is due, and no category has anything new
    ALARM = "alarm"  # the same on the day before


def trouble(
    statuses: Iterable[CategoryStatus], now: dt.datetime, *, news_the_day_before: bool
) -> Trouble:
    """Whether no category has anything new although a batch is due; `NONE` before it is late.

    Categories whose request arXiv rejects are left out.
    """
    known = tuple(each for each in statuses if each.refusal != "question")
    day = batch_day(now)
    if not known or not has_closed(now) or not is_expected(day) or may_be_holiday(day):
        return Trouble.NONE
    if any(each.items or each.state not in {State.STALLED, State.FAILED} for each in known):
        return Trouble.NONE
    return Trouble.WARNING if news_the_day_before else Trouble.ALARM


def missed_days(watch: Watch, came: Collection[dt.date], now: dt.datetime) -> tuple[dt.date, ...]:
    """The days before today whose batches are overdue.

    `watch` is the state before `came` came; a new category has missed nothing.
    """
    if watch.batch_on is None:
        return ()
    today = arrival_day(came, now)
    first = max(_accounted(watch, now), today - dt.timedelta(days=LONGEST_RECOVERY))
    days = (first + _DAY * n for n in range(1, (today - first).days))
    return tuple(day for day in days if is_expected(day) and day not in came)


def submission_window(day: dt.date, eastern: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """When the papers of that day's batch were submitted: between two deadlines of 14:00 Eastern.

    After possible holidays it reaches back to the last batch that cannot have been omitted.
    Papers that moderators held back were submitted earlier, so it finds nearly all, not all.
    """
    end = last = day_before(day)
    while may_be_holiday(last):
        last = day_before(last)
    deadline = dt.time(14)
    return (
        dt.datetime.combine(day_before(last), deadline, eastern).astimezone(dt.UTC),
        dt.datetime.combine(end, deadline, eastern).astimezone(dt.UTC),
    )


def day_before(day: dt.date) -> dt.date:
    """The last day before that one on which there should have been batches."""
    before = day - _DAY
    while not is_expected(before):
        before -= _DAY
    return before


def _at(day: dt.date, after_midnight: dt.timedelta) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC) + after_midnight


def next_look(now: dt.datetime, jitter: float) -> dt.datetime:
    """When to poll again for today's batch; `jitter` as in `after_answer`."""
    day = batch_day(now)
    if has_closed(now) or not is_expected(day):
        return next_window(now, jitter)
    shortest, longest = AGAIN_AFTER
    again = now + shortest + (longest - shortest) * jitter
    # One last poll when the batch becomes late, so that the status is current.
    return min(again, max(_at(day, CLOSES), now + shortest))


def next_window(now: dt.datetime, jitter: float) -> dt.datetime:
    """When to begin to poll for the next day's batch; `jitter` as in `after_answer`."""
    following = batch_day(now) + _DAY
    while not is_expected(following):
        following += _DAY
    return _at(following, OPENS) + _spread(jitter)


def _spread(jitter: float) -> dt.timedelta:
    """Some minutes: arXiv asks clients not to come all at the same one."""
    return dt.timedelta(minutes=20) * jitter
