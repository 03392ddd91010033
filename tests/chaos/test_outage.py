"""One platform is down for an hour, on a clock of our own: both fakes, both real adapters.

People go on talking on both sides meanwhile, since their own platform works for them; they change
what they said and take it back. An hour of the clock later the network is back, and a while after
that each side shows what was said on the other: once, in order, as it stands now.
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.archive.services.import_files import import_files
from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database, opened
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import ChannelRef, Chat, MessageRef, Platform, parse_channel
from bot.core.store.key_value import DatabaseKeyValue
from bot.core.store.processed_events import DatabaseProcessedEvents
from bot.discussion.services import catch_up
from bot.discussion.services.discuss import DiscussionContext
from bot.discussion.store.kept_replies import DatabaseReplies
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.services.changes import Changer
from bot.outbox.services.deliver import Deliverer
from bot.outbox.store import threads
from bot.platforms.discord.access import Access as DiscordAccess
from bot.platforms.discord.chat import DiscordChat
from bot.platforms.discord.http_hooks import HttpHooks
from bot.platforms.slack.access import Access as SlackAccess
from bot.platforms.slack.chat import SlackChat
from tests.chaos.linked import plan_linked
from tests.fakes.discord import TOKEN, FakeDiscord, text_of
from tests.fakes.slack import APP_TOKEN, BOT_TOKEN, FakeSlack
from tests.fakes.slack import Fault as SlackFault
from tests.platforms.discord.stage import QUICK as QUICK_DISCORD
from tests.platforms.discord.stage import soon
from tests.platforms.slack.stage import QUICK as QUICK_SLACK
from tests.platforms.slack.stage import Clock, said_in_blocks
from tests.waiting import until

pytestmark = pytest.mark.chaos

SLACK, DISCORD = parse_channel("slack:T1/C1"), parse_channel("discord:1/11")
THOUGHT = re.compile(r"thought \d+(?:, mended)?")


@dataclass
class Scene:
    """A bot between both platforms, as `bot.app` puts it together, on a clock that a test turns."""

    db: Database
    clock: Clock
    slack: FakeSlack
    discord: FakeDiscord
    chats: dict[Platform, Chat]
    talk: DiscussionContext
    deliverer: Deliverer
    roots: dict[ChannelRef, MessageRef] = field(default_factory=dict)
    said: dict[ChannelRef, dict[int, tuple[Any, str | None]]] = field(
        default_factory=lambda: {SLACK: {}, DISCORD: {}}
    )
    count: int = 0

    # What the bot does

    async def pump(self) -> None:
        """Everything that the pumps do, once."""
        stopping = asyncio.Event()
        await catch_up.catch_up(self.talk)
        await self.deliverer.drain(stopping)
        changer = Changer(
            self.db,
            self.chats,
            clock=self.clock,
            rate_limits=RateLimits({}),
            jitter=random.random,
        )
        await changer.run(stopping)

    async def pass_by(self, length: timedelta) -> None:
        self.clock.ahead += length
        await asyncio.sleep(0.05)  # what came over the wire is dealt with
        await self.pump()

    # What people do

    async def say(self, side: ChannelRef) -> None:
        self.count += 1
        text, root = f"thought {self.count}", self.roots[side].id
        if side is SLACK:
            message = await self.slack.say(text, thread=root)
        else:
            message = await self.discord.says(text, at=int(root), by=102)
        self.said[side][self.count] = (message, text)

    async def mend(self, side: ChannelRef) -> None:
        """Whoever spoke last changes what they said."""
        number, (message, text) = list(self.said[side].items())[-1]
        if text is None:
            return
        text = f"thought {number}, mended"
        if side is SLACK:
            await self.slack.edit(message, text)
        else:
            await self.discord.edits(message, text)
        self.said[side][number] = (message, text)

    async def take_back(self, side: ChannelRef) -> None:
        """The first who still stands by their words takes them back."""
        number, message = next(
            (number, message) for number, (message, text) in self.said[side].items() if text
        )
        if side is SLACK:
            await self.slack.take_back(message)
        else:
            await self.discord.takes_back(message)
        self.said[side][number] = (message, None)

    # What can be seen

    def shown(self) -> dict[ChannelRef, list[str]]:
        """The bot's copies in each thread."""
        in_slack = [
            said_in_blocks(one["blocks"])
            for one in self.slack.replies(self.roots[SLACK].id)
            if "blocks" in one
        ]
        in_discord = [
            text_of(one)
            for one in self.discord.messages(int(self.roots[DISCORD].id))
            if one["author"]["bot"]
        ]
        return {
            side: [found[0] for text in texts if (found := THOUGHT.search(text))]
            for side, texts in ((SLACK, in_slack), (DISCORD, in_discord))
        }

    def wanted(self) -> dict[ChannelRef, list[str]]:
        return {
            side: [text for _, text in self.said[other].values() if text]
            for side, other in ((SLACK, DISCORD), (DISCORD, SLACK))
        }

    # What breaks

    def slack_breaks(self, seed: int) -> None:
        """Nothing of the bot's reaches Slack, or its answers get lost; the lines are cut."""
        dice = random.Random(seed)

        def choose(_method: str) -> SlackFault:
            return SlackFault(drop=True) if dice.random() < 0.3 else SlackFault(status=503)

        self.slack.chaos = choose
        self.slack.sockets.refusing = True
        self.slack.sockets.abort()

    async def slack_heals(self) -> None:
        self.slack.chaos = lambda _: None
        self.slack.sockets.refusing = False
        await until(lambda: self.slack.sockets.open)

    async def discord_breaks(self) -> None:
        await self.discord.stop()

    async def discord_heals(self) -> None:
        await self.discord.start(self.discord.port)
        await self.discord.connected()


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    clock = Clock()
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(opened(folder / "bot.db"))
        slack = await stack.enter_async_context(FakeSlack(clock=clock.timestamp))
        discord = await stack.enter_async_context(FakeDiscord())
        discord.world.clock = clock.timestamp
        chats: dict[Platform, Chat] = {
            Platform.SLACK: SlackChat(
                SlackAccess(BOT_TOKEN, APP_TOKEN, None, slack.url),
                seen=DatabaseProcessedEvents(db, clock=clock),
                memo=DatabaseKeyValue(db),
                replies=DatabaseReplies(db),
                voices=Catalogues(),
                clock=clock,
                timing=QUICK_SLACK,
                sleep=soon,
            ),
            Platform.DISCORD: DiscordChat(
                DiscordAccess(TOKEN, discord.api_base, discord.gateway_url),
                seen=DatabaseProcessedEvents(db, clock=clock),
                memo=DatabaseKeyValue(db),
                replies=DatabaseReplies(db),
                voices=Catalogues(),
                clock=clock,
                patience=QUICK_DISCORD,
                sleep=soon,
                hooks=HttpHooks(per_second=lambda: 1000),
            ),
        }
        talk = DiscussionContext(db, clock, lambda _: ENGLISH)

        async def check(channel: ChannelRef) -> ChannelRef:
            return channel

        inbox = Bot(
            DigestContext(db, clock, ZoneInfo("UTC"), check, lambda: None),
            voices=lambda _: ENGLISH,
            talk=talk,
        )
        deliverer = Deliverer(
            db, chats, owner="me", clock=clock, rate_limits=RateLimits({}), jitter=random.random
        )
        opened_scene = Scene(db, clock, slack, discord, chats, talk, deliverer)
        async with asyncio.TaskGroup() as tasks:
            serving = [tasks.create_task(chat.run(inbox)) for chat in chats.values()]
            await discord.connected()
            await until(lambda: slack.sockets.open)
            await post_a_paper(opened_scene, folder)
            yield opened_scene
            for task in serving:
                task.cancel()


