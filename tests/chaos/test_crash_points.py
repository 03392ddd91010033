"""Every point at which the bot can die while it plans and posts a digest: one message each.

The bot runs as a process and kills itself right before or after each of its commits, or is
killed by the platform while a request is under way: before the message is kept, and after it was
kept but before the answer. Then it is started again.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.database.database import Transaction
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import ChannelRef
from bot.digest.services import plan, subscribe
from bot.digest.services.options.typed import TypedOptions
from tests import stage as stages
from tests.chaos import stage
from tests.databases import place
from tests.fakes.chat_server import Faults
from tests.locations import Location
from tests.wrapped_database import WrappedDatabase

pytestmark = pytest.mark.chaos

PAPERS = 2
MESSAGES = 1 + PAPERS
CALM = Faults(delay=(0.01, 0.02))
QUICK = ("--plan", "--timeout", "0.5")


async def prepared(
    folder: Path,
    channel: ChannelRef = stages.GENERAL,
    *,
    layout: str = "papers",
    database: Location | None = None,
) -> Location:
    """A database, by default in that new folder, with a subscription whose digest is due."""
    await asyncio.to_thread(folder.mkdir)
    database = database or folder / "bot.db"
    now = datetime.now(UTC)
    async with stages.staged(folder, now - timedelta(minutes=5), database) as world:
        for number in range(PAPERS):
            world.write(f"Paper {number}", world.clock().date())
        await world.sync()
        at = f"{world.clock():%H:%M}"
        await subscribe.add(
            world.db,
            channel,
            TypedOptions(at=at, zone="UTC", layout=layout),
            now=world.clock(),
        )
    return database


def posted(log: Path) -> list[str]:
    lines = log.read_text(encoding="utf-8").splitlines()
    return [json.loads(json.loads(line)["document"])["summary"] for line in lines]


async def story(folder: Path, faults: Faults, *doom: str, layout: str = "papers") -> list[str]:
    """What was posted by a bot that died once and was started again."""
    arguments = QUICK if layout == "papers" else (*QUICK, "--discuss", str(stages.GENERAL))
    with place(folder / "bot.db") as database:
        await prepared(folder, layout=layout, database=database)
        async with stage.platform(folder, faults) as platform:
            async with stage.running(database, platform.url, *arguments, *doom) as first:
                await stage.until_dead(first)
            async with stage.running(database, platform.url, *arguments):
                await stage.until_sent(database, MESSAGES)
            return posted(platform.log)


async def stories(
    folder: Path, cases: Sequence[tuple[Faults, tuple[str, ...]]], *, layout: str = "papers"
) -> list[list[str]]:
    """Several at a time; the processes mostly wait."""
    gate = asyncio.Semaphore(3)

    async def one(number: int, faults: Faults, doom: tuple[str, ...]) -> list[str]:
        async with gate:
            return await story(folder / str(number), faults, *doom, layout=layout)

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(one(number, faults, doom))
            for number, (faults, doom) in enumerate(cases)
        ]
    return [task.result() for task in tasks]


def is_whole(said: list[str]) -> bool:
    """The header, then each paper once, in order."""
    return len(said) == MESSAGES and said[1:] == [f"Paper {n}" for n in range(PAPERS)]


# Planning is one commit; then each of three messages is claimed in a commit that also settles the
# one before; the last settling is the fifth.
COMMITS = range(1, MESSAGES + 3)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_around_any_commit_it_posts_the_digest_once(tmp_path, moment):
    cases = [(CALM, ("--doom", moment, str(number))) for number in COMMITS]

    told = await stories(tmp_path, cases)

    assert [said for said in told if not is_whole(said)] == []


@pytest.mark.parametrize("moment", ["received", "kept"])
async def test_killed_during_any_request_it_posts_the_digest_once(tmp_path, moment):
    cases = [
        (Faults(delay=(0.01, 0.02), kill_at=(moment, number)), ())
        for number in range(1, MESSAGES + 1)
    ]

    told = await stories(tmp_path, cases)

    assert [said for said in told if not is_whole(said)] == []


class CountedDatabase(WrappedDatabase):
    """Counts the commits that it is asked for."""

    commits = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        self.commits += 1
        async with self.inner.transaction() as tx:
            yield tx


async def test_there_is_no_commit_beyond_those_that_were_tried(tmp_path):
    """Were there more, they would have to be tried too."""
    with place(tmp_path / "bot.db") as database:
        await prepared(tmp_path / "notes", database=database)
        async with stages.staged(tmp_path, datetime.now(UTC), database) as world:
            world.db = counted = CountedDatabase(world.db)
            deliverer = world.deliverer()
            for _ in range(3):
                await plan.plan_due(counted, now=world.clock(), voices=lambda _: ENGLISH)
                await deliverer.drain(asyncio.Event())

            assert is_whole(world.said())
            assert counted.commits == len(COMMITS)


# Planning is one commit; three people press in three; then three messages are claimed and settled.
PRESSES = range(2, MESSAGES + 5)


async def test_killed_around_any_commit_discuss_posts_each_paper_once(tmp_path):
    """The digest is one message, and a message a paper: what people press again and again."""
    cases: list[tuple[Faults, tuple[str, ...]]] = [
        (CALM, ("--doom", "before", str(number))) for number in PRESSES
    ]
    cases += [(Faults(delay=(0.01, 0.02), kill_at=("kept", number)), ()) for number in (2, 3)]

    told = await stories(tmp_path, cases, layout="titles")

    for said in told:
        assert [text.rpartition(". ")[2] for text in said[1:]] == ["Paper 0", "Paper 1"]
        assert said[1].startswith("Ada would like to discuss")


async def recap_story(folder: Path, faults: Faults, *doom: str) -> list[str]:
    """What was posted where the bot died once while it planned and posted last Friday's recap."""
    today = datetime.now(UTC).date()
    friday = today - timedelta(days=(today.weekday() - 4) % 7 or 7)
    due = datetime(friday.year, friday.month, friday.day, 9, tzinfo=UTC)
    with place(folder / "bot.db") as database:
        await asyncio.to_thread(folder.mkdir)
        async with stages.staged(folder, due - timedelta(hours=1), database) as world:
            for number in range(5):
                world.write(f"Paper {number}", friday - timedelta(days=1))
            await world.sync()
            options = TypedOptions(at="09:00", zone="UTC", recap="weekly")
            await subscribe.add(world.db, stages.GENERAL, options, now=world.clock())
        arguments = ("--timeout", "0.5", "--recap", due.isoformat())
        async with stage.platform(folder, faults) as platform:
            async with stage.running(database, platform.url, *arguments, *doom) as first:
                await stage.until_dead(first)
            async with stage.running(database, platform.url, *arguments):
                await stage.until_sent(database, 1)
            return posted(platform.log)


async def test_killed_at_any_point_it_posts_the_recap_once(tmp_path):
    """Planning, claiming and settling are a commit each; the request is killed on both sides."""
    cases = [(CALM, ("--doom", moment, str(n))) for moment in ("before", "after") for n in (1, 2)]
    cases += [(CALM, ("--doom", "before", "3"))]
    calls = [Faults(delay=(0.01, 0.02), kill_at=(moment, 1)) for moment in ("received", "kept")]
    gate = asyncio.Semaphore(3)

    async def one(number: int, faults: Faults, doom: tuple[str, ...]) -> list[str]:
        async with gate:
            return await recap_story(tmp_path / str(number), faults, *doom)

    async with asyncio.TaskGroup() as group:
        stories_told = [
            group.create_task(one(number, faults, doom))
            for number, (faults, doom) in enumerate([*cases, *((each, ()) for each in calls)])
        ]

    for told in stories_told:
        (said,) = told.result()
        assert said.startswith("Looking back on the week up to")
