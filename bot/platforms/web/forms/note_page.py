"""The page on which a note is written: it opens, keeps drafts, shows what is to be corrected.

The page appears before the database is asked: what is known of the paper is waited for briefly, else
the page's script fetches it. Without scripts everything works but the drafts of what is being typed.
"""

import asyncio
import logging
from dataclasses import replace
from urllib.parse import quote

from aiohttp import web

from bot.core.domain import commands
from bot.core.domain.document import Document
from bot.core.domain.errors import UserError
from bot.core.domain.form import Field, FieldKind, Form
from bot.core.domain.i18n import AWAY, Translate, error_text
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.core.ports import Command, FilledForm
from bot.platforms.web.addresses import channel_ref
from bot.platforms.web.context import CONTEXT, TIME, WebContext
from bot.platforms.web.forms.posted import FIELD, LONGEST, Posted, read_form, read_script
from bot.platforms.web.pages import reading_page
from bot.platforms.web.rendering import view
from bot.platforms.web.responses import json_response, own_address
from bot.platforms.web.visitors.visitor import VISITOR, Visitor
from bot.webchat.domain.board import may_read

log = logging.getLogger(__name__)

OPENS_WITHIN = 0.5
"""Seconds that the page waits for what is known of a paper (issue 17: it opens within 1 s)."""

PRESSED_WITHIN = 150.0
"""Seconds that a button of the form may take: longer than any answer of a model is waited for."""

_HOME = "general"
_SHARE_OF_PATIENCE = 0.8
"""Of the time that a request may take: the rest is for the answer that still has what was typed."""


async def open_page(request: web.Request) -> web.Response:
    """The form for `?paper=` (a link, an arXiv id, `entry:ID`, a title), as `/note PAPER` opens it."""
    visitor = request[VISITOR]
    if not visitor.may_write:
        if visitor.can_sign_in:
            here = own_address(request.rel_url)
            raise web.HTTPSeeOther(f"/sign-in?next={quote(here, safe='')}")
        raise web.HTTPForbidden(text=visitor.say("Sign in to write here."))
    paper, channel = (well_formed(request.query.get(name, "")) for name in ("paper", "channel"))
    posted = Posted("", channel, paper.strip()[:LONGEST], "", {})
    shown, is_known = await _opened(request.app[CONTEXT], visitor, posted)
    return _page(request, shown, posted, is_pending=not is_known)


async def submit_page(request: web.Request) -> web.Response:
    """What a browser without scripts sent: the outcome, or the form with what is to be corrected."""
    posted = await read_form(request, request[VISITOR].say)
    shown = await _carried_out(request, posted)
    return _page(request, shown, posted, status=422 if isinstance(shown, Form) else 200)


async def open_again(request: web.Request) -> web.Response:
    """What is known of a paper, for a page that was opened before; takes as long as it takes."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    posted = await read_script(request, visitor.say)
    command = _command(visitor, posted)
    shown = await context.inbox.open_form(command, context.inbox.blank_form(command))
    return _fragment(request, shown, posted)


async def keep(request: web.Request) -> web.Response:
    """Store what is typed so far."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    posted = await read_script(request, visitor.say)
    if await context.inbox.keep_form(_filled(visitor, posted)):
        return json_response({})
    raise web.HTTPServiceUnavailable(text=visitor.say(AWAY))


async def submit(request: web.Request) -> web.Response:
    """The outcome, or the form with what is to be corrected, as a fragment."""
    posted = await read_script(request, request[VISITOR].say)
    return _fragment(request, await _carried_out(request, posted), posted)


def _script_texts(say: Translate) -> dict[str, object]:
    """The texts that the script of a form shows."""
    return {
        "draftKept": say("Draft kept"),
        "draftWaits": say("The draft could not be kept yet. It stays in this browser."),
        "draftFound": say("What you typed here before is back; it had not reached the bot."),
        "sending": say("Saving …"),
        "working": say("One moment …"),
    }


