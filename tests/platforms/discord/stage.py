"""A stage for tests of the adapter: our Discord, and a bot's posting at it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.core.catalogue import Catalogues
from bot.core.domain.document import Document, Heading, Paragraph, Text
from bot.core.ports import (
    ChannelRef,
    Choice,
    Command,
    DeliveryKey,
    MessageRef,
    Platform,
    Reaction,
    ReactionsRead,
    ThreadMessage,
)
from bot.core.ports.part import ALONE, Part
from bot.platforms.discord import sdk
from bot.platforms.discord.access import Access
from bot.platforms.discord.chat import DiscordChat
from bot.platforms.discord.http_hooks import HttpHooks
from bot.platforms.discord.inbound.supervisor import Patience, Turn, at_once
from bot.platforms.discord.posting.posting import Posting
from bot.platforms.discord.rest import Rest
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.platforms.form_inbox import FormInbox
from tests.platforms.memory import Kept, Notes, SeenIds
from tests.waiting import HANGING, until

PAPERS = ChannelRef(Platform.DISCORD, "1", "11")


def now() -> datetime:
    return datetime.now(UTC)


async def briefly(_seconds: float) -> None:
    """A pause that costs a test nothing."""
    await asyncio.sleep(0)


def assert_valid_requests(discord: FakeDiscord) -> None:
    """What holds of every request in every test: the published schema, and that nobody is pinged."""
    assert discord.complaints == []
    saying = {"messages", "message", "threads", "original", "followup"}
    for request in discord.requests:
        if request.route in saying and request.method in {"POST", "PATCH"}:
            body = request.body.get("message", request.body)
            assert body["allowed_mentions"]["parse"] == [], request
        if request.route == "callback" and request.body["type"] in {4, 7}:
            assert request.body["data"]["allowed_mentions"]["parse"] == [], request


@dataclass(frozen=True, slots=True)
class Stage:
    discord: FakeDiscord
    hooks: HttpHooks
    rest: Rest
    posting: Posting


@asynccontextmanager
async def staged(*, token: str = TOKEN) -> AsyncIterator[Stage]:
    async with FakeDiscord() as discord:
        sdk.point_at(discord.api_base, discord.gateway_url)
        hooks = HttpHooks(per_second=lambda: 1000)
        rest = Rest(token, hooks)
        try:
            yield Stage(discord, hooks, rest, Posting(rest, sleep=briefly))
        finally:
            await rest.close()
        assert_valid_requests(discord)


def key(number: int = 1) -> DeliveryKey:
    return DeliveryKey(f"d{number:024x}")


def said(text: str) -> Document:
    return Document((Paragraph((Text(text),)),), summary=text)


def paper(title: str = "A paper", text: str = "What it says.") -> Document:
    return Document(
        (Heading((Text(title),)), Paragraph((Text(text),))),
        summary=title,
        opens_thread=True,
        thread_name=title,
    )


def long_paper(title: str = "A long paper") -> Document:
    """One that fills four messages."""
    words = " ".join(f"word{number}" for number in range(2600))
    return paper(title, words)


@dataclass
class DigestContext(FormInbox):
    """An inbox that remembers what it is told; `answers` makes what it says to a command.

    It waits for `ready` before it answers.
    """

    answers: Callable[[Command], Document] = lambda command: said(f"answer to {command.options}")
    choices: tuple[Choice, ...] = ()
    asked: list[Command] = field(default_factory=list)
    completed: list[tuple[str, str]] = field(default_factory=list)
    heard: list[ThreadMessage] = field(default_factory=list)
    taken_back: list[MessageRef] = field(default_factory=list)
    shown: list[MessageRef] = field(default_factory=list)
    """The messages of papers."""
    reactions: list[Reaction] = field(default_factory=list)
    reactions_read: list[ReactionsRead] = field(default_factory=list)
    channels_read: list[tuple[ChannelRef, datetime]] = field(default_factory=list)
    ready: asyncio.Event | None = None

    async def command(self, command: Command) -> Document:
        self.asked.append(command)
        if self.ready is not None:
            await self.ready.wait()
        return self.answers(command)

    async def complete(self, command: Command, option: str, typed: str) -> tuple[Choice, ...]:
        self.asked.append(command)
        self.completed.append((option, typed))
        return self.choices

    async def on_message(self, said: ThreadMessage) -> None:
        self.heard.append(said)

    async def on_message_deleted(self, message: MessageRef) -> None:
        self.taken_back.append(message)

    async def on_reaction(self, reaction: Reaction) -> None:
        self.reactions.append(reaction)

    async def on_reactions_read(self, read: ReactionsRead) -> bool:
        self.reactions_read.append(read)
        return False

    async def on_channel_read(
        self,
        channel: ChannelRef,
        _papers: Collection[MessageRef],
        _reads: Collection[ReactionsRead],
        at: datetime,
    ) -> None:
        self.channels_read.append((channel, at))


QUICK = Patience(
    first_pause=0.01,
    longest_pause=0.1,
    between_identifications=0.0,
    ready_within=3.0,
    guilds_within=0.05,
    sessions_kept=2,
)


async def soon(seconds: float) -> None:
    """A pause that is short enough for a test."""
    await asyncio.sleep(min(seconds, 0.02))


class Clock:
    """The time of this machine, as far ahead as a test has waited."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead


