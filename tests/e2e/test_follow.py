"""Following: one direct message the next morning, once, and what a closed inbox gets instead."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from tests.e2e import test_discord, test_slack
from tests.e2e.faked_clock import FakedClock, faked_clock
from tests.e2e.process import bot, paperbot
from tests.fakes.discord import FakeDiscord, text_of
from tests.fakes.slack import FakeSlack
from tests.fakes.slack.world import BOT_USER
from tests.platforms.slack.stage import said_in_blocks
from tests.waiting import eventually, until

pytestmark = pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is missing")

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
A_MOMENT = timedelta(minutes=2)
"""When the clock is set by so much, everything that is done every few seconds is done at once."""
NOTE = "https://arxiv.org/abs/2502.000{n:02}\n\n*Paper {n}* (Jane Lee)\n\n{n}번째 생각입니다.\n\n#{tag}\n"


NOTES = ((-1, 1, "moe"), (1, 2, "moe"), (1, 3, "rl"), (2, 4, "moe"), (3, 5, "moe"), (10, 6, "moe"))
"""The papers: on which day after the follow, which one, about what."""


@dataclass(frozen=True, slots=True)
class Place:
    """A platform, seen by Ada, who types; `directs` are all direct messages, with their links.

    `tried` counts the bot's attempts to write to her.
    """

    settings: dict[str, str]
    channel: str
    types: Callable[[str], Awaitable[str]]
    said: Callable[[], list[str]]
    directs: Callable[[], list[str]]
    take: Callable[..., None]
    tried: Callable[[], int]


@asynccontextmanager
async def slack(clock: FakedClock) -> AsyncIterator[Place]:
    async with FakeSlack(clock=clock.timestamp) as fake:

        async def types(line: str) -> str:
            asked = await fake.command(line)
            (answer,) = await fake.until(lambda: asked.answers)
            assert answer["response_type"] == "ephemeral"
            return said_in_blocks(answer["blocks"])

        def directs() -> list[str]:
            direct = fake.world.channels.get("DU1")
            found = [] if direct is None else list(direct.messages.values())
            return [f"{said_in_blocks(each['blocks'])} {each['blocks']}" for each in found]

        def take(*, messages: bool) -> None:
            fake.world.messages_tab = messages

        yield Place(
            test_slack.socket_mode(fake),
            "slack:C1",
            types,
            lambda: [test_slack.said(m) for m in fake.messages() if m["user"] == BOT_USER],
            directs,
            take,
            lambda: sum(
                each.args.get("channel") == "DU1" for each in fake.calls_of("chat.postMessage")
            ),
        )
        assert fake.world.scopes >= {"im:write"}


@asynccontextmanager
async def discord(clock: FakedClock) -> AsyncIterator[Place]:
    async with FakeDiscord() as fake:
        fake.world.clock = clock.timestamp
        ada = fake.person(101)

        async def types(line: str) -> str:
            name, _, query = line.removeprefix("/").partition(" ")
            asked = await fake.types(name, {"query": query} if query else {})
            answer = await asked.answer()
            assert asked.private
            return text_of(answer)

        def direct() -> int:
            return next((c.id for c in fake.world.channels.values() if c.recipient is ada), 0)

        def directs() -> list[str]:
            return [text_of(each) for each in fake.messages(direct())] if direct() else []

        def take(*, messages: bool) -> None:
            ada.is_closed = not messages

        def tried() -> int:
            path = f"/channels/{direct()}/messages"
            return sum(each.method == "POST" and each.path.endswith(path) for each in fake.requests)

        yield Place(
            test_discord.settings(fake),
            "discord:11",
            types,
            lambda: [text_of(each) for each in fake.messages(11)],
            directs,
            take,
            tried,
        )
        assert fake.complaints == []


PLACES: dict[str, Callable[[FakedClock], AbstractAsyncContextManager[Place]]] = {
    "discord": discord,
    "slack": slack,
}


def write(folder: Path, day: int, n: int, tag: str) -> str:
    """The path of a new note."""
    note = folder / f"{NOON + timedelta(days=day):%y%m%d} Paper {n}.md"
    note.write_text(NOTE.format(n=n, tag=tag), encoding="utf-8")
    return str(note)


@pytest.mark.parametrize("platform", sorted(PLACES))
async def test_what_is_followed_comes_once_a_day_and_a_closed_inbox_is_left_alone(
    tmp_path: Path, platform: str
):
    clock = faked_clock(tmp_path)
    clock.set_to(NOON)
    notes = [write(tmp_path, *note) for note in NOTES]

    def morning(day: int, hour: int = 9) -> datetime:
        return NOON + timedelta(days=day, hours=hour - 12)

    async with PLACES[platform](clock) as place:
        settings = place.settings | clock.settings
        adding = ("channel", "add", place.channel, "--at", "07:00", "--tz", "UTC")
        for command in (("import", *notes), adding):
            done = await paperbot(tmp_path, *command, **settings)
            assert done[0] == 0, done

        # A follow, news of the next day, and the next morning: after the digest one message, whose
        # link leads to the paper's own message in the channel.
        async with bot(tmp_path, **settings) as running:
            await running.until_connected(platform)
            assert "You follow #moe now." in await place.types("/follow #moe")
            assert place.directs() == []
            clock.set_to(morning(1, hour=8))
            await until(lambda: any("Paper 2" in said for said in place.said()))
            await running.ticks("deliver")
            clock.set_to(morning(1))
            [told] = await until(place.directs)
            await running.kill()

        assert "Paper 2" in told
        assert "#moe" in told
        assert "Paper 1" not in told
        assert "Paper 3" not in told
        assert ("/archives/C1/p" if platform == "slack" else "/channels/1/11/") in told

        async with bot(tmp_path, **settings) as running:
            await running.until_connected(platform)
            await running.ticks("deliver")
            assert place.directs() == [told]

            # The inbox is closed: one mention where she asked, and no try for a week.
            place.take(messages=False)
            before = place.tried()
            clock.set_to(morning(2))
            await until(lambda: place.tried() > before)
            clock.set_to(morning(2) + A_MOMENT)
            await until(lambda: _mentions(place))
            tries = place.tried()
            clock.set_to(morning(3))
            await until(lambda: any("Paper 5" in said for said in place.said()))
            clock.set_to(morning(3) + A_MOMENT)
            await running.ticks("follow", 1)
            await running.ticks("deliver")
            assert len(_mentions(place)) == 1
            assert place.tried() == tries
            assert place.directs() == [told]

            # A week later it is open again, and nothing is missing.
            place.take(messages=True)
            clock.set_to(morning(10))
            await until(lambda: len(place.directs()) == 2)
            later = place.directs()[-1]
            assert all(f"Paper {n}" in later for n in (4, 5, 6))
            assert "Paper 2" not in later
            assert len(_mentions(place)) == 1
            assert await running.stop() == 0


async def test_in_the_web_chat_it_comes_to_an_inbox_that_others_do_not_see(tmp_path: Path):
    clock = faked_clock(tmp_path)
    clock.set_to(NOON)
    notes = [write(tmp_path, *note) for note in NOTES]
    adding = ("channel", "add", "web:general", "--at", "07:00", "--tz", "UTC")
    for command in (("import", *notes), adding):
        assert (await paperbot(tmp_path, *command, **clock.settings))[0] == 0

    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as ada:

        async def read(path: str) -> str:
            async with ada.get(running.address + path) as page:
                return await page.text()

        async with bot(tmp_path, **clock.settings) as running:
            await read("inbox")
            line = {"channel": "general", "text": "/follow #moe", "nonce": "nonce-000001"}
            own = {"Origin": running.address.rstrip("/")}
            async with ada.post(running.address + "api/say", json=line, headers=own) as answer:
                assert "You follow #moe now." in (await answer.json())["private"]
            clock.set_to(NOON + timedelta(hours=20))
            await eventually(lambda: _shows(read, "", "Paper 2"))
            await running.ticks("deliver")
            clock.set_to(NOON + timedelta(hours=21))
            await eventually(lambda: _shows(read, "inbox", "Paper 2"))
            await running.kill()

        async with bot(tmp_path, **clock.settings) as running:
            await running.ticks("deliver")
            inbox = await read("inbox")
            assert inbox.count('<a href="/c/general/t/') == 1
            assert "Paper 1" not in inbox
            assert "Paper 3" not in inbox
            assert "Paper 2" not in await running.text("inbox")


async def _shows(read: Callable[[str], Awaitable[str]], path: str, words: str) -> bool:
    return words in await read(path)


def _mentions(place: Place) -> list[str]:
    return [said for said in place.said() if "I cannot send you direct messages" in said]
