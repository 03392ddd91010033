"""Weeks, months and years that people look back on, and how they are typed.

A week is that of ISO 8601: it begins on Monday, and `2026-W48` names it. Only what is told every
Friday is about the seven days before, so that these are over and no day is left out.
"""

from datetime import date, timedelta
from enum import StrEnum

from bot.core.domain.dataclass import dataclass
from bot.core.domain.day_text import day_text
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate
from bot.core.domain.late import late_pattern

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_FIRST_YEAR, _LAST_YEAR = 1900, 9998
"""Sixteen years before and one after can be computed."""

_WEEK_NAME = late_pattern(r"([0-9]{4})-?w([0-9]{1,2})")
_MONTH_NAME = late_pattern(r"([0-9]{4})-([0-9]{1,2})|([0-9]{4})년 ?([0-9]{1,2})월")
_YEAR_NAME = late_pattern(r"([0-9]{4})년?")


class Unit(StrEnum):
    """How long a period is."""

    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_THIS = {
    **dict.fromkeys(("", "week", "this week", "weekly", "주", "이번 주", "이번주"), Unit.WEEK),
    **dict.fromkeys(("month", "this month", "monthly", "월", "이번 달", "이번달"), Unit.MONTH),
    **dict.fromkeys(("year", "this year", "연", "올해"), Unit.YEAR),
}
_LAST = {
    **dict.fromkeys(("last week", "지난 주", "지난주", "저번 주", "저번주"), Unit.WEEK),
    **dict.fromkeys(("last month", "지난 달", "지난달", "저번 달", "저번달"), Unit.MONTH),
    **dict.fromkeys(("last year", "작년", "지난해"), Unit.YEAR),
}


@dataclass(frozen=True, slots=True)
class Period:
    """A week, month or year; `first` is its first day."""

    unit: Unit
    first: date

    @property
    def last(self) -> date:
        """Its last day."""
        return self.after().first - _DAY

    @property
    def name(self) -> str:
        """`2026-W48`, `2025-02` or `2025`; `parse_period` reads it. A week is named for its last day."""
        match self.unit:
            case Unit.WEEK:
                year, week, _ = self.last.isocalendar()
                return f"{year:04}-W{week:02}"
            case Unit.MONTH:
                return f"{self.first.year:04}-{self.first.month:02}"
            case Unit.YEAR:
                return f"{self.first.year:04}"

    @property
    def neighbours(self) -> "tuple[Period | None, Period | None]":
        """The ones before and after, where there are any that `parse_period` reads."""
        earlier, later = (
            each if _named(each.name.casefold()) is not None else None
            for each in (self.before(), self.after())
        )
        return earlier, later

    def after(self) -> "Period":
        """The next one."""
        match self.unit:
            case Unit.WEEK:
                return Period(self.unit, self.first + _WEEK)
            case Unit.MONTH:
                return Period(self.unit, (self.first.replace(day=28) + _DAY * 4).replace(day=1))
            case Unit.YEAR:
                return Period(self.unit, self.first.replace(year=self.first.year + 1))

    def before(self, n: int = 1) -> "Period":
        """The one so many before."""
        match self.unit:
            case Unit.WEEK:
                return Period(self.unit, self.first - n * _WEEK)
            case Unit.MONTH:
                months = self.first.year * 12 + self.first.month - 1 - n
                return Period(self.unit, date(months // 12, months % 12 + 1, 1))
            case Unit.YEAR:
                return Period(self.unit, date(self.first.year - n, 1, 1))

    def around(self, day: date) -> "Period":
        """The one that a day is in; a week begins on the same day of the week as this one."""
        if self.unit is Unit.WEEK:
            return Period(self.unit, day - (day - self.first) % _WEEK)
        return period_of(self.unit, day)


_A_FRIDAY = Period(Unit.WEEK, date(2026, 1, 2))


def period_of(unit: Unit, day: date) -> Period:
    """The period that a day is in."""
    match unit:
        case Unit.WEEK:
            return Period(unit, day - day.weekday() * _DAY)
        case Unit.MONTH:
            return Period(unit, day.replace(day=1))
        case Unit.YEAR:
            return Period(unit, day.replace(month=1, day=1))


def week_from_friday(day: date) -> Period:
    """The week from a Friday to the next Thursday that a day is in."""
    return _A_FRIDAY.around(day)


def longer_than(unit: Unit) -> tuple[Unit, ...]:
    """The longer units."""
    units = tuple(Unit)
    return units[units.index(unit) + 1 :]


def parse_period(text: str, today: date) -> Period:
    """The period that a person typed, this week without a text; raises `UsageError`."""
    folded = " ".join(text.casefold().split())
    if folded in _THIS:
        return period_of(_THIS[folded], today)
    if folded in _LAST:
        return period_of(_LAST[folded], today).before()
    found = _named(folded)
    if found is None:
        raise UsageError(
            "“{text}” is not a week, month or year: write week, month, 2026-W48, 2025-02 or 2025",
            text=text.strip()[:60],
        )
    return found


def _named(text: str) -> Period | None:
    try:
        if (match := _WEEK_NAME.fullmatch(text)) is not None:
            year, week = int(match[1]), int(match[2])
            first = date.fromisocalendar(year, week, 1)
            return Period(Unit.WEEK, first) if _is_known(year) else None
        if (match := _MONTH_NAME.fullmatch(text)) is not None:
            year, month = int(match[1] or match[3]), int(match[2] or match[4])
            return Period(Unit.MONTH, date(year, month, 1)) if _is_known(year) else None
        if (match := _YEAR_NAME.fullmatch(text)) is not None:
            year = int(match[1])
            return Period(Unit.YEAR, date(year, 1, 1)) if _is_known(year) else None
    except ValueError:  # week 54, month 13, year 0
        return None
    return None


def _is_known(year: int) -> bool:
    return _FIRST_YEAR <= year <= _LAST_YEAR


def period_text(period: Period, say: Translate) -> str:
    """`week 48 of 2026`, `the week up to 5 March 2026`, `February 2025` or `2025`."""
    match period.unit:
        case Unit.WEEK if period.first.weekday() != 0:
            return say("the week up to {day}", day=day_text(period.last, say.locale))
        case Unit.WEEK:
            year, week, _ = period.first.isocalendar()
            return say("week {week} of {year}", week=week, year=year)
        case Unit.MONTH if say.locale == "ko":
            return f"{period.first.year}년 {period.first.month}월"
        case Unit.MONTH:
            return day_text(period.first, say.locale).partition(" ")[2]
        case Unit.YEAR:
            return f"{period.first.year}년" if say.locale == "ko" else str(period.first.year)
