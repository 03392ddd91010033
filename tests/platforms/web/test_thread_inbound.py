"""Replies are delivered to the inbox at least once, also after a crash."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bot.core.database.database import Database
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.ports import Health, ThreadMessage
from bot.platforms.web.thread_inbound import ThreadInbound
from bot.webchat.domain.board import Author, BoardMessage
from bot.webchat.store.board import DatabaseBoard
from tests.platforms.web.stage import NOON, Clock, FakeInbox, make_chat

MINJI = Author("a1", "민지")


@pytest.fixture
def board(db: Database) -> DatabaseBoard:
    return DatabaseBoard(db)


async def post_paper(board: DatabaseBoard) -> int:
    document = Document((Paragraph((Text("a paper"),)),), summary="a paper")
    return (await board.add("general", document, at=NOON)).id


async def reply(board: DatabaseBoard, root: int, text: str) -> BoardMessage:
    return await board.add("general", text, at=NOON, root=root, author=MINJI)


@asynccontextmanager
async def started(db: Database, inbox: FakeInbox) -> AsyncIterator[None]:
    """The web chat, started anew on what is there."""
    chat = make_chat(db, Clock(), [Health(ok=True)])
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(chat.run(inbox))
        await chat.ready()
        yield
        running.cancel()


async def test_replies_of_before_a_crash_are_delivered_once_at_the_next_start(db, board):
    root = await post_paper(board)
    await reply(board, root, "first")
    await reply(board, root, "@paperbot second")
    inbox, later = FakeInbox(), FakeInbox()

    async with started(db, inbox):
        pass
    async with started(db, later):
        pass

    assert [(said.text, said.mentions_bot) for said in inbox.received] == [
        ("first", False),
        ("@paperbot second", True),
    ]
    assert [said.user.name for said in inbox.received] == ["민지", "민지"]
    assert later.received == []


async def test_edits_and_deletions_of_before_a_crash_are_delivered_too(db, board):
    root = await post_paper(board)
    kept, gone = await reply(board, root, "kept"), await reply(board, root, "gone")
    async with started(db, FakeInbox()):
        pass
    await board.update(kept.id, "mended", at=NOON)
    await board.remove(gone.id, at=NOON)
    inbox = FakeInbox()

    async with started(db, inbox):
        pass

    assert [said.text for said in inbox.received] == ["mended"]
    assert [message.id for message in inbox.deleted] == [str(gone.id)]


async def test_the_bots_messages_and_messages_outside_threads_are_not_delivered(board):
    root = await post_paper(board)
    answer = Document((Paragraph((Text("an answer"),)),), summary="an answer")
    await board.add("general", answer, at=NOON, root=root, author=MINJI, question="/paper x")
    await board.add("general", "Lunch?", at=NOON, author=MINJI)

    assert await board.list_unprocessed(limit=9) == ()


async def test_an_edit_during_a_delivery_is_delivered_after_it(board):
    @dataclass
    class Slow(FakeInbox):
        async def on_message(self, said: ThreadMessage) -> None:
            await super().on_message(said)
            await board.update(int(said.message.id), "at last", at=NOON)

    inbox = Slow()
    await reply(board, await post_paper(board), "at frist")

    await ThreadInbound(board, inbox).deliver()

    assert [said.text for said in inbox.received] == ["at frist", "at last"]
    assert await board.list_unprocessed(limit=9) == ()


async def test_a_failed_delivery_stops_no_other_and_is_repeated(board):
    @dataclass
    class Broken(FakeInbox):
        breaks: set[str] = field(default_factory=lambda: {"poison"})

        async def on_message(self, said: ThreadMessage) -> None:
            if said.text in self.breaks:
                raise ValueError(said.text)
            await super().on_message(said)

    inbox = Broken()
    root = await post_paper(board)
    for text in ("poison", "fine", "fine too"):
        await reply(board, root, text)
    inbound = ThreadInbound(board, inbox)

    await inbound.deliver()
    first = [said.text for said in inbox.received]
    inbox.breaks.clear()
    await inbound.deliver()

    assert first == ["fine", "fine too"]
    assert [said.text for said in inbox.received] == ["fine", "fine too", "poison"]
