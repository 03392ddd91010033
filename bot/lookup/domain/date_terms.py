"""The terms of a query that are dates: `date:2025-02`, `before:2025`, `after:yesterday`."""

import re
from calendar import monthrange
from datetime import date, timedelta

from bot.archive.domain.typed_dates import fold
from bot.core.domain.errors import QueryError
from bot.core.domain.late import late_pattern
from bot.lookup.domain.query_terms import Dates
from bot.lookup.domain.relative_dates import find_day, is_relative
from bot.lookup.domain.written_terms import WrittenTerm

DATE = late_pattern(r"([0-9]{4})(?:[-./]([0-9]{1,2})(?:[-./]([0-9]{1,2}))?)?[-./]?", re.ASCII)
"""A date as the language has it; `query_dates` writes others out."""


def read_dates(raw: WrittenTerm) -> Dates:
    """The days that a term of the field `date`, `before` or `after` names; raises `QueryError`."""
    first, last = read_span(raw)
    text = relative_text(raw)
    if not text:
        text = raw.value.rstrip("-./").replace(".", "-").replace("/", "-")
    match raw.field:
        case "before":
            if first == date.min:
                raise _no_date(raw)
            return Dates(None, first - timedelta(days=1), text, raw.negated)
        case "after":
            if last == date.max:
                raise _no_date(raw)
            return Dates(last + timedelta(days=1), None, text, raw.negated)
        case _:
            return Dates(first, last, text, raw.negated)


def read_span(raw: WrittenTerm) -> tuple[date, date]:
    """The first and the last day of the year, month or day that is named; raises `QueryError`."""
    match = DATE.fullmatch(raw.value)
    if match is None:
        on = find_day(raw.field, raw.value, raw.days) if raw.days and relative_text(raw) else None
        if on is None:
            raise _no_date(raw)
        return on, on
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        if day is not None:
            only = date(year or 0, month or 0, day)
            return only, only
        first = date(year or 0, 1 if month is None else month, 1)
    except ValueError as error:
        raise _no_date(raw) from error
    if month is None:
        return first, date(first.year, 12, 31)
    return first, first.replace(day=monthrange(first.year, first.month)[1])


def relative_text(raw: WrittenTerm) -> str:
    """The date as it is written again where another day would make it another one."""
    return fold(raw.value) if raw.days and is_relative(raw.field, raw.value) else ""


def _no_date(raw: WrittenTerm) -> QueryError:
    return QueryError(
        "“{value}” (character {at}) is not a date: write {field}:2025-02-04, {field}:2025-02, "
        "{field}:2025 or {field}:yesterday",
        value=raw.value,
        at=raw.at,
        field=raw.field,
    )
