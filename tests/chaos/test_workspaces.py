"""Kill the bot while it posts to two Slack workspaces: nothing is lost, repeated or crossed.

Ids of their channels and messages are the same on purpose (issue 14, item 3).
"""

import asyncio
import random
import time
from pathlib import Path

import pytest

from bot.core.ports import ChannelRef, Platform
from tests.chaos import stage
from tests.chaos.slack_chats import TEAMS
from tests.chaos.test_slack import misbehaving, scale, side_by_side
from tests.databases import place
from tests.fakes.slack.workspaces import FakeWorkspaces, workspaces

__all__ = ["scale"]
pytestmark = pytest.mark.chaos

OPTIONS = ("--chat", "slack-workspaces", "--timeout", "1.5")
EACH = 2
COMMITS = range(1, EACH + 2)
"""The messages of both workspaces are claimed together; each claim settles those before."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        every = metafunc.config.getoption("--chaos-seeds") == "all"
        metafunc.parametrize("seed", range(20) if every else (1,))


def channel(place: int) -> ChannelRef:
    """The channels of the workspaces by turns: C0 of both, C1 of both …"""
    return ChannelRef(Platform.SLACK, TEAMS[place % 2], f"C{place // 2}")


def posted(fake: FakeWorkspaces) -> dict[str, list[str]]:
    """What the bot said in each channel, in its order."""
    return {
        f"slack:{team}/{place.id}": [message["text"] for message in slack.messages(place.id)]
        for team, slack in fake.of.items()
        for place in slack.world.channels.values()
        if slack.messages(place.id)
    }


def whole(channels: int, each: int) -> dict[str, list[str]]:
    """What is to be there."""
    places = [str(channel(place)) for place in range(channels)]
    return {place: [f"message {n} of {place}" for n in range(each)] for place in places}


def prepare(fake: FakeWorkspaces, channels: int) -> None:
    for slack in fake.of.values():
        for number in range(channels // 2):
            slack.world.add_channel(f"C{number}", f"channel-{number}")


async def story(folder: Path, *doom: str) -> dict[str, list[str]]:
    """What both have after one death and a second life."""
    await asyncio.to_thread(folder.mkdir)
    with place(folder / "outbox.db") as database:
        await stage.plan(database, 2, EACH, channel)
        ahead = time.time() + 60
        async with workspaces(*TEAMS, clock=lambda: ahead) as fake:
            prepare(fake, 2)
            async with stage.running(database, fake.url, *OPTIONS, *doom) as first:
                await stage.until_dead(first)
            async with stage.running(database, fake.url, *OPTIONS):
                await stage.until_sent(database, 2 * EACH)
            return posted(fake)


async def test_killed_around_any_commit_each_workspace_gets_its_own_once(tmp_path):
    told = await side_by_side(
        story(tmp_path / f"{moment}{number}", "--doom", moment, str(number))
        for moment in ("before", "after")
        for number in COMMITS
    )

    assert told == [whole(2, EACH)] * len(told)


async def test_killed_at_random_nothing_crosses_between_workspaces(tmp_path, seed, scale):
    channels, each, kills = scale
    dice = random.Random(seed)
    with place(tmp_path / "outbox.db") as database:
        await stage.plan(database, channels, each, channel)
        async with workspaces(*TEAMS) as fake:
            prepare(fake, channels)
            for number, slack in enumerate(fake.of.values()):
                slack.chaos = misbehaving(seed + 100 * number)
            options = (*OPTIONS, "--at-once", "3")
            await stage.rampage(database, fake.url, *options, dice=dice, kills=kills // 2)

            assert posted(fake) == whole(channels, each)
