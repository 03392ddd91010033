"""The middlewares: time limits, `Host`, visitor, error pages, rate limits, same origin."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.core.domain.errors import StorageError, UserError
from bot.core.domain.i18n import AWAY, Translate, error_text
from bot.platforms.web.context import TIME, WebContext
from bot.platforms.web.rendering.view import LANGUAGES
from bot.platforms.web.request_checks import HEADERS, host_is_ours, is_same_origin
from bot.platforms.web.responses import json_response, own_address, page_response
from bot.platforms.web.visitors.limits import crawler_of
from bot.platforms.web.visitors.visitor import (
    LANGUAGE_COOKIE,
    VISITOR,
    find_session,
    identify,
    set_cookie,
    set_visitor_cookie,
)

log = logging.getLogger(__name__)

_SAFE = frozenset({"GET", "HEAD"})
_FORMS = {"/like": "application/x-www-form-urlencoded", "/note": "multipart/form-data"}
"""What pages without scripts can send; the origin is checked as for the others."""
_FOR_ALL = ("/static/", "/feeds/", "/oembed", "/robots.txt", "/sitemap")
"""Paths whose answers are the same for everybody, and may be cached: they set no cookie."""
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


def middlewares(
    context: WebContext, *, hosts: frozenset[str], unguarded: Sequence[str]
) -> list[Middleware]:
    """The middlewares in their order, outermost first.

    `hosts` are the allowed values of `Host`. Paths below one of `unguarded` skip all but the first
    two: they are for machines and authenticate requests themselves.
    """
    chain = (
        _check_host(hosts),
        _identify_visitor(context),
        _explain_errors(context),
        _limit_rate(context),
        _check_origin(context),
    )
    return [
        context.connections.middleware(),
        _refuse_unreadable,
        _except_for(tuple(unguarded), chain),
    ]


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers to every answer."""
    response.headers["Server"] = "paperbot"  # aiohttp would tell its version
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _except_for(paths: Sequence[str], chain: Sequence[Middleware]) -> Middleware:
    below = tuple(f"{path}/" for path in paths)

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in paths and not request.path.startswith(below):
            for middleware in reversed(chain):
                handler = partial(middleware, handler=handler)
        return await handler(request)

    return guarded


_OTHER_NAME = (
    "This server does not go by that name. If it should, its operator adds the name to "
    "PAPERBOT_WEB_NAMES.\n"
    "이 서버의 이름이 아닙니다. 이 이름으로 열어야 하면 운영자가 PAPERBOT_WEB_NAMES에 추가합니다.\n"
)


