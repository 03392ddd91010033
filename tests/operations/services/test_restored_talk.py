"""After a restore, what the back-fill hands on again brings no message a second time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.arxiv_record import ArxivRecord, Change, PaperEventKind
from bot.archive.store import arxiv_records, paper_events
from bot.core.database.database import open_database
from bot.core.ports import ThreadMessage, parse_channel
from bot.digest.services import subscribe
from bot.discussion.services import paper_updates
from bot.discussion.services.discuss import DiscussionContext
from bot.operations.services.backup import after_restore, backup
from bot.outbox.domain.delivery import State
from bot.outbox.services import operator_actions
from tests.databases import dump_and_restore, empty_database, new_database
from tests.locations import Location
from tests.outbox_stage import draft, plan
from tests.stage import MORNING, NINE_IN_SEOUL, Stage, english
from tests.talk_stage import BO, DISCORD, SLACK, TalkStage, talking, today

PAPER, LINKED = "2310.07831", "2310.07832"
NEW_VERSION = Change(PaperEventKind.VERSION, 1, 2)


RECORDS = [
    ArxivRecord(
        id=ArxivId(number, 1),
        title="Paper",
        authors=("Ada Example",),
        abstract="It does the same.",
        categories=("cs.LG",),
        submitted_at=MORNING,
        updated_at=MORNING,
    )
    for number in (PAPER, LINKED)
]


@asynccontextmanager
async def linked_channels(folder: Path, place: Location) -> AsyncIterator[TalkStage]:
    """Slack and Discord share the discussion of a paper; the archive has another one."""
    async with talking(folder, MORNING, place) as stage:
        for name, number, age in (("Other", LINKED, 90), ("Paper", PAPER, 0)):
            note = stage.stage.write(name, today(stage) - timedelta(days=age))
            text = note.read_text(encoding="utf-8")
            note.write_text(f"https://arxiv.org/abs/{number}\n{text}", encoding="utf-8")
        await stage.stage.sync()
        async with stage.stage.db.transaction() as tx:
            await arxiv_records.put(tx, RECORDS)
        for channel in (SLACK, DISCORD):
            options = replace(NINE_IN_SEOUL, intro="later")
            await subscribe.add(stage.stage.db, channel, options, now=stage.clock())
        await stage.link(SLACK, DISCORD)
        await stage.post()
        stage.clock.turn(hours=1)
        yield stage


def said_today(stage: TalkStage) -> list[ThreadMessage]:
    """A thought, a thought about another paper, and a question."""
    slack, discord = stage.root(SLACK), stage.root(DISCORD)
    return [
        stage.utterance(slack, "a thought"),
        stage.utterance(discord, f"like https://arxiv.org/abs/{LINKED}", user=BO),
        stage.utterance(slack, "@paperbot bib", mentions_bot=True),
    ]


async def happen(stage: TalkStage, said: list[ThreadMessage]) -> None:
    """The bot is told what people said, and hears from arXiv of a new version."""
    bot = stage.bot()
    for message in said:
        await bot.on_message(message)
        await stage.settle()
    async with stage.stage.db.transaction() as tx:
        await paper_events.add(tx, [(PAPER, NEW_VERSION)], stage.clock())
    await paper_updates.pass_on(stage.talk)
    await stage.settle()


@asynccontextmanager
async def restored(stage: TalkStage, place: Location) -> AsyncIterator[TalkStage]:
    """The same platforms, on the database there."""
    db = await open_database(place)
    try:
        assert await after_restore(db, now=stage.clock()) is not None
        again = Stage(db, stage.stage.vault, stage.clock, stage.stage.chat)
        yield replace(stage, stage=again, talk=DiscussionContext(db, stage.clock, english))
    finally:
        await db.close()


async def check_nothing_is_posted_again(stage: TalkStage, place: Location) -> None:
    """What happened since the backup that is there happens again."""
    stage.clock.turn(hours=1)
    said = said_today(stage)
    await happen(stage, said)
    before = keys(stage)
    stage.clock.turn(hours=1)

    async with restored(stage, place) as again:
        await again.post()
        await happen(again, said)

        assert keys(again) == before
        # In each channel a header, the paper, its intro, its news, and copies; an answer and a card.
        assert len(before) == len(set(before)) == 2 * 4 + 3 + 2
        assert set((await states(again)).values()) == {State.SENT}
        await again.say(again.root(SLACK), "another thought")
        assert again.copies(again.root(DISCORD))[-1] == "another thought"


def keys(stage: TalkStage) -> list[str]:
    return [each.key for chat in stage.chats.values() for each in chat.posted]


@pytest.mark.sqlite
async def test_copies_answers_cards_intros_and_news_are_not_posted_again(tmp_path):
    copy = tmp_path / "copy.db"
    async with linked_channels(tmp_path, tmp_path / "bot.db") as stage:
        await backup(stage.stage.db, copy, now=stage.clock())

        await check_nothing_is_posted_again(stage, copy)


async def test_nor_are_they_after_a_dump_of_postgresql_was_restored(tmp_path, postgresql):
    with new_database(postgresql) as address, empty_database(postgresql) as other:
        async with linked_channels(tmp_path, address) as stage:
            assert await after_restore(stage.stage.db, now=stage.clock()) is None  # the first start
            dump_and_restore(address, other, tmp_path / "paperbot.dump")

            await check_nothing_is_posted_again(stage, other)


@pytest.mark.sqlite
async def test_for_a_day_what_is_planned_is_searched_for_but_mail_and_web_messages(tmp_path):
    copy = tmp_path / "copy.db"
    places = [SLACK, parse_channel("mail:reader@example.org"), parse_channel("web:general")]
    async with talking(tmp_path, MORNING, tmp_path / "bot.db") as stage:
        await backup(stage.stage.db, copy, now=stage.clock())
        stage.clock.turn(hours=1)

        async with restored(stage, copy) as again:
            await plan(again.stage, *(draft("early", place) for place in places))
            early = await states(again)
            again.clock.turn(days=1)
            await plan(again.stage, draft("late", DISCORD))
            late = await states(again)

    assert early == dict(
        zip(map(str, places), (State.SENDING, State.PLANNED, State.PLANNED), strict=True)
    )
    assert late == early | {str(DISCORD): State.PLANNED}


@pytest.mark.sqlite
async def test_a_second_restore_doubts_since_the_first_backup(tmp_path):
    copy, second = tmp_path / "copy.db", tmp_path / "second.db"
    async with talking(tmp_path, MORNING, tmp_path / "bot.db") as stage:
        await backup(stage.stage.db, copy, now=stage.clock())
        stage.clock.turn(hours=1)
        posted = draft("posted", SLACK)
        await plan(stage.stage, posted)
        await stage.deliver()
        stage.clock.turn(hours=1)

        async with restored(stage, copy) as again:
            await backup(again.stage.db, second, now=again.clock())
            async with restored(again, second) as third:
                await plan(third.stage, posted)
                await third.deliver()

    assert keys(stage) == [posted.key]


@pytest.mark.sqlite
async def test_what_waits_while_it_is_quiet_is_searched_for_and_posted_afterwards(tmp_path):
    copy = tmp_path / "copy.db"
    notice = replace(draft("notice", DISCORD), is_unasked=True)
    before = replace(draft("planned before", DISCORD), is_unasked=True)
    async with talking(tmp_path, MORNING, tmp_path / "bot.db") as stage:
        options = replace(NINE_IN_SEOUL, quiet="22-08")
        await subscribe.add(stage.stage.db, DISCORD, options, now=stage.clock())
        stage.clock.turn(hours=14)
        await plan(stage.stage, before)
        await backup(stage.stage.db, copy, now=stage.clock())

        async with restored(stage, copy) as again:
            await plan(again.stage, notice)
            await again.deliver()
            in_the_night = keys(again)
            again.clock.turn(hours=9)
            await again.deliver()
            again.clock.turn(seconds=1)
            await again.deliver()

    assert in_the_night == []
    assert keys(stage) == [before.key, notice.key]


async def states(stage: TalkStage) -> dict[str, State]:
    known = await operator_actions.list_deliveries(stage.stage.db)
    return {str(each.channel): each.state for each in known}
