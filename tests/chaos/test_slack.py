"""The crash points and the chaos of the outbox, on Slack: the real adapter, a fake Slack.

The fake runs in the test; the bot's posting part is a process of its own, and is killed.
"""

import asyncio
import json
import os
import random
import signal
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from bot.core.database.database import opened
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.ports import ChannelRef, DeliveryKey, Platform
from bot.outbox.domain.delivery import delivery_key
from bot.outbox.store import deliveries
from tests.chaos import stage
from tests.chaos.checker import CLEAN, Verdict, check
from tests.chaos.process import now
from tests.chaos.test_crash_points import COMMITS, MESSAGES, prepared
from tests.databases import place
from tests.fakes.slack import FakeSlack, Fault
from tests.forked import Forked
from tests.locations import Location

pytestmark = pytest.mark.chaos

T = TypeVar("T")

SLACK = ("--chat", "slack")
QUICK = (*SLACK, "--plan", "--timeout", "1.5")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        every = metafunc.config.getoption("--chaos-seeds") == "all"
        metafunc.parametrize("seed", range(20) if every else (1,))


@pytest.fixture
def scale(pytestconfig: pytest.Config) -> tuple[int, int, int]:
    """Channels, messages a channel, kills."""
    return (40, 10, 25) if pytestconfig.getoption("--chaos-seeds") == "all" else (10, 6, 6)


def misbehaving(seed: int) -> Callable[[str], Fault | None]:
    """Faults by chance, for every method: slow, refused, broken before and after, lost."""
    dice = random.Random(seed)

    def choose(_method: str) -> Fault | None:
        delay, lot = dice.uniform(0.0, 0.1), dice.random()
        if lot < 0.03:
            return Fault(error="ratelimited", status=429, retry_after=1, delay=delay)
        if lot < 0.06:
            return Fault(when="before", status=503, delay=delay)
        if lot < 0.09:
            return Fault(when="after", status=500, delay=delay)
        if lot < 0.12:
            return Fault(when="after", drop=True, delay=delay)
        return Fault(delay=delay)

    return choose


def posted(slack: FakeSlack) -> list[tuple[str, str]]:
    """Channel and key of every message that is there, continuations left out."""
    found = []
    for channel in slack.world.channels.values():
        for message in channel.roots():
            payload = message["metadata"]["event_payload"]
            found.append((f"slack:T1/{channel.id}", str(payload["delivery"])))
    return found


def judged(folder: Path, plan: Mapping[str, Sequence[str]], slack: FakeSlack) -> Verdict:
    log = folder / "slack.log"
    lines = [json.dumps({"channel": channel, "key": key}) for channel, key in posted(slack)]
    log.write_text("\n".join(lines), encoding="utf-8")
    return check(plan, log)


async def test_killed_at_random_each_message_is_posted_once_and_in_order(tmp_path, seed, scale):
    channels, each, kills = scale
    dice = random.Random(seed)
    with place(tmp_path / "outbox.db") as database:
        plan = await stage.plan(database, channels, each)
        async with FakeSlack() as slack:
            for number in range(channels):
                slack.world.add_channel(f"C{number}", f"channel-{number}")
            slack.chaos = misbehaving(seed)
            options = (*SLACK, "--at-once", "3", "--timeout", "1.5")
            await stage.rampage(database, slack.url, *options, dice=dice, kills=kills)

            assert judged(tmp_path, plan, slack) == CLEAN


async def story(
    folder: Path, *doom: str, kill: tuple[str, int] | None = None, options: tuple[str, ...] = QUICK
) -> list[str]:
    """The first lines of what Slack has after one death and a second life."""
    with place(folder / "bot.db") as database:
        await prepared(folder, database=database)
        async with FakeSlack() as slack:
            async with stage.running(database, slack.url, *options, *doom) as first:
                if kill is not None:
                    slack.chaos = killing(first, *kill)
                await stage.until_dead(first)
            slack.chaos = lambda _: None
            async with stage.running(database, slack.url, *options):
                await stage.until_sent(database, MESSAGES)
            return [message["text"].partition("\n")[0] for message in slack.messages()]


async def side_by_side(stories: Iterable[Awaitable[T]]) -> list[T]:
    """Several at a time: the processes mostly wait for leases to end."""
    gate = asyncio.Semaphore(4)

    async def one(each: Awaitable[T]) -> T:
        async with gate:
            return await each

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(each)) for each in stories]
    return [task.result() for task in tasks]


def killing(process: Forked, moment: str, number: int) -> Callable[[str], Fault | None]:
    """SIGKILL for the process at its n-th post: before or after Slack keeps the message."""
    posts = 0

    def choose(method: str) -> Fault | None:
        nonlocal posts
        posts += method == "chat.postMessage"
        if method != "chat.postMessage" or posts != number:
            return None
        os.kill(process.pid, signal.SIGKILL)
        return Fault(when=moment, drop=True)

    return choose


def is_whole(said: list[str]) -> bool:
    return len(said) == MESSAGES and said[1:] == [f"Paper {n}" for n in range(MESSAGES - 1)]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_around_any_commit_it_posts_the_digest_in_slack_once(tmp_path, moment):
    told = await side_by_side(
        story(tmp_path / str(number), "--doom", moment, str(number)) for number in COMMITS
    )

    assert [said for said in told if not is_whole(said)] == []


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_during_any_request_it_posts_the_digest_in_slack_once(tmp_path, moment):
    told = await side_by_side(
        story(tmp_path / str(number), kill=(moment, number)) for number in range(1, MESSAGES + 1)
    )

    assert [said for said in told if not is_whole(said)] == []


async def test_blind_resending_posts_twice_and_the_checker_notices(tmp_path):
    said = await story(tmp_path / "blind", kill=("after", 1), options=(*QUICK, "--blind"))

    assert len(said) == MESSAGES + 1
    assert not is_whole(said)


async def plan_a_long_one(database: Location) -> None:
    """One message that Slack needs four messages for, and one behind it."""
    channel = ChannelRef(Platform.SLACK, "T1", "C1")
    long = tuple(Paragraph((Text(f"Part {n}. " * 300),)) for n in range(12))
    drafts = []
    for part, document in (
        ("long", Document(long, "Long")),
        ("short", Document((Paragraph((Text("Short"),)),), "Short")),
    ):
        key = DeliveryKey(delivery_key(str(channel), part))
        drafts.append(deliveries.Draft(key=key, channel=channel, part=part, document=document))
    async with opened(database) as db, db.transaction() as tx:
        await deliveries.add(tx, drafts, now())


async def long_story(folder: Path, moment: str, number: int) -> list[int]:
    """Which parts of a long message there are, after a death at that post of it."""
    await asyncio.to_thread(folder.mkdir)
    with place(folder / "outbox.db") as database:
        await plan_a_long_one(database)
        options = (*SLACK, "--timeout", "1.5")
        async with FakeSlack() as slack:
            async with stage.running(database, slack.url, *options) as first:
                slack.chaos = killing(first, moment, number)
                await stage.until_dead(first)
            slack.chaos = lambda _: None
            async with stage.running(database, slack.url, *options):
                await stage.until_sent(database, 2)

            long, short = slack.messages()
            assert short["text"].startswith("Short")
            return [
                message["metadata"]["event_payload"]["part"]
                for message in slack.channel().thread(long["ts"])
            ]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_during_a_long_message_each_part_is_posted_once(tmp_path, moment):
    told = await side_by_side(
        long_story(tmp_path / str(number), moment, number) for number in (1, 2, 3)
    )

    assert told == [[1, 2, 3, 4]] * 3
