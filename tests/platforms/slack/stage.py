"""A `SlackChat` that runs against the fake Slack, with an inbox that remembers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from bot.core.catalogue import Catalogues
from bot.core.domain import command_line
from bot.core.domain.document import Button, Buttons, Document, Heading, Paragraph, Text
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
from bot.platforms.slack.access import Access
from bot.platforms.slack.chat import SlackChat
from bot.platforms.slack.inbound.timing import Timing
from bot.platforms.slack.requests import signed_requests
from tests.fakes.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, FakeSlack, Limits
from tests.platforms.form_inbox import FormInbox
from tests.platforms.memory import Kept, Notes
from tests.waiting import until

CHANNEL = ChannelRef(Platform.SLACK, "T1", "C1")
KEY, KEY_2 = DeliveryKey("d01"), DeliveryKey("d02")
WITH_BUTTON = (
    Paragraph((Text("A paper"),)),
    Buttons((Button("Abstract", command="/paper entry:7"),)),
)
LONG = Document(tuple(Paragraph((Text(f"Part {n}. " * 300),)) for n in range(14)), "Long")
QUICK = Timing(
    ping=0.5,
    look=0.05,
    heals_within=1.0,
    first_pause=0.1,
    longest_pause=0.5,
    between_reads=0.0,
)


class Clock:
    """Real time, shifted as a test likes; the fake Slack reads it too."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def timestamp(self) -> float:
        return self().timestamp()


@dataclass
class RecordingInbox(FormInbox):
    """Answers a command with its own line and buttons to turn the page; remembers everything."""

    commands: list[Command] = field(default_factory=list)
    heard: list[ThreadMessage] = field(default_factory=list)
    forgotten: list[MessageRef] = field(default_factory=list)
    shown: list[MessageRef] = field(default_factory=list)
    """The messages of papers."""
    reactions: list[Reaction] = field(default_factory=list)
    reactions_read: list[ReactionsRead] = field(default_factory=list)
    channels_read: list[tuple[ChannelRef, datetime]] = field(default_factory=list)
    answer: Callable[[Command], Document] | None = None

    async def command(self, command: Command) -> Document:
        self.commands.append(command)
        return self.answer(command) if self.answer is not None else echo(command)

    async def complete(self, *_: object) -> tuple[Choice, ...]:
        return ()

    async def on_message(self, said: ThreadMessage) -> None:
        self.heard.append(said)

    async def on_message_deleted(self, message: MessageRef) -> None:
        self.forgotten.append(message)

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


def echo(command: Command) -> Document:
    """What was asked, and a button to the next page of it."""
    free = command.options.get("query") or command.options.get("what") or ""
    page = int(command.options.get("page", "1"))
    line = command_line.format_line(command.name, free)
    further = command_line.format_line(command.name, free, page=page + 1)
    return Document(
        (
            Heading((Text(line),)),
            Paragraph((Text(f"Page {page}"),)),
            Buttons((Button("Older", command=further),)),
        ),
        summary=f"{line}: page {page}",
    )


class Remembered:
    """`ports.ProcessedEvents` without a database."""

    def __init__(self) -> None:
        self.ids: set[str] = set()

    async def is_known(self, event_id: str) -> bool:
        return event_id in self.ids

    async def first_time(self, event_id: str) -> bool:
        new = event_id not in self.ids
        self.ids.add(event_id)
        return new


@dataclass
class Stage:
    """The players: the fake, the chat under test, its inbox, and what it remembers."""

    slack: FakeSlack
    chat: SlackChat
    inbox: RecordingInbox
    seen: Remembered
    clock: Clock
    notes: Notes

    async def connected(self, lines: int = 2) -> None:
        await until(lambda: self.chat.condition.ok)
        if self.slack.events_url is None:
            await until(lambda: len(self.slack.sockets.open) >= lines)

    async def heard(self, count: int = 1) -> list[ThreadMessage]:
        await until(lambda: len(self.inbox.heard) >= count)
        return self.inbox.heard

    async def asked(self, count: int = 1) -> list[Command]:
        await until(lambda: len(self.inbox.commands) >= count)
        return self.inbox.commands


