"""Rounds of changes: removals first, and a platform that hangs keeps no other waiting."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.core.domain.document import Document
from bot.core.ports import ChannelRef, MessageRef
from bot.discussion.services import discuss
from bot.operations.pumps import Pumps
from tests.stage import MORNING, MemoryChat
from tests.talk_stage import DISCORD, SLACK, WEB, TalkStage, talking, with_a_paper


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING) as opened:
        await with_a_paper(opened, WEB, SLACK, DISCORD)
        yield opened


class Recording(MemoryChat):
    """Remembers what it was asked for, and hangs where it is told to, until it goes on."""

    def __init__(self, inner: MemoryChat, *, hangs: bool = False) -> None:
        super().__init__(inner.now, inner.platform, inner.posted)
        self.asked: list[str] = []
        self.hangs = hangs
        self.is_hanging, self.goes_on = asyncio.Event(), asyncio.Event()

    async def edit(self, message: MessageRef, document: Document) -> None:
        self.asked.append("edit")
        await self._hang()
        await super().edit(message, document)

    async def delete(self, message: MessageRef) -> None:
        self.asked.append("delete")
        await self._hang()
        await super().delete(message)

    async def _hang(self) -> None:
        if self.hangs:
            self.is_hanging.set()
            await self.goes_on.wait()


async def one_round(
    stage: TalkStage, chat: MemoryChat, *, stopping: asyncio.Event | None = None
) -> int:
    """A round, which waits longer for a platform than any test lasts."""
    changer = stage.stage.changer({chat.platform: chat}, within=timedelta(hours=1))
    return await changer.run(stopping or asyncio.Event())


async def edited_and_taken_back(stage: TalkStage) -> None:
    """Something said on the web is edited, something else is taken back."""
    first = await stage.say(stage.root(WEB), "befor")
    second = await stage.say(stage.root(WEB), "a slip")
    await discuss.on_message(stage.talk, stage.edited(first, "before"))
    await discuss.on_message_deleted(stage.talk, second.message)


async def test_what_is_to_go_goes_before_anything_is_edited(stage):
    await edited_and_taken_back(stage)
    chat = Recording(stage.chats[SLACK.platform])

    changed = await one_round(stage, chat)
    again = await one_round(stage, chat)

    assert (changed, again) == (2, 0)
    assert chat.asked == ["delete", "edit"]


async def test_a_round_that_is_to_stop_begins_nothing(stage):
    await edited_and_taken_back(stage)
    chat, stopping = Recording(stage.chats[SLACK.platform]), asyncio.Event()
    stopping.set()

    await one_round(stage, chat, stopping=stopping)

    assert chat.asked == []


async def test_a_change_that_a_closed_connection_cancelled_is_made_later(stage):
    await edited_and_taken_back(stage)
    chat = stage.chats[SLACK.platform]
    chat.edit_errors, chat.delete_errors = [asyncio.CancelledError()], [asyncio.CancelledError()]
    pumps, rounds = Pumps(stage.clock), asyncio.Queue[int]()

    async def change() -> None:
        rounds.put_nowait(await one_round(stage, chat))

    pumps.add("change", timedelta(hours=1), change)
    async with pumps.running():
        first = await rounds.get()
        stage.clock.turn(minutes=1)
        pumps.wake("change")
        second = await rounds.get()

    assert (first, second) == (0, 2)


async def test_a_platform_that_hangs_keeps_no_other_waiting(stage):
    await edited_and_taken_back(stage)
    slack = Recording(stage.chats[SLACK.platform], hangs=True)
    discord = Recording(stage.chats[DISCORD.platform])
    alarm, done = Pumps(stage.clock), asyncio.Event()

    async def change(chat: MemoryChat) -> None:
        await one_round(stage, chat)
        if len(discord.asked) == 2:
            done.set()

    for chat in (slack, discord):
        alarm.add(f"change {chat.platform}", timedelta(hours=1), partial(change, chat))
    async with alarm.running():
        await slack.is_hanging.wait()
        await done.wait()
        in_the_middle = list(slack.asked)
        slack.goes_on.set()

    assert discord.asked == ["delete", "edit"]
    assert in_the_middle == ["delete"]


async def test_a_workspace_that_hangs_keeps_no_other_waiting(stage):
    other = ChannelRef(SLACK.platform, "T2", "C1")
    await stage.link(WEB, other)
    await with_a_paper(stage, other)
    await edited_and_taken_back(stage)
    chat = HangsInOneWorkspace(stage.chats[SLACK.platform])

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(one_round(stage, chat))
        await chat.is_done.wait()
        assert not running.done()
        running.cancel()

    assert chat.asked == ["delete", "delete"]


class HangsInOneWorkspace(Recording):
    """Never answers in the workspace T1."""

    def __init__(self, inner: MemoryChat) -> None:
        super().__init__(inner)
        self.is_done = asyncio.Event()

    async def delete(self, message: MessageRef) -> None:
        self.hangs = message.channel.workspace == "T1"
        await super().delete(message)
        self.is_done.set()
