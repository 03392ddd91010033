"""`/mcp`: the assistants of signed-in people ask over HTTP, with tokens of the account page.

It is for programs: no cookie counts here and none is set. A browser's page of another site is
refused by its `Origin`, a name that was pointed at this machine by its `Host` (DNS rebinding).
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from aiohttp import web

from bot.core.ports import AssistantTokens, Identity, Platform
from bot.platforms.web.chat_api import read_body, refusal
from bot.platforms.web.context import CONTEXT, WebContext
from bot.platforms.web.request_checks import host_is_ours
from bot.platforms.web.responses import json_response
from bot.platforms.web.sign_in.ways import Answering
from bot.platforms.web.visitors.visitor import VISITOR

log = logging.getLogger(__name__)

HOSTS = web.AppKey("hosts", frozenset[str])
_ANSWERING = web.AppKey("answering", Answering)
_PASSED_ON = ("Accept", "Content-Type", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name")
_MOST_LABEL = 60
_PROXIED_FOR = timedelta(days=90)


async def answering(application: web.Application) -> AsyncIterator[None]:
    """What answers, while the server runs."""
    access = application[CONTEXT].assistants
    if access is None:
        yield
        return
    async with access.opened() as opened:
        application[_ANSWERING] = opened
        yield


async def ask(request: web.Request) -> web.Response:
    """Answer a message of an assistant: 404 where it is not set up, 401 without a good token."""
    context = request.app[CONTEXT]
    if context.assistants is None:
        raise web.HTTPNotFound
    if not _is_ours(request, context):
        return web.Response(status=403, text="This page may not ask here.\n")
    async with asyncio.timeout(context.patience):
        address = context.proxies.visitor_address(
            request.remote, request.headers.getall("X-Forwarded-For", ())
        )
        secret, number = _secret(request), None
        client = f"token {_hash(secret)}" if secret else None
        wait = _wait(context, address, client)
        if not wait and secret:
            number = await _token_number(secret, context)
            if number is None:  # who guesses has the limit of everybody without a token, too
                wait = _wait(context, address, None)
        if wait:
            return web.Response(status=429, headers={"Retry-After": str(int(wait) + 1)})
        if number is None:
            given = "Authorization" in request.headers
            error = ', error="invalid_token"' if given else ""
            return web.Response(
                status=401,
                text="Make a token on the account page, and send it as Authorization: Bearer.\n",
                headers={"WWW-Authenticate": f'Bearer realm="paperbot"{error}'},
            )
        if request.method != "POST":  # there are no streams and no sessions
            return web.Response(status=405, headers={"Allow": "POST"})
        passed = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        status, headers, body = await request.app[_ANSWERING](passed, await request.read())
    kept = {"Content-Type": headers["content-type"]} if "content-type" in headers else {}
    return web.Response(status=status, headers=kept | {"Cache-Control": "no-store"}, body=body)


def _is_ours(request: web.Request, context: WebContext) -> bool:
    """Whether the request is for this server, and from no page of another site."""
    host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
    if not host_is_ours(host, request.app[HOSTS]):
        return False
    if origin is None:
        return True
    name = origin.partition("://")[2].casefold()
    return name == host.casefold() or name in context.names


def _wait(context: WebContext, address: str, client: str | None) -> float:
    return context.requests.wait_to_read(address, client, asyncio.get_running_loop().time())


def _secret(request: web.Request) -> str:
    """What the request gives as its token; empty if it gives none."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if kind.casefold() == "bearer" else ""


def _hash(secret: str) -> str:
    """What limits know a token by: they must not hold the token itself."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


async def _token_number(secret: str, context: WebContext) -> int | None:
    """The number of the token, if its owner may still ask."""
    access = context.assistants
    if access is None:
        return None
    found = await access.tokens.find(secret, at=context.now())
    if found is None:
        return None
    if found.who.platform is Platform.WEB:
        is_valid = context.proxy_sign_in is not None and context.now() < valid_until(found.made_at)
        return found.number if is_valid else None
    if context.sign_in is None:
        return None
    if await context.sign_in.rights.current(found.who) is None:
        person = found.who.person
        log.info("a token of %s is revoked: the bot shares no workspace of it with them", person)
        # This one alone: another one may be of a workspace that the person is in.
        await access.tokens.revoke(person, found.number)
        return None
    return found.number


def valid_until(made_at: datetime) -> datetime:
    """When a token ends whose owner signs in through a proxy, which does not say who has left."""
    return made_at + _PROXIED_FOR


async def make(request: web.Request) -> web.Response:
    """A new token of the person who is signed in; it is shown once."""
    tokens, who = _tokens(request)
    say = request[VISITOR].say
    body = await read_body(request)
    label = body.text("label", most=_MOST_LABEL)
    if not label:
        raise refusal(say("Say what the token is for."))
    secret = await tokens.make(who, label, at=request.app[CONTEXT].now())
    log.info("%s made a token for an assistant", who.person)
    return json_response({"token": secret})


async def revoke(request: web.Request) -> web.Response:
    """Revoke a token of the person who is signed in."""
    tokens, who = _tokens(request)
    number = (await read_body(request)).number("number")
    if number is not None:
        await tokens.revoke(who.person, number)
    return json_response({})


def _tokens(request: web.Request) -> tuple[AssistantTokens, Identity]:
    access, visitor = request.app[CONTEXT].assistants, request[VISITOR]
    if visitor.person is None or access is None:
        raise refusal(visitor.say("Sign in first."), kind=web.HTTPNotFound)
    return access.tokens, visitor.person
