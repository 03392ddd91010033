"""What every platform tells the bot of what people say in threads: one suite over all of them.

A platform joins by adding to `PLATFORMS` a function that opens a `Place`.
"""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database
from bot.core.domain.document import Document, Paragraph, Text, dump, load
from bot.core.ports import ChannelRef, Chat, Command, DeliveryKey, MessageRef, ThreadMessage
from tests.databases import throw_away
from tests.fakes.discord.world import FORUM
from tests.platforms.discord.stage import PAPERS, running_bot
from tests.platforms.slack.stage import CHANNEL as SLACK_CHANNEL
from tests.platforms.slack.stage import staged as staged_slack
from tests.platforms.web.stage import staged
from tests.platforms.web.test_chat_api import GENERAL
from tests.waiting import until

numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """A running chat with people in it, and what the bot has been told.

    `say` puts a person's words into the thread of a root; what it returns is given to `edit` and
    `take_back`. `calling` is how a person calls the bot there.
    """

    chat: Chat
    channel: ChannelRef
    heard: list[ThreadMessage]
    taken_back: list[MessageRef]
    say: Callable[[MessageRef, str], Awaitable[Any]]
    edit: Callable[[Any, str], Awaitable[object]]
    take_back: Callable[[Any], Awaitable[object]]
    calling: str
    asked: list[Command]
    korean: Callable[[str, MessageRef | None], Awaitable[object]]
    """A person whose app is in Korean types a command line or, with a root, says it there."""

    async def root(self) -> MessageRef:
        """A paper's message."""
        paper = Document(
            (Paragraph((Text("a paper"),)),), "a paper", opens_thread=True, thread_name="a paper"
        )
        return await self.chat.post(self.channel, paper, key=key())


def key() -> DeliveryKey:
    return DeliveryKey(f"d{next(numbers):024x}")


@asynccontextmanager
async def web() -> AsyncIterator[Place]:
    async with staged() as stage:

        async def post(path: str, **body: object) -> Any:
            status, answer = await stage.post(path, **body)
            assert status == 200, answer
            return answer

        async def say(root: MessageRef, text: str) -> int:
            body = {"channel": "general", "text": text, "nonce": key(), "root": int(root.id)}
            return int((await post("/api/say", **body))["change"]["id"])

        async def korean(text: str, root: MessageRef | None) -> None:
            body = {"channel": "general", "text": text, "nonce": key()}
            thread = {"root": int(root.id)} if root else {}
            headers = {**stage.own, "Accept-Language": "ko-KR,ko;q=0.9"}
            async with (
                aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client,
                client.post(stage.url("/api/say"), json=body | thread, headers=headers) as answer,
            ):
                assert answer.status == 200

        yield Place(
            stage.chat,
            GENERAL,
            stage.inbox.received,
            stage.inbox.deleted,
            say,
            lambda message, text: post("/api/edit", message=message, text=text),
            lambda message: post("/api/remove", message=message),
            "@paperbot",
            stage.inbox.asked,
            korean,
        )


@asynccontextmanager
async def slack() -> AsyncIterator[Place]:
    async with staged_slack() as stage:
        yield Place(
            stage.chat,
            SLACK_CHANNEL,
            stage.inbox.heard,
            stage.inbox.forgotten,
            lambda root, text: stage.slack.say(text, thread=root.id),
            stage.slack.edit,
            stage.slack.take_back,
            "<@UBOT>",
            stage.inbox.commands,
            lambda text, root: (
                stage.slack.say(text, user="U2", thread=root.id)
                if root
                else stage.slack.command(text, user="U2")
            ),
        )


@asynccontextmanager
async def discord(channel: ChannelRef = PAPERS) -> AsyncIterator[Place]:
    async with running_bot() as running:
        running.discord.world.add_channel(20, "forum", type=FORUM)
        running.start()
        await running.connected()

        async def say(root: MessageRef, text: str) -> Any:
            thread = int(root.id.rpartition("/")[2])
            calls = "@paperbot" in text
            return await running.discord.says(text, at=thread, mentions_bot=calls)

        async def korean(text: str, root: MessageRef | None) -> None:
            if root is None:
                await running.discord.types(text.removeprefix("/"), by=102)
                return
            thread = int(root.id.rpartition("/")[2])
            await running.discord.says(text, by=102, at=thread, mentions_bot=True)

        yield Place(
            running.chat,
            channel,
            running.desk.heard,
            running.desk.taken_back,
            say,
            running.discord.edits,
            running.discord.takes_back,
            "@paperbot",
            running.desk.asked,
            korean,
        )


