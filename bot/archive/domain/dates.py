"""Parse dates that the curator writes: a line of its own, a file name, folder names."""

import datetime as dt
import re
import unicodedata
from functools import lru_cache

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR, _DAY = "(?P<year>(?:19|20)[0-9]{2})", "(?P<day>[0-9]{1,2})"
_YEAR_WITHIN = late_pattern("(?:19|20)[0-9]{2}")
_SHAPES = (
    rf"{_YEAR} ?[년年] ?(?P<month>[0-9]{{1,2}}) ?[월月] ?{_DAY} ?[일日]",
    rf"{_YEAR}(?P<by>[-/.]) ?(?P<month>[0-9]{{1,2}})(?P=by) ?{_DAY}\.?",
    rf"{_MONTH} ?{_DAY}(?:st|nd|rd|th)?,? {_YEAR}",
    rf"{_DAY}(?:st|nd|rd|th)? {_MONTH},? {_YEAR}",
)
_WEEKDAY = (
    r"(?:[월화수목금토일](?:요일)?|"
    r"(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?\.?)"
)
_DATES = tuple(map(late_pattern, _SHAPES))
_WEEKDAY_BEFORE = late_pattern(rf"{_WEEKDAY},? ")
_WEEKDAY_BEHIND = late_pattern(rf"(?:,? ?(?:{_WEEKDAY}|\({_WEEKDAY}\)))?")
_LONGEST = 60

_ENDING = late_pattern(r"\.(?:md|markdown|txt|text)$", re.IGNORECASE)
_NAME_SHORT = late_pattern(r"([0-9]{2})([0-9]{2})([0-9]{2})(?![0-9])[\s_.,-]*")
_NAME_LONG = late_pattern(r"((?:19|20)[0-9]{2})([-_./]?)([0-9]{2})\2([0-9]{2})(?![0-9])[\s_.,-]*")
_NAME_DAY = late_pattern(r"([0-9]{2})(?:$|[\s_.,-]+)")
_FOLDER_MONTH = late_pattern(r"(?:^|/)((?:19|20)[0-9]{2})[-/.]([0-9]{1,2})(?=/|$)")
_FOLDER_DAY = late_pattern(
    r"(?:^|/)(?:((?:19|20)[0-9]{2})[-/.]?([0-9]{2})[-/.]?([0-9]{2})|([0-9]{2})([0-9]{2})([0-9]{2}))"
    r"(?=/|$)"
)


@dataclass(frozen=True, slots=True)
class DateLine:
    """A line that holds a date and nothing else; `on` is `None` if the day does not exist."""

    on: dt.date | None


@dataclass(frozen=True, slots=True)
class NamedDate:
    """The date in a path, the name without it, and a date in the name that does not exist.

    `is_month`: the folders name a month only, and `on` is its first day.
    """

    on: dt.date | None
    name: str
    impossible: str = ""
    is_month: bool = False


def parse_date_line(line: str) -> DateLine | None:
    """The date that a whole line holds, in Korean or English, with or without a weekday.

    Heading and bold marks around it, unusual spaces and full-width characters are accepted.
    """
    if len(line) > _LONGEST:
        return None
    text = " ".join(unicodedata.normalize("NFKC", line).strip(" #*_:[]\t\xa0\ufeff").split())
    if _YEAR_WITHIN.search(text) is None:
        return None
    text = text.lower()
    weekday = _WEEKDAY_BEFORE.match(text)
    start = weekday.end() if weekday is not None else 0
    for shape in _DATES:
        found = shape.match(text, start)
        if found is not None and _WEEKDAY_BEHIND.fullmatch(text, found.end()):
            month = found["month"]
            number = int(month) if month.isdigit() else _MONTHS.index(month[:3]) + 1
            return DateLine(_day(int(found["year"]), number, int(found["day"])))
    return None


def named_date(path: str) -> NamedDate:
    """The date in a file name (`250203 …`, `2025-02-03 …`), else the date in the folder names.

    Two-digit years are of this century. Folder dates are `2025/02/03` (the file name may begin with
    the day), `2025-02-03` or `250203`; `2025/02` alone is the first of that month; a year alone is
    ignored. Six digits that are no valid day but begin with a year from 2017 on are reported as
    `impossible`; other numbers are part of the name.
    """
    folder, _, file = path.rpartition("/")
    stem = _ENDING.sub("", file) or file
    for shape, long in ((_NAME_LONG, True), (_NAME_SHORT, False)):
        found = shape.match(stem)
        if found is None:
            continue
        year, month, day = found.group(1, 3, 4) if long else found.group(1, 2, 3)
        on = _day(int(year) if long else 2000 + int(year), int(month), int(day))
        if on is not None and (long or year < "70"):
            return NamedDate(on, stem[found.end() :].strip() or stem)
        if long or "17" <= year < "70":
            return NamedDate(None, stem, found[0].rstrip(" _.,-\t"))
    return _with_folders(folder, stem)


def _with_folders(folder: str, stem: str) -> NamedDate:
    first = _first_of_month(folder)
    if first is not None:
        found = _NAME_DAY.match(stem)
        on = _day(first.year, first.month, int(found[1])) if found is not None else None
        if found is not None and on is not None:
            return NamedDate(on, stem[found.end() :].strip() or stem)
    day = _folder_date(folder)
    return NamedDate(day or first, stem, is_month=day is None and first is not None)


@lru_cache(maxsize=256)
def _folder_date(folder: str) -> dt.date | None:
    days = [
        _day(int(a or f"20{d}"), int(b or e), int(c or f))
        for a, b, c, d, e, f in _FOLDER_DAY.findall(folder)
    ]
    return next((day for day in reversed(days) if day is not None), None)


@lru_cache(maxsize=256)
def _first_of_month(folder: str) -> dt.date | None:
    months = [_day(int(year), int(month), 1) for year, month in _FOLDER_MONTH.findall(folder)]
    return next((day for day in reversed(months) if day is not None), None)


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
