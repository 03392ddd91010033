"""When new entries will be posted in a channel, and which will not be. See `bot.digest.services.plan`."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from bot.channels.domain.digest_options import TagFilter
from bot.channels.domain.schedule import (
    LATE_NOTES,
    Slot,
    current_slot,
    next_slot,
)
from bot.channels.domain.subscription import DigestOptions
from bot.core.domain.dataclass import dataclass

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Forecast:
    """New entries of one channel: those in each coming slot, by their dates, and those in none.

    `soon` are posted one day after the other as soon as the bot runs (a replay of earlier days).
    """

    slots: tuple[tuple[Slot, Mapping[date, int]], ...] = ()
    soon: int = 0
    not_posted: int = 0


def forecast(
    added: Mapping[tuple[date, tuple[str, ...]], int],
    options: DigestOptions,
    tags: TagFilter,
    *,
    last_closed: date | None,
    replay_until: date | None,
    now: datetime,
) -> Forecast:
    """The forecast for entries, counted by date and tags, in a channel with these options."""
    eve = options.since - _DAY
    closed = eve if last_closed is None else max(last_closed, eve)
    first = current_slot(options.schedule, closed, now)
    reach = first.on - LATE_NOTES
    if last_closed is not None:
        reach = min(reach, last_closed + _DAY)
    reach = max(reach, options.since)
    days: Counter[date] = Counter()
    for (day, of_entry), count in added.items():
        if tags.accepts(of_entry):
            days[day] += count
    slots: dict[Slot, dict[date, int]] = {}
    soon = not_posted = 0
    for day, count in sorted(days.items()):
        if replay_until is not None and closed < day <= replay_until:
            soon += count
        elif day < reach:
            not_posted += count
        else:
            slot = first if day <= first.on else next_slot(options.schedule, day - _DAY)
            slots.setdefault(slot, {})[day] = count
    return Forecast(tuple(slots.items()), soon, not_posted)
