"""When a digest is due: one slot per local date, in every time zone (issue 3, item 2).

The instant of a slot is the first at which the zone's clocks show the wanted time of that date,
or later. So

- a time in a gap (clocks go forward) is the first instant after the gap, even on the next date;
- a time in a fold (clocks go back) is its first occurrence;
- a date that a zone skips (Samoa had no 30 December 2011) has no slot.

Future slots are never stored: a change of a zone's rules applies at once.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.core.domain.dataclass import dataclass

EVERY_DAY = frozenset(range(7))
"""All weekdays; 0 is Monday, as in `date.weekday`."""

GRACE = timedelta(hours=12)
"""A slot that is this late is not posted; the next slot includes its entries."""

_DAY = timedelta(days=1)
_MIDNIGHT = time()


@dataclass(frozen=True, slots=True)
class Schedule:
    """A local time of day, in whole minutes, on some weekdays (0 is Monday)."""

    at: time
    zone: ZoneInfo
    weekdays: frozenset[int] = EVERY_DAY

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= EVERY_DAY:
            raise ValueError(f"no weekdays: {sorted(self.weekdays)}")
        if self.at.tzinfo is not None or self.at.second or self.at.microsecond:
            raise ValueError(f"no local time in whole minutes: {self.at!r}")


@dataclass(frozen=True, slots=True)
class Slot:
    """One local date and its instant (UTC)."""

    on: date
    at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A slot to post now; `missed` are the dates of earlier slots that were not posted."""

    slot: Slot
    missed: tuple[date, ...] = ()


def slot_utc(on: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant of that local time by the rules above; see `exists` for skipped dates."""
    wall = datetime.combine(on, at)
    early = _offset(wall.replace(tzinfo=zone, fold=0))
    late = _offset(wall.replace(tzinfo=zone, fold=1))
    if early < late:
        return _end_of_gap(wall, early, late, zone)
    return (wall - early).replace(tzinfo=UTC)


def _offset(local: datetime) -> timedelta:
    offset = local.utcoffset()
    assert offset is not None  # noqa: S101 — a ZoneInfo always knows it
    return offset


def _end_of_gap(wall: datetime, early: timedelta, late: timedelta, zone: ZoneInfo) -> datetime:
    """The end of the gap around `wall`, found by bisection to the second."""
    before, after = wall - late, wall - early
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if _wall(middle.replace(tzinfo=UTC), zone) < wall:
            before = middle
        else:
            after = middle
    return after.replace(tzinfo=UTC)


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def exists(on: date, zone: ZoneInfo) -> bool:
    """Whether the zone's clocks ever show that date."""
    return slot_utc(on, _MIDNIGHT, zone).astimezone(zone).date() == on


def next_slot(schedule: Schedule, after: date) -> Slot:
    """The first slot on a later date than `after`."""
    on = after + _DAY
    while (slot := slot_on(schedule, on)) is None:
        on += _DAY
    return slot


def newest_slot(schedule: Schedule, now: datetime) -> Slot:
    """The last slot whose instant is not after `now`."""
    # After clocks went back over midnight, the slot of tomorrow's date can be in the past.
    on = now.astimezone(schedule.zone).date() + _DAY
    while (slot := slot_on(schedule, on)) is None or slot.at > now:
        on -= _DAY
    return slot


def slot_on(schedule: Schedule, on: date) -> Slot | None:
    """That date's slot, if it has one."""
    if on.weekday() not in schedule.weekdays:
        return None
    instant = slot_utc(on, schedule.at, schedule.zone)
    shown = instant.astimezone(schedule.zone).date()
    return Slot(on, instant) if shown == on or exists(on, schedule.zone) else None


def due(schedule: Schedule, after: date, now: datetime) -> Due | None:
    """The slot to post at `now` when every slot up to `after` is closed.

    Only the newest slot is posted, and only while it is less than `GRACE` late.
    """
    newest = newest_slot(schedule, now)
    if newest.on <= after or now - newest.at >= GRACE:
        return None
    return Due(newest, missed_between(schedule, after, newest.on))


def current_slot(schedule: Schedule, after: date, now: datetime) -> Slot:
    """The slot that is due, else the next one, when every slot up to `after` is closed."""
    found = due(schedule, after, now)
    if found is not None:
        return found.slot
    return next_slot(schedule, max(after, newest_slot(schedule, now).on))


def missed_between(schedule: Schedule, after: date, before: date) -> tuple[date, ...]:
    """The dates of the slots strictly between two dates."""
    days = (after + _DAY * n for n in range(1, (before - after).days))
    return tuple(on for on in days if slot_on(schedule, on) is not None)


def ask_again_at(schedule: Schedule, after: date, now: datetime) -> datetime:
    """When to call `due` next; at or before `now` if it should be called now."""
    newest = newest_slot(schedule, now)
    if newest.on > after and now - newest.at < GRACE:
        return newest.at
    return next_slot(schedule, max(after, newest.on)).at


LATE_NOTES = timedelta(days=7)
"""An entry dated at most this long before a slot can still be posted in it."""
