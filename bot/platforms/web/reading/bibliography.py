"""Bibliographies to download: of one entry, and of all that a search finds."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator

from aiohttp import web

from bot.archive.domain.citations import bibliography
from bot.archive.domain.citations.bibliography import Style
from bot.archive.domain.entry import Entry
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UserError
from bot.platforms.web.context import CONTEXT, TIME
from bot.platforms.web.pages import find_entry
from bot.platforms.web.reading.archive_search import clean_query, with_dates
from bot.platforms.web.sign_in.visible import visible_refs
from bot.platforms.web.visitors.visitor import VISITOR

log = logging.getLogger(__name__)

_STALLED = 30.0
"""Seconds without progress after which a download ends."""


@dataclass(frozen=True, slots=True)
class _Form:
    style: Style
    type: str
    """The media type by which browsers offer the file to a reference manager."""


FORMS = {
    "bib": _Form(bibliography.BIBTEX, "application/x-bibtex"),
    "ris": _Form(bibliography.RIS, "application/x-research-info-systems"),
    "json": _Form(bibliography.CSL, "application/vnd.citationstyles.csl+json"),
}
"""By the end of the file's name."""


async def of_entry(request: web.Request) -> web.Response:
    """The paper of one entry, with abstract and commentary."""
    found = await find_entry(request, request.match_info["entry"])
    text = text_of(found.stored.entry, request.match_info["form"])
    return web.Response(text=text, headers=_headers(request, f"entry-{found.stored.id}"))


def text_of(entry: Entry, form: str) -> str:
    """The paper of one entry in a form of `FORMS`, with abstract and commentary."""
    style = FORMS[form].style
    return style.opening + style.joined([entry]) + style.closing


async def of_results(request: web.Request) -> web.StreamResponse:
    """All papers that a search finds, as `paperbot export` writes them, the oldest entry first.

    They are sent while they are read. Where that fails, the connection is aborted, so that nobody
    takes a part for the whole. Answers 503 beyond the limits of `StreamLimits`.
    """
    context, visitor = request.app[CONTEXT], request[VISITOR]
    whose = (visitor.address, visitor.limit_key)
    if not context.streams.may_open(*whose):
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"})
    asked = await with_dates(request, clean_query(request))
    found = context.library.every(
        asked,
        all_discussions=visitor.user.can_manage,
        channels=await visible_refs(context, visitor),
    )
    style = FORMS[request.match_info["form"]].style
    pieces = bibliography.write(found, style, asyncio.to_thread)
    first = await anext(pieces)  # raises what is wrong with the query
    name = re.sub(r"[^a-z0-9]+", "-", asked.casefold())[:40].strip("-")
    response = web.StreamResponse(headers=_headers(request, name or "papers"))
    if request.method != "HEAD":
        with context.streams.opened(*whose):
            await response.prepare(request)
            await _send(request, response, first, pieces)
    return response


async def _send(
    request: web.Request, response: web.StreamResponse, first: str, others: AsyncIterator[str]
) -> None:
    connection = request.app[CONTEXT].connections.of(request)
    if connection is not None:
        connection.keep_open()
    loop, bound = asyncio.get_running_loop(), request[TIME]
    try:
        bound.reschedule(loop.time() + _STALLED)
        await response.write(first.encode())
        async for piece in others:
            bound.reschedule(loop.time() + _STALLED)
            await response.write(piece.encode())
        await response.write_eof()
    except (UserError, ConnectionError, asyncio.CancelledError) as error:
        log.info("a download ended early: %s", error)
        if request.transport is not None:
            request.transport.abort()
        if isinstance(error, asyncio.CancelledError):
            raise


def _headers(request: web.Request, name: str) -> dict[str, str]:
    ending = request.match_info["form"]
    return {
        "Cache-Control": "no-store",
        "Content-Type": f"{FORMS[ending].type}; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}.{ending}"',
        "X-Robots-Tag": "noindex",
    }
