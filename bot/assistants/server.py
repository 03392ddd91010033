"""The MCP server: the tools and resources as the SDK takes them. The SDK stays in this module."""

import json
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import ToolAnnotations
from pydantic import Field

from bot.assistants.domain.answer import NOTE, Form
from bot.assistants.services.tools import MOST, Tools
from bot.core.domain.errors import StorageError, UserError
from bot.core.domain.i18n import AWAY, ENGLISH, error_text

log = logging.getLogger(__name__)

_INSTRUCTIONS = f"""\
A curator's notes on machine-learning papers, in Korean and English, with links between papers.
Begin with `lookup`; `entry` gives everything about one paper. All tools only read. {NOTE}
"""
_QUERY = """\
Find entries of the archive. A query is words and filters, all of which must hold:
`#tag`, `author:name`, `date:2025-02`, `after:2025-01-01`, `before:2025-02-01`, an arXiv id,
`cites:ID` (entries that refer to a paper), `similar:ID`, `path:ID..ID` (the shortest chain of
references between two papers), "words in a row", `-word` or `-#tag`
(without it), `sort:new`, `in:discussion`. Without a query, the newest entries.
`total` is null where more than 1,000 match; `next` is the `start` of the next page.
"""

Limit = Annotated[int, Field(description=f"Entries of one answer, 1 to {MOST}.")]
Start = Annotated[
    int, Field(description="The first place of the list, from 0: `next` of the page before.")
]
Ref = Annotated[
    str, Field(description="The number of an entry (`id`), an arXiv id, or the address of a paper.")
]


def server(tools: Tools, *, version: str) -> MCPServer:
    """The server over these tools; nothing is written, and a failed call says what to do instead."""
    made = MCPServer(
        "paperbot",
        title="Paper digest",
        instructions=_INSTRUCTIONS,
        version=version,
        log_level="WARNING",
    )

    def add(title: str, description: str, function: Callable[..., Awaitable[str]]) -> None:
        made.add_tool(
            function,
            title=title,
            description=description,
            annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
            structured_output=False,
        )

    async def lookup(
        query: Annotated[str, Field(description="Words and filters; empty: the newest.")] = "",
        limit: Limit = 10,
        start: Start = 0,
    ) -> str:
        return await _said(tools.lookup(query, limit=limit, start=start))

    async def entry(ref: Ref) -> str:
        return await _said(tools.entry(ref))

    async def related(ref: Ref, limit: Limit = 10, start: Start = 0) -> str:
        return await _said(tools.related(ref, limit=limit, start=start))

    async def digest(
        date: Annotated[str, Field(description="Like 2025-02-04; empty: the newest day.")] = "",
        start: Start = 0,
    ) -> str:
        return await _said(tools.digest(date, start=start))

    async def tags(
        limit: Limit = 50,
        start: Start = 0,
    ) -> str:
        return await _said(tools.tags(limit=limit, start=start))

    add("Look up papers", _QUERY, lookup)
    add(
        "One paper",
        "Everything about one entry: what the curator wrote, what it refers to, what refers to it, "
        "and its discussion.",
        entry,
    )
    add(
        "Similar papers", "The entries most similar to a paper of the archive, best first.", related
    )
    add("A day's digest", "The entries of one day, and the days before and after it.", digest)
    add("Tags", "All tags with the number of their entries, most used first.", tags)

    @made.resource("paperbot://entry/{ref}", mime_type="application/json", title="An entry")
    async def entry_resource(ref: str) -> str:
        return await _read(tools.entry(ref))

    @made.resource("paperbot://day/{date}", mime_type="application/json", title="A day's entries")
    async def day_resource(date: str) -> str:
        return await _read(tools.digest(date, start=0))

    return made


def over_http(made: MCPServer) -> tuple[Any, Any]:
    """The server as an ASGI application at `/mcp`, and what must `run()` meanwhile.

    The web server in front of it has checked `Host`, `Origin` and the token.
    """
    app = made.streamable_http_app(
        streamable_http_path="/mcp",
        json_response=True,
        stateless_http=True,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return app, made.session_manager


def _json(form: Form) -> str:
    return json.dumps(form, ensure_ascii=False, separators=(",", ":"))


async def _said(work: Coroutine[Any, Any, Form]) -> str:
    try:
        return _json(await work)
    except UserError as error:
        raise ToolError(_words(error)) from error


async def _read(work: Coroutine[Any, Any, Form]) -> str:
    try:
        return _json(await work)
    except UserError as error:
        raise ResourceError(_words(error)) from error


def _words(error: UserError) -> str:
    """What is wrong; of the database only that it is, since the reason names files and servers."""
    if isinstance(error, StorageError):
        log.error("an assistant was not answered: %s", error)
        return ENGLISH(AWAY)
    return error_text(error, ENGLISH)
