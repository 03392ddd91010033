"""The shortest chain between two papers over references and links, in either direction.

The search goes level by level from both papers, from the side with fewer papers first. Of equally
short chains the one of older papers is taken: from the first paper on, each next paper is the one
with the least age key among those that lie on a shortest chain.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

Neighbours = Callable[[Collection[int]], Iterable[tuple[int, int]]]
"""All pairs of one of these papers and a neighbour of it."""
Ages = Callable[[Collection[int]], Mapping[int, tuple[int, ...]]]
"""The age key of each of these papers, all different: the oldest paper has the least."""


class _Side:
    """The papers around one end, by their distance from it."""

    def __init__(self, end: int) -> None:
        self.outermost = {end}
        self.size = 0
        self._seen = {end}
        self._inner: defaultdict[int, set[int]] = defaultdict(set)

    def grow(self, neighbours: Neighbours) -> None:
        """Add the papers that are one step further away."""
        further: set[int] = set()
        for paper, neighbour in neighbours(self.outermost):
            if neighbour not in self._seen:
                further.add(neighbour)
                self._inner[neighbour].add(paper)
        self._seen |= further
        self.outermost = further
        self.size += 1

    def steps_from(self, met: set[int]) -> list[dict[int, set[int]]]:
        """For each step from papers of the outermost level to the end: from which to which."""
        steps, level = [], met
        for _ in range(self.size):
            steps.append({paper: self._inner[paper] for paper in level})
            level = set().union(*steps[-1].values())
        return steps


def find_chain(start: int, goal: int, neighbours: Neighbours, ages: Ages) -> tuple[int, ...]:
    """The papers of the shortest chain with both ends; empty where there is none."""
    if start == goal:
        return (start,)
    behind, ahead = _Side(start), _Side(goal)
    while not (met := behind.outermost & ahead.outermost):
        side = behind if len(behind.outermost) <= len(ahead.outermost) else ahead
        side.grow(neighbours)
        if not side.outermost:
            return ()
    steps = [*map(_reversed, reversed(behind.steps_from(met))), *ahead.steps_from(met)]
    age = ages({paper for step in steps for reached in step.values() for paper in reached})
    chain = [start]
    for step in steps:
        chain.append(min(step[chain[-1]], key=age.__getitem__))
    return tuple(chain)


def _reversed(step: Mapping[int, set[int]]) -> dict[int, set[int]]:
    turned: defaultdict[int, set[int]] = defaultdict(set)
    for paper, reached in step.items():
        for other in reached:
            turned[other].add(paper)
    return turned