async def no_waiting(_seconds: float) -> None:
    """In place of `asyncio.sleep`: only the others get their turn."""
    await asyncio.sleep(0)


def make_chat(
    slack: FakeSlack,
    clock: Clock,
    seen: Remembered,
    *,
    http: bool = False,
    bot_token: str = BOT_TOKEN,
    app_token: str = APP_TOKEN,
    timing: Timing = QUICK,
    notes: Notes | None = None,
    inbox: RecordingInbox | None = None,
    part_of: Callable[[str], Part] = lambda _team: ALONE,
) -> SlackChat:
    access = Access(
        bot_token,
        None if http else app_token,
        SIGNING_SECRET if http else None,
        slack.url,
    )
    return SlackChat(
        access,
        seen=seen,
        voices=Catalogues(),
        clock=clock,
        memo=notes,
        replies=Kept(inbox.heard, inbox.forgotten, inbox.shown) if inbox is not None else None,
        timing=timing,
        sleep=soon,
        part_of=part_of,
    )


async def soon(seconds: float) -> None:
    """A pause that is short enough for a test."""
    await asyncio.sleep(min(seconds, 0.5))


@asynccontextmanager
async def running(chat: SlackChat, inbox: RecordingInbox) -> AsyncIterator[None]:
    """The chat, served until the end of the block."""
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(chat.run(inbox))
        try:
            yield
        finally:
            serving.cancel()


@asynccontextmanager
async def staged(
    *,
    http: bool = False,
    limits: Limits | None = None,
    timing: Timing = QUICK,
    inbox: RecordingInbox | None = None,
) -> AsyncIterator[Stage]:
    """Everything, connected; the bot's `inbox` may be one of a test's own."""
    clock, seen, inbox, notes = Clock(), Remembered(), inbox or RecordingInbox(), Notes()
    async with FakeSlack(clock=clock.timestamp, limits=limits) as slack:
        chat = make_chat(slack, clock, seen, http=http, timing=timing, notes=notes, inbox=inbox)
        stage = Stage(slack, chat, inbox, seen, clock, notes)
        async with serving_http(chat, slack), running(chat, inbox):
            await stage.connected()
            yield stage


@asynccontextmanager
async def serving_http(chat: SlackChat, slack: FakeSlack) -> AsyncIterator[None]:
    """A web server that passes requests to `/slack` to the chat, where it takes them."""
    requests = chat.requests
    if requests is None:
        yield
        return
    application = web.Application()
    application.add_subapp("/slack", signed_requests.application(lambda: [requests]))
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        yield
    finally:
        await runner.cleanup()


def said_in_blocks(value: Any) -> str:
    """Everything that is said in some JSON of blocks, run by run."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            return str(value["text"])
        return " ".join(filter(None, map(said_in_blocks, value.values())))
    if isinstance(value, list):
        return " ".join(filter(None, map(said_in_blocks, value)))
    return ""


def paragraph(text: str) -> Document:
    return Document((Paragraph((Text(text),)),), text)


def controls(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The buttons of a message by their labels, and the options of its menus without their numbers."""
    found: dict[str, dict[str, Any]] = {}
    for block in message["blocks"]:
        for element in block["elements"] if block["type"] == "actions" else ():
            control = {**element, "block_id": block["block_id"]}
            if element["type"] == "button":
                found[element["text"]["text"]] = control
            for option in element.get("options", ()):
                title = option["text"]["text"].partition(". ")[2]
                found[title] = control | {"selected_option": option}
    return found


def button(message: dict[str, Any]) -> dict[str, Any]:
    """The first button of a message, as Slack tells that it was pressed."""
    block = next(block for block in message["blocks"] if block["type"] == "actions")
    return {**block["elements"][0], "block_id": block.get("block_id", "")}
