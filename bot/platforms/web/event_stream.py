"""The stream of changes to each open page (server-sent events)."""

import asyncio
import logging
from contextlib import suppress

from aiohttp import web
from aiohttp_sse import EventSourceResponse

from bot.core.domain.errors import UserError
from bot.platforms.web.change_feed import ChangeFeed
from bot.platforms.web.context import CONTEXT, WebContext
from bot.platforms.web.visitors.visitor import VISITOR, current_session

log = logging.getLogger(__name__)

_POLL_SECONDS = 10.0
"""Seconds without changes after which the stream checks its connection and its visitor's session."""

_RETRY = 2000
"""Milliseconds after which a browser reconnects."""


async def stream(request: web.Request) -> web.StreamResponse:
    """Send the changes after the page's revision (`Last-Event-ID`, else `after`), until it leaves.

    Events: `hello` with the version of the static files, `change` with a message, `reload`
    when the page missed too much, or its visitor is signed out. Answers 503 beyond the limits of `StreamLimits`.
    """
    context, visitor = request.app[CONTEXT], request[VISITOR]
    whose = (visitor.address, visitor.limit_key)
    if context.feed.is_closed or not context.streams.may_open(*whose):
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"})
    connection = context.connections.of(request)
    if connection is not None:
        connection.keep_open()
    known = request.headers.get("Last-Event-ID") or request.query.get("after", "")
    after = int(known) if known.isascii() and known.isdigit() and len(known) < 19 else 0
    response = EventSourceResponse(sep="\n", send_timeout=20)
    try:
        with context.streams.opened(*whose):
            await response.prepare(request)
            async with response:
                await response.send(context.build, event="hello", retry=_RETRY)
                await _send_changes(response, request, context, after)
    except ConnectionResetError:
        log.debug("a page was closed")
    except UserError as error:  # the database; the page reconnects
        log.error("the stream of changes failed: %s", error)
    return response


async def _send_changes(
    response: EventSourceResponse, request: web.Request, context: WebContext, after: int
) -> None:
    """What everybody may see, and what is in the visitor's own inbox while they are signed in."""
    visitor, is_idle = request[VISITOR], False
    with context.feed.subscribe() as changed:
        while not context.feed.is_closed and response.is_connected():
            changed.clear()
            changes = await context.feed.changes(after, visitor.user.id)
            is_private = changes is not None and any(
                each.channel == visitor.inbox for each in changes.messages
            )
            is_over = (is_private or is_idle) and await _is_signed_out(request, context)
            if changes is None or is_over:
                await response.send("", event="reload")
                return
            for message in changes.messages:
                change = context.view.change(message, visitor.say.locale)
                await response.send(change, event="change", id=str(message.revision))
            after = changes.up_to
            is_idle = not await _wait(changed, context.feed)


async def _is_signed_out(request: web.Request, context: WebContext) -> bool:
    """Whether the session is gone with which the stream was opened: a page stays open for weeks."""
    if request[VISITOR].session is None:
        return False
    return await current_session(request, context) is None


async def _wait(changed: asyncio.Event, feed: ChangeFeed) -> bool:
    """Whether there was a change within `_POLL_SECONDS`."""
    if not feed.is_closed:
        with suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                return await changed.wait()
    return False
