"""Loads on bots that are processes: commands at a rate, or as quickly as they are answered.

Each bot gets the same load in the same run, turn and turn about. Two kinds of load: so many commands
a second, come what may (a busy workspace types a few a minute), timed from when each should have been
typed; and so many people who type on as soon as they are answered, which shows what a command costs.
Both are of hundreds of queries. The load at a rate comes once more with four queries, whose answers are
kept; the load without pauses once more with days that were not shown lately, whose answers are not.
"""

import asyncio
import gc
import os
import statistics
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from shutil import copyfile
from typing import Protocol

from bot.core.database.database import opened
from bot.operations.services import reindex
from tests.bench.big import archive
from tests.bench.measure import Row, ratios
from tests.bench.queries import SAME_FOUR, drawn, unseen
from tests.bench.verdict import Figure
from tests.locations import Location, as_argument

ENTRIES = 4_000
"""How many entries the archive has that the bots run on."""

_PEOPLE = 16
_A_SECOND = 30

Ask = Callable[[str], Awaitable[None]]
"""Types a query and returns when the answer stands there."""


class Bot(Protocol):
    """A bot with its platform."""

    def person(self) -> AbstractAsyncContextManager[Ask]:
        """Somebody who types one query after another."""
        ...

    def forget(self) -> None:
        """Drop what the fake platform keeps of a load that has ended."""
        ...


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


@dataclass(frozen=True)
class Bench:
    """Our bot beside a bare one: how both are called, and how much of each load they get."""

    name: str
    bare: str
    p99_at_most: float
    rounds: int
    seconds: int

    async def rows(self, bots: Mapping[str, Bot], queries: Sequence[str]) -> AsyncIterator[Row]:
        """The rows of `bots["ours"]` by `bots["bare"]`."""
        steady_count, count = _A_SECOND * self.seconds, 60 * self.seconds
        steady = await self._in_turn(
            bots, lambda turn: drawn(queries, steady_count, turn), rate=_A_SECOND
        )
        rate, _ = _medians(steady)
        yield Row(
            f"{self.name}, {_A_SECOND} a second",
            f"{rate['ours']:.1f} a second",
            f"{rate['ours'] / rate['bare']:.2f} × {self.bare}",
            "≥ 0.7 ×",
            figures=(_ratios(steady, "rate", at_least=0.7),),
        )
        yield self._p99("… p99, typed to answered", steady)
        same = await self._in_turn(
            bots, lambda _: list(islice(cycle(SAME_FOUR), steady_count)), rate=_A_SECOND
        )
        yield self._p99("… p99, four queries, whose answers are kept", same)
        crowded = await self._in_turn(bots, lambda turn: drawn(queries, count, 100 + turn))
        rate, _ = _medians(crowded)
        yield Row(
            f"… {_PEOPLE} people who never pause",
            f"{rate['ours']:.0f} a second",
            f"{rate['ours'] / rate['bare']:.2f} × {self.bare} ({rate['bare']:.0f})",
            "≥ 0.45 ×",
            figures=(_ratios(crowded, "rate", at_least=0.45),),
        )
        cold = await self._in_turn(bots, lambda _: unseen(count))
        rate, _ = _medians(cold)
        yield Row(
            f"… {_PEOPLE} people, days that were not shown lately",
            f"{rate['ours']:.0f} a second",
            f"{rate['ours'] / rate['bare']:.2f} × {self.bare} ({rate['bare']:.0f})",
            figures=(_ratios(cold, "rate"),),
        )

    def _p99(self, name: str, loads: Mapping[str, list[Load]]) -> Row:
        _, p99 = _medians(loads)
        return Row(
            name,
            f"{p99['ours'] * 1e3:.0f} ms",
            f"{p99['ours'] / p99['bare']:.2f} × {self.bare} ({p99['bare'] * 1e3:.0f} ms)",
            f"≤ {self.p99_at_most} ×",
            figures=(_ratios(loads, "p99", at_most=self.p99_at_most),),
        )

    async def _in_turn(
        self,
        bots: Mapping[str, Bot],
        queries: Callable[[int], Sequence[str]],
        *,
        rate: float | None = None,
    ) -> dict[str, list[Load]]:
        """The loads of each bot by round, of the queries that there are for it."""
        loads: dict[str, list[Load]] = {name: [] for name in bots}
        for bot in bots.values():
            await typed(bot, queries(self.rounds)[:50], rate=None)
        for turn in range(self.rounds):
            for name in sorted(bots, reverse=bool(turn % 2)):
                loads[name].append(await typed(bots[name], queries(turn), rate=rate))
        return loads


def _ratios(loads: Mapping[str, list[Load]], what: str, **aim: float) -> Figure:
    ours, bare = ([getattr(each, what) for each in loads[name]] for name in ("ours", "bare"))
    return ratios(ours, bare, **aim)


def _medians(loads: Mapping[str, list[Load]]) -> tuple[dict[str, float], dict[str, float]]:
    return (
        {name: statistics.median(load.rate for load in each) for name, each in loads.items()},
        {name: statistics.median(load.p99 for load in each) for name, each in loads.items()},
    )


async def typed(bot: Bot, queries: Sequence[str], *, rate: float | None) -> Load:
    """These queries, at that rate, or as quickly as the people are answered."""
    numbered = iter(enumerate(queries))
    waits: list[float] = []
    # A collection of everything that the bench has imported takes as long as ten answers.
    gc.collect()
    gc.disable()
    began = time.perf_counter()

    async def person() -> None:
        async with bot.person() as ask:
            for number, query in numbered:
                should = time.perf_counter() if rate is None else began + number / rate
                await asyncio.sleep(max(0.0, should - time.perf_counter()))
                await ask(query)
                waits.append(time.perf_counter() - should)

    async with asyncio.TaskGroup() as group:
        for _ in range(_PEOPLE):
            group.create_task(person())
    seconds = time.perf_counter() - began
    gc.enable()
    # It must not be what is measured: whatever it remembers is only in its way.
    bot.forget()
    return Load(seconds, waits)


async def copied_archive(folder: Path) -> Path:
    """The archive, indexed as a bot would: else each bot would do that at its start."""
    # Not in the event loop: a fake platform that lives there would miss heartbeats.
    path = await asyncio.to_thread(lambda: copyfile(archive(ENTRIES), folder / "bench.db"))
    async with opened(path) as db:
        await reindex.bring_up_to_date(db)
    return path


def setting_of(database: Location) -> str:
    """What `PAPERBOT_DATABASE` says of a database."""
    return f"sqlite:///{database}" if isinstance(database, Path) else as_argument(database)


@asynccontextmanager
async def process(*arguments: str, settings: Mapping[str, str]) -> AsyncIterator[Process]:
    """A Python process, killed at the end."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdout=PIPE,
        env=dict(os.environ) | {"ARXIV_POLL": "off"} | dict(settings),  # noqa: TID251 - a child's environment
    )
    try:
        yield running
    finally:
        running.kill()
        await running.wait()


async def port_of(running: Process) -> int:
    """The port that the process says it is at."""
    assert running.stdout is not None
    while line := (await running.stdout.readline()).decode():
        if "http://127.0.0.1:" in line:
            return int(line.split("http://127.0.0.1:")[1].split("/")[0])
    raise AssertionError("the process ended and said no address")
