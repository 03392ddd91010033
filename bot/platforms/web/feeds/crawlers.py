"""What crawlers ask for: `robots.txt` and the sitemaps."""

import asyncio
from datetime import date, timedelta

from aiohttp import web

from bot.feeds.domain import sitemap
from bot.feeds.domain.sitemap import MOST, Place
from bot.platforms.web.context import CONTEXT, WebContext
from bot.platforms.web.feeds.freshness import answer
from bot.platforms.web.pages import read_number
from bot.platforms.web.rendering.render import tag_path
from bot.platforms.web.visitors.visitor import VISITOR

_MOST_TAGS = 5_000
_MOST_DAYS = 40_000
_FRESH = 3600
"""Seconds for which an answer need not be asked for again."""


async def robots_txt(request: web.Request) -> web.Response:
    """Which pages crawlers leave out."""
    context = request.app[CONTEXT]
    site = context.site
    text = sitemap.robots(f"{site}/sitemap.xml" if site is not None else None)
    return web.Response(text=text, headers={"Cache-Control": context.kept_for(_FRESH)})


async def sitemap_xml(request: web.Request) -> web.Response:
    """All pages of the archive; where one file cannot hold them, the list of its parts."""
    context, site = request.app[CONTEXT], _site(request)
    pages = await _pages(context, site)
    last = await context.feeds.last_entry()
    if len(pages) + last <= MOST:
        places = [*pages, *await _entries(context, site, 1, last)]
        return _sent(request, await asyncio.to_thread(sitemap.write, places))
    parts = [f"{site}/sitemap-{part}.xml" for part in range(-(-last // MOST) + 1)]
    return _sent(request, sitemap.write_index(parts))


async def sitemap_part(request: web.Request) -> web.Response:
    """Part 0 has the pages of days and tags, the others entries."""
    context, site = request.app[CONTEXT], _site(request)
    part = read_number(request.match_info["part"]) or 0
    places = await _pages(context, site)
    if part:
        places = await _entries(context, site, (part - 1) * MOST + 1, part * MOST)
    if not places:
        raise web.HTTPNotFound(text=request[VISITOR].say("There is no such page."))
    return _sent(request, await asyncio.to_thread(sitemap.write, places))


def _site(request: web.Request) -> str:
    """The public address: a sitemap has absolute ones, and what a request says of it may be wrong."""
    context = request.app[CONTEXT]
    if context.site is None:
        raise web.HTTPNotFound(text=request[VISITOR].say("There is no such page."))
    return context.site


async def _pages(context: WebContext, site: str) -> list[Place]:
    tomorrow = _today(context) + timedelta(days=1)
    days = await context.library.list_days(before=tomorrow, limit=_MOST_DAYS)
    tags = await context.library.list_tags(limit=_MOST_TAGS)
    return [
        Place(f"{site}/papers"),
        *(Place(f"{site}/digest/{day.on.isoformat()}") for day in days),
        *(Place(site + tag_path(tag.tag)) for tag in tags),
    ]


async def _entries(context: WebContext, site: str, first: int, last: int) -> list[Place]:
    found = await context.feeds.changes(first, last, today=_today(context))
    return [Place(f"{site}/entry/{each.id}", each.changed_on) for each in found]


def _today(context: WebContext) -> date:
    return context.now().astimezone(context.zone).date()


def _sent(request: web.Request, text: str) -> web.Response:
    context = request.app[CONTEXT]
    return answer(
        request,
        text,
        sitemap.TYPE,
        context.freshness,
        now=context.now(),
        cache=context.kept_for(_FRESH),
    )
