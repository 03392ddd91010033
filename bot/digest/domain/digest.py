"""What one slot posts: the chosen entries of a day, in order."""

from collections.abc import Iterable
from datetime import date

from bot.archive.domain.checks.note_checks import is_empty_note
from bot.archive.domain.entry import StoredEntry
from bot.channels.domain.digest_options import TagFilter
from bot.core.domain.dataclass import dataclass

_EVERY_TAG = TagFilter()


@dataclass(frozen=True, slots=True)
class Digest:
    """The chosen entries of one slot.

    `on` is the slot's local date; `missed` are earlier days whose entries are in it too;
    `left_out` counts accepted entries beyond the most papers a digest.
    """

    on: date
    entries: tuple[StoredEntry, ...]
    left_out: int = 0
    missed: tuple[date, ...] = ()


def compile_digest(
    entries: Iterable[StoredEntry],
    *,
    on: date,
    tags: TagFilter = _EVERY_TAG,
    most: int | None = None,
    missed: Iterable[date] = (),
) -> Digest:
    """Choose from `entries`, which come oldest day first and in source order within a day.

    Withdrawn entries, empty notes and repeats of one entry are left out.
    """
    chosen: dict[int, StoredEntry] = {}
    for stored in entries:
        if (
            stored.withdrawn_at is None
            and tags.accepts(stored.entry.tags)
            and not is_empty_note(stored.entry)
        ):
            chosen.setdefault(stored.id, stored)
    kept = tuple(chosen.values())[:most]
    days = {stored.entry.date for stored in kept}
    return Digest(
        on=on,
        entries=kept,
        left_out=len(chosen) - len(kept),
        missed=tuple(sorted(day for day in missed if day in days)),
    )
