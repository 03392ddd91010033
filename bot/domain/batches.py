"""When arXiv's daily batch of a category is expected, and what an answer says about it.

Announcements are made on evenings from Sunday to Thursday, and feeds roll at midnight US/Eastern:
so a batch carries a date from Monday to Friday, and can be there from 04:00 UTC on (05:00 in
winter). A weekend, a holiday and a broken feed all look alike, an empty list; and a feed may
serve yesterday's batch for hours under today's date. So the only sign of a new batch is ids that
were not seen before; dates decide nothing but what to call the wait.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

OPENS = dt.timedelta(hours=4, minutes=10)
"""From when on a day's batch is looked for, after midnight UTC."""

CLOSES = dt.timedelta(hours=14)
"""When a batch that has not come is called late."""

AGAIN_AFTER = (dt.timedelta(minutes=60), dt.timedelta(minutes=90))
"""Between two looks at a feed that has nothing new yet."""

LONGEST_RECOVERY = 14
"""How many days back missed batches are asked for."""

# arXiv's own list; the evening of such a day has no announcement. Later years are not published.
HOLIDAYS: frozenset[dt.date] = frozenset(
    dt.date(2026, month, day)
    for month, day in (
        (1, 1),
        (1, 19),
        (6, 19),
        (7, 3),
        (9, 7),
        (11, 26),
        (12, 25),
        (12, 29),
        (12, 31),
    )
)
_DAY = dt.timedelta(days=1)


class State(StrEnum):
    """How a category's batch of the day stands."""

    FRESH = "fresh"  # today's batch is here
    WAITING = "waiting"  # expected, not here yet, and not late
    QUIET = "quiet"  # none is expected: a weekend, or a holiday
    STALLED = "stalled"  # expected, and late
    FAILED = "failed"  # the last answer could not be believed, or there was none


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered of one category's feed.

    `news_on` is the last day on which ids unseen before came; `batch_on` the newest date that
    items claimed. `failed` says the last try failed.
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
    """What one believed answer held: how many items, how many of them unseen before."""

    items: int
    unseen: int
    batch_on: dt.date | None
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class CategoryStatus:
    """How a category's batch of the day stands; `items` unseen ids have come today.

    `detail` says why the last answer did not count, or what else a person should know.
    """

    category: str
    state: State
    items: int
    is_cut: bool
    recovered: int
    checked_at: dt.datetime | None
    next_at: dt.datetime | None
    detail: str = ""


def batch_day(now: dt.datetime) -> dt.date:
    """The date of the batch that may be there at `now`."""
    return (now.astimezone(dt.UTC) - OPENS).date()


def is_expected(day: dt.date) -> bool:
    """Whether arXiv makes batches of that date, holidays apart."""
    return day.weekday() < 5


def may_be_holiday(day: dt.date) -> bool:
    """Whether a missing batch of that date is no surprise: the day or its eve is a holiday."""
    return day in HOLIDAYS or day - _DAY in HOLIDAYS


def state(watch: Watch, now: dt.datetime) -> State:
    """How the category stands at `now`."""
    day = batch_day(now)
    if watch.failed:
        return State.FAILED
    closed = _at(day, CLOSES) <= now
    if watch.news_on == day and (closed or (watch.batch_on or day) >= day or not is_expected(day)):
        return State.FRESH
    if not is_expected(day):
        return State.QUIET
    if not closed:
        return State.WAITING
    return State.QUIET if may_be_holiday(day) else State.STALLED


def is_due(watch: Watch, now: dt.datetime) -> bool:
    """Whether to ask now: at once for a category never asked, else at its appointed time."""
    return watch.next_at is None or watch.next_at <= now


def after_answer(watch: Watch, seen: Seen, now: dt.datetime, spread: float) -> Watch:
    """The memory after a believed answer; `spread` is a random number in [0, 1)."""
    day = batch_day(now)
    claimed = max(filter(None, (watch.batch_on, seen.batch_on)), default=None)
    after = replace(
        watch,
        news_on=day if seen.unseen else watch.news_on,
        batch_on=claimed,
        failed=False,
        checked_at=now,
        etag=seen.etag or watch.etag,
    )
    if state(after, now) is State.WAITING:
        shortest, longest = AGAIN_AFTER
        again = now + shortest + (longest - shortest) * spread
        # One last look when the window closes, so that "late" is said from what was seen then.
        return replace(after, next_at=min(again, max(_at(day, CLOSES), now + shortest)))
    return replace(after, next_at=next_window(now, spread))


def after_failure(watch: Watch, now: dt.datetime, retry_at: dt.datetime) -> Watch:
    """The memory after an answer that could not be believed, or none."""
    return replace(watch, failed=True, checked_at=now, next_at=retry_at)


class Trouble(StrEnum):
    """What the operator should know about the feeds as a whole."""

    NONE = "none"
    WARNING = "warning"  # on a day with batches, not one category has anything new
    ALARM = "alarm"  # … and it was so on the day before


def trouble(states: Iterable[State], *, news_the_day_before: bool) -> Trouble:
    """Whether all of arXiv seems to stand still, by the states of its categories."""
    known = tuple(states)
    if not known or any(each not in {State.STALLED, State.FAILED} for each in known):
        return Trouble.NONE
    return Trouble.WARNING if news_the_day_before else Trouble.ALARM


def missed_days(last: dt.date | None, today: dt.date) -> tuple[dt.date, ...]:
    """The days between two batches, both apart, on which there should have been one."""
    if last is None:
        return ()
    first = max(last, today - dt.timedelta(days=LONGEST_RECOVERY))
    days = (first + _DAY * n for n in range(1, (today - first).days))
    return tuple(day for day in days if is_expected(day))


def submission_window(day: dt.date, eastern: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """When the papers of that day's batch were submitted: between two deadlines of 14:00 Eastern.

    Papers that moderators held back were submitted earlier, so this finds nearly all, not all.
    """
    end = day_before(day)
    start = day_before(end)
    deadline = dt.time(14)
    return (
        dt.datetime.combine(start, deadline, eastern).astimezone(dt.UTC),
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


def next_window(now: dt.datetime, spread: float) -> dt.datetime:
    """When the next day's batch is looked for; `spread` as in `after_answer`."""
    following = batch_day(now) + _DAY
    while not is_expected(following):
        following += _DAY
    # Not everybody on the minute: arXiv asks for that.
    return _at(following, OPENS) + dt.timedelta(minutes=20) * spread
