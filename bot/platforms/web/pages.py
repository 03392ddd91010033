"""The HTML pages: the chat and the archive."""

import logging
import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from urllib.parse import quote

from aiohttp import web
from markupsafe import Markup

from bot.archive.domain import present_entry
from bot.archive.domain.citations import bibtex, meta_tags
from bot.archive.domain.entry import EntryId, StoredEntry
from bot.arxiv.domain.present_record import paper_lines
from bot.core.domain.day_text import day_text, month_text
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import error_text
from bot.core.domain.late import late_pattern
from bot.core.latex import readable
from bot.discussion.domain.entry_page import EntryPage
from bot.discussion.domain.neighbourhood import neighbourhood_of
from bot.feeds.domain.cards import Card
from bot.platforms.web.context import CONTEXT, WebContext
from bot.platforms.web.feeds import cards
from bot.platforms.web.feeds.head import head_of
from bot.platforms.web.feeds.links import feed_links
from bot.platforms.web.feeds.pictures import picture_of
from bot.platforms.web.rendering import view
from bot.platforms.web.rendering.languages import commentary_parts, languages_of
from bot.platforms.web.rendering.render import render, tag_path
from bot.platforms.web.responses import json_response, own_address, page_response
from bot.platforms.web.sign_in.visible import visible_refs
from bot.platforms.web.visitors.visitor import (
    VISITOR,
    Visitor,
    can_read,
    may_note,
    set_operator_cookie,
)
from bot.recap.domain.period import longer_than, parse_period, period_of, period_text
from bot.webchat.domain.board import BoardMessage

log = logging.getLogger(__name__)

MESSAGES = 40
"""Messages of a channel on one page, and in one request for older ones."""

REPLIES = 200
"""Replies of a thread, in the same way."""

_PER_PAGE = 20
_SIMILAR = 5
_BESIDE = 12
_HOME = "general"
_MOST_ID = 2**63
_MONTH = late_pattern(r"[0-9]{4}-[0-9]{2}")


async def home(request: web.Request) -> web.Response:
    """The chat; the token of a one-time address gives the browser the operator's rights first."""
    token = request.query.get("token")
    if token is None or request.method != "GET":
        return await chat(request)
    context, visitor = request.app[CONTEXT], request[VISITOR]
    if await context.access.redeem(token, at=context.now()):
        log.info("a browser got the operator's rights by a one-time address")
        response = web.Response(status=303, headers={"Location": "/"})
        set_operator_cookie(request, response)
        return response
    if visitor.user.can_manage:  # the operator has opened the address twice
        raise web.HTTPSeeOther("/")
    text = visitor.say(
        "This address was used already, or is too old. “paperbot open” prints a new one."
    )
    raise web.HTTPForbidden(text=text)


async def chat(request: web.Request) -> web.Response:
    """A channel (`general` by default), with the thread open that the path names."""
    return await _room(request, request.match_info.get("channel", _HOME))


async def inbox(request: web.Request) -> web.Response:
    """What the bot wrote to this visitor alone; to who cannot have it, the way to sign in."""
    visitor = request[VISITOR]
    if visitor.may_write:
        return await _room(request, visitor.inbox)
    if visitor.can_sign_in:
        raise web.HTTPSeeOther("/sign-in?next=/inbox")
    raise web.HTTPForbidden(text=visitor.say("Sign in to get direct messages."))


async def _room(request: web.Request, channel: str) -> web.Response:
    context, visitor = request.app[CONTEXT], request[VISITOR]
    if not await can_read(context, visitor, channel):
        raise web.HTTPNotFound(text=visitor.say("There is no such channel."))
    # Read before the messages: a change in between is sent twice, not missed.
    revision = await context.board.newest_revision()
    messages = await context.board.list_messages(channel, limit=MESSAGES + 1)
    asked = request.match_info.get("message")
    reply = await _find_reply(context, channel, asked)
    if reply is not None:
        raise web.HTTPFound(f"/c/{quote(channel, safe='')}/t/{reply.root}#m{reply.id}")
    root = await _find_root(context, visitor, channel, asked)
    opened = await _thread(context, visitor, root) if root else {}
    say = visitor.say
    return page_response(
        context.view.page(
            "chat.html",
            say,
            title=say("Direct messages") if channel == visitor.inbox else f"#{channel}",
            visitor=visitor,
            feeds=feed_links(say),
            channel=channel,
            channels=await context.board.list_channels(),
            articles=await _articles(context, visitor, channel, messages[-MESSAGES:]),
            more=len(messages) > MESSAGES,
            revision=revision,
            is_subscribed=bool(messages) or await context.library.is_subscribed(channel),
            root=root,
            may_note=may_note(context, visitor),
            **opened,
            texts=view.as_script(view.script_texts(say)),
            commands=view.as_script(view.script_commands(say)),
            here=own_address(request.rel_url),
        )
    )