@dataclass(frozen=True, slots=True)
class Counter:
    """A chat that only posts: no gateway is connected."""

    discord: FakeDiscord
    chat: DiscordChat
    clock: Clock


@asynccontextmanager
async def posting_alone() -> AsyncIterator[Counter]:
    async with FakeDiscord() as discord:
        clock = Clock()
        discord.world.clock = lambda: clock().timestamp()
        chat = DiscordChat(
            Access(TOKEN, discord.api_base, discord.gateway_url),
            seen=SeenIds(),
            memo=Notes(),
            voices=Catalogues(),
            clock=clock,
            sleep=soon,
            hooks=HttpHooks(per_second=lambda: 1000),
        )
        try:
            yield Counter(discord, chat, clock)
        finally:
            await chat.close()
        assert_valid_requests(discord)


@dataclass
class RunningBot:
    """A Discord with a running bot in it, which may be ended and started again."""

    discord: FakeDiscord
    desk: DigestContext = field(default_factory=DigestContext)
    notes: Notes = field(default_factory=Notes)
    clock: Clock = field(default_factory=Clock)
    once: SeenIds = field(default_factory=SeenIds)
    token: str = TOKEN
    guilds: tuple[int, ...] = ()
    patience: Patience = QUICK
    pauses: list[float] = field(default_factory=list)
    """The seconds that the bot wanted to wait, each of them cut short."""
    part_of: Callable[[int], Part] = lambda _number: ALONE
    alone: Turn = at_once
    chat: DiscordChat = field(init=False)
    _running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Build a bot and let it run, whether or not it can connect."""
        self.chat = DiscordChat(
            Access(self.token, self.discord.api_base, self.discord.gateway_url, self.guilds),
            seen=self.once,
            memo=self.notes,
            replies=Kept(self.desk.heard, self.desk.taken_back, self.desk.shown),
            voices=Catalogues(),
            clock=self.clock,
            patience=self.patience,
            sleep=self._sleep,
            hooks=HttpHooks(per_second=lambda: 1000),
            part_of=self.part_of,
            alone=self.alone,
        )
        self._running = asyncio.get_running_loop().create_task(self.chat.run(self.desk))

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await soon(seconds)

    async def connected(self) -> None:
        """Wait until the bot has a session and has caught up with it."""

        def is_connected() -> bool:
            if self._running is not None and self._running.done():
                self._running.result()
            return self.chat.condition.ok

        await until(is_connected)

    async def until(self, claim: Callable[[], bool]) -> None:
        """Wait until something holds."""
        await until(claim)

    async def ended(self) -> None:
        """Wait until the bot ends by itself; raises what it ends with."""
        assert self._running is not None
        async with asyncio.timeout(HANGING):
            await self._running

    def cancel(self) -> None:
        """Begin to end the bot."""
        if self._running is not None:
            self._running.cancel()

    @property
    def is_running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._running is not None and not self._running.done()

    async def stop(self) -> None:
        self.cancel()
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)
        self._running = None

    async def restart(self) -> None:
        """End the bot and start it again, with what it has written down."""
        await self.stop()
        self.start()
        await self.connected()


@asynccontextmanager
async def running_bot() -> AsyncIterator[RunningBot]:
    """A Discord, with a bot that is not started yet."""
    async with FakeDiscord() as discord:
        opened = RunningBot(discord)
        discord.world.clock = lambda: opened.clock().timestamp()
        try:
            yield opened
        finally:
            await opened.stop()
        assert_valid_requests(discord)
