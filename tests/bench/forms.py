"""How soon the form of a note opens: on the web, in Slack and in Discord, while the database is not free.

One bot serves all three, on SQLite or on PostgreSQL. Forms are opened at a fixed rate, timed from when each should have been asked
for until the page is read or the platform has shown the modal: with nothing else to do, while another
process keeps the database locked for five seconds, and while another one imports a vault.
"""

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp
import psycopg
from psycopg import sql

from tests.bench.load import copied_archive, setting_of
from tests.bench.measure import Row
from tests.bench.notes import write_vault
from tests.bench.postgresql.server import durability
from tests.bench.verdict import Figure
from tests.databases import empty_database
from tests.e2e.process import Running, bot, paperbot
from tests.e2e.test_discord import settings as discord_settings
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import BOT_TOKEN, SIGNING_SECRET, FakeSlack
from tests.waiting import until

AIM = 1.0
"""Seconds (issue 17); a trigger of Slack lives for three."""

_A_SECOND = 10
_LOCKED = 5.0
_GIVEN_UP = 10.0
_BETWEEN = 1.0
"""Seconds after a load until what it left behind is done."""


@dataclass
class Opened:
    """Seconds until each form was there, by platform."""

    waits: dict[str, list[float]] = field(
        default_factory=lambda: {"web": [], "Slack": [], "Discord": []}
    )

    def p99(self, platform: str) -> float:
        return statistics.quantiles(self.waits[platform], n=100, method="inclusive")[98]


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table, on SQLite."""
    with tempfile.TemporaryDirectory(prefix="paperbot-bench-") as name:
        folder = Path(name)
        database = await copied_archive(folder)
        address = setting_of(database)
        async for row in _rows(folder, address, lambda: _locked(database), quick, "SQLite"):
            yield row


async def rows_on_postgresql(dsn: str, quick: bool) -> AsyncIterator[Row]:
    """The same on PostgreSQL, where every table is locked."""
    with (
        tempfile.TemporaryDirectory(prefix="paperbot-bench-") as name,
        empty_database(dsn) as server,
    ):
        folder, address = Path(name), setting_of(server)
        entries = await asyncio.to_thread(write_vault, folder / "entries", 4_000)
        await _imported(folder, address, entries)
        locked = partial(_tables_locked, address)
        async for row in _rows(folder, address, locked, quick, durability(dsn)):
            yield row


async def _rows(
    folder: Path, address: str, locked: Callable[[], Awaitable[object]], quick: bool, engine: str
) -> AsyncIterator[Row]:
    vault = await asyncio.to_thread(write_vault, folder / "vault", 1_000 if quick else 8_000)
    async with _people(folder, address) as people:
        for load, work in (
            ("nothing else to do", lambda: asyncio.sleep(_LOCKED)),
            ("the database locked for 5 s", locked),
            ("a vault imported", lambda: _imported(folder, address, vault)),
        ):
            opened = await people.open_during(work)
            for platform, waits in opened.waits.items():
                yield Row(
                    f"form opens: {platform}, {load}, p99, {engine}",
                    f"{opened.p99(platform) * 1e3:.0f} ms",
                    f"of {len(waits)}, median {statistics.median(waits) * 1e3:.0f} ms",
                    f"< {AIM:.0f} s",
                    opened.p99(platform) < AIM,
                    (Figure(tuple(waits), "s"),),
                )


@dataclass
class People:
    """A curator in a browser, one in Slack, and one in Discord."""

    web: aiohttp.ClientSession
    address: str
    slack: FakeSlack
    discord: FakeDiscord

    async def open_during(self, work: Callable[[], Awaitable[object]]) -> Opened:
        """Open forms at a fixed rate for as long as the work takes."""
        opened, ended = Opened(), asyncio.Event()

        async def working() -> None:
            await work()
            ended.set()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(working())
            began, number = time.perf_counter(), 0
            while not ended.is_set():
                should = began + number / _A_SECOND
                await asyncio.sleep(max(0.0, should - time.perf_counter()))
                tasks.create_task(self._on_web(opened, number, should))
                tasks.create_task(self._in_slack(opened, number, should))
                tasks.create_task(self._in_discord(opened, number, should))
                number += 1
        await asyncio.sleep(_BETWEEN)
        return opened

    async def _on_web(self, opened: Opened, number: int, should: float) -> None:
        async with self.web.get(f"{self.address}note?paper={_paper(number)}") as answer:
            assert answer.status == 200, answer.status
            assert 'name="key"' in await answer.text()
        opened.waits["web"].append(time.perf_counter() - should)

    async def _in_slack(self, opened: Opened, number: int, should: float) -> None:
        sent = await self.slack.command(f"/note {_paper(number)}", user="U1")
        trigger = str(sent.payload["trigger_id"])
        await until(lambda: trigger in self.slack.world.modals.used, every=0.001)
        opened.waits["Slack"].append(time.perf_counter() - should)

    async def _in_discord(self, opened: Opened, number: int, should: float) -> None:
        asked = await self.discord.types("note", {"paper": _paper(number)})
        with suppress(TimeoutError):  # Discord takes no modal after three seconds
            await asked.form(_GIVEN_UP)
        opened.waits["Discord"].append(time.perf_counter() - should)


def _paper(number: int) -> str:
    return f"2502.{number % 9_000 + 1:05d}"


@asynccontextmanager
async def _people(folder: Path, address: str) -> AsyncIterator[People]:
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(FakeSlack())
        discord = await stack.enter_async_context(FakeDiscord())
        process: Running = await stack.enter_async_context(
            bot(
                folder,
                PAPERBOT_DATABASE=address,
                SLACK_BOT_TOKEN=BOT_TOKEN,
                SLACK_SIGNING_SECRET=SIGNING_SECRET,
                SLACK_API_BASE=slack.url,
                **discord_settings(discord),
            )
        )
        slack.events_url = f"{process.address}slack/events"
        await process.until_connected("slack", "discord")
        jar = aiohttp.CookieJar(unsafe=True)
        web = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
        async with web.get(process.one_time_address) as answer:
            assert answer.status == 200
        yield People(web, process.address, slack, discord)
        slack.events_url = None


async def _locked(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(_LOCKED)
        other.execute("ROLLBACK")


async def _tables_locked(address: str) -> None:
    async with await psycopg.AsyncConnection.connect(address) as other:
        found = await other.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = sql.SQL(", ").join([sql.Identifier(name) for (name,) in await found.fetchall()])
        await other.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))
        await asyncio.sleep(_LOCKED)
        await other.rollback()


async def _imported(folder: Path, address: str, vault: Path) -> None:
    status, _, said = await paperbot(folder, "import", str(vault), PAPERBOT_DATABASE=address)
    assert status == 0, said
