"""Three bots on one PostgreSQL, any of which is killed while the server restarts (issue 15).

They post to forty channels of Slack and Discord, and people talk in two that are linked. In the end
each channel shows its digest once and in order, and each thread shows the other's words once and in order.
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.store import linked_channels
from bot.core.database.address import PostgresAddress
from bot.core.database.database import opened
from bot.core.ports import ChannelRef, Platform
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from tests.chaos.proxy import CuttingProxy, cutting_proxy
from tests.databases import PostgresServer, own_server
from tests.e2e.process import Running, paperbot, ready, starting
from tests.e2e.test_slack import socket_mode, write_notes
from tests.fakes.discord import TOKEN, FakeDiscord, text_of
from tests.fakes.slack import FakeSlack, Limits
from tests.platforms.slack.stage import said_in_blocks
from tests.waiting import until

pytestmark = pytest.mark.chaos

BOTS = 3
GUILD = 1
Json = dict[str, Any]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        every = metafunc.config.getoption("--chaos-seeds") == "all"
        metafunc.parametrize("seed", range(20) if every else (1,))


@dataclass(frozen=True, slots=True)
class Size:
    """How much is posted and how much goes wrong."""

    channels: int  # of each platform
    papers: int
    kills: int
    restarts: int
    cuts: int
    thoughts: int


FEW = Size(channels=4, papers=4, kills=5, restarts=1, cuts=2, thoughts=12)
ALL = Size(channels=20, papers=9, kills=25, restarts=4, cuts=6, thoughts=60)


@dataclass(slots=True)
class Scene:
    """Both platforms, the server, and the bots."""

    folder: Path
    size: Size
    slack: FakeSlack
    discord: FakeDiscord
    server: PostgresServer
    proxy: CuttingProxy
    bots: list[Running | None] = field(default_factory=lambda: [None] * BOTS)
    log: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """The database, through the proxy."""
        return f"postgresql://postgres@127.0.0.1:{self.proxy.port}/postgres"

    @property
    def settings(self) -> dict[str, str]:
        return socket_mode(self.slack) | {
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_BASE": self.discord.api_base,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "PAPERBOT_DATABASE": self.address,
        }

    def slack_channels(self) -> list[str]:
        return [f"C{number}" for number in range(100, 100 + self.size.channels)]

    def discord_channels(self) -> list[int]:
        return [1000 + number for number in range(self.size.channels)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """All bots; each is started again when it was killed."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._keep_running(place)) for place in range(BOTS)]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()

    async def _keep_running(self, place: int) -> None:
        folder = self.folder / f"bot-{place}"
        await asyncio.to_thread(folder.mkdir, exist_ok=True)
        while True:
            async with starting(folder, "run", settings=self.settings) as process:
                try:
                    self.bots[place] = await ready(process)
                    await process.process.wait()
                except (AssertionError, TimeoutError):
                    pass  # killed, or the server was away, before it was ready
                finally:
                    self.bots[place] = None
                    self.log += [f"{place}: {line}" for line in process.log]

    async def kill(self, dice: random.Random) -> None:
        """SIGKILL one of those that run."""
        running = [each for each in self.bots if each is not None]
        if running:
            await dice.choice(running).kill()

    async def restart_server(self) -> None:
        """As after a crash."""
        await asyncio.to_thread(self.server.stop)
        await asyncio.to_thread(self.server.start)


@asynccontextmanager
async def scene(folder: Path, size: Size) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        server = stack.enter_context(own_server())
        proxy = await stack.enter_async_context(cutting_proxy(server.port))
        slack = await stack.enter_async_context(FakeSlack(limits=Limits(tiers=False)))
        discord = await stack.enter_async_context(FakeDiscord())
        discord.rates.on = True
        here = Scene(folder, size, slack, discord, server, proxy)
        for name in here.slack_channels():
            slack.world.add_channel(name, f"papers-{name.lower()}")
        for number in here.discord_channels():
            discord.world.add_channel(number, f"papers-{number}", guild=GUILD)
        now = datetime.now(UTC) - timedelta(minutes=2)
        vault = write_notes(folder, papers=size.papers, day=now)
        status, _, err = await paperbot(
            folder, "import", str(vault), PAPERBOT_DATABASE=here.address
        )
        assert status == 0, err
        await subscribe_all(here, now)
        yield here
        assert discord.complaints == []


async def subscribe_all(here: Scene, now: datetime) -> None:
    """Subscribe every channel at that moment, for a digest that is due since then."""
    words = TypedOptions(at=f"{now:%H:%M}", zone="UTC", languages="en", intro="off")
    places = [
        *(ChannelRef(Platform.SLACK, "T1", name) for name in here.slack_channels()),
        *(ChannelRef(Platform.DISCORD, str(GUILD), str(n)) for n in here.discord_channels()),
    ]
    async with opened(PostgresAddress.of(here.server.dsn)) as db:
        for place in places:
            await subscribe.add(db, place, words, now=now)
        async with db.transaction() as tx:
            await linked_channels.join(tx, str(places[0]), str(places[here.size.channels]), now)


