"""When a recap is due: on Fridays or on the first of a month, at the time of the channel's digest.

The rules of `bot/channels/domain/schedule.py` hold: one slot a local date, whatever the clocks do.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from bot.channels.domain.digest_options import RecapChoice
from bot.channels.domain.schedule import GRACE, Schedule, Slot, exists, slot_utc

_FRIDAY = 4
_DAY = timedelta(days=1)


def due_recap(
    choice: RecapChoice,
    schedule: Schedule,
    *,
    since: datetime,
    closed: date | None,
    now: datetime,
) -> Slot | None:
    """The recap to post at `now`, chosen at `since`, when those up to `closed` are posted.

    Only the newest one, and only while it is less than `GRACE` late.
    """
    newest = _newest(choice, schedule, now)
    is_open = newest.at > since and (closed is None or newest.on > closed)
    return newest if is_open and now - newest.at < GRACE else None


def ask_recap_at(choice: RecapChoice, schedule: Schedule, now: datetime) -> datetime:
    """When to call `due_recap` next: the first slot after `now`."""
    slots = _slots(choice, schedule, now.astimezone(schedule.zone).date() - _DAY, _DAY)
    return next(slot.at for slot in slots if slot.at > now)


def _newest(choice: RecapChoice, schedule: Schedule, now: datetime) -> Slot:
    # After clocks went back over midnight, the slot of tomorrow's date can be in the past.
    slots = _slots(choice, schedule, now.astimezone(schedule.zone).date() + _DAY, -_DAY)
    return next(slot for slot in slots if slot.at <= now)


def _slots(choice: RecapChoice, schedule: Schedule, day: date, step: timedelta) -> Iterator[Slot]:
    """The slots from a day on or, with a negative step, before it."""
    while True:
        if (day.weekday() == _FRIDAY) if choice.is_weekly else day.day == 1:
            yield _slot(schedule, day)
        day += step


def _slot(schedule: Schedule, on: date) -> Slot:
    """The slot of a date, or of the next one where the zone skips it (Samoa had a Friday less)."""
    while not exists(on, schedule.zone):
        on += _DAY
    return Slot(on, slot_utc(on, schedule.at, schedule.zone))
