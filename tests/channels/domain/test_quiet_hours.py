"""Quiet hours as people type them, and when they end."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.domain.quiet_hours import QuietHours, parse_quiet, quiet_until
from bot.core.domain.errors import UsageError

NIGHT = QuietHours(time(22), time(8))
TIMES = st.times().map(lambda t: t.replace(second=0, microsecond=0))
SPANS = st.tuples(TIMES, TIMES).filter(lambda two: two[0] != two[1]).map(lambda t: QuietHours(*t))
INSTANTS = st.integers(0, 3 * 365 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
ZONES = st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Seoul"])


@pytest.mark.parametrize("typed", ["22-08", "22:00-08:00", " 22 - 8 ", "22–08", "22~8"])
def test_spans_as_people_type_them(typed: str):
    assert parse_quiet(typed) == NIGHT


def test_midnight_may_be_24_and_off_ends_it():
    assert parse_quiet("24-7") == QuietHours(time(0), time(7))
    assert parse_quiet("off") is None
    assert parse_quiet("끔") is None


@pytest.mark.parametrize("typed", ["", "22", "25-08", "22-08:60", "8-8", "night", "22-08-09"])
def test_anything_else_is_refused_with_what_to_type(typed: str):
    with pytest.raises(UsageError, match="quiet:22-08"):
        parse_quiet(typed)


@given(SPANS)
def test_what_is_written_is_read_back(quiet: QuietHours):
    assert parse_quiet(str(quiet)) == quiet


@given(SPANS, INSTANTS, st.sampled_from(["UTC", "Asia/Seoul", "Asia/Kathmandu"]))
def test_without_changes_of_the_clocks_it_is_quiet_by_the_clock(
    quiet: QuietHours, now: datetime, name: str
):
    zone = ZoneInfo(name)
    clock = now.astimezone(zone).time()
    after_start, before_end = quiet.start <= clock, clock < quiet.end
    is_quiet = after_start and before_end if quiet.start < quiet.end else after_start or before_end

    until = quiet_until(quiet, zone, now)

    assert (until is not None) is is_quiet
    if until is not None:
        assert now < until <= now + timedelta(days=1)
        assert until.astimezone(zone).time() == quiet.end


@given(SPANS, INSTANTS, ZONES)
def test_quiet_hours_end_once_also_when_the_clocks_change(
    quiet: QuietHours, now: datetime, name: str
):
    zone = ZoneInfo(name)
    until = quiet_until(quiet, zone, now)
    if until is None:
        return

    assert now < until <= now + timedelta(hours=25)
    assert quiet_until(quiet, zone, until - timedelta(milliseconds=1)) == until
    following = quiet_until(quiet, zone, until)
    assert following is None or following > until


def test_the_night_of_a_change_of_the_clocks():
    zone = ZoneInfo("America/New_York")
    spring = datetime(2026, 3, 8, 5, tzinfo=UTC)  # midnight there; at 2 the clocks go to 3
    autumn = datetime(2026, 11, 1, 4, tzinfo=UTC)  # midnight there; at 2 the clocks go back to 1

    assert quiet_until(NIGHT, zone, spring) == datetime(2026, 3, 8, 12, tzinfo=UTC)
    assert quiet_until(NIGHT, zone, autumn) == datetime(2026, 11, 1, 13, tzinfo=UTC)
