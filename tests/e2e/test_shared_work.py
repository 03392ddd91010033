"""Several bots on one PostgreSQL database share the work (issue 15, item 3)."""

import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from bot.archive.services.import_files import import_files
from bot.core.database.address import PostgresAddress
from bot.core.database.database import opened
from bot.core.ports import ChannelRef, Platform
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.workspaces.domain.slack_app import SlackApp, Tokens
from bot.workspaces.services import slack_apps
from tests.databases import new_database
from tests.e2e.process import Running, bot
from tests.e2e.test_discord import settings
from tests.e2e.test_slack import said, write_notes
from tests.e2e.test_workspaces import KEY
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack.workspaces import FakeWorkspaces, workspaces
from tests.noon import just_passed
from tests.waiting import until

TEAMS = [f"T{number}" for number in range(1, 7)]
PAPERS = 3


@dataclass
class Ground:
    """A database that several bots use, and the platforms."""

    address: PostgresAddress
    folder: Path
    slacks: FakeWorkspaces
    discord: FakeDiscord

    def bot(self) -> AbstractAsyncContextManager[Running]:
        """One more of the bots."""
        return bot(
            self.folder,
            **settings(self.discord),
            PAPERBOT_DATABASE=self.address.secret.get_secret_value(),
            PAPERBOT_SECRET_KEY=KEY,
            SLACK_API_BASE=self.slacks.url,
        )

    def held(self) -> dict[str, int]:
        """What each process does: process ids by names of leases."""
        with psycopg.connect(self.address.secret.get_secret_value()) as connection:
            rows = connection.execute(
                "SELECT l.name, p.pid FROM lease l JOIN process p ON p.id = l.holder"
            ).fetchall()
        return {name: pid for name, pid in rows if name != "discord identify"}

    async def until_shared(self, *bots: Running) -> None:
        """Until everything is done by these processes, each as much as the others, and connected."""
        pids = {each.process.pid for each in bots}

        def is_shared() -> bool:
            held = self.held()
            workspaces = Counter(pid for name, pid in held.items() if name.startswith("post:slack"))
            counts = [workspaces[pid] for pid in pids]
            return (
                held.keys() == NAMES
                and set(held.values()) <= pids
                and max(counts) - min(counts) <= 1
                and all(len(slack.sockets.open) == 2 for slack in self.slacks.of.values())
                and sorted(session.shard for session in self.discord.gateway.live) == SHARDS
            )

        await until(is_shared, every=0.1)


SHARDS = [(0, 2), (1, 2)]
NAMES = {
    "plan",
    "post:web",
    "post:discord",
    "gateway:discord:0",
    "gateway:discord:1",
    *(f"post:slack:{team}" for team in TEAMS),
}


@pytest.fixture
async def ground(postgresql: str, tmp_path: Path) -> AsyncIterator[Ground]:
    with new_database(postgresql) as address:
        async with FakeDiscord(validates=False) as discord, workspaces(*TEAMS) as slacks:
            discord.gateway.shards = 2
            async with opened(address) as db:
                notes = write_notes(tmp_path, papers=PAPERS)
                await import_files(db, [notes], now=datetime.now(UTC))
                for team, slack in slacks.of.items():
                    tokens = Tokens(slack.bot_token, slack.app_token)
                    app = SlackApp(team, team, tokens, datetime.now(UTC))
                    await slack_apps.add(db, app, [KEY])
            yield Ground(address, tmp_path, slacks, discord)


async def subscribe_all(ground: Ground) -> None:
    """A digest in every channel, due since a few minutes."""
    now = datetime.now(UTC)
    at, zone = just_passed()
    words = TypedOptions(at=at, zone=zone, intro="off")
    places = [ChannelRef(Platform.SLACK, team, "C1") for team in TEAMS]
    places.append(ChannelRef(Platform.DISCORD, "1", "11"))
    async with opened(ground.address) as db:
        for place in places:
            await subscribe.add(db, place, words, now=now)


async def test_bots_share_the_work_and_take_over_what_others_leave(ground: Ground) -> None:
    async with ground.bot() as first:
        await ground.until_shared(first)

        async with ground.bot() as second:
            await ground.until_shared(first, second)

            await subscribe_all(ground)
            held = ground.held()
            theirs = [t for t in TEAMS if held[f"post:slack:{t}"] == first.process.pid]
            await until(lambda: any(ground.slacks.of[t].messages() for t in theirs))
            await first.kill()
            await ground.until_shared(second)
            await until_posted(ground)

            async with ground.bot() as third:
                await ground.until_shared(second, third)

                assert await second.stop() == 0
                await ground.until_shared(third)
                for team in TEAMS:
                    asked = await ground.slacks.of[team].command("/paper reasoning")
                    assert asked.acknowledged


async def test_a_bot_that_hangs_loses_its_work_and_doubles_nothing_when_it_goes_on(
    ground: Ground,
) -> None:
    async with ground.bot() as first, ground.bot() as second:
        await ground.until_shared(first, second)
        await subscribe_all(ground)
        held = ground.held()
        theirs = [t for t in TEAMS if held[f"post:slack:{t}"] == first.process.pid]
        await until(lambda: any(ground.slacks.of[t].messages() for t in theirs))

        first.process.send_signal(signal.SIGSTOP)
        # It runs still, so that only its silence tells: for twenty seconds, and those of a look.
        await until(lambda: set(ground.held().values()) == {second.process.pid}, every=0.1)
        first.process.send_signal(signal.SIGCONT)

        await ground.until_shared(first, second)
        await until_posted(ground)
        assert any("lost its leases" in line for line in first.log)


async def until_posted(ground: Ground) -> None:
    """Until every channel has its header and its papers, in order, each once."""

    def is_posted() -> bool:
        return (
            all(len(slack.messages()) > PAPERS for slack in ground.slacks.of.values())
            and len(ground.discord.messages(11)) > PAPERS
        )

    # What the killed one was just sending is searched for a minute after it began.
    await until(is_posted, every=0.1)
    expected = [said(each) for each in ground.slacks.of[TEAMS[0]].messages()]
    assert len(expected) == PAPERS + 1
    for slack in ground.slacks.of.values():
        assert [said(each) for each in slack.messages()] == expected
    assert len(ground.discord.messages(11)) == PAPERS + 1
