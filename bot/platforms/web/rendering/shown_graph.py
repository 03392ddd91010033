"""The graph as pages show it, made once for each state of it: that takes longer than to read it."""

import asyncio

from bot.core.domain.dataclass import dataclass
from bot.graph.domain.drawing import drawing
from bot.graph.domain.graph import Graph, Overview, overview
from bot.platforms.web.rendering.addresses import OfBot


@dataclass(frozen=True, slots=True)
class ShownGraph:
    """A graph, what the page says of it, and the picture's data as JSON."""

    graph: Graph
    seen: Overview
    papers: str


class ShownGraphs:
    """Keeps the last graph that was shown."""

    def __init__(self) -> None:
        self._last: ShownGraph | None = None
        self._making = asyncio.Lock()

    async def of(self, graph: Graph, at: OfBot) -> ShownGraph:
        """The graph as pages show it; `at` says where the papers' pages are."""
        async with self._making:
            if self._last is None or self._last.graph != graph:
                self._last = await asyncio.to_thread(_show, graph, at)
            return self._last


def _show(graph: Graph, at: OfBot) -> ShownGraph:
    return ShownGraph(graph, overview(graph), drawing(graph, at.entry))
