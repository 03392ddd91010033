"""Pruning takes what nothing needs any more, and nothing else; the file becomes smaller."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.archive.domain.entry import EntryId
from bot.core.database.database import Database, open_database
from bot.core.domain.document import Document, Paragraph, dump, run
from bot.digest.services import edited_entries
from bot.discussion.services import discuss
from bot.discussion.store import discussion_requests
from bot.operations.domain.retention import Retention
from bot.operations.services.prune import prune
from bot.outbox.domain.delivery import State
from bot.outbox.services import operator_actions
from bot.webchat.domain.board import Author
from bot.webchat.store.board import DatabaseBoard
from tests.stage import MORNING, english, staged
from tests.talk_stage import BO, DISCORD, SLACK, TalkStage, talking, today, with_a_paper

DEFAULT = Retention()
YEAR = timedelta(days=365)
ALL = Retention(discussions=timedelta(days=30))
LONG = "A thought. " * 200


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING, tmp_path / "bot.db") as opened:
        yield opened


async def pruned(stage: TalkStage, retention: Retention = DEFAULT) -> int:
    return await prune(stage.stage.db, retention, now=stage.clock(), stopping=asyncio.Event())


async def count(db: Database, sql: str) -> int:
    async with db.reading() as tx:
        row = await tx.one(sql)
    assert row is not None
    return int(row[0])


async def texts(db: Database) -> int:
    """Bytes of the outbox's documents."""
    return await count(db, "SELECT sum(length(document)) FROM delivery")


