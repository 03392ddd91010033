"""The archive's first page: its tags and days, and the search over all entries.

The search is a form with a GET address, so that it works without scripts and its results can be
linked; scripts only add suggestions while one types.
"""

from datetime import date

from aiohttp import web

from bot.archive.domain.typed_dates import Days, names_newest
from bot.core.domain.errors import QueryError
from bot.core.domain.i18n import Translate, error_text
from bot.discussion.domain.entry_page import Found, Suggestion
from bot.discussion.domain.questions import sole_paper
from bot.feeds.domain.cards import Card
from bot.feeds.domain.queries import has_feed
from bot.lookup.domain import examples, query, query_dates
from bot.lookup.domain.query_hints import hint_lines
from bot.platforms.web.context import CONTEXT
from bot.platforms.web.feeds import cards
from bot.platforms.web.feeds.links import feed_links
from bot.platforms.web.pages import read_number, reading_page
from bot.platforms.web.rendering import view
from bot.platforms.web.rendering.languages import languages_of
from bot.platforms.web.rendering.render import command_page
from bot.platforms.web.request_checks import clean_beginning, clean_text
from bot.platforms.web.responses import json_response
from bot.platforms.web.sign_in.visible import visible_refs
from bot.platforms.web.visitors.visitor import VISITOR

_PER_PAGE = 20
_LAST_PAGE = 5_000
"""Later pages are the last one: walking there costs more than anybody reads."""
_CHOICES = 10
_DAYS = 60
_TAGS = 80


async def papers(request: web.Request) -> web.Response:
    """The days and tags of the archive, or, with `q` in the address, what it finds."""
    asked = await with_dates(request, clean_query(request))
    return await (_results(request, asked) if asked else _index(request))


async def suggest(request: web.Request) -> web.Response:
    """Completions of the query that is being typed; a choice with `page` opens that page."""
    context, say = request.app[CONTEXT], request[VISITOR].say
    typed = clean_beginning(request.query.get("q", ""))
    choices: tuple[Suggestion, ...] = ()
    if typed and len(typed) <= query.LONGEST:
        choices = await context.library.complete(typed, limit=_CHOICES)
    return json_response(
        {
            "choices": [
                {
                    "label": choice.label,
                    "value": choice.query,
                    "page": _page_of_entry(choice.query),
                }
                for choice in choices
            ],
            "announcement": say.count("{n} suggestion", "{n} suggestions", len(choices)),
        }
    )


def _page_of_entry(query_text: str) -> str | None:
    is_entry = query_text.startswith("entry:")
    return command_page(f"/paper {query_text}") if is_entry else None


async def _index(request: web.Request) -> web.Response:
    context, say = request.app[CONTEXT], request[VISITOR].say
    try:
        before = date.fromisoformat(request.query.get("before", ""))
    except ValueError:
        before = None
    days = await context.library.list_days(before=before, limit=_DAYS + 1)
    return reading_page(
        request,
        "papers.html",
        title=say("Papers"),
        card=_index_card(before, say),
        asked="",
        texts=view.as_script(view.script_texts(say)),
        examples=await _examples(request),
        days=days[:_DAYS],
        older_than=days[_DAYS - 1].on if len(days) > _DAYS else None,
        tags=() if before else await context.library.list_tags(limit=_TAGS),
        counts={day.on: say.count("{n} paper", "{n} papers", day.entries) for day in days},
    )


def _index_card(before: date | None, say: Translate) -> Card:
    path = f"/papers?before={before.isoformat()}" if before is not None else "/papers"
    return cards.of_archive(path, say)


async def _search(request: web.Request, asked: str, *, page: int, per_page: int) -> Found:
    context, visitor = request.app[CONTEXT], request[VISITOR]
    return await context.library.search(
        asked,
        page=page,
        per_page=per_page,
        all_discussions=visitor.user.can_manage,
        channels=await visible_refs(context, visitor),
    )


async def _results(request: web.Request, asked: str) -> web.Response:
    say = request[VISITOR].say
    page = min(max(read_number(request.query.get("page")) or 1, 1), _LAST_PAGE)
    found, problem = Found((), more=False), ""
    try:
        found = await _search(request, asked, page=page, per_page=_PER_PAGE)
    except QueryError as error:
        problem = error_text(error, say)
    return reading_page(
        request,
        "results.html",
        title=asked,
        asked=asked,
        texts=view.as_script(view.script_texts(say)),
        examples=await _examples(request),
        problem=problem,
        hints=() if problem else hint_lines(asked, say),
        entries=found.entries,
        summary=_summary(found, page, say),
        suggestions=found.suggestions,
        arxiv_number=None if problem or found.entries else sole_paper(query.parse(asked)),
        page=page,
        more=found.more and page < _LAST_PAGE,
        languages_wanted=languages_of(say),
        feeds=feed_links(say, query=asked if has_feed(asked) else ""),
    )


def clean_query(request: web.Request) -> str:
    """The query of the address, well-formed; empty without one."""
    return clean_text(request.query.get("q", ""))


async def with_dates(request: web.Request, asked: str) -> str:
    """The query with its relative dates written out, so that its address keeps its meaning."""
    if not query_dates.has_dates(asked):
        return asked
    context = request.app[CONTEXT]
    days = await context.library.list_days(limit=1) if names_newest(asked) else ()
    today = context.now().astimezone(context.zone).date()
    return query_dates.write_out(asked, Days(today, days[0].on if days else None))


def _summary(found: Found, page: int, say: Translate) -> str:
    """How many papers were found, and which page this is."""
    parts = []
    if found.total is not None:
        parts.append(say.count("{n} paper", "{n} papers", found.total))
    if page > 1 or found.more:
        parts.append(say("Page {page}", page=page))
    return " · ".join(parts)


async def _examples(request: web.Request) -> tuple[examples.Example, ...]:
    library = request.app[CONTEXT].library
    days = await library.list_days(limit=1)
    newest = await library.list_on(days[0].on) if days else ()
    return examples.list_examples(newest)
