"""Kill the bot while people talk on two platforms: everything arrives once, in order, across.

Each platform repeats what was not acknowledged, answers late or not at all, and knows no
idempotency key. The logs of the platforms are compared with what was said.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.domain.document import Quote, load, plain_text
from bot.core.ports import MessageRef, Platform, parse_channel
from bot.outbox.store import threads
from tests import forked
from tests import stage as stages
from tests.chaos import stage
from tests.chaos.linked import plan_linked
from tests.chaos.stage import Platformed
from tests.databases import place
from tests.fakes.chat_server import Faults
from tests.fakes.http_chat import connected
from tests.forked import Forked
from tests.locations import Location, as_argument
from tests.waiting import until

pytestmark = pytest.mark.chaos

SLACK, DISCORD = parse_channel("slack:T1/C1"), parse_channel("discord:G1/11")
CALM = Faults(delay=(0.005, 0.02))


def misbehaving(seed: int) -> Faults:
    return Faults(
        seed=seed, delay=(0.005, 0.05), refuse=0.05, fail_before=0.05, fail_after=0.05, lose=0.05
    )


@dataclass(slots=True)
class Scene:
    """Two platforms with a paper on both, and what people are going to say about it."""

    folder: Path
    database: Location
    slack: Platformed
    discord: Platformed
    roots: dict[str, MessageRef]

    def write(self, count: int) -> None:
        """A script in which both sides say something by turns."""
        lines = []
        for number in range(count):
            channel = (SLACK, DISCORD)[number % 2]
            told = {
                "channel": str(channel),
                "root": self.roots[str(channel)].id,
                "message": f"p{number}",
                "user": f"person {number % 3}",
                "text": f"thought {number}",
            }
            lines.append(json.dumps(told))
        (self.folder / "script").write_text("\n".join(lines), encoding="utf-8")
        (self.folder / "acks").touch()

    async def talker(self, *arguments: str) -> Forked:
        places = (("--script", "script"), ("--acks", "acks"))
        return await forked.start(
            "tests.chaos.talker",
            *("--database", as_argument(self.database)),
            *(word for name, file in places for word in (name, str(self.folder / file))),
            *("--slack", self.slack.url, "--discord", self.discord.url),
            *arguments,
        )

    def copies(self, platform: Platformed) -> list[str]:
        """What was quoted on a platform, in the order in which it kept it."""
        found = []
        for line in platform.log.read_text(encoding="utf-8").splitlines():
            document = load(json.loads(line)["document"])
            found += [
                plain_text(block.inlines) for block in document.blocks if isinstance(block, Quote)
            ]
        return found

    async def until_quiet(self, copies: int) -> None:
        acks = self.folder / "acks"
        await until(lambda: len(set(acks.read_text().split())) == copies)
        await stage.until_done(self.database)  # what is acknowledged is planned already


@asynccontextmanager
async def scene(folder: Path, faults: Faults) -> AsyncIterator[Scene]:
    """A digest of one paper is posted on both platforms, whose channels are linked."""
    for name in ("slack", "discord"):
        await asyncio.to_thread((folder / name).mkdir, parents=True)
    with place(folder / "bot.db") as database:
        async with (
            stage.platform(folder / "slack", faults) as slack,
            stage.platform(folder / "discord", faults) as discord,
        ):
            roots = await posted(folder, database, slack.url, discord.url)
            yield Scene(folder, database, slack, discord, roots)


async def posted(
    folder: Path, database: Location, slack: str, discord: str
) -> dict[str, MessageRef]:
    at = datetime.now(UTC) - timedelta(minutes=2)
    async with (
        stages.staged(folder, at, database) as world,
        connected(slack, Platform.SLACK) as one,
        connected(discord, Platform.DISCORD) as other,
    ):
        await world.note("Paper", at.date())
        await plan_linked(world.db, SLACK, DISCORD, at)
        deliverer = world.deliverer({Platform.SLACK: one, Platform.DISCORD: other})
        roots: dict[str, MessageRef] = {}
        while len(roots) < 2:
            await deliverer.drain(asyncio.Event())
            world.clock.turn(minutes=2)
            async with world.db.reading() as tx:
                [entry] = await tx.all("SELECT id FROM entry")
                for channel in (SLACK, DISCORD):
                    message = await threads.find_posted(tx, entry["id"], str(channel))
                    if message is not None:
                        roots[str(channel)] = message
        return roots


def crossed(count: int) -> tuple[list[str], list[str]]:
    """What each side is to read of the other: Slack's copies, Discord's copies."""
    texts = [f"thought {number}" for number in range(count)]
    return texts[1::2], texts[0::2]


@pytest.mark.parametrize("seed", [1, 2])
async def test_under_random_kills_each_reply_arrives_once_and_in_order(tmp_path, seed):
    dice = random.Random(seed)
    async with scene(tmp_path, misbehaving(seed)) as here:
        here.write(40)
        for _ in range(8):
            talker = await here.talker()
            await asyncio.sleep(dice.uniform(0.6, 1.4))
            await talker.end()
        talker = await here.talker()
        try:
            await here.until_quiet(40)
        finally:
            await talker.end()

        assert (here.copies(here.slack), here.copies(here.discord)) == crossed(40)


COMMITS = range(1, 10)
"""What is certain: four things are said, two threads opened, and each side's two messages are claimed
and settled in three."""


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_around_any_commit_each_reply_arrives_once(tmp_path, moment):
    gate = asyncio.Semaphore(3)

    async def story(number: int) -> tuple[list[str], list[str]]:
        async with gate, scene(tmp_path / str(number), CALM) as here:
            here.write(4)
            doomed = await here.talker("--doom", moment, str(number))
            try:
                await stage.until_dead(doomed)
            finally:
                await doomed.end()
            talker = await here.talker()
            try:
                await here.until_quiet(4)
            finally:
                await talker.end()
            return here.copies(here.slack), here.copies(here.discord)

    async with asyncio.TaskGroup() as group:
        told = [group.create_task(story(number)) for number in COMMITS]

    assert [each.result() for each in told] == [crossed(4)] * len(COMMITS)
