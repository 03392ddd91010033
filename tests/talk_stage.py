"""Two platforms in memory, one archive, linked channels: what tests of discussions act on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.channels.store import linked_channels
from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.domain.document import Document, Heading, Note, Paragraph, Quote, plain_text
from bot.core.ports import (
    ChannelRef,
    Chat,
    MessageRef,
    Platform,
    ThreadMessage,
    User,
    parse_channel,
)
from bot.digest.services import plan, subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.discussion.services import catch_up, discuss
from bot.discussion.services.answers import Link, no_link
from bot.discussion.services.discuss import DiscussionContext
from tests.locations import Location
from tests.stage import Clock, MemoryChat, Posted, Stage, english, staged

SLACK = parse_channel("slack:T1/C1")
DISCORD = parse_channel("discord:G1/22")
WEB = parse_channel("web:general")
ADA = User("U1", "Ada", can_manage=False)
BO = User("U2", "보람", can_manage=False)


def words(document: Document) -> str:
    """The prose of a document."""
    return "\n".join(
        plain_text(block.inlines)
        for block in document.blocks
        if isinstance(block, Heading | Paragraph | Quote | Note)
    )


@dataclass(slots=True)
class TalkStage:
    """An archive whose digest goes out on Slack, Discord and the web; `talk` goes on over it."""

    stage: Stage
    talk: DiscussionContext
    chats: dict[Platform, MemoryChat]
    said: int = field(default=0)

    @property
    def clock(self) -> Clock:
        return self.stage.clock

    def bot(self) -> Bot:
        """What answers people's commands here."""

        async def check(channel: ChannelRef) -> ChannelRef:
            return channel

        context = DigestContext(
            self.stage.db, self.clock, ZoneInfo("Asia/Seoul"), check, lambda: None
        )
        return Bot(context, voices=english, talk=self.talk)

    async def subscribe(self, *channels: ChannelRef, at: str = "09:00") -> None:
        for channel in channels:
            options = TypedOptions(at=at, zone="Asia/Seoul", languages="en")
            await subscribe.add(self.stage.db, channel, options, now=self.clock())

    async def link(self, first: ChannelRef, second: ChannelRef) -> None:
        async with self.stage.db.transaction() as tx:
            await linked_channels.join(tx, str(first), str(second), self.clock())

    async def post(self, link: Link = no_link) -> None:
        """Plan what is due, and bring everything out that can go out."""
        await plan.plan_due(self.stage.db, now=self.clock(), voices=english, link=link)
        await self.settle()

    async def settle(self) -> None:
        """Deliver, edit and remove until nothing is left for now."""
        await catch_up.catch_up(self.talk)
        await self.deliver()

    async def deliver(self) -> None:
        """Deliver, edit and remove, while nothing else is looked at."""
        chats: dict[Platform, Chat] = {**self.chats}
        stopping = asyncio.Event()
        await self.stage.deliverer(chats).drain(stopping)
        await self.stage.changer(chats).run(stopping)

    def root(self, channel: ChannelRef, title: str = "Paper") -> MessageRef:
        """The message that shows a paper in a channel."""
        found = next(
            each
            for each in self.chats[channel.platform].posted
            if each.channel == channel and each.root is None and each.document.summary == title
        )
        return MessageRef(channel, found.id)

    def thread(self, root: MessageRef) -> list[Posted]:
        """The bot's messages in a thread, oldest first."""
        chat = self.chats[root.channel.platform]
        return [each for each in chat.posted if each.root == root.id]

    def copies(self, root: MessageRef) -> list[str]:
        """What the quotes in a thread say."""
        return [
            plain_text(block.inlines)
            for each in self.thread(root)
            for block in each.document.blocks
            if isinstance(block, Quote)
        ]

    def utterance(
        self, root: MessageRef, text: str, *, user: User = ADA, mentions_bot: bool = False
    ) -> ThreadMessage:
        """Something new that a person says in a thread."""
        self.said += 1
        message = MessageRef(root.channel, f"p{self.said}")
        return ThreadMessage(root, message, user, text, mentions_bot, at=self.clock())

    async def say(
        self, root: MessageRef, text: str, *, user: User = ADA, mentions_bot: bool = False
    ) -> ThreadMessage:
        """A person says something; what follows goes out."""
        said = self.utterance(root, text, user=user, mentions_bot=mentions_bot)
        await discuss.on_message(self.talk, said)
        await self.settle()
        return said

    def edited(self, said: ThreadMessage, text: str) -> ThreadMessage:
        """The next version of what somebody said."""
        self.said += 1
        edited_at = self.clock() + timedelta(milliseconds=self.said)
        return replace(said, text=text, edited_at=edited_at)

    async def edit(self, said: ThreadMessage, text: str) -> ThreadMessage:
        edited = self.edited(said, text)
        await discuss.on_message(self.talk, edited)
        await self.settle()
        return edited

    async def unsay(self, said: ThreadMessage) -> None:
        await discuss.on_message_deleted(self.talk, said.message)
        await self.settle()


@asynccontextmanager
async def talking(
    folder: Path, at: datetime, path: Location | None = None
) -> AsyncIterator[TalkStage]:
    """The stage, empty but for the clock."""
    async with staged(folder, at, path) as stage:
        chats = {platform: MemoryChat(stage.clock, platform) for platform in Platform}
        talk = DiscussionContext(stage.db, stage.clock, english)
        yield TalkStage(stage, talk, chats)


async def with_a_paper(stage: TalkStage, *channels: ChannelRef, title: str = "Paper") -> None:
    """A digest of one paper goes out in these channels, which are linked with one another."""
    await stage.subscribe(*channels)
    for other in channels[1:]:
        await stage.link(channels[0], other)
    await stage.stage.note(title, today(stage))
    await stage.post()


def today(stage: TalkStage) -> date:
    return stage.clock().date()
