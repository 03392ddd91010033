"""The stream of changes to each open page (server-sent events)."""

import asyncio
import logging
from contextlib import suppress

from aiohttp import web
from aiohttp_sse import EventSourceResponse

from bot.core.domain.errors import UserError
from bot.platforms.web.change_feed import ChangeFeed
from bot.platforms.web.context import CONTEXT, WebContext
from bot.platforms.web.visitors.visitor import VISITOR, Visitor

log = logging.getLogger(__name__)

_POLL_SECONDS = 10.0
"""Seconds without changes after which the stream checks that its connection still exists."""

_RETRY = 2000
"""Milliseconds after which a browser reconnects."""


async def stream(request: web.Request) -> web.StreamResponse:
    """Send the changes after the page's revision (`Last-Event-ID`, else `after`), until it leaves.

    Events: `hello` with the version of the static files, `change` with a message, `reload`
    when the page missed too much. Answers 503 beyond the limits of `StreamLimits`.
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
                await _send_changes(response, context, after, visitor)
    except ConnectionResetError:
        log.debug("a page was closed")
    except UserError as error:  # the database; the page reconnects
        log.error("the stream of changes failed: %s", error)
    return response


async def _send_changes(
    response: EventSourceResponse, context: WebContext, after: int, visitor: Visitor
) -> None:
    """What everybody may see, and what is in the visitor's own inbox."""
    with context.feed.subscribe() as changed:
        while not context.feed.is_closed and response.is_connected():
            changed.clear()
            changes = await context.feed.changes(after, visitor.user.id)
            if changes is None:
                await response.send("", event="reload")
                return
            for message in changes.messages:
                change = context.view.change(message, visitor.say.locale)
                await response.send(change, event="change", id=str(message.revision))
            after = changes.up_to
            await _wait(changed, context.feed)


async def _wait(changed: asyncio.Event, feed: ChangeFeed) -> None:
    if not feed.is_closed:
        with suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                await changed.wait()