def _check_host(hosts: frozenset[str]) -> Middleware:
    @web.middleware
    async def check_host(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not host_is_ours(request.headers.get("Host", ""), hosts):
            # DNS rebinding: another name that resolves to this machine.
            return web.Response(status=421, text=_OTHER_NAME)
        return await handler(request)

    return check_host


@web.middleware
async def _refuse_unreadable(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 400 to a body that cannot be read: not in UTF-8, or compressed wrongly."""
    if request.method not in _SAFE and (request.charset or "utf-8").casefold() not in _CHARSETS:
        return web.Response(status=400, text="Send the body in UTF-8.\n")
    try:
        return await handler(request)
    except web.RequestPayloadError:
        return web.Response(status=400, text="The body does not fit its headers.\n")


def _identify_visitor(context: WebContext) -> Middleware:
    @web.middleware
    async def identify_visitor(request: web.Request, handler: Handler) -> web.StreamResponse:
        is_page = not request.path.startswith(_FOR_ALL)
        session = await find_session(request, context) if is_page else None
        visitor = identify(request, context, session)
        request[VISITOR] = visitor
        chosen = request.query.get("lang", "")
        if request.method in _SAFE and chosen in LANGUAGES:
            path = own_address(request.rel_url.without_query_params("lang"))
            response: web.StreamResponse = web.Response(status=303, headers={"Location": path})
            set_cookie(request, response, LANGUAGE_COOKIE, chosen)
            return response
        response = await handler(request)
        if visitor.is_new and is_page and response.status < 400 and not response.prepared:
            now = asyncio.get_running_loop().time()
            # A cache in between would give the cookie to others.
            is_shared = "public" in response.headers.get("Cache-Control", "")
            if not is_shared and context.requests.may_have_cookie(visitor.address, now):
                set_visitor_cookie(request, response)
        return response

    return identify_visitor


def _explain_errors(context: WebContext) -> Middleware:
    @web.middleware
    async def explain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
        say = request[VISITOR].say
        bound = asyncio.timeout(None if request.path == "/events" else context.patience)
        request[TIME] = bound
        try:
            async with bound:
                return await handler(request)
        except TimeoutError:
            if not bound.expired():
                raise
            log.error("%s %s: no answer in %g s", request.method, request.path, context.patience)
            text = say(
                "The bot is busy: its database was not free for {n} s. Try again in a moment.",
                n=f"{context.patience:g}",
            )
            return _error(request, context, 503, text)
        except StorageError as error:  # the disk is full, the database is locked
            log.error("%s %s: %s", request.method, request.path, error)
            return _error(request, context, 503, say(AWAY))
        except UserError as error:
            return _error(request, context, 422, error_text(error, say))
        except web.HTTPException as error:
            if error.status < 400 or error.content_type == "application/json":
                raise
            default = f"{error.status}: {error.reason}"
            text = error.text if error.text and error.text != default else ""
            return _error(request, context, error.status, text or _explanation(error.status, say))

    return explain_errors


def _explanation(status: int, say: Translate) -> str:
    match status:
        case HTTPStatus.NOT_FOUND:
            return say("There is no such page.")
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return say("That is too large to send.")
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return say("Too many pages are open. Try again later.")
        case _:
            return say("That does not work here.")


def _error(request: web.Request, context: WebContext, status: int, text: str) -> web.Response:
    visitor = request[VISITOR]
    is_form = request.path in _FORMS
    if request.path.startswith("/api/") or (request.method not in _SAFE and not is_form):
        return json_response({"error": text}, status=status)
    html = context.view.page(
        "error.html",
        visitor.say,
        title=text,
        visitor=visitor,
        here=own_address(request.rel_url),
        status=status,
    )
    return page_response(html, status=status)


def _limit_rate(context: WebContext) -> Middleware:
    @web.middleware
    async def limit_rate(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/static/"):
            return await handler(request)
        visitor = request[VISITOR]
        now = asyncio.get_running_loop().time()
        limits = context.requests
        # An attempt to sign in is stored and asks the platform, whose limits are those of all.
        is_light = request.method in _SAFE and not request.path.startswith("/sign-in/")
        wait_for = limits.wait_to_read if is_light else limits.wait_to_write
        wait = wait_for(visitor.address, visitor.limit_key, now)
        crawler = crawler_of(request.headers.get("User-Agent", ""))
        if not wait and crawler is not None and request.path != "/robots.txt":
            wait = limits.wait_to_crawl(crawler, now)
        if wait:
            text = visitor.say("You are sending too fast. Wait a moment, then try again.")
            response = _error(request, context, 429, text)
            response.headers["Retry-After"] = str(int(wait) + 1)
            return response
        return await handler(request)

    return limit_rate


def _check_origin(context: WebContext) -> Middleware:
    @web.middleware
    async def check_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method not in _SAFE:
            say = request[VISITOR].say
            if not is_same_origin(request.headers, context.names):
                text = say("Open the chat page itself to write here.")
                return _error(request, context, 403, text)
            if request.content_type != _FORMS.get(request.path, "application/json"):
                return _error(request, context, 415, say("The request could not be read."))
            if not request[VISITOR].may_write:
                return _error(request, context, 403, say("Sign in to write here."))
        return await handler(request)

    return check_origin
