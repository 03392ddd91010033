"""Every point at which the bot can die while it plans and posts a direct message: once, and whole."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.database.database import opened
from tests import follow_stage
from tests.chaos import stage
from tests.databases import place
from tests.fakes.chat_server import Faults
from tests.locations import Location
from tests.waiting import HANGING

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

CALM = Faults(delay=(0.01, 0.02))
QUICK = ("--follow", "--timeout", "0.5")
COMMITS = 4
"""The message is planned; it is claimed; it is settled; the reader's inbox is known to be open."""


async def prepared(folder: Path, database: Location) -> None:
    """A database with a reader whose message, with three papers, is due."""
    await asyncio.to_thread(folder.mkdir)
    now = datetime.now(UTC)
    async with follow_stage.following(folder, now - timedelta(days=1), database) as world:
        asker = await world.follow("#rl", "author:lovelace")
        due = now - timedelta(minutes=5)
        at = time(due.hour, due.minute)
        world.clock.at = now - timedelta(minutes=10)
        await world.change(asker, at=at, zone=ZoneInfo("UTC"))
        for number in range(3):
            world.talk.stage.write(f"Paper {number}", due.date())
        await world.talk.stage.sync()


async def is_over(database: Location) -> bool:
    """Whether the message is posted, and the bot knows that it has reached the reader."""
    if await stage.states(database) != {"sent": 1}:
        return False
    async with opened(database) as db, db.reading() as tx:
        return await tx.one("SELECT 1 FROM reader WHERE awaited IS NOT NULL") is None


async def until(database: Location, is_enough: Callable[[], bool]) -> None:
    """Wait until it is over, or something else is enough."""
    async with asyncio.timeout(HANGING):
        while not is_enough() and not await is_over(database):  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def story(folder: Path, faults: Faults, *doom: str) -> tuple[list[str], bool]:
    """What was posted, and whether the bot died on the way."""
    with place(folder / "bot.db") as database:
        await prepared(folder, database)
        async with stage.platform(folder, faults) as platform:
            first = await stage.runner(database, platform.url, *QUICK, *doom)
            try:
                await until(database, lambda: first.returncode is not None)
                with suppress(TimeoutError):  # the last commit is seen before it dies of it
                    await asyncio.wait_for(first.wait(), timeout=2)
                died = first.returncode is not None
            finally:
                await stage.end(first)
            async with stage.running(database, platform.url, *QUICK):
                await until(database, lambda: False)
            lines = platform.log.read_text(encoding="utf-8").splitlines()
            return [json.loads(json.loads(line)["document"])["summary"] for line in lines], died


async def test_killed_at_any_point_the_reader_is_told_once(tmp_path):
    cases: list[tuple[Faults, tuple[str, ...]]] = [
        (CALM, ("--doom", "before", str(number))) for number in range(1, COMMITS + 1)
    ]
    cases.append((CALM, ("--doom", "after", "1")))
    cases.append((Faults(delay=(0.01, 0.02), kill_at=("kept", 1)), ()))
    gate = asyncio.Semaphore(3)

    async def one(number: int, faults: Faults, doom: tuple[str, ...]) -> tuple[list[str], bool]:
        async with gate:
            return await story(tmp_path / str(number), faults, *doom)

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(one(number, faults, doom))
            for number, (faults, doom) in enumerate(cases)
        ]

    assert [task.result() for task in tasks] == [
        (["3 papers are new in what you follow"], True) for _ in cases
    ]


async def test_there_is_no_commit_beyond_those_that_were_tried(tmp_path):
    said, died = await story(tmp_path / "x", CALM, "--doom", "before", str(COMMITS + 1))

    assert said == ["3 papers are new in what you follow"]
    assert not died
