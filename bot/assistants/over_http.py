"""The MCP server over HTTP: a request's headers and body in, an answer out.

Each request is complete in itself (the SDK's stateless mode with JSON answers), so that any process
of the bot may answer it and no stream stays open. Who may ask is decided before: by the web server.
The SDK is loaded with the first request, since most installations never get one.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from bot.assistants.services.tools import Tools

Answer = tuple[int, Mapping[str, str], bytes]
"""Status, headers, body."""


def is_installed() -> bool:
    """Whether the extra `mcp` is there."""
    return find_spec("mcp") is not None


class Answering:
    """Answers requests within `answering`."""

    def __init__(self, tools: Tools, version: str, tasks: asyncio.TaskGroup) -> None:
        self._tools = tools
        self._version = version
        self._tasks = tasks
        self._lock = asyncio.Lock()
        self._app: Any = None
        self._end = asyncio.Event()

    async def __call__(self, headers: Mapping[str, str], body: bytes) -> Answer:
        async with self._lock:
            if self._app is None:
                await self._start()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/mcp",
            "raw_path": b"/mcp",
            "query_string": b"",
            "root_path": "",
            "headers": [
                (name.casefold().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
                for name, value in headers.items()
            ],
        }
        waiting = [{"type": "http.request", "body": body, "more_body": False}]
        status, answered, parts = 500, dict[str, str](), list[bytes]()

        async def receive() -> dict[str, object]:
            if waiting:
                return waiting.pop()
            await asyncio.Event().wait()  # the client stays until it has its answer
            raise AssertionError

        async def send(message: Mapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                answered.update(
                    (k.decode("latin-1"), v.decode("latin-1")) for k, v in message["headers"]
                )
            else:
                parts.append(message.get("body", b""))

        await self._app(scope, receive, send)
        return status, answered, b"".join(parts)

    async def _start(self) -> None:
        sdk = await asyncio.to_thread(import_module, "bot.assistants.server")
        app, manager = sdk.over_http(sdk.server(self._tools, version=self._version))
        ready = asyncio.Event()

        async def hold() -> None:  # in a task of its own, where the SDK's task group belongs
            async with manager.run():
                ready.set()
                await self._end.wait()

        self._tasks.create_task(hold())
        await ready.wait()
        self._app = app

    def close(self) -> None:
        """End what the SDK runs."""
        self._end.set()


@asynccontextmanager
async def answering(tools: Tools, version: str) -> AsyncIterator[Answering]:
    """Answers with those tools until the block ends."""
    async with asyncio.TaskGroup() as tasks:
        made = Answering(tools, version, tasks)
        try:
            yield made
        finally:
            made.close()
