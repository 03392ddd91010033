"""Dates as people type them: `2025-02-04`, `yesterday`, `last friday`, `2월 4일`, `newest`.

A date without a year is the last one that is not in the future. `last friday` is before today,
`friday` may be today. Digits alone (`2/4`, `0204`) are refused: they are read differently
(issue 13, item 4).
"""

import datetime as dt
import unicodedata
from collections.abc import Iterator

from bot.archive.domain.dates import parse_date_line
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError
from bot.core.domain.late import late_pattern

LONGEST = 60
"""Characters of a date that are shown in an error."""

_DAY = dt.timedelta(days=1)
_WEEK = 7
_AWAY = {
    "today": 0,
    "오늘": 0,
    "yesterday": -1,
    "어제": -1,
    "the day before yesterday": -2,
    "day before yesterday": -2,
    "그저께": -2,
    "그제": -2,
    "tomorrow": 1,
    "내일": 1,
}
_NEWEST = frozenset({"newest", "latest", "the newest", "the latest", "최신", "최근"})
_AGO = late_pattern(
    r"(?P<count>[0-9]{1,4}|a|an|one|일|이|하루|이틀|사흘|나흘|열흘)?\s?"
    r"(?P<unit>days?|weeks?|일|주일?)?\s?(?:ago|전)"
)
_COUNTS = {"a": 1, "an": 1, "one": 1, "일": 1, "이": 2}
_DAY_COUNTS = {"하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "열흘": 10}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KOREAN = "월화수목금토일"
_WEEKDAY = late_pattern(
    r"(?P<last>last |지난 ?주 |지난 ?|저번 ?주 |저번 ?|this |이번 ?주 |이번 ?)?"
    r"(?P<name>[a-z]{3,9}|[월화수목금토일]요일)"
)
_WITH_COMMA = late_pattern(r"[0-9]{4}|[년年]")


@dataclass(frozen=True, slots=True)
class Days:
    """What relative dates refer to: the channel's today, and the newest day with entries."""

    today: dt.date
    newest: dt.date | None = None


_ANY_DAY = Days(dt.date(5000, 1, 1))
"""A day from which every date that can be typed can be reached."""


def names_newest(text: str) -> bool:
    """Whether a text may name the newest day, so that `Days.newest` is needed to read it."""
    return any(word in text.casefold() for word in ("newest", "latest", "최신", "최근"))


def read_date(text: str, days: Days) -> dt.date:
    """The date that a person typed; raises `UsageError` with what to type instead."""
    found = find_date(text, days)
    if found is None:
        raise UsageError(
            "“{text}” is not a date: write it like 2025-02-04, Feb 4, yesterday or last friday",
            text=" ".join(text.split())[:LONGEST],
        )
    return found


def find_date(text: str, days: Days) -> dt.date | None:
    """The date that a text is, if it is one and nothing else."""
    whole = parse_date_line(text)
    if whole is not None:
        return whole.on
    if len(text) > LONGEST:
        return None
    folded = fold(text)
    return _relative(folded, days) or _without_year(folded, days)


def is_relative(text: str) -> bool:
    """Whether a text is another date each day: `yesterday`, `last friday`, but not `Feb 4`."""
    return len(text) <= LONGEST and _relative(fold(text), _ANY_DAY) is not None


def fold(text: str) -> str:
    """The text as dates are compared: two texts that fold alike are the same date."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _relative(folded: str, days: Days) -> dt.date | None:
    if folded in _NEWEST:
        return days.newest or days.today
    if folded in _AWAY:
        return _moved(days.today, _AWAY[folded])
    return _ago(folded, days) or _weekday(folded, days)


def _ago(text: str, days: Days) -> dt.date | None:
    match = _AGO.fullmatch(text)
    if match is None:
        return None
    count, unit = match["count"], match["unit"]
    if count in _DAY_COUNTS:
        return _moved(days.today, -_DAY_COUNTS[count]) if unit is None else None
    if count is None or unit is None:
        return None
    number = _COUNTS[count] if count in _COUNTS else int(count)
    return _moved(days.today, -number * (_WEEK if unit[0] in "w주" else 1))


def _weekday(text: str, days: Days) -> dt.date | None:
    match = _WEEKDAY.fullmatch(text)
    number = _number(match["name"]) if match is not None else None
    if match is None or number is None:
        return None
    which = (match["last"] or "").strip()
    monday = days.today.weekday()
    if which.endswith("주"):  # of the calendar week
        week = 0 if which.startswith("이번") else -_WEEK
        return _moved(days.today, number - monday + week)
    back = (monday - number) % _WEEK
    if which in ("this", "이번") and back:
        return None  # it may be the next one
    return _moved(
        days.today, -(back or _WEEK) if which and which not in ("this", "이번") else -back
    )


def _number(name: str) -> int | None:
    if name.endswith("요일"):
        return _KOREAN.index(name[0])
    matches = [day for day, full in enumerate(_WEEKDAYS) if full.startswith(name)]
    return matches[0] if matches else None


def _without_year(text: str, days: Days) -> dt.date | None:
    """`feb 4`, `4 february`, `2월 4일`: the last one up to today."""
    if _WITH_COMMA.search(text) or not any(map(str.isdigit, text)):
        return None
    for form in _with_years(text, days.today.year):
        read = parse_date_line(form)
        if read is None:
            return None  # in no year: each form has the same shape
        if read.on is not None and read.on <= days.today:
            return read.on
    return None


def _with_years(text: str, year: int) -> Iterator[str]:
    back = 8 if "29" in text else 1  # 29 February may be eight years ago
    for each in range(year, max(year - back - 1, 0), -1):
        yield f"{each}년 {text}" if text.endswith("일") else f"{text}, {each}"


def _moved(day: dt.date, by: int) -> dt.date | None:
    try:
        return day + by * _DAY
    except OverflowError:
        return None