async def test_the_texts_of_settled_deliveries_go_and_their_rows_stay(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    await stage.say(stage.root(SLACK), LONG)
    before = await texts(stage.stage.db)

    assert await pruned(stage) == 0
    stage.clock.turn(days=181)
    assert await pruned(stage) > 0

    assert await texts(stage.stage.db) < before / 4
    async with stage.stage.db.reading() as tx:
        assert await tx.all("PRAGMA foreign_key_check") == []
    found = await operator_actions.list_deliveries(stage.stage.db)
    assert {each.state for each in found} == {State.SENT}
    assert await pruned(stage) == 0


async def test_after_pruning_edits_deletions_and_redeliveries_do_what_they_did(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    said = await stage.say(stage.root(SLACK), "First words.")
    other = await stage.say(stage.root(SLACK), "Other words.", user=BO)
    asked = await stage.say(stage.root(SLACK), "refs", mentions_bot=True)
    calls = {each: chat.kept for each, chat in stage.chats.items()}
    stage.clock.turn(days=365)
    await pruned(stage)

    for again in (said, other, asked):
        await discuss.on_message(stage.talk, again)
    await stage.post()
    assert {each: chat.kept for each, chat in stage.chats.items()} == calls
    await stage.edit(said, "Better words.")
    assert "Better words." in stage.copies(stage.root(DISCORD))
    await stage.unsay(other)
    await stage.unsay(asked)
    assert stage.copies(stage.root(DISCORD)) == ["Better words."]
    assert len(stage.thread(stage.root(SLACK))) == 0
    await stage.stage.note("Paper", today(stage) - YEAR, "An edited note.")
    await edited_entries.present_changed(stage.stage.db, now=stage.clock(), voices=english)
    await stage.settle()
    posted = [each for chat in stage.chats.values() for each in chat.posted]
    assert sum("An edited note." in dump(each.document) for each in posted) == 2


async def test_open_failing_and_unremoved_deliveries_are_not_pruned(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    said = await stage.say(stage.root(SLACK), "Words.")
    await discuss.on_message(stage.talk, stage.edited(said, "Words that no platform shows yet."))
    await discuss.on_message(stage.talk, stage.utterance(stage.root(SLACK), "Not copied yet."))
    stage.clock.turn(days=365)

    await pruned(stage, ALL)
    await stage.settle()

    assert "Words that no platform shows yet." in stage.copies(stage.root(DISCORD))
    assert "Not copied yet." in stage.copies(stage.root(DISCORD))


async def test_rows_of_removed_copies_go(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    said = await stage.say(stage.root(SLACK), "Words.")
    await stage.unsay(said)
    before = await count(stage.stage.db, "SELECT count(*) FROM delivery")
    stage.clock.turn(days=365)

    await pruned(stage)
    await discuss.on_message(stage.talk, said)  # it arrives once more
    await stage.settle()

    assert await count(stage.stage.db, "SELECT count(*) FROM delivery") == before - 1
    assert stage.copies(stage.root(DISCORD)) == []


async def test_replies_are_kept_forever_by_default(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    await stage.say(stage.root(SLACK), LONG)
    stage.clock.turn(days=3650)

    await pruned(stage)
    kept = await count(stage.stage.db, "SELECT sum(length(text)) FROM reply")
    await pruned(stage, ALL)

    assert kept == len(LONG.strip())
    assert await count(stage.stage.db, "SELECT sum(length(text)) FROM reply") == 0
    assert stage.copies(stage.root(DISCORD)) != []  # what was posted stays there


async def test_deleted_messages_of_the_web_chat_go_unless_a_thread_hangs_on_them(tmp_path):
    async with staged(tmp_path) as stage:
        board, ada = DatabaseBoard(stage.db), Author("a", "Ada")
        document = Document((Paragraph(run("An answer.")),), "An answer.")
        at = stage.clock()
        alone = await board.add("general", "alone", at=at, author=ada)
        root = await board.add("general", "root", at=at, author=ada)
        await board.add("general", "reply", at=at, author=ada, root=root.id)
        await board.add("general", document, at=at, key="k")
        for each in (alone, root):
            await board.remove(each.id, at=at)
        async with stage.db.transaction() as tx:
            await tx.run("UPDATE board_message SET unheard = FALSE")
        later, nobody = at + YEAR, asyncio.Event()

        await prune(stage.db, Retention(), now=later, stopping=nobody)
        left = await count(stage.db, "SELECT count(*) FROM board_message")
        await prune(stage.db, ALL, now=later, stopping=nobody)

        assert left == 3
        assert await count(stage.db, "SELECT count(*) FROM board_message") == 2


async def test_a_pass_that_is_stopped_stops_between_two_steps(stage):
    stopping = asyncio.Event()
    stopping.set()

    assert await prune(stage.stage.db, Retention(), now=stage.clock(), stopping=stopping) == 0


@pytest.mark.parametrize("version", ["new", "of before"])
async def test_the_file_becomes_smaller(tmp_path, version):
    path = tmp_path / "t.db"
    if version == "of before":
        with sqlite3.connect(path) as raw:
            raw.execute("PRAGMA auto_vacuum = NONE")
            raw.execute("CREATE TABLE t (x)")
            raw.execute("DROP TABLE t")
        raw.close()
    db = await open_database(path)
    async with db.transaction() as tx:
        await tx.run("INSERT INTO key_value VALUES ('long', hex(zeroblob(4000000)))")
    async with db.transaction() as tx:
        await tx.run("DELETE FROM key_value")

    steps = 0
    while await db.reclaim(500):
        steps += 1

    assert steps == (0 if version == "of before" else 3)
    await db.close()
    assert path.stat().st_size < 1_000_000
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert raw.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    raw.close()


async def test_the_name_of_whoever_asked_for_a_discussion_goes_with_what_people_said(stage):
    db, now = stage.stage.db, stage.clock()
    await with_a_paper(stage, SLACK)
    async with db.transaction() as tx:
        await discussion_requests.add(
            tx, str(SLACK), EntryId(1), author_id="slack:T1/U1", author="Ada", now=now
        )
    stage.clock.turn(days=31)

    await pruned(stage)
    kept = await count(db, "SELECT count(*) FROM discussion_request WHERE author <> ''")
    await pruned(stage, ALL)

    assert kept == 1
    assert await count(db, "SELECT count(*) FROM discussion_request WHERE author <> ''") == 0
