from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain.errors import UsageError
from bot.recap.domain.period import Unit, parse_period, period_of, week_from_friday

TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "2026-W48"),
        ("week", "2026-W48"),
        ("지난주", "2026-W47"),
        ("Month", "2026-11"),
        ("last month", "2026-10"),
        ("올해", "2026"),
        ("2026-w1", "2026-W01"),
        ("2026W53", "2026-W53"),
        ("2025-2", "2025-02"),
        ("2025년 2월", "2025-02"),
        ("2025", "2025"),
    ],
)
def test_periods_are_read_as_people_type_them(text, name):
    assert parse_period(text, TODAY).name == name


@pytest.mark.parametrize("text", ["2025-W53", "2025-13", "2025-00", "0000", "9999", "soon", "20"])
def test_what_is_no_period_is_refused_with_what_to_write(text):
    with pytest.raises(UsageError, match="write week, month, 2026-W48"):
        parse_period(text, TODAY)


@given(st.sampled_from(Unit), st.dates(date(1920, 1, 1), date(9990, 1, 1)), st.integers(1, 15))
def test_periods_follow_each_other_without_gap_or_overlap(unit, day, n):
    period = period_of(unit, day)

    assert period.first <= day <= period.last
    assert period.after().first.toordinal() == period.last.toordinal() + 1
    assert period.after().before() == period
    assert parse_period(period.name, TODAY) == period
    steps = period
    for _ in range(n):
        steps = steps.before()
    assert steps == period.before(n)


@pytest.mark.parametrize("text", ["1900-W01", "1900-01", "1900", "9998-W53", "9998-12", "9998"])
def test_the_first_and_the_last_period_have_one_neighbour(text):
    earlier, later = parse_period(text, TODAY).neighbours

    assert (earlier is None, later is None) == ("1900" in text, "9998" in text)


@given(st.sampled_from(Unit), st.dates(date(1900, 1, 1), date(9998, 12, 26)))
def test_every_neighbour_is_a_period_that_can_be_asked_for(unit, day):
    for each in period_of(unit, day).neighbours:
        assert each is None or parse_period(each.name, TODAY) == each


@given(st.dates(date(1920, 1, 1), date(9990, 1, 1)), st.integers(-40, 40))
def test_a_week_from_friday_on_has_weeks_of_its_kind_around_it(day, days):
    week = week_from_friday(day)
    other = day + timedelta(days=days)

    assert week.first <= day <= week.last
    assert (week.first.weekday(), week.last.weekday()) == (4, 3)
    assert week.around(other) == week_from_friday(other)
    assert week.name == period_of(Unit.WEEK, week.last).name