def discord_forum() -> AbstractAsyncContextManager[Place]:
    return discord(ChannelRef(PAPERS.platform, PAPERS.workspace, "20"))


PLATFORMS: dict[str, Callable[[], AbstractAsyncContextManager[Place]]] = {
    "discord": discord,
    "discord forum": discord_forum,
    "slack": slack,
    "web": web,
}


@pytest.fixture(params=sorted(PLATFORMS))
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    async with PLATFORMS[request.param]() as opened:
        yield opened


async def test_a_message_in_a_thread_is_handed_on_with_its_root(place: Place):
    root = await place.root()

    await place.say(root, "What about the baseline?")
    await until(lambda: place.heard)

    (said,) = place.heard
    assert (said.root, said.text, said.mentions_bot) == (root, "What about the baseline?", False)
    assert said.message.channel == root.channel
    assert said.message != root
    assert said.user.name


async def test_a_mention_of_the_bot_is_recognized(place: Place):
    root = await place.root()

    await place.say(root, f"{place.calling} abstract")
    await until(lambda: place.heard)

    assert {said.mentions_bot for said in place.heard} == {True}
    assert all("abstract" in said.text for said in place.heard)


async def test_replies_keep_their_order(place: Place):
    root = await place.root()
    texts = [f"thought {number}" for number in range(6)]

    for text in texts:
        await place.say(root, text)
    await until(lambda: len(place.heard) >= len(texts))

    assert [said.text for said in place.heard] == texts


async def test_an_edited_message_is_handed_on_under_the_same_id(place: Place):
    root = await place.root()
    message = await place.say(root, "befor")
    await until(lambda: place.heard)

    await place.edit(message, "before")
    await until(lambda: len(place.heard) >= 2)

    first, again = place.heard
    assert (again.message, again.root, again.text) == (first.message, root, "before")


async def test_a_deleted_message_is_reported(place: Place):
    root = await place.root()
    message = await place.say(root, "oops")
    await until(lambda: place.heard)

    await place.take_back(message)
    await until(lambda: place.taken_back)

    assert place.heard[0].message in place.taken_back


async def test_the_bots_own_messages_are_ignored(place: Place):
    root = await place.root()
    own = Document((Paragraph((Text("mine"),)),), "mine")

    await place.chat.reply(root, own, key=key())
    await place.say(root, "a person's")
    await until(lambda: place.heard)

    assert [said.text for said in place.heard] == ["a person's"]


async def test_a_person_is_answered_in_their_own_language_also_in_a_thread(place: Place):
    root = await place.root()
    await place.korean("/help", None)
    await until(lambda: place.asked)
    await place.korean(f"{place.calling} help", root)
    await place.say(root, f"{place.calling} help")
    await until(lambda: len(place.heard) == 2)
    async with throw_away() as db:
        bot = real_bot(db)

        answer = await bot.command(place.asked[-1])
        for said in place.heard:
            await bot.on_message(said)

        assert "논문" in dump(answer)
        assert await helped_in(db) == ["ko", "en"]


async def helped_in(db: Database) -> list[str]:
    """The languages of the answers that are planned, in order."""
    async with db.reading() as tx:
        rows = await tx.all("SELECT document FROM delivery ORDER BY id")
    summaries = [load(row["document"]).summary for row in rows]
    return ["ko" if "물어볼 수 있습니다" in summary else "en" for summary in summaries]


def real_bot(db: Database) -> Bot:
    async def check(channel: ChannelRef) -> ChannelRef:
        return channel

    desk = DigestContext(
        db, lambda: datetime.now(UTC), ZoneInfo("Asia/Seoul"), check, planned=lambda: None
    )
    return Bot(desk, voices=Catalogues())
