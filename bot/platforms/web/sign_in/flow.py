"""Signing in with an account of a platform, and signing out.

An attempt belongs to the browser that began it, by a signed cookie, and its `state` is good once:
nobody can be signed in as somebody else by an address that was sent to them. A session gets a new
secret each time, so no cookie from before means anything afterwards.
"""

import asyncio
import hmac
import logging
from urllib.parse import urlencode

from aiohttp import web

from bot.core.ports import ChatError, Identity, Platform, SignInError, SignInRequest
from bot.platforms.web.chat_api import read_body
from bot.platforms.web.context import CONTEXT
from bot.platforms.web.responses import json_response
from bot.platforms.web.sign_in.ways import (
    ATTEMPT_FOR,
    NAMES,
    SignInWays,
    new_attempt,
    read_attempt,
    safe_path,
    write_attempt,
)
from bot.platforms.web.visitors.visitor import (
    ATTEMPT_COOKIE,
    VISITOR,
    delete_cookie,
    read_cookie,
    set_account_cookie,
    set_session_cookie,
)

log = logging.getLogger(__name__)

_SECONDS = 8.0
_LONGEST_CODE = 2000


async def start(request: web.Request) -> web.Response:
    """Send the browser to the platform, with a cookie of the attempt."""
    context = request.app[CONTEXT]
    ways, platform = _way(request)
    path = safe_path(request.query.get("next", "/"))
    if request.headers.get("Host", "").casefold() != ways.host and "here" not in request.query:
        # The cookie must belong to the host that the platform sends the browser back to. Behind a
        # proxy that replaces `Host` this is asked once.
        query = urlencode({"next": path, "here": "1"})
        raise web.HTTPSeeOther(f"{ways.address}/sign-in/{platform}?{query}")
    attempt = new_attempt(platform, path, now=context.now())
    try:
        async with asyncio.timeout(_SECONDS):
            location = await ways.platforms[platform].address(
                attempt.request(ways.redirect(platform))
            )
    except (SignInError, TimeoutError) as error:
        raise _not_signed_in(request, error, platform) from error
    response = web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})
    cookie = write_attempt(context.signer, attempt)
    set_account_cookie(request, response, ATTEMPT_COOKIE, cookie, time=ATTEMPT_FOR)
    return response


async def finish(request: web.Request) -> web.Response:
    """Take the platform's answer: begin a session and go on where the person was."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    ways, platform = _way(request)
    now = context.now()
    attempt = read_attempt(context.signer, read_cookie(request, ATTEMPT_COOKIE), now=now)
    state = request.query.get("state", "").encode("utf-8", "replace")
    if (
        attempt is None
        or attempt.platform is not platform
        or not hmac.compare_digest(state, attempt.state.encode())
        or not await ways.sessions.use_once(attempt.state, at=now, until=attempt.expires_at)
    ):
        text = visitor.say("This attempt to sign in has expired or was used. Sign in again.")
        raise web.HTTPForbidden(text=text)
    code = request.query.get("code", "")
    if not code or len(code) > _LONGEST_CODE:  # declined, or the app is set up wrongly
        error = request.query.get("error", "")[:80]
        log.info("a person did not sign in with %s: %r", platform, error)
        raise web.HTTPForbidden(text=visitor.say("You did not sign in."))
    who = await _identify(request, attempt.request(ways.redirect(platform)), platform, code)
    if visitor.session is not None:
        await ways.sessions.end(visitor.session)
    secret = await ways.sessions.begin(who, at=now)
    log.info("%s signed in on the web", who.person)
    response = web.Response(status=303, headers={"Location": attempt.path})
    set_session_cookie(request, response, secret)
    delete_cookie(request, response, ATTEMPT_COOKIE)
    return response


async def _identify(
    request: web.Request, asked: SignInRequest, platform: Platform, code: str
) -> Identity:
    """The person, who must be in a workspace of the bot."""
    ways, _ = _way(request)
    try:
        async with asyncio.timeout(_SECONDS):
            who = await ways.platforms[platform].identify(asked, code)
            shared = await ways.rights.shared_workspaces(who)
    except (SignInError, ChatError, TimeoutError) as error:
        raise _not_signed_in(request, error, platform) from error
    if not shared:
        log.info("%s may not sign in: the bot is in none of their workspaces", who.person)
        text = request[VISITOR].say(
            "You are in no {platform} workspace or server of this bot.", platform=NAMES[platform]
        )
        raise web.HTTPForbidden(text=text)
    return who


async def sign_out(request: web.Request) -> web.Response:
    """End this browser's session or, with `everywhere`, every session of the person."""
    context, session = request.app[CONTEXT], request[VISITOR].session
    body = await read_body(request)
    if context.sign_in is not None and session is not None:
        if body.flag("everywhere"):
            await context.sign_in.sessions.end_all(session.who.person)
        else:
            await context.sign_in.sessions.end(session)
    response = json_response({})
    set_session_cookie(request, response, None)
    return response


def _way(request: web.Request) -> tuple[SignInWays, Platform]:
    """The way that the path names; answers 404 if it is not set up."""
    ways, name = request.app[CONTEXT].sign_in, request.match_info["platform"]
    if ways is None or name not in ways.platforms:
        raise web.HTTPNotFound
    return ways, Platform(name)


def _not_signed_in(request: web.Request, error: Exception, platform: Platform) -> web.HTTPException:
    say = request[VISITOR].say
    if isinstance(error, SignInError):
        log.warning("signing in with %s failed: %s", platform, error.detail or error)
        return web.HTTPForbidden(text=say(str(error)))
    log.warning("signing in with %s failed: %r", platform, error)
    text = say("{platform} does not answer. Try again in a moment.", platform=NAMES[platform])
    return web.HTTPServiceUnavailable(text=text)
