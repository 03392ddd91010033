"""How many entries a day or a tag has."""

from datetime import date

from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Day:
    """A date and how many entries it has."""

    on: date
    entries: int


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag and how many entries carry it."""

    tag: str
    entries: int
