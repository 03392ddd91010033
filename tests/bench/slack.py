"""Commands answered in Slack's HTTP mode, against a bare Bolt app that answers a constant.

Each server is a process of its own. An answer counts when it has arrived at the response URL. What
differs is what we do for it: the event is remembered on disk, the asker looked up, the archive
searched, the answer laid out.
"""

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from tests.bench.big_postgresql import archive_on
from tests.bench.load import (
    ENTRIES,
    Ask,
    Bench,
    copied_archive,
    port_of,
    process,
    setting_of,
)
from tests.bench.measure import Row, printed
from tests.bench.postgresql.server import durability
from tests.bench.queries import typed_queries
from tests.fakes.slack import BOT_TOKEN, SIGNING_SECRET, signed
from tests.locations import Location

_BARE = """
import asyncio, sys
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from aiohttp import web

async def main(url, token, secret):
    app = AsyncApp(client=AsyncWebClient(token=token, base_url=url), signing_secret=secret)

    @app.command("/paper")
    async def paper(ack, respond):
        await ack()
        await respond("constant")

    runner = web.AppRunner(app.web_app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


@dataclass
class Slack:
    """As much of Slack as a command needs, and no more: it must not be what is measured."""

    port: int = 0
    waiting: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    names: Iterator[str] = field(default_factory=lambda: map(str, itertools.count(1)))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        application = web.Application()
        application.router.add_route("*", "/api/{method}", self._call)
        application.router.add_post("/response/{name}", self._respond)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        yield
        await runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        answers: dict[str, dict[str, Any]] = {
            "auth.test": {
                "team": "T",
                "user": "b",
                "team_id": "T1",
                "user_id": "UB",
                "bot_id": "BB",
            },
            "bots.info": {"bot": {"app_id": "A1"}},
            "users.info": {"user": {"name": "ada", "locale": "en-US"}},
            "conversations.info": {"channel": {"creator": "U1"}},
        }
        return web.json_response({"ok": True, **answers[request.match_info["method"]]})

    async def _respond(self, request: web.Request) -> web.Response:
        await request.read()
        waiting = self.waiting.pop(request.match_info["name"], None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
        return web.Response(text="ok")


@dataclass
class Commands:
    """A bot at a port, and people who type commands."""

    slack: Slack
    port: int

    @asynccontextmanager
    async def person(self) -> AsyncIterator[Ask]:
        """A connection of Slack, on which one request follows the other."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)

        async def ask(query: str) -> None:
            name, answer = next(self.slack.names), asyncio.get_running_loop().create_future()
            self.slack.waiting[name] = answer
            writer.write(_request(self.slack, name, query))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            await reader.readexactly(_length(head))
            async with asyncio.timeout(20):
                await answer

        yield ask
        writer.close()

    def forget(self) -> None:
        """Nothing is kept of what was answered."""


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table, on SQLite."""
    with tempfile.TemporaryDirectory(prefix="paperbot-bench-") as folder:
        database = await copied_archive(Path(folder))
        async for row in _rows(database, *((3, 4) if quick else (7, 10))):
            yield row


async def rows_on_postgresql(dsn: str, _quick: bool) -> AsyncIterator[Row]:
    """The same on PostgreSQL, in brief."""
    where = durability(dsn)
    async with archive_on(dsn, ENTRIES) as database:
        async for row in _rows(database, 3, 4):
            yield printed(row, where)


async def _rows(database: Location, rounds: int, seconds: int) -> AsyncIterator[Row]:
    bench = Bench("commands in Slack", "a bare Bolt app", 1.5, rounds, seconds)
    slack = Slack()
    queries = await typed_queries(database)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(slack.serving())
        bots = {
            "bare": await stack.enter_async_context(_bare(slack)),
            "ours": await stack.enter_async_context(_ours(slack, database)),
        }
        async for row in bench.rows(bots, queries):
            yield row


def _request(slack: Slack, name: str, text: str) -> bytes:
    body = urlencode(
        {
            "command": "/paper",
            "text": text,
            "team_id": "T1",
            "channel_id": "C1",
            "user_id": "U1",
            "user_name": "ada",
            "trigger_id": name,
            "response_url": f"http://127.0.0.1:{slack.port}/response/{name}",
        }
    ).encode()
    headers = signed(body) | {
        "Host": "127.0.0.1",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(body)),
    }
    head = "".join(f"{field}: {value}\r\n" for field, value in headers.items())
    return f"POST /slack/events HTTP/1.1\r\n{head}\r\n".encode() + body


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise AssertionError(head)


@asynccontextmanager
async def _bare(slack: Slack) -> AsyncIterator[Commands]:
    arguments = ("-c", _BARE, slack.url, BOT_TOKEN, SIGNING_SECRET)
    async with process(*arguments, settings={}) as running:
        yield Commands(slack, await port_of(running))


@asynccontextmanager
async def _ours(slack: Slack, database: Location) -> AsyncIterator[Commands]:
    settings = {
        "PAPERBOT_DATABASE": setting_of(database),
        "PAPERBOT_WEB_PORT": "0",
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_BASE": slack.url,
    }
    async with process("-m", "bot", "run", settings=settings) as running:
        port = await port_of(running)
        await asyncio.sleep(1)  # until it knows who it is
        yield Commands(slack, port)