async def older(request: web.Request) -> web.Response:
    """Older messages of a channel, or replies of a thread, as a fragment."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    channel = request.query.get("channel", "")
    before = read_number(request.query.get("before"))
    root = read_number(request.query.get("root"))
    if before is None or not await can_read(context, visitor, channel):
        raise web.HTTPNotFound
    limit = REPLIES if root else MESSAGES
    found = await context.board.list_messages(channel, limit=limit + 1, root=root, before=before)
    html = "\n".join(await _articles(context, visitor, channel, found[-limit:]))
    return json_response({"html": html, "more": len(found) > limit})


async def thread(request: web.Request) -> web.Response:
    """A thread as a fragment."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    channel = request.query.get("channel", "")
    root = None
    if await can_read(context, visitor, channel):
        root = await _find_root(context, visitor, channel, request.query.get("root"))
    if root is None:
        raise web.HTTPNotFound
    opened = await _thread(context, visitor, root)
    html = context.view.page(
        "thread.html", visitor.say, channel=channel, root=root, visitor=visitor, **opened
    )
    return json_response({"html": html})


async def entry(request: web.Request) -> web.Response:
    """The page of one entry."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    found = await find_entry(request, request.match_info["entry"])
    similar = await context.library.list_similar(found.stored, limit=_SIMILAR)
    return reading_page(
        request,
        "entry.html",
        title=found.stored.entry.paper.title,
        card=cards.of_entry(found.stored, visitor.say),
        page=found,
        entry=found.stored.entry,
        similar=similar,
        may_note=may_note(context, visitor),
        bibtex=bibtex.write_brief([found.stored.entry]),
        meta_tags=meta_tags.meta_tags(found.stored.entry),
        texts=view.as_script(view.script_texts(visitor.say)),
        parts=commentary_parts(found.stored.entry, visitor.say),
        address=present_entry.paper_url(
            found.stored.entry.paper.arxiv_id, found.stored.entry.paper.url
        ),
        at_arxiv=paper_lines(found.record, found.events, visitor.say),
        around=neighbourhood_of(found, readable=readable),
    )


async def discussion(request: web.Request) -> web.Response:
    """What people said about an entry, as a fragment: open pages of entries ask for it."""
    found = await find_entry(request, request.query.get("entry"))
    html = request.app[CONTEXT].view.page("discussion.html", request[VISITOR].say, page=found)
    return json_response({"html": html})


async def digest(request: web.Request) -> web.Response:
    """The entries of one day."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    if _MONTH.fullmatch(request.match_info["day"]):
        return await _month(request, request.match_info["day"])
    try:
        day = date.fromisoformat(request.match_info["day"])
    except ValueError:
        raise web.HTTPNotFound(text=visitor.say("There is no such date.")) from None
    entries = await context.library.list_on(day)
    before = await context.library.list_days(before=day, limit=1)
    return reading_page(
        request,
        "digest.html",
        title=day_text(day, visitor.say.locale),
        card=cards.of_day(day, entries, visitor.say) if entries else None,
        day=day,
        entries=[(stored, commentary_parts(stored.entry, visitor.say)) for stored in entries],
        earlier=before[0].on if before else None,
        later=await context.library.day_after(day),
    )


async def _month(request: web.Request, name: str) -> web.Response:
    """The days of a month, each with its titles."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    try:
        first = date.fromisoformat(f"{name}-01")
    except ValueError:
        raise web.HTTPNotFound(text=visitor.say("There is no such month.")) from None
    last = first.replace(day=monthrange(first.year, first.month)[1])
    days: dict[date, list[StoredEntry]] = {}
    for stored in await context.library.list_between(first, last):
        if stored.entry.date is not None:
            days.setdefault(stored.entry.date, []).append(stored)
    before = await context.library.list_days(before=first, limit=1)
    return reading_page(
        request,
        "month.html",
        title=month_text(first, visitor.say.locale),
        card=cards.of_month(first, visitor.say) if days else None,
        month=first,
        days=sorted(days.items(), reverse=True),
        earlier=before[0].on if before else None,
        later=await context.library.day_after(last),
    )


async def recap(request: web.Request) -> web.Response:
    """The recap of a week, a month or a year (`week`: this one)."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    today = context.now().astimezone(context.zone).date()
    try:
        period = parse_period(request.match_info["period"], today)
    except UsageError as error:
        raise web.HTTPNotFound(text=error_text(error, visitor.say)) from None
    channels = await visible_refs(context, visitor)
    earlier, later = period.neighbours
    title = visitor.say("Looking back on {period}", period=period_text(period, visitor.say))
    document = await context.look_back(period, today, channels, visitor.say)
    picture = picture_of(document, period, visitor.say.locale)
    return reading_page(
        request,
        "recap.html",
        title=title,
        card=cards.of_page(f"/recap/{period.name}", title, visitor.say, picture),
        recap=render(document),
        period=period,
        name=lambda each: period_text(each, visitor.say),
        earlier=earlier,
        later=later if later is not None and later.first <= today else None,
        wider=[period_of(unit, period.first) for unit in longer_than(period.unit)],
    )