def digest(texts: list[str], here: Scene) -> list[int]:
    """The papers of a channel in the order in which they stand there."""
    found = [re.search(r"Paper (\d+) on reasoning", text) for text in texts]
    return [int(each[1]) for each in found if each is not None]


def shown(message: Json) -> str:
    return said_in_blocks(message["blocks"]) if "blocks" in message else ""


def slack_papers(here: Scene, channel: str) -> list[Json]:
    """The papers' own messages, without the header, which names them all."""
    return [one for one in here.slack.messages(channel)[1:] if "on reasoning" in shown(one)]


def is_posted(here: Scene) -> bool:
    wanted = here.size.papers
    return all(len(slack_papers(here, name)) >= wanted for name in here.slack_channels()) and all(
        len(here.discord.messages(number)) > wanted for number in here.discord_channels()
    )


def check_digests(here: Scene) -> None:
    wanted = list(range(1, here.size.papers + 1))
    for name in here.slack_channels():
        texts = [shown(one) for one in here.slack.messages(name)]
        assert digest(texts[1:], here) == wanted, (name, texts)
    for number in here.discord_channels():
        texts = [text_of(one) for one in here.discord.messages(number)]
        assert digest(texts[1:], here) == wanted, (number, texts)


@dataclass(slots=True)
class Talk:
    """What people said on each side, as it stands in the end."""

    here: Scene
    root: str
    thread: int
    said: dict[str, dict[int, str]] = field(default_factory=lambda: {"slack": {}, "discord": {}})

    async def say(self, number: int) -> None:
        side = ("slack", "discord")[number % 2]
        text = f"thought {number}."
        channel = self.here.slack_channels()[0]
        if side == "slack":
            message: Any = await self.here.slack.say(text, thread=self.root, channel=channel)
        else:
            message = await self.here.discord.says(text, by=102, at=self.thread)
        self.said[side][number] = text
        if number % 5 == 0:
            self.said[side][number] = text = f"thought {number}. mended"
            await (
                self.here.slack.edit(message, text, channel=channel)
                if side == "slack"
                else self.here.discord.edits(message, text)
            )
        if number % 7 == 0:
            del self.said[side][number]
            await (
                self.here.slack.take_back(message, channel=channel)
                if side == "slack"
                else self.here.discord.takes_back(message)
            )

    def copies(self) -> tuple[list[str], list[str]]:
        """The other side's words in each thread, in the order in which they stand there."""
        channel = self.here.slack_channels()[0]
        in_slack = [shown(one) for one in self.here.slack.replies(self.root, channel)]
        in_discord = [text_of(one) for one in self.here.discord.messages(self.thread)]
        return (
            [found[0] for text in in_slack if (found := _THOUGHT.search(text))],
            [found[0] for text in in_discord if "Ada" in text and (found := _THOUGHT.search(text))],
        )

    def wanted(self) -> tuple[list[str], list[str]]:
        return list(self.said["discord"].values()), list(self.said["slack"].values())


_THOUGHT = re.compile(r"thought \d+\.(?: mended)?")


async def talk_of(here: Scene) -> Talk:
    """Wait for the first paper on both sides, and begin to talk about it."""
    channel = here.slack_channels()[0]
    await until(lambda: slack_papers(here, channel))

    def thread() -> int | None:
        return next(
            (
                each.id
                for each in here.discord.world.channels.values()
                if each.is_thread
                and each.parent == here.discord_channels()[0]
                and "Paper 1 on" in each.name
            ),
            None,
        )

    await until(lambda: thread() is not None)
    found = thread()
    assert found is not None
    return Talk(here, slack_papers(here, channel)[0]["ts"], found)


async def test_three_bots_that_are_killed_post_everything_once_and_in_order(
    tmp_path, seed, pytestconfig
):
    size = ALL if pytestconfig.getoption("--chaos-seeds") == "all" else FEW
    dice = random.Random(seed)
    async with scene(tmp_path, size) as here, here.running():
        talk = await talk_of(here)
        acts = ["kill"] * size.kills + ["restart"] * size.restarts + ["cut"] * size.cuts
        acts += ["say"] * size.thoughts
        dice.shuffle(acts)
        numbers = iter(range(1, size.thoughts + 1))
        for act in acts:
            match act:
                case "kill":
                    await here.kill(dice)
                    await asyncio.sleep(dice.uniform(0.2, 2.0))
                case "restart":
                    await here.restart_server()
                case "cut":
                    here.proxy.cut_next_commit()
                case _:
                    await talk.say(next(numbers))
                    await asyncio.sleep(dice.uniform(0.0, 0.3))

        try:
            await until(lambda: is_posted(here) and talk.copies() == talk.wanted())
        except TimeoutError:
            (tmp_path / "log").write_text("".join(here.log))
        await asyncio.sleep(3)  # whatever would be doubled
        check_digests(here)
        assert talk.copies() == talk.wanted()
        assert here.proxy.cut > 0
