"""Times of day and weekdays as people type them, in English and Korean.

`09:00`, `9am`, `9:30 pm`, `오전 9시`, `오후 6시 30분`; `mon-fri`, `every weekday`, `평일`, `월수금`.
A time that may be morning or evening is refused with what to type (issue 13, item 4).
"""

import re
from collections.abc import Iterable
from datetime import time

from bot.channels.domain.schedule import EVERY_DAY
from bot.core.domain.errors import UsageError
from bot.core.domain.late import late_pattern

_CLOCK = late_pattern(
    r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))?\s?(?P<half>a\.?m\.?|p\.?m\.?)?",
    re.ASCII | re.IGNORECASE,
)
_KOREAN = late_pattern(
    r"(?P<half>오전|아침|새벽|오후|저녁)?\s?(?P<hour>[0-9]{1,2})"
    r"(?:시(?:\s?(?:(?P<part>[0-9]{1,2})분|(?P<thirty>반)))?|:(?P<minute>[0-9]{2}))(?:\s?에)?"
)
_NAMED_TIMES = {
    "noon": time(12),
    "midnight": time(0),
    "정오": time(12),
    "자정": time(0),
}
_MORNING = frozenset({"a", "오전", "아침", "새벽"})


def parse_time(text: str) -> time:
    """A local time of day in whole minutes; raises `UsageError`."""
    typed = " ".join(text.split())
    named = _NAMED_TIMES.get(typed.casefold().removesuffix("에"))
    if named is not None:
        return named
    clock, korean = _CLOCK.fullmatch(typed), _KOREAN.fullmatch(typed)
    if clock is not None:
        half, minute = clock["half"], clock["minute"]
        is_whole = minute is None and half is None
        return _time(typed, clock["hour"], minute, half[0].lower() if half else "", is_whole)
    if korean is not None:
        minute = "30" if korean["thirty"] else korean["part"] or korean["minute"]
        is_whole = korean["minute"] is None and korean["half"] is None
        return _time(typed, korean["hour"], minute, korean["half"] or "", is_whole)
    raise _no_time(typed)


def _time(text: str, hour: str, minute: str | None, half: str, is_whole: bool) -> time:
    """`half` is the half of the day; `is_whole` times have neither a half nor a colon."""
    number, minutes = int(hour), int(minute or 0)
    if minutes > 59 or number > 23 or (half and not 1 <= number <= 12):
        raise _no_time(text)
    if half:
        return time(number % 12 + (0 if half in _MORNING else 12), minutes)
    if is_whole and 1 <= number <= 12:
        raise UsageError(
            "“{text}” may be morning or evening: write {morning} or {evening}",
            text=text,
            morning=f"{number % 12:02}:{minutes:02}",
            evening=f"{number % 12 + 12:02}:{minutes:02}",
        )
    if is_whole and "시" not in text:
        raise _no_time(text)
    return time(number, minutes)


def _no_time(text: str) -> UsageError:
    return UsageError(
        "“{text}” is not a time of day: write HH:MM, from 00:00 to 23:59, or 9am, 오전 9시",
        text=text,
    )


_MEANT = late_pattern(r"[0-9].*|(?:오전|오후|아침|저녁|새벽).*")


def looks_like_time(word: str) -> bool:
    """Whether a word is meant as a time of day, even if it is a wrong one."""
    return _MEANT.fullmatch(word) is not None


_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KOREAN_DAYS = "월화수목금토일"
_NAMED_DAYS = {
    "daily": EVERY_DAY,
    "everyday": EVERY_DAY,
    "day": EVERY_DAY,
    "days": EVERY_DAY,
    "매일": EVERY_DAY,
    "weekday": frozenset(range(5)),
    "weekdays": frozenset(range(5)),
    "workdays": frozenset(range(5)),
    "평일": frozenset(range(5)),
    "주중": frozenset(range(5)),
    "weekend": frozenset({5, 6}),
    "weekends": frozenset({5, 6}),
    "주말": frozenset({5, 6}),
}
_EVERY = late_pattern(r"(?:(?:on|every|each|all)\s+|매주\s*)+")
_DASH = late_pattern(r"\s*[-–~]\s*|\s+(?:to|through)\s+|부터\s*")
_NEEDS_EVERY = frozenset({"day", "days"})


def parse_weekdays(text: str) -> frozenset[int]:
    """`mon-fri`, `mon,wed,fri`, `every weekday`, `daily`, `월수금`, `평일` …; raises `UsageError`."""
    folded = " ".join(text.casefold().split())
    bare = _EVERY.sub("", folded, count=1) if _EVERY.match(folded) else folded
    bare = bare.removesuffix("마다").removesuffix("에").rstrip()
    if bare in _NEEDS_EVERY and bare == folded:
        raise _no_weekday(folded)
    days: set[int] = set()
    for part in filter(None, re.split(r"[,\s]+|&", _DASH.sub("-", bare))):
        if part not in ("and", "및"):
            days |= _some_days(part.removesuffix("까지"), is_alone=part == bare)
    if not days:
        raise UsageError("Name at least one weekday: mon-fri, mon,wed,fri, weekdays or daily")
    return frozenset(days)


def _some_days(part: str, *, is_alone: bool) -> frozenset[int]:
    if part in _NAMED_DAYS and (is_alone or part not in _NEEDS_EVERY):
        return _NAMED_DAYS[part]
    if len(part) > 1 and set(part) <= set(_KOREAN_DAYS):
        return frozenset(map(_KOREAN_DAYS.index, part))
    first, dash, last = part.partition("-")
    start, end = _weekday(first), _weekday(last) if dash else _weekday(first)
    if start is None or end is None:
        raise _no_weekday(part)
    # fri-mon goes over the end of the week.
    return frozenset((start + step) % 7 for step in range((end - start) % 7 + 1))


def _no_weekday(part: str) -> UsageError:
    return UsageError(
        "“{part}” is not a weekday: write mon-fri, mon,wed,fri, weekdays or daily", part=part
    )


def _weekday(name: str) -> int | None:
    """`mon`, `tues`, `friday`, `fridays`, `월`, `월요일`."""
    korean = name.removesuffix("요일")
    if len(korean) == 1 and korean in _KOREAN_DAYS:
        return _KOREAN_DAYS.index(korean)
    matches = [
        day for day, full in enumerate(_DAYS) if len(name) >= 3 and f"{full}s".startswith(name)
    ]
    return matches[0] if matches else None


def format_weekdays(weekdays: Iterable[int]) -> str:
    """As `parse_weekdays` reads it: `daily`, `mon-fri`, `mon,wed,fri`."""
    days = sorted(weekdays)
    if len(days) == 7:
        return "daily"
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{_DAYS[days[0]][:3]}-{_DAYS[days[-1]][:3]}"
    return ",".join(_DAYS[day][:3] for day in days)
