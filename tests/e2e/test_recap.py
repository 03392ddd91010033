"""A recap in Slack and Discord: on Friday at the digest's hour, once, with a picture, also after kill -9."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.picture import find_lack
from tests.e2e import test_discord, test_slack
from tests.e2e.faked_clock import FakedClock, faked_clock
from tests.e2e.process import bot, paperbot
from tests.fakes.discord import FakeDiscord, text_of
from tests.fakes.slack import FakeSlack
from tests.fakes.slack.world import BOT_USER
from tests.platforms.slack.stage import said_in_blocks
from tests.waiting import until

pytestmark = pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is missing")

FRIDAY = datetime(2025, 3, 7, 9, tzinfo=UTC)
NOTE = (
    "https://arxiv.org/abs/2502.000{n:02}\n\n*Paper {n}* (Jane Lee)\n\n{n}번째 생각입니다.\n\n#rl\n"
)
ASKED = "Looking back on week 10 of 2025"
TOLD = "Looking back on the week up to 6 March 2025"


@dataclass(frozen=True, slots=True)
class Place:
    """A platform: `recaps` are the bot's posted recaps, each with its picture's words, if any."""

    settings: dict[str, str]
    channel: str
    types: Callable[[str], Awaitable[str]]
    recaps: Callable[[], list[str | None]]


@asynccontextmanager
async def slack(clock: FakedClock) -> AsyncIterator[Place]:
    async with FakeSlack(clock=clock.timestamp) as fake:

        async def types(line: str) -> str:
            asked = await fake.command(line)
            (answer,) = await fake.until(lambda: asked.answers)
            return said_in_blocks(answer["blocks"])

        def picture(message: dict[str, Any]) -> str | None:
            found = [block for block in message["blocks"] if block["type"] == "image"]
            return found[0]["alt_text"] if found else None

        yield Place(
            test_slack.socket_mode(fake),
            "slack:C1",
            types,
            lambda: [
                picture(each)
                for each in fake.messages()
                if each["user"] == BOT_USER and TOLD in each["text"]
            ],
        )


@asynccontextmanager
async def discord(clock: FakedClock) -> AsyncIterator[Place]:
    async with FakeDiscord() as fake:
        fake.world.clock = clock.timestamp

        async def types(line: str) -> str:
            asked = await fake.types("digest", {"what": line.removeprefix("/digest ")})
            return text_of(await asked.answer())

        def picture(message: dict[str, Any]) -> str | None:
            files = message["attachments"]
            return files[0]["description"] if files else None

        yield Place(
            test_discord.settings(fake),
            "discord:11",
            types,
            lambda: [picture(each) for each in fake.messages(11) if TOLD in text_of(each)],
        )
        assert fake.complaints == []


PLACES: dict[str, Callable[[FakedClock], AbstractAsyncContextManager[Place]]] = {
    "discord": discord,
    "slack": slack,
}


@pytest.mark.parametrize("platform", sorted(PLACES))
async def test_the_recap_of_the_week_comes_on_friday_once(tmp_path: Path, platform: str):
    clock = faked_clock(tmp_path)
    clock.set_to(FRIDAY - timedelta(minutes=30))
    notes = [tmp_path / f"2503{min(n + 2, 6):02} Paper {n}.md" for n in range(1, 6)]
    for n, note in enumerate(notes, start=1):
        note.write_text(NOTE.format(n=n), encoding="utf-8")

    async with PLACES[platform](clock) as place:
        settings = place.settings | clock.settings
        adding = ("channel", "add", place.channel, "--at", "09:00", "--tz", "UTC")
        importing = ("import", *map(str, notes))
        for command in (importing, (*adding, "--recap", "weekly", "--languages", "en")):
            done = await paperbot(tmp_path, *command, **settings)
            assert done[0] == 0, done
        async with bot(tmp_path, **settings) as running:
            await running.until_connected(platform)
            assert ASKED in await place.types("/digest recap")
            assert place.recaps() == []
            clock.set_to(FRIDAY + timedelta(minutes=2))
            [picture] = await until(place.recaps)
            await running.kill()
        async with bot(tmp_path, **settings) as running:
            await running.until_connected(platform)
            clock.set_to(FRIDAY + timedelta(minutes=10))
            await running.ticks("recap", 1)
            await running.ticks("deliver")
            assert len(place.recaps()) == 1
            assert await running.stop() == 0

    if find_lack() is None:
        assert picture is not None
        assert "#rl" in picture
