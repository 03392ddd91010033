"""Replies are dated when they were said and know their version, whenever we hear of them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.archive.domain.entry import EntryId
from bot.core.ports import ChatUncertainError, MessageRef, Platform, ThreadMessage
from bot.discussion.domain.questions import Reply
from bot.discussion.services import discuss
from bot.discussion.store import replies
from bot.discussion.store.kept_replies import DatabaseReplies
from tests.stage import MORNING
from tests.talk_stage import DISCORD, SLACK, TalkStage, talking, today, with_a_paper


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING) as opened:
        yield opened


async def kept(stage: TalkStage) -> tuple[Reply, ...]:
    async with stage.stage.db.reading() as tx:
        return await replies.list_of(tx, EntryId(1))


async def test_a_version_that_arrives_late_does_not_undo_a_newer_one(stage: TalkStage):
    await with_a_paper(stage, SLACK, DISCORD)
    first = await stage.say(stage.root(SLACK), "version 1")
    second = await stage.edit(first, "version 2")
    third = await stage.edit(second, "version 3")

    for repeated in (first, second, third):
        await discuss.on_message(stage.talk, repeated)
        await stage.settle()

    assert [reply.text for reply in await kept(stage)] == ["version 3"]
    assert stage.copies(stage.root(DISCORD)) == ["version 3"]


async def test_a_first_version_that_arrives_late_undoes_nothing(stage: TalkStage):
    await with_a_paper(stage, SLACK, DISCORD)
    said = stage.utterance(stage.root(SLACK), "version 1")
    await discuss.on_message(stage.talk, stage.edited(said, "version 2"))

    await discuss.on_message(stage.talk, said)
    await stage.settle()

    assert [reply.text for reply in await kept(stage)] == ["version 2"]
    assert stage.copies(stage.root(DISCORD)) == ["version 2"]


async def test_an_edit_back_to_the_first_words_is_an_edit(stage: TalkStage):
    await with_a_paper(stage, SLACK, DISCORD)
    first = await stage.say(stage.root(SLACK), "yes")
    no = stage.edited(first, "no")
    again_yes = stage.edited(first, "yes")

    await discuss.on_message(stage.talk, again_yes)
    await discuss.on_message(stage.talk, no)
    await stage.settle()

    assert [reply.text for reply in await kept(stage)] == ["yes"]


async def test_a_reply_keeps_the_time_at_which_it_was_posted(stage: TalkStage):
    await with_a_paper(stage, SLACK)
    stage.clock.turn(hours=2)
    early, late = (stage.utterance(stage.root(SLACK), text) for text in ("early", "late"))
    early = replace(early, at=stage.clock() - timedelta(hours=1))

    await discuss.on_message(stage.talk, late)
    await discuss.on_message(stage.talk, early)

    assert [(reply.text, reply.said_at) for reply in await kept(stage)] == [
        ("early", stage.clock() - timedelta(hours=1)),
        ("late", stage.clock()),
    ]


async def test_a_clock_that_is_ahead_puts_nothing_into_the_future(stage: TalkStage):
    await with_a_paper(stage, SLACK)
    said = stage.utterance(stage.root(SLACK), "Tomorrow's words")

    await discuss.on_message(stage.talk, replace(said, at=stage.clock() + timedelta(days=1)))

    assert [reply.said_at for reply in await kept(stage)] == [stage.clock()]


async def test_a_reply_from_before_the_link_is_not_shared_if_it_arrives_later(
    stage: TalkStage,
):
    await stage.subscribe(SLACK, DISCORD)
    await stage.stage.note("Paper", today(stage))
    await stage.post()
    said = stage.utterance(stage.root(SLACK), "Among us")
    stage.clock.turn(hours=1)
    await stage.link(SLACK, DISCORD)

    await discuss.on_message(stage.talk, said)
    await stage.settle()

    assert [reply.text for reply in await kept(stage)] == ["Among us"]
    assert stage.copies(stage.root(DISCORD)) == []


async def test_an_old_reply_also_waits_for_its_root(
    stage: TalkStage,
):
    await with_a_paper(stage, SLACK, DISCORD)
    await stage.stage.note("Other", today(stage) + timedelta(days=1))
    stage.clock.turn(days=1)
    chat = stage.chats[SLACK.platform]
    chat.late_errors = [None, ChatUncertainError("reset")]
    await stage.post()  # the message is there, the news of it got lost
    old = stage.utterance(stage.root(SLACK, "Other"), "Said long ago")

    await discuss.on_message(stage.talk, replace(old, at=stage.clock() - timedelta(days=3)))
    for _ in range(3):
        stage.clock.turn(minutes=5)
        await stage.settle()

    async with stage.stage.db.reading() as tx:
        found = await tx.all("SELECT text FROM reply WHERE entry_id IS NOT NULL")
    assert [row["text"] for row in found] == ["Said long ago"]


async def test_stored_replies_of_a_platform_are_listed_by_thread(stage: TalkStage):
    await stage.stage.note("Older", today(stage))
    await with_a_paper(stage, SLACK, DISCORD)
    memory = DatabaseReplies(stage.stage.db)
    older, paper = stage.root(SLACK, "Older"), stage.root(SLACK)

    async def say(root: MessageRef, text: str) -> ThreadMessage:
        stage.clock.turn(minutes=1)
        return await stage.say(root, text)

    await say(older, "long ago")
    stage.clock.turn(days=20)
    since = stage.clock()
    first = await say(paper, "first")
    taken_back = await say(paper, "taken back")
    edited = await stage.edit(await say(paper, "secnod"), "second")
    await stage.unsay(taken_back)
    await say(stage.root(DISCORD), "elsewhere")

    assert await memory.roots(Platform.SLACK, since) == (paper,)
    assert await memory.roots(Platform.SLACK, MORNING) == (paper, older)
    assert [
        (reply.message, reply.said_at, reply.edited_at) for reply in await memory.kept_in(paper)
    ] == [
        (first.message, first.at, None),
        (edited.message, edited.at, edited.edited_at),
    ]
