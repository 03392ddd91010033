"""The graph as values: papers with entries, which of them refer to which, and what a page says of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date

from bot.archive.domain.entry import EntryId
from bot.core.domain.dataclass import dataclass

MOST = 5000
"""Papers, the newest, that the graph has."""
_HUBS = 30
_TAGS = 40


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


@dataclass(frozen=True, slots=True)
class Overview:
    """The graph in words: how many papers and references it has, of how many papers in the archive.

    `hubs` are the papers with the most references, `tags` the most frequent tags.
    """

    papers: int
    references: int
    total: int
    hubs: tuple[Hub, ...]
    tags: tuple[str, ...]


def overview(graph: Graph) -> Overview:
    """What a page says of the graph beside the picture."""
    counts = Counter(tag for paper in graph.papers for tag in paper.tags)
    return Overview(
        len(graph.papers),
        len(graph.edges),
        graph.total,
        list_hubs(graph, limit=_HUBS),
        tuple(sorted(counts, key=lambda tag: (-counts[tag], tag))[:_TAGS]),
    )


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
