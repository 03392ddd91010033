"""A platform that is away for an hour, a day, three days: in the end every side reads the same.

People go on meanwhile, on both sides: they say things, edit them and take them back.
"""

import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.ports import (
    ChannelRef,
    ChatError,
    ChatRefusedError,
    ChatUnavailableError,
    ChatUncertainError,
    ThreadMessage,
)
from bot.outbox.domain.delivery import State
from bot.outbox.services import operator_actions
from tests.stage import MORNING, MemoryChat
from tests.talk_stage import DISCORD, SLACK, TalkStage, talking, with_a_paper

STEP = timedelta(minutes=10)
SIDES = (SLACK, DISCORD)

Begin = Callable[[MemoryChat, random.Random], None]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING) as opened:
        await with_a_paper(opened, *SIDES)
        yield opened


def away(chat: MemoryChat, _dice: random.Random) -> None:
    chat.trouble = lambda *_: ChatUnavailableError("no connection")


def hangs(chat: MemoryChat, _dice: random.Random) -> None:
    chat.trouble = lambda *_: ChatUncertainError("no answer in time")


def shuts_out(chat: MemoryChat, _dice: random.Random) -> None:
    chat.trouble = lambda *_: ChatRefusedError("the bot is not in that channel")


def browns_out(chat: MemoryChat, dice: random.Random) -> None:
    """Now and then something gets through, and even then nobody hears of it."""

    def trouble(_channel: ChannelRef, _thread: str | None) -> ChatError | None:
        down, lost = ChatUnavailableError("down"), ChatUncertainError("reset")
        return dice.choice([down, down, lost, lost, None])

    chat.trouble = trouble
    chat.late_errors = [ChatUncertainError("reset") for _ in range(10_000)]


def ends(chat: MemoryChat) -> None:
    chat.trouble = None
    chat.late_errors = []


class People:
    """What they do, and what is then to be read: by side, in the order it was said."""

    def __init__(self, stage: TalkStage, dice: random.Random) -> None:
        self._stage = stage
        self._dice = dice
        self._said: list[ThreadMessage] = []
        self.texts: dict[str, tuple[ChannelRef, str]] = {}

    async def do_something(self) -> None:
        deed = self._dice.choice(["say", "say", "edit", "take back"])
        there = [said for said in self._said if said.message.id in self.texts]
        if deed == "say" or not there:
            channel = self._dice.choice(SIDES)
            text = f"thought {len(self._said)}"
            said = await self._stage.say(self._stage.root(channel), text)
            self._said.append(said)
            self.texts[said.message.id] = (channel, text)
            return
        said = self._dice.choice(there)
        channel, text = self.texts[said.message.id]
        if deed == "edit":
            self.texts[said.message.id] = (channel, f"{text}!")
            await self._stage.edit(said, f"{text}!")
        else:
            del self.texts[said.message.id]
            await self._stage.unsay(said)

    def to_read(self, side: ChannelRef) -> list[str]:
        return [text for channel, text in self.texts.values() if channel != side]


async def pass_time(stage: TalkStage, length: timedelta) -> None:
    for _ in range(length // STEP):
        stage.clock.at += STEP
        await stage.settle()


@pytest.mark.parametrize(
    "length",
    [timedelta(hours=1), timedelta(days=1), timedelta(days=3)],
    ids=["an hour", "a day", "three days"],
)
@pytest.mark.parametrize("begin", [away, hangs, shuts_out, browns_out])
async def test_in_the_end_every_side_reads_the_same_once_and_in_order(stage, length, begin: Begin):
    dice = random.Random(f"{begin.__name__} {length}")
    people, discord = People(stage, dice), stage.chats[DISCORD.platform]
    for _ in range(6):
        await people.do_something()

    begin(discord, dice)
    for _ in range(12):
        await people.do_something()
        await pass_time(stage, length / 12)
    ends(discord)
    await people.do_something()
    await pass_time(stage, timedelta(hours=2))

    for side in SIDES:
        assert stage.copies(stage.root(side)) == people.to_read(side)
    keys = [posted.key for chat in stage.chats.values() for posted in chat.posted]
    assert len(keys) == len(set(keys))
    states = {delivery.state for delivery in await operator_actions.list_deliveries(stage.stage.db)}
    assert not states & {State.PLANNED, State.SENDING, State.HELD}


@pytest.mark.parametrize("seed", range(5))
async def test_both_sides_may_be_away_by_turns(stage, seed):
    dice = random.Random(seed)
    people = People(stage, dice)

    for _ in range(12):
        chat = stage.chats[dice.choice(SIDES).platform]
        dice.choice([away, hangs, browns_out])(chat, dice)
        for _ in range(3):
            await people.do_something()
            await pass_time(stage, dice.choice([STEP, timedelta(hours=1)]))
        ends(chat)
        if dice.random() < 0.5:
            await pass_time(stage, STEP)
    await pass_time(stage, timedelta(hours=1))

    for side in SIDES:
        assert stage.copies(stage.root(side)) == people.to_read(side)
    assert (await operator_actions.condition(stage.stage.db, now=stage.clock())).ok
