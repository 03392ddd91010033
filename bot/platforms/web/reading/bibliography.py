"""Bibliographies to download: of one entry, and of what a search finds."""

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.archive.domain.citations import bibtex, csl, ris
from bot.archive.domain.entry import Entry
from bot.platforms.web.pages import find_entry
from bot.platforms.web.reading.archive_search import find_all

MOST = 1_000
"""Papers in one file; `paperbot export` has no limit."""


@dataclass(frozen=True, slots=True)
class _Form:
    write: Callable[[Iterable[Entry]], str]
    type: str
    """The media type by which browsers offer the file to a reference manager."""


FORMS = {
    "bib": _Form(bibtex.write, "application/x-bibtex"),
    "ris": _Form(ris.write, "application/x-research-info-systems"),
    "json": _Form(csl.write, "application/vnd.citationstyles.csl+json"),
}
"""By the end of the file's name."""


async def of_entry(request: web.Request) -> web.Response:
    """The paper of one entry, with abstract and commentary."""
    found = await find_entry(request, request.match_info["entry"])
    return await _file(request, [found.stored.entry], f"entry-{found.stored.id}")


async def of_results(request: web.Request) -> web.Response:
    """The papers that a search finds, in its order, at most `MOST`."""
    asked, found = await find_all(request, most=MOST)
    name = re.sub(r"[^a-z0-9]+", "-", asked.casefold())[:40].strip("-")
    return await _file(request, [stored.entry for stored in found], name or "papers")


async def _file(request: web.Request, entries: Sequence[Entry], name: str) -> web.Response:
    ending = request.match_info["form"]
    form = FORMS[ending]
    text = await asyncio.to_thread(form.write, entries)
    return web.Response(
        text=text,
        content_type=form.type,
        charset="utf-8",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{name}.{ending}"',
            "X-Robots-Tag": "noindex",
        },
    )
