"""How many messages two processes claim and settle on one PostgreSQL server."""

import asyncio
import json
import statistics
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import psycopg

from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, opened
from bot.core.ports import ChannelRef, DeliveryKey, Platform
from bot.outbox.domain.delivery import delivery_key
from bot.outbox.store import deliveries
from tests.bench.measure import Row
from tests.bench.outbox import BATCH, document, now
from tests.bench.postgresql.server import durability
from tests.databases import empty_database
from tests.locations import as_argument

WAITING = 100_000
WORKSPACES, CHANNELS = 100, 10
AIM = 3000
_KINDS = ("ours", "bare")
_PLANNED_AGAIN = """
UPDATE delivery SET state = 'planned', attempt = 0, owner = NULL, not_before = planned_at,
                    tried_at = NULL, message_id = NULL, shown = NULL, sent_at = NULL
 WHERE state <> 'planned'
"""


async def rows(dsn: str, quick: bool) -> AsyncIterator[Row]:
    """The rows of the table."""
    rounds, seconds = (2, 4.0) if quick else (5, 8.0)
    teams = [f"T{number:03}" for number in range(WORKSPACES)]
    with empty_database(dsn) as address:
        async with opened(address) as db:
            await _plan(db, teams)
        async with AsyncExitStack() as stack:
            pairs = {
                kind: [
                    await stack.enter_async_context(_claimer(address, part, kind, number))
                    for number, part in enumerate((teams[::2], teams[1::2]))
                ]
                for kind in _KINDS
            }
            rates: dict[str, list[float]] = {kind: [] for kind in _KINDS}
            cpu: list[float] = []
            for turn in range(rounds):
                for kind in _KINDS if turn % 2 else reversed(_KINDS):
                    _renew(address)
                    rate, spent = await _together(pairs[kind], seconds)
                    rates[kind].append(rate)
                    cpu += [spent] if kind == "ours" else []
    ours, bare = (statistics.median(rates[kind]) for kind in _KINDS)
    yield Row(
        f"claimed and settled by two processes, {WAITING:,} waiting, {durability(dsn)}",
        f"{ours:,.0f}/s",
        f"{ours / bare:.2f} × two statements of psycopg ({bare:,.0f}/s); batches of {BATCH}",
        f"≥ {AIM:,}/s",
        ours >= AIM,
    )
    yield Row(
        "… processor time of the two processes a message",
        f"{statistics.median(cpu) * 1e3:.2f} ms",
        f"rounds from {min(rates['ours']):,.0f} to {max(rates['ours']):,.0f}/s",
    )


async def _plan(db: Database, teams: Sequence[str]) -> None:
    content = document(0)
    each = WAITING // len(teams) // CHANNELS
    for team in teams:
        channels = [ChannelRef(Platform.SLACK, team, f"C{place:02}") for place in range(CHANNELS)]
        drafts = [
            deliveries.Draft(
                DeliveryKey(delivery_key(str(channel), str(part))), channel, str(part), content
            )
            for part in range(each)
            for channel in channels
        ]
        async with db.transaction() as tx:
            assert await deliveries.add(tx, drafts, now()) == len(drafts)


def _renew(address: PostgresAddress) -> None:
    """Everything waits again, and the server has nothing left to tidy up."""
    with psycopg.connect(as_argument(address), autocommit=True) as connection:
        connection.execute(_PLANNED_AGAIN)
        connection.execute("VACUUM ANALYZE delivery")
        connection.execute("CHECKPOINT")


@asynccontextmanager
async def _claimer(
    address: PostgresAddress, workspaces: Sequence[str], kind: str, number: int
) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.postgresql.claimer"),
        *("--database", as_argument(address), "--workspaces", ",".join(workspaces)),
        *("--batch", str(BATCH), "--name", f"{kind}-{number}"),
        *(("--bare",) if kind == "bare" else ()),
        stdin=PIPE,
        stdout=PIPE,
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _together(processes: Sequence[Process], seconds: float) -> tuple[float, float]:
    """Messages a second in sum, and processor time a message."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"go {seconds}\n".encode())
    found = []
    for process in processes:
        assert process.stdout is not None
        found.append(json.loads(await process.stdout.readline()))
    count = sum(each["count"] for each in found)
    return count / max(each["seconds"] for each in found), sum(e["cpu"] for e in found) / count
