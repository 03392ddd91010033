"""Who may manage a channel's digest, on every platform, over the real bot and its database."""

import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database
from bot.core.domain.document import Button, Buttons, Document, Paragraph, Text
from bot.core.ports import ChannelRef, Command, DeliveryKey
from tests.databases import throw_away
from tests.fakes.discord import FakeDiscord, text_of
from tests.platforms.discord import stage as discord_stage
from tests.platforms.slack import stage as slack_stage
from tests.platforms.web import stage as web_stage

NOW = datetime(2025, 2, 4, 3, tzinfo=UTC)
PAUSE = Document(
    (Paragraph((Text("Enough?"),)), Buttons((Button("Pause", command="/digest pause"),))), "Enough?"
)
KEY = DeliveryKey("d01")
numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Place:
    """A channel with a person who may manage it (`boss`) and two who may not.

    `ask` gives what a person sees after typing a line there, `press` after pressing the button of
    `PAUSE`; `mention` is how a person is named in a line.
    """

    boss: str
    readers: tuple[str, str]
    mention: Callable[[str], str]
    ask: Callable[[str, str], Awaitable[str]]
    press: Callable[[str], Awaitable[str]]
    who: str


async def _check(channel: ChannelRef) -> ChannelRef:
    return channel


def bot_over(db: Database) -> Bot:
    desk = DigestContext(db, lambda: NOW, ZoneInfo("Asia/Seoul"), _check, lambda: None)
    return Bot(desk, voices=Catalogues())


@dataclass
class SlackBot(slack_stage.RecordingInbox):
    db: Database = field(kw_only=True)

    async def command(self, command: Command) -> Document:
        return await bot_over(self.db).command(command)


@asynccontextmanager
async def slack(db: Database) -> AsyncIterator[Place]:
    async with slack_stage.staged(inbox=SlackBot(db=db)) as stage:
        stage.slack.world.add_person("U3", "Grace")
        stage.slack.world.add_person("U4", "Edsger")

        async def ask(person: str, line: str) -> str:
            asked = await stage.slack.command(line, user=person)
            (answer,) = await stage.slack.until(lambda: asked.answers)
            return slack_stage.said_in_blocks(answer["blocks"])

        async def press(person: str) -> str:
            (message,) = stage.slack.messages()
            pressed = await stage.slack.press(message, slack_stage.button(message), user=person)
            (answer,) = await stage.slack.until(lambda: pressed.answers)
            return slack_stage.said_in_blocks(answer["blocks"])

        await stage.chat.post(slack_stage.CHANNEL, PAUSE, key=KEY)
        who = "admins and owners of the workspace, and the channel's creator"
        yield Place("U1", ("U3", "U4"), lambda user: f"<@{user}|{user}>", ask, press, who)


@dataclass
class DiscordBot(discord_stage.DigestContext):
    db: Database = field(kw_only=True)

    async def command(self, command: Command) -> Document:
        return await bot_over(self.db).command(command)


@asynccontextmanager
async def discord(db: Database) -> AsyncIterator[Place]:
    async with FakeDiscord() as server:
        server.world.add_person(103, "Grace")
        server.world.add_person(104, "Edsger")
        running = discord_stage.RunningBot(server, desk=DiscordBot(db=db))
        running.start()
        await running.connected()

        async def ask(person: str, line: str) -> str:
            what = {"what": line.removeprefix("/digest ")}
            asked = await server.types("digest", what, by=int(person))
            return text_of(await asked.answer())

        async def press(person: str) -> str:
            (message,) = server.messages(11)
            pressed = await server.presses(message, "Pause", by=int(person))
            return text_of(await pressed.answer())

        await running.chat.post(discord_stage.PAPERS, PAUSE, key=KEY)
        try:
            who = "people with the permission “Manage Channels”"
            yield Place("101", ("103", "104"), lambda user: f"<@{user}>", ask, press, who)
        finally:
            await running.stop()


@dataclass
class WebBot(web_stage.FakeInbox):
    db: Database = field(kw_only=True)

    async def command(self, command: Command) -> Document:
        return await bot_over(self.db).command(command)


@asynccontextmanager
async def web(db: Database) -> AsyncIterator[Place]:
    async with web_stage.staged(inbox=WebBot(db=db)) as stage:
        await stage.become_operator()
        jars = [aiohttp.CookieJar(unsafe=True) for _ in range(2)]
        async with (
            aiohttp.ClientSession(cookie_jar=jars[0]) as first,
            aiohttp.ClientSession(cookie_jar=jars[1]) as second,
        ):
            clients = {"operator": stage.client, "first": first, "second": second}

            async def send(person: str, path: str, **body: object) -> str:
                body |= {"channel": "general", "nonce": f"nonce-{next(numbers):08}"}
                url = stage.url(path)
                async with clients[person].post(url, json=body, headers=stage.own) as response:
                    assert response.status == 200
                    return str((await response.json())["private"])

            async def ask(person: str, line: str) -> str:
                return await send(person, "/api/say", text=line)

            ids: dict[str, str] = {}
            for person in ("first", "second"):
                async with clients[person].get(stage.url("/")):
                    pass
                answer = await ask(person, "/digest managers")
                ids[person] = answer.partition("/digest managers @")[2][:16]

            async def press(person: str) -> str:
                return await send(person, "/api/press", line="/digest pause")

            yield Place(
                "operator",
                ("first", "second"),
                lambda user: f"@{ids[user]}",
                ask,
                press,
                "operator",
            )


PLATFORMS: dict[str, Callable[[Database], AbstractAsyncContextManager[Place]]] = {
    "discord": discord,
    "slack": slack,
    "web": web,
}


@pytest.fixture(params=sorted(PLATFORMS))
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    async with throw_away() as db, PLATFORMS[request.param](db) as found:
        yield found


async def test_whoever_is_named_may_manage_the_digest_until_removed(
    place: Place, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "bot.digest.services.managers")
    reader, other = place.readers

    refused = await place.ask(reader, "/digest here at:09:00 tz:UTC")
    named = await place.ask(place.boss, f"/digest managers {place.mention(reader)}")
    subscribed = await place.ask(reader, "/digest here")
    pressed = await place.press(reader)
    handed_on = await place.ask(reader, f"/digest managers {place.mention(other)}")
    refused_other = await place.press(other)
    removed = await place.ask(place.boss, f"/digest managers remove {place.mention(reader)}")
    refused_again = await place.press(reader)

    assert "Only people who may manage this channel can do that" in refused
    assert place.who in refused
    assert "Nobody else is named" not in named
    assert "Also named" in named
    assert "09:00" in subscribed
    assert "paused" in pressed.casefold()
    assert "Only these people can name or remove managers" in handed_on
    assert "Only people who may manage this channel" in refused_other
    assert "Also named" in refused_other
    assert "Nobody else is named" in removed
    assert "Only people who may manage this channel" in refused_again
    changes = [record.getMessage() for record in caplog.records]
    assert [text.partition(": ")[2].split()[1] for text in changes] == ["named", "removed"]


async def test_a_name_gives_nobody_rights(place: Place):
    answer = await place.ask(place.boss, "/digest managers @Grace")

    assert "Grace" in answer
    assert "named" not in answer
    for reader in place.readers:
        assert "Only people who may" in await place.ask(reader, "/digest pause")


async def test_anybody_sees_who_may_manage_the_digest(place: Place):
    await place.ask(place.boss, f"/digest managers add {place.mention(place.readers[0])}")

    for person in (place.boss, *place.readers):
        answer = await place.ask(person, "/digest managers")

        assert place.who in answer
        assert "Also named" in answer
