"""The sort key of entries, the last column of every index: see the head of `0001_entries.sql`."""

from datetime import date

from bot.archive.domain.entry import EntryId

_ID_BITS = 32
_LAST_ID = (1 << _ID_BITS) - 1

OLDEST = 1
"""Every entry that is not withdrawn has at least this newness."""
OLDEST_DATED = 1 << _ID_BITS
NEWEST = (date.max.toordinal() + 1) << _ID_BITS


def newness_of(on: date | None, entry_id: EntryId, *, withdrawn: bool = False) -> int:
    """Newer days are higher, and within a day earlier ids; withdrawn entries are negative."""
    day = on.toordinal() if on is not None else 0
    newness = day << _ID_BITS | (_LAST_ID - entry_id)
    return -newness if withdrawn else newness


def span(first: date | None, last: date | None) -> tuple[int, int]:
    """The lowest and highest newness of the dated entries from `first` to `last`, inclusive."""
    low = first.toordinal() << _ID_BITS if first is not None else OLDEST_DATED
    high = last.toordinal() << _ID_BITS | _LAST_ID if last is not None else NEWEST
    return low, high


def day_of(newness: int) -> int:
    """The ordinal of an entry's date, withdrawn or not; 0 without one."""
    return abs(newness) >> _ID_BITS
