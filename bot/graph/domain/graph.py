"""The graph as values: papers with entries, which of them refer to which, and where each is drawn.

Older papers are further left. The heights come from the references: papers that refer to one another
are drawn near one another, and all heights are evenly used, so that few papers cover another. The same
archive gives the same picture.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from bot.archive.domain.entry import EntryId

_ROUNDS = 12
_GOLDEN = 0.6180339887498949
"""Multiples of it, without their whole part, spread evenly, and neighbours far from one another."""


@dataclass(frozen=True, slots=True)
class GraphPaper:
    """A paper by its newest entry."""

    id: EntryId
    title: str
    on: date | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """Papers, the oldest first, and pairs of places in `papers`: one that refers to another.

    `total` counts all papers of the archive; only the newest of them are in the graph.
    """

    papers: tuple[GraphPaper, ...]
    edges: tuple[tuple[int, int], ...]
    total: int

    def neighbours(self) -> list[set[int]]:
        """For each paper the places of those that it refers to or that refer to it."""
        found: list[set[int]] = [set() for _ in self.papers]
        for one, other in self.edges:
            found[one].add(other)
            found[other].add(one)
        return found


@dataclass(frozen=True, slots=True)
class Hub:
    """A paper with many neighbours: those that it refers to, and those that refer to it."""

    paper: GraphPaper
    builds_on: tuple[GraphPaper, ...]
    taken_up_by: tuple[GraphPaper, ...]

    @property
    def degree(self) -> int:
        """How many references and links it has in both directions."""
        return len(self.builds_on) + len(self.taken_up_by)


def list_hubs(graph: Graph, *, limit: int) -> tuple[Hub, ...]:
    """The papers with the most references in both directions; of equal ones the newer first."""
    to: defaultdict[int, list[int]] = defaultdict(list)
    of: defaultdict[int, list[int]] = defaultdict(list)
    for one, other in graph.edges:
        to[one].append(other)
        of[other].append(one)
    ranked = sorted(
        to.keys() | of.keys(), key=lambda place: (-len(to[place]) - len(of[place]), -place)
    )
    return tuple(
        Hub(graph.papers[place], _papers(graph, to[place]), _papers(graph, of[place]))
        for place in ranked[:limit]
    )


def _papers(graph: Graph, places: Iterable[int]) -> tuple[GraphPaper, ...]:
    return tuple(graph.papers[place] for place in sorted(places, reverse=True))


def place(graph: Graph) -> tuple[tuple[float, float], ...]:
    """Where each paper is drawn: two numbers from 0 to 1. Papers without references are at 0, 0."""
    drawn = sorted({number for edge in graph.edges for number in edge})
    places = {number: at for at, number in enumerate(drawn)}
    near = graph.neighbours()
    neighbours = [[places[other] for other in sorted(near[number])] for number in drawn]
    count = max(len(drawn) - 1, 1)
    heights = _spread([at * _GOLDEN % 1 for at in range(len(drawn))])
    for _ in range(_ROUNDS):
        heights = _spread(
            [
                (height + sum(heights[other] for other in near)) / (1 + len(near))
                for height, near in zip(heights, neighbours, strict=True)
            ]
        )
    spots = [(0.0, 0.0)] * len(graph.papers)
    for at, (number, y) in enumerate(zip(drawn, heights, strict=True)):
        spots[number] = (round(at / count, 4), round(y, 4))
    return tuple(spots)


def _spread(heights: Sequence[float]) -> list[float]:
    """The same order at even distances."""
    spread = [0.0] * len(heights)
    order = sorted(range(len(heights)), key=lambda number: (heights[number], number))
    for rank, number in enumerate(order):
        spread[number] = rank / max(len(heights) - 1, 1)
    return spread
