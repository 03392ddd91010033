"""Slots: each local date once, in every zone, however long the bot sleeps."""

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.domain.schedule import (
    EVERY_DAY,
    GRACE,
    Schedule,
    Slot,
    ask_again_at,
    due,
    exists,
    newest_slot,
    next_slot,
    slot_utc,
)

TIMES = (time(0), time(0, 30), time(2, 30), time(7), time(9))
YEARS = (2024, 2026)  # a leap year, and the year in which this was written
NEW_YORK = ZoneInfo("America/New_York")
SEOUL = ZoneInfo("Asia/Seoul")


@cache
def zones() -> tuple[ZoneInfo, ...]:
    """Every IANA zone, one for each set of offsets in `YEARS`: many names share theirs."""
    by_rules: dict[bytes, ZoneInfo] = {}
    for name in sorted(available_timezones()):
        by_rules.setdefault(hashlib.sha256(rules(name)).digest(), ZoneInfo(name))
    by_offsets: dict[tuple[tuple[datetime, timedelta], ...], ZoneInfo] = {}
    for zone in by_rules.values():
        by_offsets.setdefault(tuple(offsets(zone)), zone)
    return tuple(by_offsets.values())


def offsets(zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta]]:
    """Each instant from which on the offset from UTC is another, and that offset."""
    step, last = timedelta(days=1), None
    at, end = utc(YEARS[0] - 1, 12, 30), utc(YEARS[-1] + 1, 1, 3)
    while at < end:
        offset = at.astimezone(zone).utcoffset()
        assert offset is not None
        if offset == last:
            at += step
        elif last is not None and step > timedelta(minutes=1):
            at -= step
            step /= 24 if step == timedelta(days=1) else 60
            at += step
        else:
            yield at, offset
            last, step = offset, timedelta(days=1)
            at += step


def rules(name: str) -> bytes:
    for folder in TZPATH:
        file = Path(folder) / name
        if file.is_file():
            return file.read_bytes()
    return resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


def days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("at", TIMES, ids=str)
def test_every_zone_has_each_date_of_a_year_once_and_in_order(at, year):
    dates = list(days(year))

    for zone in zones():
        instants = [slot_utc(day, at, zone) for day in dates]

        assert instants == sorted(set(instants)), zone
        for day, instant in zip(dates, instants, strict=True):
            shown = instant.astimezone(zone)
            late = shown.replace(tzinfo=None) - datetime.combine(day, at)
            # Nothing but a gap makes it late, and no gap of these years is over an hour.
            assert timedelta() <= late <= timedelta(hours=1), (zone, day)


@pytest.mark.parametrize("at", TIMES, ids=str)
def test_every_zone_posts_each_date_exactly_once_while_the_bot_sleeps_at_random(at):
    """A bot that wakes every 1 to 40 hours: each date is posted, or missed and said so, once."""
    for zone in zones():
        dice = random.Random(f"{zone.key} {at}")
        schedule = Schedule(at, zone)
        now = datetime(2026, 1, 1, 12, tzinfo=UTC)
        closed = newest_slot(schedule, now).on
        accounted: list[date] = []
        first = next_slot(schedule, closed).on

        while now.year == 2026:
            now += timedelta(hours=dice.uniform(1, 40))
            found = due(schedule, closed, now)
            if found is None:
                # Nothing is new, or what is new is too late.
                newest = newest_slot(schedule, now)
                assert newest.on == closed or now - newest.at >= GRACE, (zone, now)
            else:
                assert timedelta() <= now - found.slot.at < GRACE, (zone, now)
                accounted += [*found.missed, found.slot.on]
                closed = found.slot.on

        last = due(schedule, closed, max(now, ask_again_at(schedule, closed, now)))
        accounted += [*last.missed, last.slot.on] if last else []
        assert accounted == [first + timedelta(days=n) for n in range(len(accounted))], zone
        assert accounted[-1] >= date(2026, 12, 31), zone


@pytest.mark.parametrize("key", ["America/New_York", "Asia/Seoul", "Africa/Cairo", "Asia/Beirut"])
def test_a_bot_that_wakes_when_it_should_posts_every_date_on_the_minute(key):
    for at in TIMES:
        schedule = Schedule(at, ZoneInfo(key))
        closed, now, posted = date(2025, 12, 31), utc(2025, 12, 31, 23, 59), []

        while closed < date(2026, 12, 31):
            now = max(now, ask_again_at(schedule, closed, now))
            found = due(schedule, closed, now)
            assert found is not None
            assert found.missed == ()
            posted.append(found.slot.on)
            closed = found.slot.on

        assert posted == list(days(2026))


