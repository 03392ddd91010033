"""Every point at which the bot can die while it plans and posts a digest: one message each.

The bot runs as a process and kills itself right before or after each of its commits, or is
killed by the platform while a request is under way: before the message is kept, and after it was
kept but before the answer. Then it is started again.
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.ports import ChannelRef
from bot.digest.services import subscribe
from tests import stage as stages
from tests.chaos import stage
from tests.databases import Location, place
from tests.fakes.chat_server import Faults

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

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
            subscribe.TypedOptions(at=at, zone="UTC", layout=layout),
            now=world.clock(),
        )
    return database


async def revived(database: Location, url: str, *arguments: str) -> None:
    """The bot is started again, and does what is left to do."""
    again = await stage.runner(database, url, *arguments)
    try:
        for _ in range(600):
            if (await stage.states(database)) == {"sent": MESSAGES}:
                return
            await asyncio.sleep(0.1)
        raise TimeoutError(await stage.states(database))
    finally:
        await stage.end(again)


def posted(log: Path) -> list[str]:
    lines = log.read_text(encoding="utf-8").splitlines()
    return [json.loads(json.loads(line)["document"])["summary"] for line in lines]


async def story(
    folder: Path, faults: Faults, *doom: str, layout: str = "papers"
) -> tuple[list[str], bool]:
    """What was posted, and whether the bot died on the way."""
    with place(folder / "bot.db") as database:
        return await story_on(database, folder, faults, *doom, layout=layout)


async def story_on(
    database: Location, folder: Path, faults: Faults, *doom: str, layout: str
) -> tuple[list[str], bool]:
    await prepared(folder, layout=layout, database=database)
    arguments = QUICK if layout == "papers" else (*QUICK, "--discuss", str(stages.GENERAL))
    async with stage.platform(folder, faults) as platform:
        first = await stage.runner(database, platform.url, *arguments, *doom)
        try:
            for _ in range(300):
                if first.returncode is not None or await stage.states(database) == {
                    "sent": MESSAGES
                }:
                    break
                await asyncio.sleep(0.05)
            with suppress(TimeoutError):  # the last commit is seen a moment before it dies of it
                await asyncio.wait_for(first.wait(), timeout=5)
            died = first.returncode is not None
        finally:
            await stage.end(first)
        await revived(database, platform.url, *arguments)
        return posted(platform.log), died


async def stories(
    folder: Path, cases: Sequence[tuple[Faults, tuple[str, ...]]], *, layout: str = "papers"
) -> list[list[str]]:
    """Several at a time; the processes mostly wait."""
    gate = asyncio.Semaphore(3)

    async def one(number: int, faults: Faults, doom: tuple[str, ...]) -> tuple[list[str], bool]:
        async with gate:
            return await story(folder / str(number), faults, *doom, layout=layout)

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(one(number, faults, doom))
            for number, (faults, doom) in enumerate(cases)
        ]
    assert all(died for _, died in (task.result() for task in tasks))
    return [task.result()[0] for task in tasks]


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


async def test_there_is_no_commit_beyond_those_that_were_tried(tmp_path):
    """Were there more, they would have to be tried too."""
    said, died = await story(tmp_path / "x", CALM, "--doom", "before", str(COMMITS.stop))

    assert is_whole(said)
    assert not died


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
