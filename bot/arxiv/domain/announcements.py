"""What arXiv announces on a day: feed items, and how the same paper in several feeds is one."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from bot.archive.domain.arxiv_id import ArxivId
from bot.core.domain.dataclass import dataclass

FEED_LIMIT = 2000
"""arXiv truncates a feed to this many rows, and drops new papers first."""

RECENT = dt.timedelta(days=62)
"""A cross-listed paper counts as new if its id is of this month or the one before."""

_FIRST_YEAR = "91"  # `hep-th/9108001` is of 1991; ids with an archive ended in 2007


class Announcement(StrEnum):
    """Why a paper is in a feed; in order of what it says most about the paper."""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"


_ORDER = tuple(Announcement)


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One item of a feed; `id` carries the version that was announced.

    `batch_on` is the date of the batch as the item claims it (midnight US/Eastern), and may lag.
    """

    id: ArxivId
    announcement: Announcement
    title: str
    authors: tuple[str, ...]
    abstract: str
    categories: tuple[str, ...]
    batch_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """A category's feed, validated; `skipped` is how many items could not be parsed."""

    category: str
    items: tuple[FeedItem, ...]
    etag: str | None = None
    skipped: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing, as on a weekend or a holiday."""
        return not self.items and not self.skipped

    @property
    def is_cut(self) -> bool:
        """Whether arXiv truncated it: then new papers are missing first."""
        return len(self.items) + self.skipped >= FEED_LIMIT


def is_fresh_paper(item: FeedItem, on: dt.date) -> bool:
    """Whether the item is a paper that a reader of that day would call new."""
    if item.announcement is Announcement.NEW:
        return True
    return item.announcement is Announcement.CROSS and _month_of(item.id, on) >= on - RECENT


def _month_of(arxiv_id: ArxivId, on: dt.date) -> dt.date:
    """The last day of the month that an id names; long ago where it names none."""
    archive, _, serial = arxiv_id.number.rpartition("/")
    century = on.year // 100 * 100
    if archive and serial[:2] >= _FIRST_YEAR:
        century = 1900
    try:
        first = dt.date(century + int(serial[:2]), int(serial[2:4]), 1)
    except ValueError:
        return dt.date.min
    return (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def merge_listings(items: Iterable[FeedItem]) -> tuple[FeedItem, ...]:
    """Each paper once, in the order first met: `new` beats `cross` beats `replace`.

    Categories of all its listings are kept; of versions, the newest.
    """
    merged: dict[str, FeedItem] = {}
    for item in items:
        known = merged.get(item.id.number)
        merged[item.id.number] = item if known is None else _merge(known, item)
    return tuple(merged.values())


def _merge(one: FeedItem, other: FeedItem) -> FeedItem:
    newer = other if other.id.version > one.id.version else one
    return replace(
        newer,
        announcement=min(one.announcement, other.announcement, key=_ORDER.index),
        categories=tuple(dict.fromkeys((*one.categories, *other.categories))),
    )
