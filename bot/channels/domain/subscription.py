"""Subscriptions: a channel's schedule, filter, languages and layout, and how people type them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from bot.archive.domain.entry import Language
from bot.channels.domain.digest_options import Layout, TagFilter
from bot.channels.domain.schedule import EVERY_DAY, Schedule
from bot.core.domain.errors import UsageError

MOST_PAPERS = 10
"""The default for the most papers per digest; the header counts the rest."""
MOST_ALLOWED = 50


class Standing(StrEnum):
    """Whether a subscription gets digests, and if not, why."""

    ACTIVE = "active"
    PAUSED = "paused"
    """Paused by a person; entries of the paused days are not posted later."""
    REFUSED = "refused"
    """The platform refuses messages in the channel; after `resume` it gets what it missed."""
    MANUAL = "manual"
    """No schedule: it gets only digests posted by `paperbot post`."""
    REMOVED = "removed"
    """Removed; the row stays so that no day is posted twice after subscribing again."""


@dataclass(frozen=True, slots=True)
class DigestOptions:
    """What people choose for a digest. Entries dated before `since` are never posted."""

    schedule: Schedule
    since: date
    languages: tuple[Language, ...] = (Language.KO, Language.EN)
    tags: str = ""
    """As in the look-up language, tags only: `#rl -#moe`."""
    layout: Layout = Layout.PAPERS
    most: int = MOST_PAPERS


@dataclass(frozen=True, slots=True)
class Subscription:
    """The stored subscription of one channel (its REF as text).

    Until `replay_until`, each day with entries is posted as a slot of its own, oldest first. With
    `doubt_from` set, these messages may have been posted since that instant: each is searched for
    before it is posted. `reason` and `detail` say why the platform refuses.
    """

    id: int
    channel: str
    standing: Standing
    options: DigestOptions
    created_at: datetime
    created_by: str = ""
    replay_until: date | None = None
    doubt_from: datetime | None = None
    reason: str = ""
    detail: str = ""


def parse_time(text: str) -> time:
    """`9:00`, `09:00` or `21:30`; raises `UsageError`."""
    match = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", text.strip(), re.ASCII)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise UsageError(
            "“{text}” is not a time of day: write HH:MM, from 00:00 to 23:59", text=text.strip()
        )
    return time(int(match[1]), int(match[2]))


_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KOREAN_DAYS = "월화수목금토일"
_NAMED_DAYS = {
    "daily": EVERY_DAY,
    "every day": EVERY_DAY,
    "매일": EVERY_DAY,
    "weekdays": frozenset(range(5)),
    "평일": frozenset(range(5)),
    "weekends": frozenset({5, 6}),
    "주말": frozenset({5, 6}),
}


def parse_weekdays(text: str) -> frozenset[int]:
    """`mon-fri`, `mon,wed,fri`, `weekdays`, `daily`, `월,수,금`, `평일` …; raises `UsageError`."""
    folded = " ".join(text.casefold().split())
    if folded in _NAMED_DAYS:
        return _NAMED_DAYS[folded]
    days: set[int] = set()
    for part in filter(None, re.split(r"[,\s]+", re.sub(r"\s*[-–~]\s*", "-", folded))):
        first, dash, last = part.partition("-")
        start, end = _weekday(first), _weekday(last) if dash else _weekday(first)
        if start is None or end is None:
            raise UsageError(
                "“{part}” is not a weekday: write mon-fri, mon,wed,fri, weekdays or daily",
                part=part,
            )
        # fri-mon goes over the end of the week.
        days |= {(start + step) % 7 for step in range((end - start) % 7 + 1)}
    if not days:
        raise UsageError("Name at least one weekday: mon-fri, mon,wed,fri, weekdays or daily")
    return frozenset(days)


def _weekday(name: str) -> int | None:
    """`mon`, `tues`, `friday`, `월`, `월요일`."""
    korean = name.removesuffix("요일")
    if len(korean) == 1 and korean in _KOREAN_DAYS:
        return _KOREAN_DAYS.index(korean)
    matches = [day for day, full in enumerate(_DAYS) if len(name) >= 3 and full.startswith(name)]
    return matches[0] if matches else None


def format_weekdays(weekdays: Iterable[int]) -> str:
    """As `parse_weekdays` reads it: `daily`, `mon-fri`, `mon,wed,fri`."""
    days = sorted(weekdays)
    if len(days) == 7:
        return "daily"
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{_DAYS[days[0]][:3]}-{_DAYS[days[-1]][:3]}"
    return ",".join(_DAYS[day][:3] for day in days)


def parse_languages(text: str) -> tuple[Language, ...]:
    """`ko,en`, in the order wanted; raises `UsageError`."""
    names = [name for name in re.split(r"[,\s]+", text.casefold()) if name]
    unknown = [name for name in names if name not in set(Language)]
    if unknown or not names:
        raise UsageError(
            "“{text}” is not a list of the curator's languages: write ko, en, ko,en or en,ko",
            text=text.strip(),
        )
    return tuple(dict.fromkeys(map(Language, names)))


def parse_layout(text: str) -> Layout:
    """`papers` or `compact`; raises `UsageError`."""
    folded = text.strip().casefold()
    if folded not in set(Layout):
        raise UsageError("“{text}” is not a layout: write papers or compact", text=text.strip())
    return Layout(folded)


def parse_most(text: str) -> int:
    """How many papers a digest may have; raises `UsageError`."""
    number = int(text) if re.fullmatch("[0-9]{1,4}", text.strip(), re.ASCII) else 0
    if not 1 <= number <= MOST_ALLOWED:
        raise UsageError(
            "“{text}” is not a number of papers: write 1 to {most}",
            text=text.strip(),
            most=MOST_ALLOWED,
        )
    return number


def format_tags(tags: TagFilter) -> str:
    """As `parse_tags` reads it."""
    words = [f"#{tag}" for tag in sorted(tags.wanted)]
    return " ".join([*words, *(f"-#{tag}" for tag in sorted(tags.unwanted))])
