"""Where each paper of the graph is drawn.

Older papers are further left. The heights come from the references: papers that refer to one another
are drawn near one another, and all heights are evenly used, so that few papers cover another. The same
archive gives the same picture.
"""

import json
from collections.abc import Callable, Iterable, Sequence

from bot.archive.domain.entry import EntryId
from bot.graph.domain.graph import Graph

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_ROUNDS = 12
_GOLDEN = 0.6180339887498949
"""Multiples of it, without their whole part, spread evenly, and neighbours far from one another."""


def drawing(graph: Graph, address: Callable[[EntryId], str]) -> str:
    """The data of the picture, as JSON; `address` says where the papers' pages are.

    `papers` are title, address, date, tags and place of each; `edges` pairs of places in `papers`.
    """
    papers = (
        (
            paper.title,
            address(paper.id),
            paper.on.isoformat() if paper.on else "",
            paper.tags,
            *spot,
        )
        for paper, spot in zip(graph.papers, place(graph), strict=True)
    )
    return f'{{"papers":{_array(papers)},"edges":{_array(graph.edges)}}}'


def _array(values: Iterable[object]) -> str:
    """Each value on its own: one call for all would keep other threads waiting for long."""
    return f"[{','.join(map(_ENCODER.encode, values))}]"


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