instants = st.floats(0, 4_300_000_000).map(
    lambda seconds: datetime(1900, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
zone_keys = st.sampled_from(sorted(available_timezones()))


@given(zone_keys, st.dates(date(1900, 1, 1), date(2037, 12, 31)), st.times())
def test_a_slot_is_the_first_instant_at_which_the_clock_shows_it_or_later(key, on, at):
    zone, at = ZoneInfo(key), at.replace(second=0, microsecond=0)
    wanted = datetime.combine(on, at)

    instant = slot_utc(on, at, zone)

    # Scanned minute by minute from before any offset could have shown that date.
    shown = instant.astimezone(zone).replace(tzinfo=None)
    assert shown >= wanted
    earlier = (instant - timedelta(minutes=n) for n in range(1, 30 * 60))
    assert all(each.astimezone(zone).replace(tzinfo=None) < wanted for each in earlier)


@given(zone_keys, st.times(), st.frozensets(st.integers(0, 6), min_size=1), instants)
def test_a_due_slot_is_never_early_nor_later_than_its_grace(key, at, weekdays, now):
    schedule = Schedule(at.replace(second=0, microsecond=0), ZoneInfo(key), weekdays)
    newest = newest_slot(schedule, now)

    found = due(schedule, newest.on - timedelta(days=20), now)

    assert newest.at <= now < next_slot(schedule, newest.on).at
    assert newest.on.weekday() in weekdays
    assert (found is None) == (now - newest.at >= GRACE)
    assert due(schedule, newest.on, now) is None


@given(zone_keys, st.times(), instants, st.integers(0, 10))
def test_nothing_becomes_due_before_the_time_to_ask_again(key, at, now, behind):
    schedule = Schedule(at.replace(second=0, microsecond=0), ZoneInfo(key))
    closed = newest_slot(schedule, now).on - timedelta(days=behind)

    again = ask_again_at(schedule, closed, now)

    if again > now:
        assert due(schedule, closed, now) is None
        assert due(schedule, closed, again - timedelta(minutes=1)) is None
        assert due(schedule, closed, again) is not None
    else:
        assert due(schedule, closed, now) is not None


def test_a_time_that_the_clocks_jump_over_is_the_first_instant_after_the_gap():
    assert slot_utc(date(2026, 3, 8), time(2, 30), NEW_YORK) == utc(2026, 3, 8, 7)


def test_midnight_that_the_clocks_jump_over_stays_that_dates_slot():
    beirut = ZoneInfo("Asia/Beirut")  # 29 March 2026 begins at 01:00

    instant = slot_utc(date(2026, 3, 29), time(0), beirut)

    assert instant == utc(2026, 3, 28, 22)
    assert instant.astimezone(beirut).date() == date(2026, 3, 29)


def test_a_gap_over_midnight_leaves_the_date_before_its_slot():
    nuuk = ZoneInfo("America/Nuuk")  # on 25 March 2023 the clocks jumped from 22:00 to 23:00
    toronto = ZoneInfo("America/Toronto")  # on 30 March 1919 from 23:30 to 00:30

    assert slot_utc(date(2023, 3, 25), time(22, 30), nuuk) == utc(2023, 3, 26, 1)
    jumped = slot_utc(date(1919, 3, 30), time(23, 45), toronto)
    assert jumped.astimezone(toronto).isoformat() == "1919-03-31T00:30:00-04:00"
    assert next_slot(Schedule(time(23, 45), toronto), date(1919, 3, 29)) == Slot(
        date(1919, 3, 30), jumped
    )


def test_a_time_that_comes_twice_is_its_first_occurrence():
    assert slot_utc(date(2026, 11, 1), time(1, 30), NEW_YORK) == utc(2026, 11, 1, 5, 30)


@pytest.mark.parametrize(
    ("key", "left_out"),
    [("Pacific/Apia", date(2011, 12, 30)), ("Pacific/Kwajalein", date(1993, 8, 21))],
)
def test_a_date_skipped_by_a_zone_has_no_slot(key, left_out):
    schedule = Schedule(time(9), ZoneInfo(key))
    day = timedelta(days=1)

    assert not exists(left_out, schedule.zone)
    assert next_slot(schedule, left_out - day).on == left_out + day
    found = due(schedule, left_out - day, slot_utc(left_out + day, time(9), schedule.zone))
    assert found is not None
    assert (found.slot.on, found.missed) == (left_out + day, ())


def test_a_late_start_posts_the_newest_slot_and_names_the_missed_days():
    schedule = Schedule(time(9), SEOUL)

    found = due(schedule, date(2026, 2, 2), utc(2026, 2, 5, 11, 59))

    assert found is not None
    assert found.slot == Slot(date(2026, 2, 5), utc(2026, 2, 5))
    assert found.missed == (date(2026, 2, 3), date(2026, 2, 4))


def test_a_slot_twelve_hours_late_waits_for_the_next():
    schedule, closed, late = Schedule(time(9), SEOUL), date(2026, 2, 4), utc(2026, 2, 5, 12)

    assert due(schedule, closed, late - timedelta(seconds=1)) is not None
    assert due(schedule, closed, late) is None
    assert ask_again_at(schedule, closed, late) == utc(2026, 2, 6)
    found = due(schedule, closed, utc(2026, 2, 6))
    assert found is not None
    assert found.missed == (date(2026, 2, 5),)


def test_days_outside_the_schedule_are_not_missed():
    schedule = Schedule(time(9), SEOUL, frozenset({0, 1, 2, 3, 4}))

    found = due(schedule, date(2026, 2, 6), utc(2026, 2, 9, 1))  # Friday is closed, it is Monday

    assert found is not None
    assert (found.slot.on, found.missed) == (date(2026, 2, 9), ())


def test_a_leap_day_has_a_slot():
    assert next_slot(Schedule(time(9), SEOUL), date(2028, 2, 28)).on == date(2028, 2, 29)


@pytest.mark.parametrize("weekdays", [frozenset(), frozenset({7}), EVERY_DAY | {-1}])
def test_a_schedule_without_proper_weekdays_cannot_be_made(weekdays):
    with pytest.raises(ValueError, match="weekdays"):
        Schedule(time(9), SEOUL, weekdays)
