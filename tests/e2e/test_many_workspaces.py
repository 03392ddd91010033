"""300 Discord servers and 100 Slack workspaces in one process (issue 14, item 3).

Discord is served over two connections; each Slack workspace has an app of its own. Some are broken.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

from bot.core.database.database import opened
from bot.core.ports import ChannelRef, Platform
from bot.digest.services import subscribe as digest
from bot.digest.services.options.typed import TypedOptions
from bot.workspaces.domain.slack_app import SlackApp, Tokens
from bot.workspaces.services import slack_apps
from tests.e2e.process import Running, bot
from tests.e2e.test_discord import settings
from tests.e2e.test_slack import import_notes
from tests.e2e.test_workspaces import KEY, connected
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord import Fault as DiscordFault
from tests.fakes.discord import world as rights
from tests.fakes.slack import FakeSlack, Fault
from tests.fakes.slack.workspaces import FakeWorkspaces, workspaces
from tests.noon import just_passed
from tests.waiting import eventually

GUILDS = range(1, 301)
FORBIDDEN, HANGING, LIMITED, AWAY = 2, 3, 4, 5
HANGING_CHANNELS = 60
"""More than the requests that Discord takes in a second."""
HANGS_FOR = 25.0
"""Seconds: a call that hangs is given up after 30, and who waited for it would post only then."""


def channels_of(guild: int) -> list[int]:
    count = HANGING_CHANNELS if guild == HANGING else 1
    return [guild * 1000 + number for number in range(count)]


def server(guild: int) -> int:
    """Its id: every second server is served by the second connection."""
    return guild << 22


TEAMS = [f"T{number}" for number in range(1, 101)]
REVOKED_TEAM, HANGING_TEAM, LIMITED_TEAM = TEAMS[:3]


async def test_of_400_workspaces_the_broken_ones_delay_no_other(tmp_path: Path) -> None:
    await import_notes(tmp_path, papers=2)
    async with FakeDiscord(validates=False) as discord, workspaces(*TEAMS) as slacks:
        people_the(discord)
        await store_apps(tmp_path, slacks)
        both = settings(discord) | {"SLACK_API_BASE": slacks.url, "PAPERBOT_SECRET_KEY": KEY}
        both["PYTHONUNBUFFERED"] = "1"  # so that it starts anew, with no more memory than it needs
        async with bot(tmp_path, **both) as running:
            await running.until_connected("discord")
            await connected(running, *TEAMS)
            break_some(slacks)
            await subscribe_all(tmp_path)

            async with stalls() as late:
                await all_is_well_in_slack(slacks)
                await all_is_well_in_discord(discord, running, late)
            assert running.resident_megabytes < 400


def break_some(slacks: FakeWorkspaces) -> None:
    revoked, hanging, limited = (
        slacks.of[team] for team in (REVOKED_TEAM, HANGING_TEAM, LIMITED_TEAM)
    )
    revoked.tokens[revoked.bot_token] = "token_revoked"
    hanging.faults.append(Fault("chat.postMessage", delay=300, times=1000))
    limited.faults.append(
        Fault("chat.postMessage", error="ratelimited", status=429, retry_after=3600)
    )


async def all_is_well_in_slack(slacks: FakeWorkspaces) -> None:
    well = [slacks.of[team] for team in TEAMS[3:]]
    for slack in well:
        await slack.until(partial(has_posted, slack, 1))
    at = [float(slack.messages()[0]["ts"]) for slack in well]
    assert longest_pause(at) < HANGS_FOR


@asynccontextmanager
async def stalls() -> AsyncIterator[list[float]]:
    """How many seconds late this process was each time, which plays both platforms."""
    late = [0.0]

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.05
            await asyncio.sleep(0.05)
            late.append(loop.time() - due)

    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch())
        yield late
        watching.cancel()


async def all_is_well_in_discord(
    discord: FakeDiscord, running: Running, late: Sequence[float]
) -> None:
    well = [guild for guild in GUILDS if guild not in {FORBIDDEN, HANGING, LIMITED}]
    channels = [channel for guild in well for channel in channels_of(guild)]
    await discord.until(lambda: all(map(discord.messages, channels)))

    posts = [each for each in discord.sent("messages") if each.status == 200]
    assert longest_pause([discord.sent("messages")[0].at, *(each.at for each in posts)]) < HANGS_FOR
    # The limit of 50 requests a second is one that Discord never has to enforce, unless it stands
    # still for so long that the requests of two seconds arrive together.
    limited = f"/channels/{channels_of(LIMITED)[0]}/messages"
    refused = {each.path for each in discord.requests if each.status == 429}
    assert refused == {limited} or max(late) > 0.5, max(late)
    assert sorted(len(discord.messages(channel)) for channel in channels) == [1] * len(well)

    assert [each.status for each in discord.sent("commands")] == [200]
    assert discord.sent("guild commands") == []

    async def all_shards_are_connected() -> bool:
        state = (await running.get("healthz"))["platforms"]["discord"]
        return bool(state["detail"] == "connected")

    await eventually(all_shards_are_connected)
    assert (await running.get("healthz"))["platforms"]["slack"]["ok"]
    assert {session.shard for session in discord.gateway.live} == {(0, 2), (1, 2)}
    guilds = {
        name: each["ok"] for name, each in (await running.workspaces()).items() if "discord" in name
    }
    assert guilds == {f"discord:{server(AWAY)}": False}


def longest_pause(at: Iterable[float]) -> float:
    """The most seconds between one of these instants and the next."""
    return max(after - before for before, after in pairwise(sorted(at)))


def has_posted(slack: FakeSlack, count: int) -> bool:
    return len(slack.messages()) == count


async def store_apps(folder: Path, slacks: FakeWorkspaces) -> None:
    async with opened(folder / "data" / "paperbot.db") as db:
        for team, slack in slacks.of.items():
            tokens = Tokens(slack.bot_token, slack.app_token)
            await slack_apps.add(db, SlackApp(team, team, tokens, datetime.now(UTC)), [KEY])


def people_the(discord: FakeDiscord) -> None:
    """Hundreds of servers of the same name, some of which are in trouble."""
    for guild in GUILDS:
        discord.world.add_guild(server(guild), "Reading group")
        for channel in channels_of(guild):
            discord.world.add_channel(channel, "papers", guild=server(guild))
    discord.rates.on = True
    discord.gateway.away.add(server(AWAY))
    discord.gateway.shards = 2
    discord.world.forbid(channels_of(FORBIDDEN)[0], rights.SEND)
    discord.fail(DiscordFault("POST", rf"/channels/{HANGING}\d\d\d/", delay=300, times=10_000))
    discord.fail(DiscordFault("POST", rf"/channels/{LIMITED}\d\d\d/", status=429, retry_after=3600))


async def subscribe_all(folder: Path) -> None:
    """A digest in every channel, due since a few minutes."""
    now = datetime.now(UTC)
    at, zone = just_passed()
    words = TypedOptions(at=at, zone=zone, layout="titles")
    async with opened(folder / "data" / "paperbot.db") as db:
        for team in TEAMS:
            await digest.add(db, ChannelRef(Platform.SLACK, team, "C1"), words, now=now)
        for guild in sorted(GUILDS, key=lambda guild: guild != HANGING):
            for channel in channels_of(guild):
                place = ChannelRef(Platform.DISCORD, str(server(guild)), str(channel))
                await digest.add(db, place, words, now=now)
