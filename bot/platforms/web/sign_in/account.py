"""The page of the account: ways to sign in, signing out, the channels that a person can manage."""

from datetime import date

from aiohttp import web

from bot.core.domain import command_line, commands, document
from bot.core.domain.document import Document
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import error_text
from bot.core.ports import (
    AssistantToken,
    ChannelRef,
    Command,
    Identity,
    User,
    parse_channel,
)
from bot.platforms.web.chat_api import read_body, refusal
from bot.platforms.web.context import CONTEXT, WebContext
from bot.platforms.web.pages import reading_page
from bot.platforms.web.rendering import view
from bot.platforms.web.responses import json_response
from bot.platforms.web.sign_in.assistants import valid_until
from bot.platforms.web.sign_in.visible import visible_channels
from bot.platforms.web.sign_in.ways import NAMES, safe_path
from bot.platforms.web.visitors.names import clean_name
from bot.platforms.web.visitors.visitor import VISITOR, Visitor

_SETTINGS = "/digest settings"


async def account(request: web.Request) -> web.Response:
    """Who is signed in, with their channels; for others the ways to sign in."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    if not visitor.has_account_page:
        raise web.HTTPNotFound
    session, ways = visitor.session, context.sign_in
    say = visitor.say
    return reading_page(
        request,
        "account.html",
        title=say("Account") if visitor.is_signed_in else say("Sign in"),
        session=session,
        ways={} if ways is None else {p.value: NAMES[p] for p in ways.platforms},
        platform_name=NAMES[session.who.platform] if session is not None else "",
        tokens=await _tokens(context, visitor),
        mcp=f"{_site(request)}/mcp",
        next=safe_path(request.query.get("next", "/")),
        channels=sorted(
            (name or channel.id, str(channel))
            for channel, name in (await visible_channels(context, visitor)).items()
        ),
        texts=view.as_script(view.script_texts(say)),
    )


async def _tokens(
    context: WebContext, visitor: Visitor
) -> tuple[tuple[AssistantToken, date | None], ...] | None:
    """The person's tokens, each with the day it ends, if any; `None` where assistants cannot ask."""
    if visitor.person is None or context.assistants is None:
        return None
    found = await context.assistants.tokens.list_of(visitor.person.person)
    ends = visitor.proxied is not None
    return tuple((each, valid_until(each.made_at).date() if ends else None) for each in found)


def _site(request: web.Request) -> str:
    """The address by which the site is reached: as it is known, else as this request has it."""
    context = request.app[CONTEXT]
    if context.sign_in is not None:
        return context.sign_in.address
    scheme = "https" if request[VISITOR].by_tls else "http"
    return context.site or f"{scheme}://{request.host}"


async def manage(request: web.Request) -> web.Response:
    """A channel's digest, with the answer to `/digest settings` there."""
    visitor = request[VISITOR]
    who, channel, name = await _channel(request, request.query.get("channel", ""))
    answer = await _run(request, who, channel, _SETTINGS)
    return reading_page(
        request,
        "manage.html",
        title=f"#{name}",
        ref=str(channel),
        document=answer,
        question=_SETTINGS,
        typed=False,
        texts=view.as_script(view.script_texts(visitor.say)),
    )


async def run_command(request: web.Request) -> web.Response:
    """Run `/digest …` in a channel of the person's platform; the answer is for them only."""
    context, visitor, body = request.app[CONTEXT], request[VISITOR], await read_body(request)
    who, channel, _ = await _channel(request, body.text("channel"))
    text = body.text("line")
    answer = await _run(request, who, channel, text)
    html = context.view.page(
        "private.html", visitor.say, document=answer, question=text, typed=True
    )
    return json_response({"private": html, "summary": answer.summary})


async def _channel(request: web.Request, text: str) -> tuple[Identity, ChannelRef, str]:
    """The person, a channel that they can read, its name; answers 404 for any other one."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    try:
        channel = parse_channel(text)
    except UsageError:
        channel = None
    session = visitor.session
    visible = await visible_channels(context, visitor)
    if session is None or channel is None or channel not in visible:
        error = visitor.say("There is no such channel.")
        raise (
            refusal(error, kind=web.HTTPNotFound)
            if _is_api(request)
            else web.HTTPNotFound(text=error)
        )
    return session.who, channel, visible[channel] or channel.id


def _is_api(request: web.Request) -> bool:
    return request.path.startswith("/api/")


async def _run(request: web.Request, who: Identity, channel: ChannelRef, text: str) -> Document:
    context, visitor = request.app[CONTEXT], request[VISITOR]
    try:
        line = command_line.parse_line(text if text.startswith("/") else f"/{text}")
    except UsageError as error:
        return document.notice(error_text(error, visitor.say))
    if line.spec is not commands.DIGEST:
        return document.notice(visitor.say("Here only /digest … works."))
    may = context.sign_in is not None and await context.sign_in.rights.may_manage(who, channel)
    command = Command(
        name=line.spec.name,
        options=line.options,
        user=User(who.user, clean_name(who.name) or visitor.user.name, can_manage=may),
        channel=channel,
        locale=visitor.say.locale,
    )
    return await context.inbox.command(command)
