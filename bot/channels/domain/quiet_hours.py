"""Quiet hours: when notices and copies wait in a channel (issue 16, item 4)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.channels.domain.schedule import slot_utc
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError
from bot.core.domain.late import late_pattern

OFF = "off"
_SPAN = late_pattern(
    r"(?P<h1>[0-9]{1,2})(?::(?P<m1>[0-9]{2}))?\s?(?:-|–|~)\s?(?P<h2>[0-9]{1,2})(?::(?P<m2>[0-9]{2}))?",
    re.ASCII,
)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one local time of day until another, also over midnight; in whole minutes."""

    start: time
    end: time

    def __str__(self) -> str:
        """As `parse_quiet` reads it."""
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


def parse_quiet(text: str) -> QuietHours | None:
    """`22-08`, `22:30-07:15`; `None` for `off`. Raises `UsageError`."""
    typed = " ".join(text.split())
    if typed.casefold() in (OFF, "끔"):
        return None
    found = _SPAN.fullmatch(typed)
    times = None
    if found is not None:
        times = (_time(found["h1"], found["m1"]), _time(found["h2"], found["m2"]))
    if times is None or times[0] is None or times[1] is None or times[0] == times[1]:
        raise UsageError(
            "“{text}” is not a span of hours: write quiet:22-08, quiet:22:30-07:15 or quiet:off",
            text=text.strip(),
        )
    return QuietHours(times[0], times[1])


def _time(hour: str, minute: str | None) -> time | None:
    number, minutes = int(hour), int(minute or 0)
    if number == 24 and not minutes:
        number = 0
    return time(number, minutes) if number < 24 and minutes < 60 else None


def quiet_until(quiet: QuietHours, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the quiet hours that it is now end (UTC); `None` where it is not quiet.

    Their ends are instants as a digest's is: a time that the clocks skip is the first one after.
    """
    today = now.astimezone(zone).date()
    # Those that began yesterday or, where clocks were set, a day that looks like tomorrow.
    for day in (today - _DAY, today, today + _DAY):
        start, end = _span(quiet, zone, day)
        if start <= now < end:
            return end
    return None


def _span(quiet: QuietHours, zone: ZoneInfo, day: date) -> tuple[datetime, datetime]:
    until = day if quiet.start < quiet.end else day + _DAY
    start, end = slot_utc(day, quiet.start, zone), slot_utc(until, quiet.end, zone)
    return start.astimezone(UTC), end.astimezone(UTC)
