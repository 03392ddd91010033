"""The picture of a recap's card: its chart, for everybody."""

import asyncio
from collections import OrderedDict

from aiohttp import web

from bot.core.domain.document import Chart, Document
from bot.core.domain.errors import UsageError
from bot.core.picture import draw, find_lack
from bot.feeds.domain.cards import Picture
from bot.platforms.web.context import CONTEXT
from bot.platforms.web.visitors.visitor import VISITOR
from bot.recap.domain.period import Period, parse_period

_MOST = 64
_FRESH = 3600
"""Seconds for which a picture need not be asked for again."""


class Drawings:
    """Charts that were drawn, the last ones kept; one is drawn at a time, since it takes 100 ms."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[Chart, bytes | None] = OrderedDict()
        self._lock = asyncio.Lock()

    async def get(self, chart: Chart) -> bytes | None:
        """The chart as PNG; `None` if it cannot be drawn here."""
        async with self._lock:
            if chart not in self._drawn:
                self._drawn[chart] = await draw(chart)
            self._drawn.move_to_end(chart)
            if len(self._drawn) > _MOST:
                self._drawn.popitem(last=False)
            return self._drawn[chart]


DRAWINGS = web.AppKey("drawings", Drawings)


def picture_of(document: Document, period: Period, language: str) -> Picture | None:
    """The picture of a recap's card, where pictures can be drawn and the recap has a chart."""
    chart = _chart(document)
    if chart is None or find_lack() is not None:
        return None
    return Picture(f"/recap/{period.name}/card-{language}.png", chart.text)


async def of_recap(request: web.Request) -> web.Response:
    """The chart of the recap that strangers see, as PNG."""
    context = request.app[CONTEXT]
    say = context.voices(request.match_info["language"])
    today = context.now().astimezone(context.zone).date()
    try:
        period = parse_period(request.match_info["period"], today)
    except UsageError:
        raise web.HTTPNotFound(text=request[VISITOR].say("There is no such page.")) from None
    chart = _chart(await context.look_back(period, today, (), say))
    drawn = await request.app[DRAWINGS].get(chart) if chart is not None else None
    if drawn is None:
        raise web.HTTPNotFound(text=request[VISITOR].say("There is no such page."))
    return web.Response(
        body=drawn,
        content_type="image/png",
        headers={"Cache-Control": context.kept_for(_FRESH)},
    )


def _chart(document: Document) -> Chart | None:
    return next((block for block in document.blocks if isinstance(block, Chart)), None)