async def post_a_paper(scene: Scene, folder: Path) -> None:
    """A digest of one paper goes out on both sides, in channels that are linked."""
    at = scene.clock()
    vault = folder / "vault"
    vault.mkdir()
    note = "*Paper* (Ada Lovelace)\n\nA fine paper.\n\n#rl\n"
    (vault / f"{at:%y%m%d} Paper.md").write_text(note, encoding="utf-8")
    await import_files(scene.db, [vault], now=at)
    await plan_linked(scene.db, SLACK, DISCORD, at)
    await scene.pump()
    async with scene.db.reading() as tx:
        [entry] = await tx.all("SELECT id FROM entry")
        for channel in (SLACK, DISCORD):
            root = await threads.find_posted(tx, entry["id"], str(channel))
            assert root is not None
            scene.roots[channel] = root


async def an_hour_of_talk(scene: Scene, clock_step: timedelta) -> None:
    for step in range(12):
        await scene.say(SLACK)
        await scene.say(DISCORD)
        if step % 4 == 1:
            await scene.mend(SLACK)
            await scene.mend(DISCORD)
        if step % 5 == 3:
            await scene.take_back(SLACK)
            await scene.take_back(DISCORD)
        await scene.pass_by(clock_step)


async def settles(scene: Scene) -> None:
    """Both sides show what they should, within some minutes of the clock, and go on to."""
    for _ in range(90):
        await scene.pass_by(timedelta(seconds=20))
        if scene.shown() == scene.wanted():
            break
        await asyncio.sleep(0.1)
    assert scene.shown() == scene.wanted()
    for _ in range(5):
        await scene.pass_by(timedelta(minutes=5))
    assert scene.shown() == scene.wanted()
    assert scene.discord.complaints == []


STEP = timedelta(minutes=5)


async def test_slack_is_away_for_an_hour(tmp_path):
    async with scene(tmp_path) as here:
        await an_hour_of_talk(here, timedelta(seconds=1))
        await settles(here)

        here.slack_breaks(seed=1)
        await an_hour_of_talk(here, STEP)
        assert here.shown() != here.wanted()
        await here.slack_heals()

        await settles(here)


async def test_discord_is_away_for_an_hour(tmp_path):
    async with scene(tmp_path) as here:
        await an_hour_of_talk(here, timedelta(seconds=1))
        await settles(here)

        await here.discord_breaks()
        await an_hour_of_talk(here, STEP)
        assert here.shown() != here.wanted()
        await here.discord_heals()

        await settles(here)
