"""Direct messages of readers: each arrives once and whole, wherever and whenever the bot dies."""

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.channels.domain.schedule import Schedule
from bot.core.database.database import opened
from bot.core.domain.document import load
from bot.follow.domain.follow import Follow, Reader
from bot.follow.store import follows, readers
from tests import follow_stage
from tests.chaos import stage
from tests.databases import place
from tests.fakes.chat_server import Faults
from tests.locations import Location
from tests.waiting import HANGING

pytestmark = pytest.mark.chaos

CHANNEL = "slack:T1/C1"
CALM = Faults(delay=(0.01, 0.02))
QUICK = ("--follow", "--timeout", "0.5")
PATIENT = ("--follow", "--timeout", "60", "--lease", "90")
"""No call ends because the machine is slow: then there would be more commits."""
COMMITS = 4
"""The message is planned; it is claimed; it is settled; the reader's inbox is known to be open."""
SIZES = {"few": (12, 3), "all": (60, 15)}
"""Readers, and how often a process is killed."""
FINDS = {
    "#rl": {"Paper 0", "Paper 1"},
    "author:lovelace": {"Paper 0", "Paper 1", "Paper 2", "Paper 3"},
    "#moe": {"Paper 1", "Paper 2"},
    "#rl -#moe": {"Paper 0"},
}
"""What readers follow, and what it finds."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        every = metafunc.config.getoption("--chaos-seeds") == "all"
        metafunc.parametrize("seed", range(20) if every else (1,))


def misbehaving(seed: int) -> Faults:
    return Faults(
        seed=seed, delay=(0.005, 0.1), refuse=0.05, fail_before=0.05, fail_after=0.05, lose=0.05
    )


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


async def is_over(database: Location, messages: int = 1) -> bool:
    """Whether all messages are posted, and the bot knows that they have reached their readers."""
    if await stage.states(database) != {"sent": messages}:
        return False
    async with opened(database) as db, db.reading() as tx:
        return await tx.one("SELECT 1 FROM reader WHERE awaited IS NOT NULL") is None


async def until(
    database: Location, is_enough: Callable[[], bool] = lambda: False, messages: int = 1
) -> None:
    """Wait until it is over, or something else is enough."""
    async with asyncio.timeout(HANGING):
        while not is_enough() and not await is_over(database, messages):  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def story(
    folder: Path, faults: Faults, *doom: str, options: tuple[str, ...] = QUICK
) -> tuple[list[str], bool]:
    """What was posted, and whether the bot died on the way."""
    with place(folder / "bot.db") as database:
        await prepared(folder, database)
        async with stage.platform(folder, faults) as platform:
            first = await stage.runner(database, platform.url, *options, *doom)
            try:
                await until(database, lambda: first.returncode is not None)
                with suppress(TimeoutError):  # the last commit is seen before it dies of it
                    await asyncio.wait_for(first.wait(), timeout=2)
                died = first.returncode is not None
            finally:
                await first.end()
            async with stage.running(database, platform.url, *options):
                await until(database)
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
    doom = ("--doom", "before", str(COMMITS + 1))
    said, died = await story(tmp_path / "x", CALM, *doom, options=PATIENT)

    assert said == ["3 papers are new in what you follow"]
    assert not died


async def add_readers(
    database: Location, due: datetime, count: int, dice: random.Random
) -> dict[str, set[str]]:
    """Readers whose messages are due, a few at a time; returns what each inbox is to be told of."""
    schedule = Schedule(time(due.hour, due.minute), ZoneInfo("UTC"))
    made_at, made_on = due - timedelta(days=1), due.date() - timedelta(days=1)
    wanted: dict[str, set[str]] = {}
    async with opened(database) as db:
        while len(wanted) < count:
            await asyncio.sleep(dice.uniform(0.05, 0.4))
            async with db.transaction() as tx:
                await tx.guard(readers.GUARD)
                for _ in range(min(dice.randint(1, 6), count - len(wanted))):
                    number = len(wanted)
                    person, inbox = f"slack:T1/U{number}", f"slack:T1/D{number}"
                    reader = Reader(person, "Ada", inbox, CHANNEL, "en", schedule, made_on)
                    query = tuple(FINDS)[number % len(FINDS)]
                    await readers.put(tx, reader, due)
                    await follows.add(tx, Follow(person, query, made_at, made_on, CHANNEL))
                    wanted[inbox] = FINDS[query]
    return wanted


async def publish(folder: Path, database: Location, on: date) -> None:
    async with follow_stage.following(folder, datetime.now(UTC), database) as world:
        for number, tags in enumerate(("#rl", "#rl #moe", "#moe", "#vision")):
            await world.note(f"Paper {number}", tags=tags, on=on)


def told_by(log: Path) -> list[tuple[str, set[str]]]:
    """What was posted: each inbox with the papers of its message."""
    posted = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    return sorted(
        (each["channel"], {name for name, _ in follow_stage.told(load(each["document"]))})
        for each in posted
    )


async def test_under_random_kills_each_reader_is_told_once(tmp_path, seed, pytestconfig):
    count, kills = SIZES[pytestconfig.getoption("--chaos-seeds")]
    due = datetime.now(UTC) - timedelta(minutes=5)
    with place(tmp_path / "bot.db") as database:
        await publish(tmp_path, database, due.date())
        async with stage.platform(tmp_path, misbehaving(seed)) as platform:
            async with asyncio.TaskGroup() as group:
                added = group.create_task(add_readers(database, due, count, random.Random(seed)))
                await stage.rampage(
                    database,
                    platform.url,
                    *QUICK,
                    dice=random.Random(-1 - seed),
                    kills=kills,
                    pause=(0.1, 0.8),
                )
            async with stage.running(database, platform.url, *QUICK):
                await until(database, messages=count)
            told = told_by(platform.log)

    assert told == sorted(added.result().items())


@pytest.mark.sqlite
async def test_sending_blindly_again_does_not_pass_the_same_comparison(tmp_path):
    due = datetime.now(UTC) - timedelta(minutes=5)
    with place(tmp_path / "bot.db") as database:
        await publish(tmp_path, database, due.date())
        wanted = await add_readers(database, due, 12, random.Random(1))
        async with (
            stage.platform(tmp_path, Faults(seed=1, lose=0.6)) as platform,
            stage.running(database, platform.url, *QUICK, "--blind"),
        ):
            await until(database, messages=len(wanted))
            told = told_by(platform.log)

    assert {inbox for inbox, _ in told} == {*wanted}
    assert len(told) > len(wanted)
