"""Slack and Discord at once, behind the real adapters, while the bot is killed and killed again.

People talk by turns on both sides, change what they said and take it back. In the end each side
shows what was said on the other, once and in order, and nothing of its own.
"""

import asyncio
import json
import os
import random
import re
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.ports import ChannelRef, MessageRef, Platform, parse_channel
from bot.outbox.store import threads
from tests import forked
from tests import stage as stages
from tests.chaos import stage, test_discord, test_slack
from tests.chaos.discord_chats import discord_chat
from tests.chaos.linked import plan_linked
from tests.chaos.slack_chats import slack_chat
from tests.chaos.test_slack import side_by_side
from tests.databases import place
from tests.fakes.discord import FakeDiscord, text_of
from tests.fakes.discord import Fault as DiscordFault
from tests.fakes.slack import FakeSlack
from tests.fakes.slack import Fault as SlackFault
from tests.forked import Forked
from tests.locations import Location, as_argument
from tests.platforms.slack.stage import said_in_blocks
from tests.waiting import HANGING, until

pytestmark = pytest.mark.chaos

SLACK, DISCORD = parse_channel("slack:T1/C1"), parse_channel("discord:1/11")

Script = list[dict[str, str | None]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        every = metafunc.config.getoption("--chaos-seeds") == "all"
        metafunc.parametrize("seed", range(20) if every else (1,))


@dataclass(slots=True)
class Scene:
    """Both platforms with one paper on each, in channels that are linked."""

    folder: Path
    database: Location
    slack: FakeSlack
    discord: FakeDiscord
    roots: dict[ChannelRef, MessageRef]

    def write(self, script: Script) -> None:
        lines = (json.dumps(line) for line in script)
        (self.folder / "script").write_text("\n".join(lines), encoding="utf-8")
        for name in ("acks", "rounds"):
            (self.folder / name).touch()

    @asynccontextmanager
    async def talker(self, *arguments: str) -> AsyncIterator[Forked]:
        """The bot's discussing part, a process that is killed at the end of the block."""
        places = (("--script", "script"), ("--acks", "acks"))
        process = await forked.start(
            "tests.chaos.talker",
            *("--database", as_argument(self.database)),
            *(word for name, file in places for word in (name, str(self.folder / file))),
            *("--slack", self.slack.url, "--discord", self.discord.api_base),
            *("--real", "--timeout", "1.5"),
            *arguments,
        )
        try:
            yield process
        finally:
            await process.end()

    def shown(self) -> dict[ChannelRef, list[str]]:
        """The thoughts that stand in each thread, as people read them from top to bottom."""
        in_slack = self.slack.replies(self.roots[SLACK].id)
        in_discord = self.discord.messages(int(self.roots[DISCORD].id))
        return {
            SLACK: thoughts(said_in_blocks(one.get("blocks", [])) for one in in_slack),
            DISCORD: thoughts(text_of(one) for one in in_discord),
        }

    async def until_shown(
        self, wanted: dict[ChannelRef, list[str]], seconds: float = HANGING
    ) -> None:
        """Wait until both sides show what they should, and still do after two more rounds."""
        try:
            await until(lambda: self.shown() == wanted, seconds)
        except TimeoutError:
            assert self.shown() == wanted, await stage.states(self.database)
        before = self.rounds()
        # The round under way may have begun before: a whole one follows it.
        await until(lambda: self.rounds() >= before + 2)
        assert self.shown() == wanted

    async def dies(self, process: Forked, wanted: dict[ChannelRef, list[str]]) -> bool:
        """Whether a process dies; else both sides show what they should, and it has no more to do."""
        idle_since: int | None = None
        async with asyncio.timeout(HANGING):
            while process.returncode is None:
                if self.shown() != wanted:
                    idle_since = None
                elif idle_since is None:
                    idle_since = self.rounds()
                elif self.rounds() >= idle_since + 2:
                    return False
                await asyncio.sleep(0.05)
        return True

    def rounds(self) -> int:
        """How many rounds the pumps have made, of all processes."""
        return (self.folder / "rounds").stat().st_size


def thoughts(texts: Iterable[str]) -> list[str]:
    return [found[0] for text in texts if (found := re.search(r"thought \d+(, mended)?", text))]


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with place(folder / "bot.db") as database:
        async with FakeSlack() as slack, FakeDiscord() as discord:
            roots = await posted(folder, database, slack, discord)
            yield Scene(folder, database, slack, discord, roots)
            slack.chaos, discord.chaos = lambda _: None, lambda _method, _route: None
            assert discord.complaints == []


async def posted(
    folder: Path, database: Location, slack: FakeSlack, discord: FakeDiscord
) -> dict[ChannelRef, MessageRef]:
    at = datetime.now(UTC) - timedelta(minutes=2)
    async with (
        stages.staged(folder, at, database) as world,
        slack_chat(slack.url, blind=False) as one,
        discord_chat(discord.api_base, blind=False) as other,
    ):
        await world.note("Paper", at.date())
        await plan_linked(world.db, SLACK, DISCORD, at)
        deliverer = world.deliverer({Platform.SLACK: one, Platform.DISCORD: other})
        await deliverer.drain(asyncio.Event())
        async with world.db.reading() as tx:
            [entry] = await tx.all("SELECT id FROM entry")
            roots = {
                channel: await threads.find_posted(tx, entry["id"], str(channel))
                for channel in (SLACK, DISCORD)
            }
        return {channel: root for channel, root in roots.items() if root is not None}


def conversation(roots: dict[ChannelRef, MessageRef], count: int) -> Script:
    """Both sides say something by turns; each fifth is mended later, each seventh taken back."""
    script: Script = []

    def line(number: int, text: str | None, edited: str = "") -> dict[str, str | None]:
        channel = (SLACK, DISCORD)[number % 2]
        return {
            "edited": edited,
            "channel": str(channel),
            "root": roots[channel].id,
            "message": f"p{number}",
            "user": f"person {number % 3}",
            "text": text,
        }

    for number in range(count):
        script.append(line(number, f"thought {number}"))
        if number % 5 == 4:
            script.append(line(number - 1, f"thought {number - 1}, mended", "edited"))
        if number % 7 == 6:
            script.append(line(number - 2, None))
    return script


def crossed(script: Script) -> dict[ChannelRef, list[str]]:
    """What each side is to show in the end of what was said on the other."""
    last: dict[tuple[str, str], str | None] = {}
    for line in script:
        last[str(line["channel"]), str(line["message"])] = line["text"]
    return {
        side: [text for (channel, _), text in last.items() if channel == str(other) and text]
        for side, other in ((SLACK, DISCORD), (DISCORD, SLACK))
    }


async def test_under_random_kills_each_reply_is_copied_once_and_in_order(
    tmp_path, seed, pytestconfig
):
    count, kills = (60, 12) if pytestconfig.getoption("--chaos-seeds") == "all" else (30, 5)
    dice = random.Random(seed)
    async with scene(tmp_path) as here:
        script = conversation(here.roots, count)
        here.write(script)
        here.slack.chaos = test_slack.misbehaving(seed)
        here.discord.chaos = test_discord.misbehaving(seed)
        for _ in range(kills):
            async with here.talker():
                await asyncio.sleep(dice.uniform(1.0, 2.5))
        async with here.talker():
            await here.until_shown(crossed(script))


FEW = 4
"""Utterances of a story that is told at every point of death; the third is taken back."""


def short_story(roots: dict[ChannelRef, MessageRef]) -> Script:
    script = conversation(roots, FEW)
    mended = {**script[1], "text": "thought 1, mended", "edited": "edited"}
    return [*script, mended, {**script[2], "text": None}]


async def survived(here: Scene, *doom: str, kill: Callable[[Scene, Forked], None]) -> bool:
    """Whether it died once; all is well after that, and after a second life.

    How many commits and requests there are depends on how soon the pumps see what is said: some points
    of death are reached by chance. Then the whole story is told, and has to be right as well.
    """
    script = short_story(here.roots)
    here.write(script)
    async with here.talker(*doom) as doomed:
        kill(here, doomed)
        died = await here.dies(doomed, crossed(script))
    here.slack.chaos, here.discord.chaos = lambda _: None, lambda _method, _route: None
    async with here.talker():
        await here.until_shown(crossed(script))
    return died


@asynccontextmanager
async def scenes(folder: Path, numbers: Iterable[int]) -> AsyncIterator[dict[int, Scene]]:
    """A scene for each number, set one after the other: discord.py knows one address a process."""
    async with AsyncExitStack() as stack:
        yield {
            number: await stack.enter_async_context(scene(folder / str(number)))
            for number in numbers
        }


def by_itself(_scene: Scene, _process: Forked) -> None:
    """It kills itself at a commit."""


COMMITS = range(1, 16)
CERTAIN_COMMITS = 11
"""Six things are heard, two threads opened, and the first messages of both sides claimed in one commit,
settled in a second, and Slack's other message in a third. Quick people leave no more to do."""


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_around_any_commit_both_sides_show_the_same(tmp_path, moment):
    async with scenes(tmp_path, COMMITS) as all_scenes:
        told = await side_by_side(
            survived(here, "--doom", moment, str(number), kill=by_itself)
            for number, here in all_scenes.items()
        )

    assert told[:CERTAIN_COMMITS] == [True] * CERTAIN_COMMITS


def at_request(moment: str, number: int) -> Callable[[Scene, Forked], None]:
    """SIGKILL at the n-th request that posts, edits or deletes, on whichever platform it is."""

    def kill(here: Scene, process: Forked) -> None:
        requests = 0

        def is_the_one() -> bool:
            nonlocal requests
            requests += 1
            if requests == number:
                os.kill(process.pid, signal.SIGKILL)
            return requests == number

        def in_slack(method: str) -> SlackFault | None:
            acts = method in {"chat.postMessage", "chat.update", "chat.delete"}
            return SlackFault(when=moment, drop=True) if acts and is_the_one() else None

        def in_discord(method: str, route: str) -> DiscordFault | None:
            acts = method in {"POST", "PATCH", "DELETE"} and route in {"messages", "message"}
            return DiscordFault(when=moment, drop=True) if acts and is_the_one() else None

        here.slack.chaos, here.discord.chaos = in_slack, in_discord

    return kill


REQUESTS = range(1, 7)
CERTAIN_REQUESTS = 3
"""The others edit or delete, or post what is deleted later."""


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_during_any_request_both_sides_show_the_same(tmp_path, moment):
    async with scenes(tmp_path, REQUESTS) as all_scenes:
        told = await side_by_side(
            survived(here, kill=at_request(moment, number)) for number, here in all_scenes.items()
        )

    assert told[:CERTAIN_REQUESTS] == [True] * CERTAIN_REQUESTS


async def test_the_checker_notices_a_process_that_is_never_restarted(tmp_path):
    async with scene(tmp_path) as here:
        script = conversation(here.roots, 4)
        here.write(script)
        here.discord.chaos = lambda _method, _route: DiscordFault(status=503)
        async with here.talker():
            with pytest.raises(AssertionError):
                await here.until_shown(crossed(script), seconds=8)
