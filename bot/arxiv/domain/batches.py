"""When arXiv's daily batch of a category is expected, and what an answer says about it.

Announcements are made on evenings from Sunday to Thursday, and feeds roll at midnight US/Eastern:
so a batch carries a date from Monday to Friday, and can be there from 04:00 UTC on (05:00 in
winter). A weekend, a holiday and a broken feed all look alike, an empty list; and a feed may
serve yesterday's batch for hours, or for days. So the only sign of a new batch is ids that were
not seen before. Which batch they are is said by the date they claim; that may lag, so it is
believed where an error costs a question too many, and never where it would cost a batch.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.arxiv.domain.holidays import is_holiday

OPENS = dt.timedelta(hours=4, minutes=10)
"""From when on a day's batch is looked for, after midnight UTC."""

ROLLED = dt.timedelta(hours=5, minutes=10)
"""From when on every feed is of that day, in winter too; before, it may be of the day before."""

CLOSES = dt.timedelta(hours=14)
"""When a batch that has not come is called late."""

AGAIN_AFTER = (dt.timedelta(minutes=60), dt.timedelta(minutes=90))
"""Between two looks at a feed that has nothing new yet."""

LONGEST_RECOVERY = 14
"""How many days back missed batches are asked for."""

_DAY = dt.timedelta(days=1)


class State(StrEnum):
    """How a category's batch of the day stands."""

    FRESH = "fresh"  # today's batch is here
    WAITING = "waiting"  # expected, not here yet, and not late
    QUIET = "quiet"  # none is expected: a weekend, or a holiday
    STALLED = "stalled"  # expected, and late; what came, if anything, is of an earlier day
    FAILED = "failed"  # the last answer could not be believed, or there was none


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered of one category's feed.

    `news_on` is the last day on which ids unseen before came. `batch_on` is the last day whose
    batch is accounted for: it came, by what its ids claimed, or it was a holiday's empty feed, or
    the watch began after it. `failed` says the last try failed.
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
    """What one believed answer held: how many ids unseen before, and which dates they claim.

    `is_empty` says that there was no item at all.
    """

    unseen: int = 0
    claims: Collection[dt.date] = ()
    is_empty: bool = False
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class CategoryStatus:
    """How a category's batch of the day stands; `items` unseen ids have come today.

    `older` is the day that they claim, where it is an earlier one. `missed` are days whose
    batches are still asked for by date, `lost` those that were not found so. `refusal` is the kind
    of the last answer, where that did not count, and `reason` says why.
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
    """Whether arXiv makes batches of that date, holidays apart."""
    return day.weekday() < 5


def may_be_holiday(day: dt.date) -> bool:
    """Whether a missing batch of that date is no surprise.

    It would have been announced on its eve, or, a Monday's, by people at work on Friday.
    """
    before = day_before(day)
    return any(is_holiday(before + _DAY * n) for n in range((day - before).days + 1))


def has_closed(now: dt.datetime) -> bool:
    """Whether the batch of the day is late, if it has not come."""
    return _at(batch_day(now), CLOSES) <= now


def state(watch: Watch, now: dt.datetime) -> State:
    """How the category stands at `now`."""
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
    """Whether to ask now: at once for a category never asked, else at its appointed time."""
    return watch.next_at is None or watch.next_at <= now


def arrived(seen: Seen, now: dt.datetime) -> frozenset[dt.date]:
    """The days whose batches came with an answer.

    Only ids unseen before count: a feed that stands still may show old ones under a new date.
    Where they claim nothing that can be, they are today's.
    """
    if not seen.unseen:
        return frozenset()
    # The newest date there is at arXiv is never later than that of UTC.
    newest = now.astimezone(dt.UTC).date()
    oldest = newest - dt.timedelta(days=LONGEST_RECOVERY)
    claimed = frozenset(day for day in seen.claims if oldest <= day <= newest)
    return claimed or frozenset({batch_day(now)})


def arrival_day(came: Collection[dt.date], now: dt.datetime) -> dt.date:
    """The day to which what came counts: today, or tomorrow in the minutes before `OPENS`."""
    return max(batch_day(now), *came) if came else batch_day(now)


def after_answer(watch: Watch, seen: Seen, now: dt.datetime, spread: float) -> Watch:
    """The memory after a believed answer; `spread` is a random number in [0, 1)."""
    today, came = batch_day(now), arrived(seen, now)
    accounted = {_accounted(watch, now), *came}
    if seen.is_empty and may_be_holiday(today) and _at(today, ROLLED) <= now:
        accounted.add(today)
    after = replace(
        watch,
        news_on=arrival_day(came, now) if came else watch.news_on,
        batch_on=max(accounted),
        failed=False,
        checked_at=now,
        etag=seen.etag or watch.etag,
    )
    is_waiting = state(after, now) is State.WAITING
    return replace(after, next_at=(next_look if is_waiting else next_window)(now, spread))


def after_failure(watch: Watch, now: dt.datetime, retry_at: dt.datetime) -> Watch:
    """The memory after an answer that could not be believed, or none."""
    return replace(
        watch, batch_on=_accounted(watch, now), failed=True, checked_at=now, next_at=retry_at
    )


def _accounted(watch: Watch, now: dt.datetime) -> dt.date:
    """Up to which day nothing is owed; a new watch is owed today's batch, and none before."""
    today = batch_day(now)
    return min(watch.batch_on, today + _DAY) if watch.batch_on else day_before(today)


