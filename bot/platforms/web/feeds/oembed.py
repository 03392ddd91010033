"""oEmbed: what a chat shows of a link to a page of ours."""

from datetime import date
from urllib.parse import unquote, urlsplit

from aiohttp import web

from bot.archive.domain.entry import EntryId
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate
from bot.core.domain.late import late_pattern
from bot.feeds.domain.cards import Card
from bot.feeds.domain.cards import oembed as written
from bot.platforms.web.context import CONTEXT, WebContext
from bot.platforms.web.feeds import cards
from bot.platforms.web.feeds.links import BOT_NAME
from bot.platforms.web.responses import json_response
from bot.platforms.web.visitors.visitor import VISITOR
from bot.recap.domain.period import parse_period, period_text

_PAGE = late_pattern(
    r"/entry/(?P<entry>[0-9]{1,18})|/digest/(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"|/digest/(?P<month>[0-9]{4}-[0-9]{2})"
    r"|/tag/(?P<tag>[^/]{1,400})|/recap/(?P<period>[0-9]{4}(?:-W?[0-9]{2})?)"
)
_LONGEST = 2_000


async def oembed(request: web.Request) -> web.Response:
    """The card of the page that `url` names; 404 for every address but those of this site."""
    context, say = request.app[CONTEXT], request[VISITOR].say
    if request.query.get("format", "json") != "json":
        raise web.HTTPNotImplemented(text=say("There is only JSON here."))
    path = _own_path(request.query.get("url", ""), context.site)
    card = await _find(context, path, say) if path is not None else None
    if card is None or context.site is None:
        raise web.HTTPNotFound(text=say("There is no such page."))
    return json_response(written(card, BOT_NAME, context.site))


def _own_path(url: str, site: str | None) -> str | None:
    """The path of an address of this site; `None` for any other."""
    if site is None or len(url) > _LONGEST:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    is_ours = f"{parts.scheme}://{parts.netloc}".casefold() == site
    return parts.path if is_ours else None


async def _find(context: WebContext, path: str, say: Translate) -> Card | None:
    if path == "/papers":
        return cards.of_archive(path, say)
    if path == "/graph":
        return cards.of_graph(say)
    match = _PAGE.fullmatch(path)
    if match is None:
        return None
    library = context.library
    if match["entry"]:
        found = await library.find_entry(EntryId(int(match["entry"])), all_discussions=False)
        return cards.of_entry(found.stored, say) if found is not None else None
    if match["tag"]:
        tag = unquote(match["tag"])
        tagged = await library.list_tagged(tag, page=1, per_page=3)
        return cards.of_tag(tagged.tag or tag, 1, tagged.entries, say) if tagged.entries else None
    try:
        if match["day"]:
            day = date.fromisoformat(match["day"])
            return cards.of_day(day, await library.list_on(day), say)
        if match["month"]:
            return cards.of_month(date.fromisoformat(f"{match['month']}-01"), say)
        period = parse_period(match["period"], context.now().astimezone(context.zone).date())
    except (ValueError, UsageError):
        return None
    title = say("Looking back on {period}", period=period_text(period, say))
    return cards.of_page(path, title, say)
