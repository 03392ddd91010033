"""The rules against the days that arXiv published, year by year."""

from datetime import date, timedelta

import pytest

from bot.arxiv.domain import batches
from bot.arxiv.domain.holidays import is_holiday

# info.arxiv.org/help/availability.html, in its versions of January 2023 to May 2026. Left out are
# the single days that follow no rule.
PUBLISHED = (
    *(date(2023, *day) for day in ((1, 16), (6, 19), (7, 4), (9, 4), (11, 23), (12, 25), (12, 27))),
    *(date(2024, *day) for day in ((1, 15), (6, 19), (7, 4), (9, 2), (11, 28), (12, 25), (12, 26))),
    *(date(2025, *day) for day in ((1, 1), (1, 20), (6, 19), (9, 1), (11, 27), (12, 25), (12, 30))),
    *(date(2026, *day) for day in ((1, 1), (1, 19), (6, 19), (7, 3), (9, 7), (11, 26), (12, 25))),
    *(date(2026, 12, day) for day in (29, 31)),
)


@pytest.mark.parametrize("day", PUBLISHED, ids=str)
def test_what_arxiv_published_follows_the_rules(day: date):
    assert is_holiday(day)
    assert batches.may_be_holiday(day)


@pytest.mark.parametrize(
    "day",
    [
        date(2027, 1, 18),  # Martin Luther King Day
        date(2027, 6, 18),  # Juneteenth is a Saturday
        date(2027, 7, 5),  # Independence Day is a Sunday
        date(2027, 9, 6),
        date(2027, 11, 25),
        date(2027, 12, 24),
        date(2028, 1, 17),
    ],
    ids=str,
)
def test_years_that_arxiv_has_not_published_have_holidays_too(day: date):
    assert is_holiday(day)


def test_the_batch_after_a_holiday_is_the_one_that_may_not_come():
    assert batches.may_be_holiday(date(2027, 1, 19))
    assert not batches.may_be_holiday(date(2027, 1, 20))


def test_after_a_free_friday_mondays_batch_may_not_come():
    # Sunday, 6 July 2025, had no announcement: Independence Day was the Friday before.
    assert batches.may_be_holiday(date(2025, 7, 7))
    assert not batches.may_be_holiday(date(2025, 7, 8))


def test_most_days_are_no_holidays():
    days = [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]

    assert sum(map(is_holiday, days)) < 20
    assert sum(map(batches.may_be_holiday, days)) < 40