class Trouble(StrEnum):
    """What the operator should know about the feeds as a whole."""

    NONE = "none"
    WARNING = "warning"  # on a day with batches, not one category has anything new
    ALARM = "alarm"  # … and it was so on the day before


def trouble(
    statuses: Iterable[CategoryStatus], now: dt.datetime, *, news_the_day_before: bool
) -> Trouble:
    """Whether all of arXiv seems to stand still; nothing is said before a day's batch is late.

    A category that arXiv refuses to show says nothing of arXiv.
    """
    known = tuple(each for each in statuses if each.refusal != "question")
    day = batch_day(now)
    if not known or not has_closed(now) or not is_expected(day) or may_be_holiday(day):
        return Trouble.NONE
    if any(each.items or each.state not in {State.STALLED, State.FAILED} for each in known):
        return Trouble.NONE
    return Trouble.WARNING if news_the_day_before else Trouble.ALARM


def missed_days(watch: Watch, came: Collection[dt.date], now: dt.datetime) -> tuple[dt.date, ...]:
    """The days before today whose batches should have come by now, and have not.

    `watch` is as it was before `came` came; a new one has missed nothing.
    """
    if watch.batch_on is None:
        return ()
    today = arrival_day(came, now)
    first = max(_accounted(watch, now), today - dt.timedelta(days=LONGEST_RECOVERY))
    days = (first + _DAY * n for n in range(1, (today - first).days))
    return tuple(day for day in days if is_expected(day) and day not in came)


def submission_window(day: dt.date, eastern: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """When the papers of that day's batch were submitted: between two deadlines of 14:00 Eastern.

    After days that may have been holidays it reaches back to the last batch that surely came.
    Papers that moderators held back were submitted earlier, so this finds nearly all, not all.
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


def next_look(now: dt.datetime, spread: float) -> dt.datetime:
    """When to look again for today's batch while it may come; `spread` as in `after_answer`."""
    day = batch_day(now)
    if has_closed(now) or not is_expected(day):
        return next_window(now, spread)
    shortest, longest = AGAIN_AFTER
    again = now + shortest + (longest - shortest) * spread
    # One last look when the window closes, so that "late" is said from what was seen then.
    return min(again, max(_at(day, CLOSES), now + shortest))


def next_window(now: dt.datetime, spread: float) -> dt.datetime:
    """When the next day's batch is looked for; `spread` as in `after_answer`."""
    following = batch_day(now) + _DAY
    while not is_expected(following):
        following += _DAY
    # Not everybody on the minute: arXiv asks for that.
    return _at(following, OPENS) + dt.timedelta(minutes=20) * spread
