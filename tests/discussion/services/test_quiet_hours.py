"""What nobody asked for waits while a channel is quiet, in order; the rest goes out."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.domain.document import Document, Quote, run
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import ChannelRef
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.discussion.services import linked_channels
from bot.discussion.services.thread_messages import reply_in
from bot.operations.services.backup import after_restore
from bot.operations.store import backups
from bot.outbox.domain.delivery import QUIET
from bot.outbox.services import operator_actions
from bot.outbox.store import deliveries
from tests.bench.recorded import RecordedDatabase
from tests.stage import MORNING
from tests.talk_stage import BO, DISCORD, SLACK, TalkStage, talking, today, with_a_paper

ELEVEN = timedelta(hours=14)
"""From nine in the morning until eleven in the evening, in Seoul."""
NINE_HOURS = timedelta(hours=9)
"""From then until eight."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING) as opened:
        await with_a_paper(opened, SLACK, DISCORD)
        await quiet(opened, DISCORD, "22-08")
        opened.clock.at += ELEVEN
        yield opened


async def quiet(stage: TalkStage, channel: ChannelRef, span: str) -> None:
    await subscribe.change(stage.stage.db, channel, TypedOptions(quiet=span), now=stage.clock())


async def test_copies_wait_until_the_quiet_hours_end_and_come_in_order(stage):
    for number in range(3):
        await stage.say(stage.root(SLACK), f"thought {number}")
        stage.clock.turn(minutes=1)
    stage.clock.at = MORNING + ELEVEN + NINE_HOURS - timedelta(seconds=1)
    await stage.settle()
    before = stage.copies(stage.root(DISCORD))
    stage.clock.turn(seconds=1)
    await stage.say(stage.root(SLACK), "thought 3")

    assert before == []
    assert stage.copies(stage.root(DISCORD)) == [f"thought {number}" for number in range(4)]


async def test_answers_do_not_wait_behind_them(stage):
    await stage.say(stage.root(SLACK), "a thought")
    await stage.say(stage.root(DISCORD), "@paperbot bib", user=BO, mentions_bot=True)

    answers = [each.key for each in stage.thread(stage.root(DISCORD)) if each.key]
    assert len(answers) == 1
    assert stage.copies(stage.root(DISCORD)) == []


async def test_a_digest_does_not_wait(stage):
    await stage.say(stage.root(SLACK), "a thought")
    await quiet(stage, DISCORD, "22-11")
    await stage.stage.note("Next", today(stage) + timedelta(days=1))
    stage.clock.at = MORNING + timedelta(days=1)

    await stage.post()

    assert stage.root(DISCORD, "Next").channel == DISCORD
    assert stage.copies(stage.root(DISCORD)) == []


async def test_what_is_taken_back_or_edited_while_it_waits_never_shows_what_it_was(stage):
    gone = await stage.say(stage.root(SLACK), "taken back")
    old = await stage.say(stage.root(SLACK), "first wording")
    await stage.unsay(gone)
    await stage.edit(old, "second wording")
    stage.clock.at += NINE_HOURS

    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == ["second wording"]


async def test_what_waits_follows_a_change_of_the_hours(stage):
    await stage.say(stage.root(SLACK), "a thought")
    await quiet(stage, DISCORD, "22:00-07:15")
    stage.clock.at = MORNING + ELEVEN + timedelta(hours=8)
    await stage.settle()
    early = stage.copies(stage.root(DISCORD))
    await quiet(stage, DISCORD, "off")
    await stage.settle()

    assert early == []
    assert stage.copies(stage.root(DISCORD)) == ["a thought"]


async def test_what_waits_follows_a_change_of_the_hours_after_a_restore_too(stage):
    await stage.say(stage.root(SLACK), "a thought")
    await restore(stage)
    await quiet(stage, DISCORD, "22-10")
    stage.clock.at = MORNING + ELEVEN + NINE_HOURS
    await stage.settle()
    early = stage.copies(stage.root(DISCORD))
    await quiet(stage, DISCORD, "off")
    await stage.settle()

    assert early == []
    assert stage.copies(stage.root(DISCORD)) == ["a thought"]


