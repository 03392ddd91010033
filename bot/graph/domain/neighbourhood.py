"""The neighbourhood of an entry as a picture: what it builds on, the entry itself, what took it up.

Each side is a column of rows of one height, which curves connect with the entry. The titles are HTML
and only the curves are SVG, since no server knows how wide a reader's font is.
"""

from collections.abc import Callable, Iterable

from bot.archive.domain.entry import EntryId
from bot.core.domain.characters import cut_at
from bot.core.domain.dataclass import dataclass

MOST = 6
"""Entries of a side; of more, the others are only counted."""
_LONGEST = 90
"""Characters of a title."""
WIDTH = 10
"""Units of the drawing between a column and the entry; a row has two units of height."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An entry beside another one."""

    id: EntryId
    title: str


@dataclass(frozen=True, slots=True)
class Column:
    """One side of the picture; `more` counts the entries that it does not show, which have one row."""

    shown: tuple[Neighbour, ...] = ()
    more: int = 0

    @property
    def rows(self) -> int:
        return len(self.shown) + bool(self.more)

    @property
    def height(self) -> int:
        """Units of the drawing."""
        return 2 * self.rows

    @property
    def towards(self) -> tuple[str, ...]:
        """The curves from each row to the entry, as data of SVG paths."""
        return tuple(_curve(2 * row + 1, self.rows) for row in range(self.rows))

    @property
    def away(self) -> tuple[str, ...]:
        """The curves from the entry to each row."""
        return tuple(_curve(self.rows, 2 * row + 1) for row in range(self.rows))


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The two sides: older work on the one, newer work on the other."""

    builds_on: Column
    taken_up_by: Column


def column(neighbours: Iterable[Neighbour], readable: Callable[[str], str]) -> Column:
    """The first entries in their order, each once, with titles cut to about two lines.

    `readable` writes the formulas of a title as text.
    """
    found: dict[EntryId, Neighbour] = {}
    for each in neighbours:
        found.setdefault(each.id, each)
    ordered = tuple(found.values())
    shown = tuple(Neighbour(each.id, _cut(readable(each.title))) for each in ordered[:MOST])
    return Column(shown, len(ordered) - len(shown))


def _cut(title: str) -> str:
    if len(title) <= _LONGEST:
        return title
    return f"{title[: cut_at(title, _LONGEST)].rstrip()}…"


def _curve(start: int, end: int) -> str:
    middle = WIDTH // 2
    return f"M0 {start}C{middle} {start} {middle} {end} {WIDTH} {end}"
