"""Resident memory with all platforms and 4,000 entries, after the requests of an hour.

The hour is run faster than the clock: the requests of a busy hour (one a second in Slack, one a
second in Discord, a page of the web every two seconds) come as quickly as they are answered. What
an hour of waiting alone would do is not in it. Memory is flat where the end is no more than
`_FLAT` of what it was after a quarter.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from tests.bench.big_postgresql import archive_on
from tests.bench.discord import Interactions
from tests.bench.load import ENTRIES, copied_archive, port_of, process, setting_of, typed
from tests.bench.measure import Row, printed
from tests.bench.postgresql.server import durability
from tests.bench.queries import drawn, typed_queries
from tests.bench.slack import Commands, Slack
from tests.bench.verdict import Figure
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.slack import BOT_TOKEN, SIGNING_SECRET
from tests.locations import Location

_QUARTERS = 4
_MOST, _FLAT = 150, 1.05
_PAGES = ("/", "/papers?q=%23model", "/papers", "/papers?q=%ED%95%99%EC%8A%B5", "/tag/model")


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table, on SQLite."""
    with tempfile.TemporaryDirectory(prefix="paperbot-bench-") as folder:
        async for row in _rows(await copied_archive(Path(folder)), 300 if quick else 3600):
            yield row


async def rows_on_postgresql(dsn: str, quick: bool) -> AsyncIterator[Row]:
    """The same on PostgreSQL, without the memory of its server."""
    where = durability(dsn)
    async with archive_on(dsn, ENTRIES) as database:
        async for row in _rows(database, 300 if quick else 3600):
            yield printed(row, where)


async def _rows(database: Location, commands: int) -> AsyncIterator[Row]:
    chat = Slack()
    queries = await typed_queries(database)
    async with chat.serving(), FakeDiscord(validates=False) as guild:
        settings = {
            "PAPERBOT_DATABASE": setting_of(database),
            "PAPERBOT_WEB_PORT": "0",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_BASE": chat.url,
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_BASE": guild.api_base,
            "DISCORD_GATEWAY_URL": guild.gateway_url,
        }
        async with process("-m", "bot", "run", settings=settings) as running:
            port = await port_of(running)
            await guild.connected()
            used = [resident(running.pid)]
            for quarter in range(_QUARTERS):
                each = commands // _QUARTERS
                slack = Commands(chat, port)
                await typed(slack, drawn(queries, each, quarter), rate=None)
                discord = Interactions(guild)
                await typed(discord, drawn(queries, each, -quarter), rate=None)
                await _read(port, each // 2)
                used.append(resident(running.pid))
    yield Row(
        f"resident memory, all platforms, 4,000 entries, after {commands:,} commands on each",
        f"{used[-1]:.0f} MB",
        f"at start {used[0]:.0f} MB, by quarters {', '.join(f'{each:.0f}' for each in used[1:])}",
        f"≤ {_MOST} MB",
        figures=(Figure((used[-1],), "MB", at_most=_MOST),),
    )
    yield Row(
        "… at the end, by what it was after a quarter",
        f"{used[-1] / used[1]:.2f} ×",
        aim=f"≤ {_FLAT} ×",
        figures=(Figure((used[-1] / used[1],), "×", at_most=_FLAT),),
    )


def resident(pid: int) -> float:
    """The megabytes of memory that a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    raise AssertionError(pid)


async def _read(port: int, pages: int) -> None:
    """Read so many pages, as quickly as the limits of one reader allow."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        for number in range(pages):
            while True:
                async with session.get(_PAGES[number % len(_PAGES)]) as answer:
                    await answer.read()
                if answer.status != 429:
                    break
                await asyncio.sleep(int(answer.headers["Retry-After"]))
            assert answer.status == 200, (answer.url, answer.status)