async def test_a_notice_comes_behind_what_waited_after_a_restore_too(stage):
    await stage.say(stage.root(SLACK), "a thought")
    await restore(stage)
    stage.clock.at += NINE_HOURS
    notice = Document((Quote(run("a notice")),), summary="a notice")
    async with stage.stage.db.transaction() as tx:
        await reply_in(tx, stage.root(DISCORD), notice, ("notice",), stage.clock())
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == ["a thought", "a notice"]


@pytest.mark.parametrize("is_restored", [False, True])
async def test_what_waited_while_nothing_ran_waits_for_the_quiet_hours_of_the_start(
    stage, is_restored
):
    await stage.say(stage.root(SLACK), "a thought")
    async with stage.stage.db.transaction() as tx:
        await backups.mark(tx, stage.clock())
    stage.clock.at += timedelta(hours=24)
    if is_restored:
        await after_restore(stage.stage.db, now=stage.clock())
    await operator_actions.keep_quiet(stage.stage.db, now=stage.clock())
    await stage.settle()
    status = await subscribe.status(stage.stage.db, DISCORD, now=stage.clock())
    early = stage.copies(stage.root(DISCORD))
    stage.clock.at += NINE_HOURS
    await stage.settle()

    assert early == []
    assert status.wait == (QUIET, "08:00")
    assert stage.copies(stage.root(DISCORD)) == ["a thought"]


async def test_what_waited_while_nothing_ran_is_posted_first_where_it_is_loud_at_the_start(stage):
    await stage.say(stage.root(SLACK), "a thought")
    stage.clock.at += NINE_HOURS + timedelta(hours=3)
    await operator_actions.keep_quiet(stage.stage.db, now=stage.clock())
    notice = Document((Quote(run("a notice")),), summary="a notice")
    async with stage.stage.db.transaction() as tx:
        await reply_in(tx, stage.root(DISCORD), notice, ("notice",), stage.clock())
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == ["a thought", "a notice"]


async def restore(stage: TalkStage) -> None:
    """The database is a backup of this moment."""
    async with stage.stage.db.transaction() as tx:
        await backups.mark(tx, stage.clock())
    await after_restore(stage.stage.db, now=stage.clock())


async def test_the_status_says_how_many_wait_and_until_when(stage):
    await stage.say(stage.root(SLACK), "a thought")

    status = await subscribe.status(stage.stage.db, DISCORD, now=stage.clock())

    assert status.tally.open == 1
    assert status.wait == (QUIET, "08:00")


async def test_notices_of_links_wait_and_a_channel_without_quiet_hours_gets_its_own_at_once(stage):
    await linked_channels.unlink(stage.talk, DISCORD, ENGLISH)
    await stage.settle()

    async with stage.stage.db.reading() as tx:
        rows = await tx.all("SELECT channel, state FROM delivery WHERE part = 'notice'")

    assert {row["channel"]: row["state"] for row in rows} == {
        str(DISCORD): "planned",
        str(SLACK): "sent",
    }


async def test_a_notice_after_the_quiet_hours_comes_behind_what_waited(stage):
    await stage.say(stage.root(SLACK), "a thought")
    stage.clock.at += NINE_HOURS
    notice = Document((Quote(run("a notice")),), summary="a notice")
    async with stage.stage.db.transaction() as tx:
        await reply_in(tx, stage.root(DISCORD), notice, ("notice",), stage.clock())
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == ["a thought", "a notice"]


@pytest.mark.sqlite
async def test_planning_a_notice_reads_no_message_that_is_posted(stage):
    """A channel may have a hundred thousand of them."""
    recorded = RecordedDatabase(stage.stage.db)
    notice = Document((Quote(run("a notice")),), summary="a notice")
    async with recorded.transaction() as tx:
        await reply_in(tx, stage.root(SLACK), notice, ("notice",), stage.clock())

    plans = []
    async with stage.stage.db.reading() as tx:
        for sql, values in recorded.asked:
            plans += await tx.all(f"EXPLAIN QUERY PLAN {sql}", values)

    steps = [row["detail"] for row in plans]
    assert any("USING INDEX delivery_open" in step for step in steps)
    assert not any(step.startswith("SCAN delivery") for step in steps)


async def test_a_clock_that_is_set_back_ends_no_quiet_hours(stage):
    await stage.say(stage.root(SLACK), "a thought")
    stage.clock.at -= timedelta(minutes=5)

    async with stage.stage.db.transaction() as tx:
        await deliveries.end_waits(tx, stage.clock())
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == []
