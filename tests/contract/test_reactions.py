"""Who likes a paper, on every platform: counted once, taken back, and read after an absence."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import EntryId
from bot.archive.services.import_files import import_files
from bot.arxiv.domain.announcements import Announcement, FeedItem
from bot.arxiv.store import feeds
from bot.channels.domain.digest_options import Layout
from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database
from bot.core.ports import (
    ChannelRef,
    Chat,
    Command,
    MessageRef,
    Platform,
    Reaction,
    ReactionsRead,
    User,
)
from bot.digest.services import plan, subscribe
from bot.discussion.services.library import DatabaseLibrary
from bot.outbox.store import threads
from bot.reactions.services import react
from tests import waiting
from tests.contract.test_commands import PLATFORMS as ROOMS
from tests.contract.test_layouts import SEED_DAY, VOICES, deliver, options, seed
from tests.databases import throw_away
from tests.fakes.discord import FakeDiscord
from tests.platforms.discord import stage as discord_stage
from tests.platforms.slack import stage as slack_stage
from tests.platforms.slack.test_backfill import house
from tests.platforms.web import stage as web_stage
from tests.waiting import until


class Like(Protocol):
    """A person likes a message with every emoji that is fit for it, or no longer."""

    async def __call__(
        self, person: str, message: MessageRef, *, is_liked: bool = True
    ) -> None: ...


@dataclass
class Storing:
    """What a fake inbox does with reactions here: it stores them, as the bot does."""

    db: Database = field(kw_only=True)
    read: int = 0

    async def on_reaction(self, reaction: Reaction) -> None:
        await react.on_reaction(self.db, reaction, reaction.at or datetime.max.replace(tzinfo=UTC))

    async def on_reactions_read(self, read: ReactionsRead) -> bool:
        return await react.on_reactions_read(self.db, read)

    async def on_channel_read(
        self,
        channel: ChannelRef,
        papers: Collection[MessageRef],
        reads: Collection[ReactionsRead],
        at: datetime,
    ) -> None:
        await react.on_channel_read(self.db, channel, papers, reads, at)
        self.read += 1


@dataclass
class SlackInbox(Storing, slack_stage.RecordingInbox):
    pass


@dataclass
class DiscordInbox(Storing, discord_stage.DigestContext):
    pass


@dataclass
class WebInbox(Storing, web_stage.FakeInbox):
    pass


@dataclass(frozen=True, slots=True)
class Place:
    """A platform with people: `like` has one of them like a message, or no longer.

    `away` runs something while the bot is away, which has read everything when it ends.
    """

    chat: Chat
    channel: ChannelRef
    clock: Callable[[], datetime]
    people: tuple[str, str, str]
    like: Like
    shown: list[MessageRef]
    away: Callable[[Callable[[], Awaitable[None]]], Awaitable[None]] | None


@asynccontextmanager
async def slack(db: Database) -> AsyncIterator[Place]:
    async with house() as here:
        inbox = here.inbox = SlackInbox(db=db)
        here.slack.world.add_person("U3", "Cy")

        async def like(person: str, message: MessageRef, *, is_liked: bool = True) -> None:
            found = here.slack.channel().messages[message.id]
            for emoji in ("+1::skin-tone-2", "tada"):
                await here.slack.react(found, emoji, user=person, is_added=is_liked)
            await here.slack.react(found, "eyes", user=person)
            await here.slack.react(found, "+1", user="UBOT")

        async def away(meanwhile: Callable[[], Awaitable[None]]) -> None:
            await running.aclose()
            here.clock.ahead += timedelta(days=1)
            await meanwhile()
            here.clock.ahead += timedelta(minutes=1)
            async with here.bot():
                await until(lambda: inbox.read)

        async with AsyncExitStack() as running:
            stage = await running.enter_async_context(here.bot())
            chat, channel = stage.chat, slack_stage.CHANNEL
            people = ("U1", "U2", "U3")
            yield Place(chat, channel, here.clock, people, like, inbox.shown, away)


@asynccontextmanager
async def discord(db: Database) -> AsyncIterator[Place]:
    async with FakeDiscord() as server:
        inbox = DiscordInbox(db=db)
        server.world.add_person(103, "Cy")
        running = discord_stage.RunningBot(server, desk=inbox)
        server.world.clock = lambda: running.clock().timestamp()

        async def like(person: str, message: MessageRef, *, is_liked: bool = True) -> None:
            found = server.channel(11).messages[int(message.id)]
            for emoji in ("👍🏽", "party_parrot:77"):
                await server.reacts(found, emoji, by=int(person), is_added=is_liked)
            await server.reacts(found, "👀", by=int(person))
            await server.reacts(found, "👍🏽", by=server.world.bot.id)

        async def away(meanwhile: Callable[[], Awaitable[None]]) -> None:
            await running.stop()
            running.clock.ahead += timedelta(days=1)
            await meanwhile()
            running.clock.ahead += timedelta(minutes=1)
            running.start()
            await until(lambda: inbox.read)

        running.start()
        await running.connected()
        try:
            yield Place(
                running.chat,
                discord_stage.PAPERS,
                running.clock,
                ("101", "102", "103"),
                like,
                inbox.shown,
                away,
            )
        finally:
            await running.stop()


@asynccontextmanager
async def web(db: Database) -> AsyncIterator[Place]:
    async with web_stage.staged(inbox=WebInbox(db=db)) as stage:
        people = [aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) for _ in "123"]
        for person in people:
            await person.get(stage.address)

        async def like(person: str, message: MessageRef, *, is_liked: bool = True) -> None:
            stage.clock.at += timedelta(seconds=1)
            body = {"message": int(message.id), "like": is_liked}
            async with people[int(person)].post(
                stage.url("/api/like"), json=body, headers=stage.own
            ) as answer:
                assert answer.status == 200

        channel = ChannelRef(Platform.WEB, "", "general")
        yield Place(stage.chat, channel, stage.clock, ("0", "1", "2"), like, [], None)
        for person in people:
            await person.close()


PLATFORMS: dict[str, Callable[[Database], AbstractAsyncContextManager[Place]]] = {
    "discord": discord,
    "slack": slack,
    "web": web,
}


async def likes(db: Database) -> int:
    """What the entry's page says."""
    page = await DatabaseLibrary(db).find_entry(EntryId(1), all_discussions=False)
    assert page is not None
    return page.likes


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_who_likes_a_paper_is_counted_once_also_after_an_absence(
    platform: str, tmp_path: Path
):
    async with throw_away() as db, PLATFORMS[platform](db) as place:
        ada, bo, cy = place.people
        await import_files(db, [seed(tmp_path)], now=place.clock())
        await subscribe.add(db, place.channel, options(Layout.PAPERS), now=place.clock())
        subscription = await subscribe.get(db, place.channel)
        await plan.plan_by_hand(db, subscription, SEED_DAY, now=place.clock(), voices=VOICES)
        await deliver(db, place.chat, place.clock)
        async with db.reading() as tx:
            paper = await threads.find_posted(tx, EntryId(1), str(place.channel))
        assert paper is not None
        place.shown.append(paper)

        for person in (ada, bo, bo):
            await place.like(person, paper)
        await eventually(db, 2)
        await place.like(bo, paper, is_liked=False)
        await eventually(db, 1)

        async def meanwhile() -> None:
            await place.like(ada, paper, is_liked=False)
            await place.like(bo, paper)
            await place.like(cy, paper)

        await (place.away(meanwhile) if place.away is not None else meanwhile())
        await eventually(db, 2)

        desk = DigestContext(db, place.clock, ZoneInfo("Asia/Seoul"), unchecked, lambda: None)
        async with db.reading() as tx:
            rows = await tx.all("SELECT DISTINCT person FROM reaction WHERE is_there = TRUE")
        someone = User(
            rows[0]["person"].rpartition("/")[2].rpartition(":")[2], "Bo", can_manage=False
        )
        bot = Bot(desk, voices=Catalogues())
        for words in ("forget-me", "forget-me confirm"):
            await bot.command(Command("paper", {"query": words}, someone, place.channel, "en"))
        assert await likes(db) == 1


