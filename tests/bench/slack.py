"""Commands answered in Slack's HTTP mode, against a bare Bolt app that answers a constant.

Each server is a process of its own and gets the same load in the same run, turn and turn about.
An answer counts when it has arrived at the response URL. What differs is what we do for it: the
event is remembered on disk, the asker looked up, the archive searched, the answer laid out.

Two loads: so many commands a second, come what may (a busy workspace types a few a minute), timed
from when each should have been typed; and so many people who type on as soon as they are answered,
which shows what a command costs.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from tests.bench.big import archive
from tests.bench.measure import Row, ratios
from tests.bench.verdict import Figure
from tests.fakes.slack import BOT_TOKEN, SIGNING_SECRET, signed

_PEOPLE = 16
_A_SECOND = 30
_LINES = ("#model", "학습", "#gradient -#model", "author:jinwoo #model")
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
class Load:
    """What came of a load: seconds of the whole, and from typing to the answer."""

    seconds: float
    waits: list[float]

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.waits, n=100)[98]


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table."""
    rounds, seconds = (3, 4) if quick else (7, 10)
    slack = Slack()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(slack.serving())
        ports = {
            "bare": await stack.enter_async_context(_bare(slack)),
            "ours": await stack.enter_async_context(_ours(slack)),
        }
        steady = await _in_turn(slack, ports, rounds, commands=_A_SECOND * seconds, rate=_A_SECOND)
        crowded = await _in_turn(slack, ports, rounds, commands=60 * seconds, rate=None)
    rate, p99 = _medians(steady)
    yield Row(
        f"commands in Slack, {_A_SECOND} a second",
        f"{rate['ours']:.1f} a second",
        f"{rate['ours'] / rate['bare']:.2f} × a bare Bolt app",
        "≥ 0.7 ×",
        figures=(_ratios(steady, "rate", at_least=0.7),),
    )
    yield Row(
        "… p99, typed to answered",
        f"{p99['ours'] * 1e3:.0f} ms",
        f"{p99['ours'] / p99['bare']:.2f} × a bare Bolt app ({p99['bare'] * 1e3:.0f} ms)",
        "≤ 1.5 ×",
        figures=(_ratios(steady, "p99", at_most=1.5),),
    )
    rate, _ = _medians(crowded)
    yield Row(
        f"… {_PEOPLE} people who never pause",
        f"{rate['ours']:.0f} a second",
        f"{rate['ours'] / rate['bare']:.2f} × a bare Bolt app ({rate['bare']:.0f})",
        "≥ 0.45 ×",
        figures=(_ratios(crowded, "rate", at_least=0.45),),
    )


def _ratios(loads: Mapping[str, list[Load]], what: str, **aim: float) -> Figure:
    ours, bare = ([getattr(each, what) for each in loads[name]] for name in ("ours", "bare"))
    return ratios(ours, bare, **aim)


def _medians(loads: Mapping[str, list[Load]]) -> tuple[dict[str, float], dict[str, float]]:
    return (
        {name: statistics.median(load.rate for load in each) for name, each in loads.items()},
        {name: statistics.median(load.p99 for load in each) for name, each in loads.items()},
    )


async def _in_turn(
    slack: Slack, ports: Mapping[str, int], rounds: int, *, commands: int, rate: float | None
) -> dict[str, list[Load]]:
    loads: dict[str, list[Load]] = {name: [] for name in ports}
    for name, port in ports.items():
        await typed(slack, port, 50, f"warm-{name}-{rate}", rate=None)
    for turn in range(rounds):
        for name in sorted(ports, reverse=bool(turn % 2)):
            label = f"{name}-{rate}-{turn}"
            loads[name].append(await typed(slack, ports[name], commands, label, rate=rate))
    return loads


async def typed(slack: Slack, port: int, commands: int, name: str, *, rate: float | None) -> Load:
    """So many commands, at that rate, or as quickly as the people are answered."""
    numbers = iter(range(commands))
    waits: list[float] = []
    began = time.perf_counter()

    async def person() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            should = time.perf_counter() if rate is None else began + number / rate
            await asyncio.sleep(max(0.0, should - time.perf_counter()))
            answer = asyncio.get_running_loop().create_future()
            slack.waiting[f"{name}-{number}"] = answer
            writer.write(_request(slack, f"{name}-{number}", _LINES[number % len(_LINES)]))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            await reader.readexactly(_length(head))
            async with asyncio.timeout(20):
                await answer
            waits.append(time.perf_counter() - should)
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(_PEOPLE):
            group.create_task(person())
    return Load(time.perf_counter() - began, waits)


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
async def _bare(slack: Slack) -> AsyncIterator[int]:
    arguments = ("-c", _BARE, slack.url, BOT_TOKEN, SIGNING_SECRET)
    async with process(*arguments, settings={}) as (port, _):
        yield port


@asynccontextmanager
async def _ours(slack: Slack) -> AsyncIterator[int]:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bench.db"
        await asyncio.to_thread(copyfile, archive(4_000), database)
        settings = {
            "PAPERBOT_DATABASE": f"sqlite:///{database}",
            "PAPERBOT_WEB_PORT": "0",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_BASE": slack.url,
        }
        async with process("-m", "bot", "run", settings=settings) as (port, _):
            await asyncio.sleep(1)  # until it knows who it is
            yield port


@asynccontextmanager
async def process(*arguments: str, settings: Mapping[str, str]) -> AsyncIterator[tuple[int, int]]:
    """A server as a process; the port that it says it is at, and its number."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env=dict(os.environ) | {"ARXIV_POLL": "off"} | dict(settings),  # noqa: TID251 - a child's environment
    )
    assert running.stdout is not None
    try:
        while line := (await running.stdout.readline()).decode():
            if "http://127.0.0.1:" in line:
                yield int(line.split("http://127.0.0.1:")[1].split("/")[0]), running.pid
                break
    finally:
        running.kill()
        await running.wait()
