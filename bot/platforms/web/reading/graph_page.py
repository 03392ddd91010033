"""The graph of the archive: which papers refer to which, as a picture and as a list.

The list is in the page; the picture needs a script, which reads the papers and their places from
`/graph/papers.json`.
"""

import asyncio

from aiohttp import web

from bot.graph.domain.graph import Graph, list_hubs, place
from bot.platforms.web.context import CONTEXT
from bot.platforms.web.feeds import cards
from bot.platforms.web.pages import reading_page
from bot.platforms.web.rendering import view
from bot.platforms.web.rendering.addresses import OfBot
from bot.platforms.web.responses import json_response
from bot.platforms.web.visitors.visitor import VISITOR

_HUBS = 50
_NEIGHBOURS = 12
_TAGS = 40


async def graph(request: web.Request) -> web.Response:
    """The page: the papers with the most references as a list, and the frame of the picture."""
    context, say = request.app[CONTEXT], request[VISITOR].say
    found = await context.library.read_graph()
    title = say("Map of references")
    return reading_page(
        request,
        "graph.html",
        title=title,
        card=cards.of_page("/graph", title, say),
        graph=found,
        hubs=await asyncio.to_thread(list_hubs, found, limit=_HUBS),
        count_references=lambda count: say.count("{n} reference", "{n} references", count),
        neighbours_shown=_NEIGHBOURS,
        tags=_frequent_tags(found),
        data="/graph/papers.json",
        texts=view.as_script(view.script_texts(say)),
    )


async def papers(request: web.Request) -> web.Response:
    """The papers and references of the picture."""
    context = request.app[CONTEXT]
    found = await context.library.read_graph()
    return json_response(await asyncio.to_thread(drawing, found, OfBot(context.build)))


def drawing(graph: Graph, at: OfBot) -> dict[str, object]:
    """The data of the picture; `at` says where the papers' pages are.

    `papers` are title, address, date, tags and place of each; `edges` pairs of places in `papers`.
    """
    return {
        "papers": [
            [
                paper.title,
                at.entry(paper.id),
                paper.on.isoformat() if paper.on else "",
                paper.tags,
                *spot,
            ]
            for paper, spot in zip(graph.papers, place(graph), strict=True)
        ],
        "edges": graph.edges,
    }


def _frequent_tags(graph: Graph) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for paper in graph.papers:
        for tag in paper.tags:
            counts[tag] = counts.get(tag, 0) + 1
    return tuple(sorted(counts, key=lambda tag: (-counts[tag], tag))[:_TAGS])