async def tag(request: web.Request) -> web.Response:
    """The entries with one tag; of its other spellings it is the same page."""
    context = request.app[CONTEXT]
    asked = request.match_info["tag"]
    page = min(read_number(request.query.get("page")) or 1, 100_000)
    found = await context.library.list_tagged(asked, page=page, per_page=_PER_PAGE)
    name = found.tag or asked
    return reading_page(
        request,
        "tag.html",
        title=f"#{name}",
        card=cards.of_tag(name, page, found.entries, request[VISITOR].say)
        if found.entries
        else None,
        tag=name,
        entries=found.entries,
        ends_before=page if found.tag and page > 1 and not found.entries else None,
        newer=f"{tag_path(name)}?page={page - 1}" if page > 1 else None,
        older=f"{tag_path(name)}?page={page + 1}" if found.more else None,
        beside=await context.library.list_beside(name, limit=_BESIDE) if page == 1 else (),
        languages_wanted=languages_of(request[VISITOR].say),
        feeds=feed_links(request[VISITOR].say, tag=name if found.entries else ""),
    )


def reading_page(
    request: web.Request, template: str, *, title: str, card: Card | None = None, **values: object
) -> web.Response:
    """A page of the archive; `feeds` are those that it names, by default that of all entries.

    One without a `card` is not for crawlers, and its links show nothing elsewhere.
    """
    context, visitor = request.app[CONTEXT], request[VISITOR]
    values.setdefault("feeds", feed_links(visitor.say))
    text = context.view.page(
        template,
        visitor.say,
        title=title,
        visitor=visitor,
        here=own_address(request.rel_url),
        head=head_of(card, context.site) if card is not None else None,
        **values,
    )
    return page_response(text)


async def find_entry(request: web.Request, text: str | None) -> EntryPage:
    """The entry that an address names, as the visitor may see it; raises `HTTPNotFound`."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    number = read_number(text)
    found = None
    if number:
        # Only the operator reads all discussions; who is signed in, those of their channels.
        is_operator = visitor.user.can_manage
        channels = await visible_refs(context, visitor)
        found = await context.library.find_entry(
            EntryId(number), all_discussions=is_operator, channels=channels
        )
    if found is None:
        raise web.HTTPNotFound(text=visitor.say("There is no such entry."))
    return found


async def _find_reply(context: WebContext, channel: str, text: str | None) -> BoardMessage | None:
    """The message, if it is a reply in a thread of the channel."""
    number = read_number(text)
    found = await context.board.find(number) if number else None
    return found if found is not None and found.channel == channel and found.root else None


async def _find_root(
    context: WebContext, visitor: Visitor, channel: str, text: str | None
) -> BoardMessage | None:
    if text is None:
        return None
    number = read_number(text)
    root = await context.board.find(number) if number else None
    if root is None or root.channel != channel or root.root is not None:
        raise web.HTTPNotFound(text=visitor.say("That message no longer exists."))
    return root


async def _thread(context: WebContext, visitor: Visitor, root: BoardMessage) -> dict[str, object]:
    """The values of `thread.html` beside its root."""
    replies = await context.board.list_messages(root.channel, limit=REPLIES + 1, root=root.id)
    first, *others = await _articles(context, visitor, root.channel, (root, *replies[-REPLIES:]))
    return {
        "root_article": first,
        "replies": others,
        "more_replies": len(replies) > REPLIES,
    }


async def _articles(
    context: WebContext, visitor: Visitor, channel: str, messages: Sequence[BoardMessage]
) -> list[Markup]:
    """Messages of a channel as HTML, as the visitor sees them."""
    papers = [message.id for message in messages if view.is_paper(message)]
    liked: frozenset[int] = frozenset()
    if papers:
        liked = await context.board.list_liked(visitor.user.id, channel, papers)
    return await context.view.articles(messages, visitor.say, liked)


def read_number(text: str | None) -> int | None:
    """The positive or zero number that an address names, if the database could have it."""
    if text is None or not re.fullmatch(r"[0-9]{1,19}", text) or int(text) >= _MOST_ID:
        return None
    return int(text)