async def eventually(db: Database, number: int) -> None:
    """Wait until so many people like the paper."""

    async def is_so() -> bool:
        return await likes(db) == number

    await waiting.eventually(is_so)


async def unchecked(channel: ChannelRef) -> ChannelRef:
    return channel


@pytest.mark.parametrize("platform", ROOMS)
async def test_a_new_paper_is_called_not_for_us_by_a_button_and_that_is_taken_back(platform: str):
    paper = FeedItem(
        ArxivId("2502.00009", 1), Announcement.NEW, "Unwanted", ("Ada",), "Words.", ("cs.LG",)
    )
    async with throw_away() as db, ROOMS[platform](db) as room:
        async with db.transaction() as tx:
            await feeds.add_papers(tx, [paper], SEED_DAY)
        listed = await room.types("/paper new")
        assert "/paper not-for-us 2502.00009" in str(listed.message)

        told = await room.types("/paper not-for-us 2502.00009")
        lower = await room.types("/paper new")
        undone = await room.presses(told, "Undo")
        again = await room.types("/paper new")

    assert told.is_private
    assert undone.is_private
    assert "ranked lower" in told.text
    assert "not for us: 1 person (−0.25)" in lower.text
    assert "Taken back" in undone.text
    assert "−0.25" not in again.text
