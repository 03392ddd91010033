"""The graph as pages show it is made once for each state of it."""

from dataclasses import replace
from datetime import date

from bot.archive.domain.entry import EntryId
from bot.graph.domain.graph import Graph, GraphPaper
from bot.platforms.web.rendering.addresses import OfBot
from bot.platforms.web.rendering.shown_graph import ShownGraphs


async def test_an_equal_graph_is_not_drawn_again_and_another_one_is():
    papers = tuple(
        GraphPaper(EntryId(number), f"Paper {number}", date(2025, 1, number), ("rl",))
        for number in (1, 2, 3)
    )
    graph, shown = Graph(papers, ((1, 0),), 3), ShownGraphs()

    first = await shown.of(graph, OfBot("build"))
    again = await shown.of(replace(graph), OfBot("build"))
    other = await shown.of(replace(graph, edges=((1, 0), (2, 0))), OfBot("build"))

    assert again is first
    assert (first.seen.references, other.seen.references) == (1, 2)
    assert '["Paper 1","/entry/1","2025-01-01",["rl"],0.0,0.0]' in first.papers
    assert other.papers.endswith('"edges":[[1,0],[2,0]]}')
