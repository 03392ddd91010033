from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.domain.digest_options import RecapChoice
from bot.channels.domain.recap_schedule import ask_recap_at, due_recap
from bot.channels.domain.schedule import Schedule

# Clocks go forward at 2:00, over midnight, by half an hour; Samoa skipped Friday 30 December 2011.
ZONES = (
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Seoul",
)
BEGIN = datetime(2011, 11, 1, tzinfo=UTC)
CHOICES = [choice for choice in RecapChoice if choice is not RecapChoice.OFF]


@given(
    st.sampled_from(CHOICES),
    st.sampled_from(ZONES),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.integers(0, 19 * 365 * 24 * 60).map(lambda n: BEGIN + timedelta(minutes=n)),
    st.lists(st.integers(-90, 900), min_size=5, max_size=40),
)
def test_whenever_it_is_asked_each_recap_is_due_once(choice, zone, at, began, steps):
    """Also where the clock is set back between two looks."""
    schedule = Schedule(at, ZoneInfo(zone))
    now, closed, posted = began, None, []

    for minutes in steps:
        now += timedelta(minutes=minutes)
        slot = due_recap(choice, schedule, since=began, closed=closed, now=now)
        if slot is not None:
            posted.append(slot.on)
            closed = slot.on
            assert slot.at <= now < slot.at + timedelta(hours=12)
        assert ask_recap_at(choice, schedule, now) > now

    assert posted == sorted(set(posted))


def test_who_looks_when_told_to_misses_no_friday_across_daylight_saving():
    schedule = Schedule(time(2, 30), ZoneInfo("America/New_York"))
    now = began = datetime(2026, 2, 27, 12, tzinfo=UTC)
    closed, posted = None, []

    while now < datetime(2026, 12, 1, tzinfo=UTC):
        now = ask_recap_at(RecapChoice.WEEKLY, schedule, now)
        slot = due_recap(RecapChoice.WEEKLY, schedule, since=began, closed=closed, now=now)
        assert slot is not None
        posted.append(slot.on)
        closed = slot.on

    assert posted[0] == date(2026, 3, 6)
    assert {(b - a).days for a, b in pairwise(posted)} == {7}


def test_a_friday_that_the_zone_skips_is_made_up_for_on_the_next_day():
    schedule = Schedule(time(9), ZoneInfo("Pacific/Apia"))
    now = datetime(2011, 12, 29, 20, tzinfo=UTC)

    at = ask_recap_at(RecapChoice.WEEKLY, schedule, now)
    slot = due_recap(RecapChoice.WEEKLY, schedule, since=now, closed=None, now=at)

    assert slot is not None
    assert slot.on == date(2011, 12, 31)
