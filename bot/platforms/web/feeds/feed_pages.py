"""Feeds of all entries, of a tag and of a look-up, in each language, as Atom and JSON Feed.

They are the same for everybody, so that nothing of a visitor is in them: no reply, no draft, no name.
"""

import asyncio
from datetime import date

from aiohttp import web

from bot.archive.domain.entry import StoredEntry
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import Translate
from bot.feeds.domain import addresses, atom, json_feed, opml
from bot.feeds.domain.feed import Feed, Page, feed_id
from bot.feeds.domain.opml import Outline
from bot.platforms.web.context import CONTEXT, WebContext
from bot.platforms.web.feeds import links
from bot.platforms.web.feeds.freshness import answer
from bot.platforms.web.feeds.items import items
from bot.platforms.web.pages import read_number
from bot.platforms.web.reading.archive_search import clean_query, with_dates
from bot.platforms.web.rendering.render import tag_path
from bot.platforms.web.visitors.visitor import VISITOR

_LAST_PAGE = 10_000
_MOST_TAGS = 5_000
_FRESH = 300
"""Seconds for which a feed need not be asked again."""

_FORMS = {"atom": (atom.write, atom.TYPE), "json": (json_feed.write, json_feed.TYPE)}


@dataclass(frozen=True, slots=True)
class _About:
    """What a feed is about: its id, title, its own path and that of its page."""

    id: str
    title: str
    feed: str
    page: str


async def of_all(request: web.Request) -> web.Response:
    """All entries whose day has begun."""
    context, say, number = _asked(request)
    page = await context.feeds.newest(today=_today(context), page=number)
    feed = addresses.of_all(say.locale, request.match_info["form"])
    about = _About(feed_id(say.locale, "all"), links.title(say), feed, "/papers")
    return await _answer(request, say, about, page, number)


async def of_tag(request: web.Request) -> web.Response:
    """The entries with one tag; of its other spellings it is the same feed."""
    context, say, number = _asked(request)
    name = request.match_info["tag"]
    page = await context.feeds.tagged(name, today=_today(context), page=number)
    if page is None:
        raise web.HTTPNotFound(text=request[VISITOR].say("No paper has this tag."))
    tag = page.tag
    feed = addresses.of_tag(say.locale, tag, request.match_info["form"])
    about = _About(feed_id(say.locale, "tag", tag), links.tag_title(tag), feed, tag_path(tag))
    return await _answer(request, say, about, page, number)


async def of_query(request: web.Request) -> web.Response:
    """What a look-up finds, newest first; all entries without one."""
    context, say, number = _asked(request)
    query = clean_query(request)
    page = await context.feeds.found(
        await with_dates(request, query), today=_today(context), page=number
    )
    feed = addresses.of_query(say.locale, query, request.match_info["form"])
    about = _About(
        feed_id(say.locale, "query", query),
        links.query_title(query),
        feed,
        addresses.of_results(query),
    )
    return await _answer(request, say, about, page, number)


async def tags(request: web.Request) -> web.Response:
    """The feeds of all entries and of each tag, the most used first, as OPML."""
    context, say, _ = _asked(request)
    site = context.site or ""
    outlines = [
        Outline(links.title(say), site + addresses.of_all(say.locale, "atom"), f"{site}/papers"),
        *(
            Outline(
                links.tag_title(each.tag),
                site + addresses.of_tag(say.locale, each.tag, "atom"),
                site + tag_path(each.tag),
            )
            for each in await context.library.list_tags(limit=_MOST_TAGS)
        ),
    ]
    text = await asyncio.to_thread(opml.write, links.title(say), outlines)
    return _sent(request, text, opml.TYPE)


def _asked(request: web.Request) -> tuple[WebContext, Translate, int]:
    """The context, the voice of the feed's language, and the number of the page."""
    context = request.app[CONTEXT]
    number = min(max(read_number(request.query.get("page")) or 1, 1), _LAST_PAGE)
    return context, context.voices(request.match_info["language"]), number


def _today(context: WebContext) -> date:
    return context.now().astimezone(context.zone).date()


async def _answer(
    request: web.Request, say: Translate, about: _About, page: Page, number: int
) -> web.Response:
    context = request.app[CONTEXT]
    site = context.site or ""

    def address(stored: StoredEntry) -> str:
        return f"{site}/entry/{stored.id}"

    def other(wanted: int) -> str:
        return site + addresses.of_page(about.feed, wanted)

    def written() -> str:
        feed = Feed(
            id=about.id,
            title=about.title,
            author=links.BOT_NAME,
            language=say.locale,
            page=site + about.page,
            here=other(number),
            items=items(page.entries, context.view, say, address),
            first=other(1) if number > 1 or page.more else None,
            previous=other(number - 1) if number > 1 else None,
            next=other(number + 1) if page.more else None,
        )
        return write(feed)

    write, media_type = _FORMS[request.match_info["form"]]
    return _sent(request, await asyncio.to_thread(written), media_type)


def _sent(request: web.Request, text: str, media_type: str) -> web.Response:
    context = request.app[CONTEXT]
    return answer(
        request,
        text,
        media_type,
        context.freshness,
        now=context.now(),
        cache=context.kept_for(_FRESH),
    )
