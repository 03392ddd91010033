"""Readers on three platforms in memory who follow something: what tests of follows act on."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.core.domain.document import Document, Heading, Items, Link, plain_text
from bot.core.ports import ChannelRef, MessageRef, Platform, User
from bot.follow.services import closed_inbox, follow, plan
from bot.follow.services.follow import Asker, Settings
from tests.locations import Location
from tests.stage import Posted, english
from tests.talk_stage import ADA, SLACK, TalkStage, talking

SEOUL = ZoneInfo("Asia/Seoul")


def inbox_of(channel: ChannelRef, user: User) -> ChannelRef:
    name = "@" if channel.platform is Platform.WEB else "D"
    return ChannelRef(channel.platform, channel.workspace, f"{name}{user.id}")


async def open_inbox(channel: ChannelRef, user: User) -> ChannelRef:
    return inbox_of(channel, user)


def link(message: MessageRef) -> str:
    return f"https://chat.example/{message.channel.id}/{message.id}"


def told(document: Document) -> list[tuple[str, str]]:
    """The lines of a direct message: each title with its reason."""
    return [
        (plain_text(item.inlines), plain_text(item.detail))
        for block in document.blocks
        if isinstance(block, Items)
        for item in block.items
    ]


def addresses(document: Document) -> list[str]:
    return [
        inline.url
        for block in document.blocks
        if isinstance(block, Items)
        for item in block.items
        for inline in item.inlines
        if isinstance(inline, Link)
    ]


def title(document: Document) -> str:
    return next(plain_text(b.inlines) for b in document.blocks if isinstance(b, Heading))


@dataclass(slots=True)
class FollowStage:
    """A `TalkStage` with readers."""

    talk: TalkStage
    left: set[tuple[str, ChannelRef]] = field(default_factory=set)
    """People and channels that they have left."""

    async def _reads(self, person: str, channels: Collection[ChannelRef]) -> frozenset[ChannelRef]:
        return frozenset(each for each in channels if (person, each) not in self.left)

    @property
    def db(self):
        return self.talk.stage.db

    @property
    def clock(self):
        return self.talk.clock

    async def follow(
        self, *queries: str, user: User = ADA, channel: ChannelRef = SLACK, locale: str = "en"
    ) -> Asker:
        asker = Asker(user, channel, locale)
        for query in queries:
            await follow.add(
                self.db, asker, query, now=self.clock(), zone=SEOUL, open_inbox=open_inbox
            )
        return asker

    async def change(self, asker: Asker, **settings: object) -> None:
        await follow.change(self.db, asker, Settings(**settings), now=self.clock(), zone=SEOUL)  # type: ignore[arg-type]

    async def note(self, name: str, words: str = "A fine paper.", tags: str = "#rl", **of: object):
        on = of.get("on") or self.clock().astimezone(SEOUL).date()
        await self.talk.stage.note(name, on, words, tags)  # type: ignore[arg-type]

    async def pass_time(self, **by: float) -> None:
        """Time passes; what is due goes out."""
        self.clock.turn(**by)
        await self.run()

    async def run(self) -> None:
        await plan.plan_due(self.db, now=self.clock(), voices=english, link=link, reads=self._reads)
        await self.talk.settle()
        await closed_inbox.look(self.db, now=self.clock(), voices=english)
        await self.talk.settle()

    def messages(self, user: User = ADA, channel: ChannelRef = SLACK) -> list[Posted]:
        """The direct messages of a person."""
        inbox = inbox_of(channel, user)
        chat = self.talk.chats[channel.platform]
        return [each for each in chat.posted if each.channel == inbox]

    def said_in(self, channel: ChannelRef) -> list[str]:
        chat = self.talk.chats[channel.platform]
        return [each.document.summary for each in chat.posted if each.channel == channel]


@asynccontextmanager
async def following(
    folder: Path, at: datetime, path: Location | None = None
) -> AsyncIterator[FollowStage]:
    """The stage, empty but for the clock."""
    async with talking(folder, at, path) as talk:
        yield FollowStage(talk)
