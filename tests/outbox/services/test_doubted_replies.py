"""Replies that may have been posted: they are searched for in the thread of their root, once that is known."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.outbox.domain.delivery import State
from bot.outbox.services import operator_actions
from bot.outbox.store import deliveries
from tests.outbox_stage import draft, drain, plan_thread, states
from tests.stage import GENERAL, MORNING, Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


async def drain_often(stage: Stage) -> None:
    for _ in range(8):
        await drain(stage)
        stage.clock.turn(minutes=5)


async def plan_again(stage: Stage) -> None:
    """What was planned is forgotten, and planned again as something that may have been posted."""
    async with stage.db.transaction() as tx:
        row = await tx.one("SELECT max(slot_id) AS slot FROM delivery")
        assert row is not None
        slot = row["slot"]
        await tx.run("DELETE FROM delivery")
        drafts = (
            draft("root", slot=slot),
            draft("reply 1", slot=slot, reply_to="root"),
            draft("reply 2", slot=slot, reply_to="root"),
            draft("next", slot=slot),
        )
        doubted = [replace(each, doubt_from=MORNING) for each in drafts]
        await deliveries.add(tx, doubted, stage.clock())


def posted(stage: Stage) -> list[tuple[str, bool]]:
    """What stands there, and whether in a thread."""
    return [(each.document.summary, each.root is not None) for each in stage.chat.posted]


THREAD = [("root", False), ("reply 1", True), ("reply 2", True), ("next", False)]


@pytest.mark.parametrize("there", [0, 1, 2, 4])
async def test_a_root_and_replies_that_may_be_there_are_each_posted_once(stage: Stage, there: int):
    await plan_thread(stage)
    await drain_often(stage)
    del stage.chat.posted[there:]

    await plan_again(stage)
    await drain_often(stage)

    assert sorted(posted(stage)) == sorted(THREAD)
    assert await states(stage) == [State.SENT] * 4


@pytest.mark.parametrize("there", [1, 2])
async def test_replies_to_a_root_that_nobody_could_search_for_wait_for_it(stage: Stage, there: int):
    await plan_thread(stage)
    await drain_often(stage)
    del stage.chat.posted[there:]
    await plan_again(stage)
    async with stage.db.transaction() as tx:
        await tx.run(
            "UPDATE delivery SET state = 'held', in_doubt = TRUE WHERE part = 'root'",
        )
        [row] = await tx.all("SELECT id FROM delivery WHERE part = 'root'")
        await tx.run(
            """
            UPDATE delivery SET state = 'held', waits_for = 'root' WHERE root_id = :root
            """,
            {"root": row["id"]},
        )
    await drain_often(stage)
    waiting = await states(stage)

    await operator_actions.retry(stage.db, row["id"], now=stage.clock())
    await drain_often(stage)

    assert waiting[:3] == [State.HELD] * 3
    assert sorted(posted(stage)) == sorted(THREAD)


async def test_a_reply_that_may_be_there_waits_for_a_root_that_is_not(stage: Stage):
    await plan_thread(stage)
    async with stage.db.transaction() as tx:
        await tx.run("UPDATE delivery SET state = 'dead', waits_for = 'resume' WHERE part = 'root'")
        [row] = await tx.all("SELECT id FROM delivery WHERE part = 'root'")
        await tx.run("DELETE FROM delivery WHERE part <> 'root'")
        later = replace(draft("reply 1"), root_id=row["id"], doubt_from=MORNING)
        await deliveries.add(tx, [later], stage.clock())
    await drain_often(stage)
    before = posted(stage)
    async with stage.db.transaction() as tx:
        await deliveries.release(tx, str(draft("root").channel), stage.clock())
    await drain_often(stage)

    assert before == []
    assert posted(stage) == [("root", False), ("reply 1", True)]


@pytest.mark.parametrize("doubt_from", [None, MORNING])
async def test_a_notice_that_waits_for_its_root_gets_the_quiet_hours_of_when_that_is_posted(
    stage: Stage, doubt_from: datetime | None
):
    await plan_thread(stage)
    await quiet(stage, "22-08")
    stage.clock.turn(hours=14)  # eleven in the evening
    async with stage.db.transaction() as tx:
        await tx.run("DELETE FROM delivery WHERE part <> 'root'")
        await tx.run("UPDATE delivery SET state = 'dead', waits_for = 'resume'")
        [row] = await tx.all("SELECT id FROM delivery")
        for words in ("notice 1", "notice 2"):
            notice = replace(draft(words), root_id=row["id"], is_unasked=True)
            await deliveries.add(tx, [replace(notice, doubt_from=doubt_from)], stage.clock())

    await quiet(stage, "22-10")
    async with stage.db.transaction() as tx:
        await deliveries.release(tx, str(GENERAL), stage.clock())
    await drain_often(stage)
    stage.clock.at = MORNING + timedelta(hours=23, minutes=30)  # half past eight
    await drain_often(stage)
    early = posted(stage)
    await quiet(stage, "off")
    await drain_often(stage)

    assert early == [("root", False)]
    assert posted(stage) == [("root", False), ("notice 1", True), ("notice 2", True)]


async def quiet(stage: Stage, span: str) -> None:
    await subscribe.change(stage.db, GENERAL, TypedOptions(quiet=span), now=stage.clock())
