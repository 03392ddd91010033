"""Hundreds of Discord servers in one process, over two connections (issue 14, item 3)."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.database.database import opened
from bot.core.ports import ChannelRef, Platform
from bot.digest.services import subscribe as digest
from bot.digest.services.subscribe import TypedOptions
from tests.e2e.process import bot
from tests.e2e.test_discord import connected, settings
from tests.e2e.test_slack import import_notes
from tests.fakes.discord import FakeDiscord, Fault
from tests.fakes.discord import world as rights

GUILDS = range(1, 301)
FORBIDDEN, HANGING, LIMITED, AWAY = 2, 3, 4, 5
HANGING_CHANNELS = 60
"""More than the requests that Discord takes in a second."""


def channels_of(guild: int) -> list[int]:
    count = HANGING_CHANNELS if guild == HANGING else 1
    return [guild * 1000 + number for number in range(count)]


def server(guild: int) -> int:
    """Its id: every second server is served by the second connection."""
    return guild << 22


async def test_of_300_guilds_four_broken_ones_delay_no_other(tmp_path: Path) -> None:
    await import_notes(tmp_path, papers=2)
    async with FakeDiscord(validates=False) as discord:
        people_the(discord)
        await subscribe_all(tmp_path)
        async with bot(tmp_path, **settings(discord)) as running:
            await connected(running)
            well = [guild for guild in GUILDS if guild not in {FORBIDDEN, HANGING, LIMITED}]
            channels = [channel for guild in well for channel in channels_of(guild)]
            await discord.until(lambda: all(map(discord.messages, channels)), 60)

            posts = [each for each in discord.sent("messages") if each.status == 200]
            spent = max(each.at for each in posts) - discord.sent("messages")[0].at
            # At the limit of 50 requests a second, which Discord never has to enforce.
            assert spent < (len(channels) + HANGING_CHANNELS) / 50 + 4
            limited = f"/channels/{channels_of(LIMITED)[0]}/messages"
            refused = {each.path for each in discord.requests if each.status == 429}
            assert refused == {limited}
            assert sorted(len(discord.messages(channel)) for channel in channels) == [1] * len(well)
            assert running.resident_megabytes < 400

            assert [each.status for each in discord.sent("commands")] == [200]
            assert discord.sent("guild commands") == []
            async with asyncio.timeout(20):
                while True:
                    health = await running.get("healthz")
                    if health["platforms"]["discord"]["detail"] == "connected":
                        break
                    await asyncio.sleep(0.1)
            assert {session.shard for session in discord.gateway.live} == {(0, 2), (1, 2)}
            assert {name: each["ok"] for name, each in health["workspaces"].items()} == {
                f"discord:{server(AWAY)}": False
            }


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
    discord.fail(Fault("POST", rf"/channels/{HANGING}\d\d\d/", delay=300, times=10_000))
    discord.fail(Fault("POST", rf"/channels/{LIMITED}\d\d\d/", status=429, retry_after=3600))


async def subscribe_all(folder: Path) -> None:
    """A digest in every channel, due since a few minutes."""
    now = datetime.now(UTC)
    words = TypedOptions(at=f"{now - timedelta(minutes=2):%H:%M}", zone="UTC", layout="titles")
    async with opened(folder / "data" / "paperbot.db") as db:
        for guild in sorted(GUILDS, key=lambda guild: guild != HANGING):
            for channel in channels_of(guild):
                place = ChannelRef(Platform.DISCORD, str(server(guild)), str(channel))
                await digest.add(db, place, words, now=now)
