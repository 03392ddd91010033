"""The graph of the archive: which papers refer to which, as a picture and as a list.

The list is in the page; the picture needs a script, which reads the papers and their places from
`/graph/papers.json`.
"""

from aiohttp import web

from bot.platforms.web.context import CONTEXT
from bot.platforms.web.feeds import cards
from bot.platforms.web.feeds.freshness import answer
from bot.platforms.web.pages import reading_page
from bot.platforms.web.rendering import view
from bot.platforms.web.rendering.addresses import OfBot
from bot.platforms.web.rendering.shown_graph import ShownGraph
from bot.platforms.web.visitors.visitor import VISITOR


async def graph(request: web.Request) -> web.Response:
    """The page: the papers with the most references as a list, and the frame of the picture."""
    say = request[VISITOR].say
    title = say("Map of references")
    return reading_page(
        request,
        "graph.html",
        title=title,
        card=cards.of_graph(say),
        seen=(await _shown(request)).seen,
        data="/graph/papers.json",
        texts=view.as_script(view.script_texts(say)),
    )


async def papers(request: web.Request) -> web.Response:
    """The papers and references of the picture, or 304 where the page has them already."""
    context = request.app[CONTEXT]
    return answer(
        request,
        (await _shown(request)).papers,
        "application/json",
        context.freshness,
        now=context.now(),
        cache="private, no-cache",  # it is kept, and asked for each time: the page must not be older
    )


async def _shown(request: web.Request) -> ShownGraph:
    context = request.app[CONTEXT]
    return await context.graphs.of(await context.library.read_graph(), OfBot(context.build))
