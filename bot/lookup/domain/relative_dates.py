"""Dates in a query that depend on the day: `date:yesterday`, `after:"last friday"`, `popular:week`."""

from datetime import date, timedelta

from bot.archive.domain import typed_dates
from bot.archive.domain.typed_dates import Days, find_date, fold

_LENGTHS = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
    "오늘": timedelta(days=1),
    "주": timedelta(days=7),
    "일주일": timedelta(days=7),
    "달": timedelta(days=30),
    "한달": timedelta(days=30),
    "년": timedelta(days=365),
}
"""How far back the likes of `popular:week` and its like count."""


def find_day(field: str, text: str, days: Days) -> date | None:
    """The day that the value of a field (`date`, `before`, `after`, `popular`) means, if any."""
    if field == "popular" and (length := _LENGTHS.get(fold(text))) is not None:
        return days.today - length
    return find_date(text, days)


def is_relative(field: str, text: str) -> bool:
    """Whether the value of a field is another day each day."""
    return (field == "popular" and fold(text) in _LENGTHS) or typed_dates.is_relative(text)
