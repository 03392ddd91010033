"""What a channel chooses of a digest: its layout, its tags, the intro of threads, recaps, its review."""

from collections.abc import Iterable
from enum import StrEnum

from bot.archive.domain.entry import tag_with_parents
from bot.archive.domain.tagging.merges import Meanings
from bot.core.domain.dataclass import dataclass


class Layout(StrEnum):
    """How a digest is laid out."""

    PAPERS = "papers"
    """A header, and one message per paper, each with its own thread."""
    THREAD = "thread"
    """One message with the titles; the papers are replies in its thread."""
    COMPACT = "compact"
    """One message with every paper in full."""
    TITLES = "titles"
    """One message with a line per paper."""


class Intro(StrEnum):
    """When the thread of a paper gets its intro."""

    ON = "on"
    """With the paper."""
    LATER = "later"
    """After the first reply of a person."""
    OFF = "off"


class RecapChoice(StrEnum):
    """Which recaps a channel gets; a silent one is left out where there is too little to tell."""

    OFF = "off"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    WEEKLY_SILENT = "weekly-silent"
    MONTHLY_SILENT = "monthly-silent"

    @property
    def is_weekly(self) -> bool:
        """Whether it comes every Friday."""
        return self in (RecapChoice.WEEKLY, RecapChoice.WEEKLY_SILENT)

    @property
    def is_silent(self) -> bool:
        """Whether too little to tell is not told."""
        return self in (RecapChoice.WEEKLY_SILENT, RecapChoice.MONTHLY_SILENT)


class Unapproved(StrEnum):
    """What happens to a digest that nobody has approved when its time comes (issue 17, item 3)."""

    POST = "post"
    """It is posted as it is."""
    HOLD = "hold"
    """It waits; what nobody approves within the schedule's grace is in the next one."""


@dataclass(frozen=True, slots=True)
class TagFilter:
    """Which entries a channel wants: all of `wanted` unless it is empty, none of `unwanted`.

    Several wanted tags mean any of them, not all. A tag also means the tags nested in it.
    """

    wanted: frozenset[str] = frozenset()
    unwanted: frozenset[str] = frozenset()

    def merged(self, meanings: Meanings) -> "TagFilter":
        """The filter with all that its tags mean by the merges."""
        return TagFilter(
            frozenset(each for tag in self.wanted for each in meanings.of(tag)),
            frozenset(each for tag in self.unwanted for each in meanings.of(tag)),
        )

    def accepts(self, tags: Iterable[str]) -> bool:
        """Whether an entry with these tag slugs passes."""
        present = frozenset(tag for each in tags for tag in tag_with_parents(each))
        return not (present & self.unwanted) and (not self.wanted or bool(present & self.wanted))