async def _opened(
    context: WebContext, visitor: Visitor, posted: Posted
) -> tuple[Form | Document, bool]:
    """The form, and whether it has what is known."""
    command = _command(visitor, posted)
    blank = context.inbox.blank_form(command)
    try:
        async with asyncio.timeout(OPENS_WITHIN):
            return await context.inbox.open_form(command, blank), True
    except TimeoutError:
        log.info("a form was opened before its paper was read: the database is busy")
    except UserError as error:
        log.error("a form was opened without its paper: %s", error)
    return blank, False


async def _carried_out(request: web.Request, posted: Posted) -> Form | Document:
    """The form submitted, or one of its actions; never loses what was typed."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    filled = _filled(visitor, posted)
    say = visitor.say
    try:
        if posted.action:
            # A text that is drafted takes longer than other requests may.
            request[TIME].reschedule(asyncio.get_running_loop().time() + PRESSED_WITHIN)
            return await context.inbox.press_form(filled, posted.action)
        async with asyncio.timeout(_SHARE_OF_PATIENCE * context.patience):
            return await context.inbox.submit_form(filled)
    except TimeoutError:
        log.error("a form was not carried out in %g s", context.patience)
        problem = say("The bot is busy: what you typed is still here. Try again in a moment.")
    except UserError as error:
        log.error("a form was not carried out: %s", error)
        problem = error_text(error, say)
    return _as_typed(context.inbox.blank_form(_command(visitor, posted)), posted, problem)


def _as_typed(blank: Form, posted: Posted, problem: str) -> Form:
    """The form with exactly what was sent, also in fields that a blank one does not have."""
    known = {each.name: each for each in blank.fields}
    fields = tuple(
        replace(known.get(name, Field(name, name, FieldKind.TEXT)), value=value)
        for name, value in posted.values.items()
    )
    return replace(blank, key=posted.key, fields=fields, problems={"": problem})


def _command(visitor: Visitor, posted: Posted) -> Command:
    return Command(
        name=commands.NOTE.name,
        options={"paper": posted.paper} if posted.paper else {},
        user=visitor.user,
        channel=channel_ref(_channel(visitor, posted)),
        locale=visitor.say.locale,
    )


def _filled(visitor: Visitor, posted: Posted) -> FilledForm:
    if not posted.key:
        raise web.HTTPUnprocessableEntity(text=visitor.say("The request could not be read."))
    return FilledForm(
        name=commands.NOTE.name,
        key=posted.key,
        values=posted.values,
        user=visitor.user,
        channel=channel_ref(_channel(visitor, posted)),
        locale=visitor.say.locale,
        touched=posted.touched,
    )


def _channel(visitor: Visitor, posted: Posted) -> str:
    """The channel that the form was opened in; whether there is one is not asked of the database."""
    is_theirs = posted.channel and may_read(posted.channel, visitor.user.id)
    return posted.channel if is_theirs else _HOME


def _values(
    visitor: Visitor, shown: Form | Document, posted: Posted, *, is_pending: bool
) -> dict[str, object]:
    return {
        "form": shown if isinstance(shown, Form) else None,
        "document": shown if isinstance(shown, Document) else None,
        "channel": _channel(visitor, posted),
        "paper": posted.paper,
        "prefix": FIELD,
        "longest": LONGEST,
        "is_pending": is_pending,
    }


def _page(
    request: web.Request,
    shown: Form | Document,
    posted: Posted,
    *,
    is_pending: bool = False,
    status: int = 200,
) -> web.Response:
    visitor = request[VISITOR]
    say = visitor.say
    title = shown.title if isinstance(shown, Form) else shown.summary
    page = reading_page(
        request,
        "note.html",
        title=title,
        card=None,
        texts=view.as_script(view.script_texts(say) | _script_texts(say)),
        **_values(visitor, shown, posted, is_pending=is_pending),
    )
    page.set_status(status)
    return page


def _fragment(request: web.Request, shown: Form | Document, posted: Posted) -> web.Response:
    visitor = request[VISITOR]
    html = request.app[CONTEXT].view.page(
        "form.html",
        visitor.say,
        visitor=visitor,
        here="",
        **_values(visitor, shown, posted, is_pending=False),
    )
    is_form = isinstance(shown, Form)
    title = shown.title if isinstance(shown, Form) else shown.summary
    return json_response({"html": html, "is_form": is_form, "title": title})
