"""The days on whose evening arXiv may announce nothing, by the rules that its own lists follow.

arXiv publishes such days a year at a time (info.arxiv.org/help/availability.html). Its lists of
2018 to 2026 are made of federal holidays in the United States, moved off weekends as these are,
and of some days between Christmas and New Year that are chosen anew each time. So are single days
in between (22 May 2024, 8 October 2024), which follow no rule and are not listed here.
"""

import datetime as dt
from collections.abc import Iterator
from functools import cache

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_DAY = dt.timedelta(days=1)


def is_holiday(day: dt.date) -> bool:
    """Whether the day is a holiday, or one of those of which arXiv makes some holidays."""
    return day in _holidays(day.year)


@cache
def _holidays(year: int) -> frozenset[dt.date]:
    return frozenset(
        (
            *_with_day_off(dt.date(year, 1, 1)),
            _nth(3, _MONDAY, year, 1),  # Martin Luther King Day
            *_with_day_off(dt.date(year, 6, 19)),  # Juneteenth
            *_with_day_off(dt.date(year, 7, 4)),  # Independence Day
            _nth(1, _MONDAY, year, 9),  # Labor Day
            _nth(4, _THURSDAY, year, 11),  # Thanksgiving
            *(dt.date(year, 12, day) for day in range(24, 32)),
        )
    )


def _with_day_off(day: dt.date) -> Iterator[dt.date]:
    """The day, and the working day that is free in its place where it falls on a weekend."""
    yield day
    if day.weekday() == _SATURDAY:
        yield day - _DAY
    elif day.weekday() == _SUNDAY:
        yield day + _DAY


def _nth(n: int, weekday: int, year: int, month: int) -> dt.date:
    first = dt.date(year, month, 1)
    return first + _DAY * ((weekday - first.weekday()) % 7 + 7 * (n - 1))
