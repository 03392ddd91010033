"""Several processes post from one outbox, each to channels of its own."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import pytest

from bot.core.domain.document import Document
from bot.core.ports import ChannelRef, DeliveryKey, MessageRef, Platform
from bot.core.store import processes
from bot.core.store.leases import Process
from bot.outbox.domain.delivery import State
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.domain.reach import Reach
from bot.outbox.services.deliver import Deliverer
from bot.outbox.store import edits
from tests.outbox_stage import draft, drain, plan, states
from tests.stage import Clock, MemoryChat, Stage, staged
from tests.waiting import until

HERE = ChannelRef(Platform.SLACK, "T1", "C1")
THERE = ChannelRef(Platform.SLACK, "T2", "C1")
FIRST = Reach(workspaces=frozenset({(Platform.SLACK, "T1")}))
BOTH = Reach(workspaces=frozenset({(Platform.SLACK, "T1"), (Platform.SLACK, "T2")}))


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


def deliverer(stage: Stage, reach: Callable[[], Reach], **more) -> Deliverer:
    return Deliverer(
        stage.db,
        {Platform.SLACK: more.pop("chat", stage.chat)},
        owner="me",
        clock=stage.clock,
        rate_limits=RateLimits({}),
        jitter=lambda: 0.5,
        reach=reach,
        **more,
    )


async def test_only_channels_in_reach_are_posted_to(stage):
    await plan(stage, draft("here", HERE), draft("there", THERE))

    await drain(stage, deliverer(stage, lambda: FIRST))

    assert stage.said() == ["here"]
    assert await states(stage) == [State.SENT, State.PLANNED]


async def test_only_messages_in_reach_are_searched_for(stage):
    await plan(stage, draft("there", THERE))
    stage.chat.errors = [RuntimeError("cut off")]
    await drain(stage, deliverer(stage, lambda: BOTH))
    stage.clock.turn(minutes=5)

    await drain(stage, deliverer(stage, lambda: FIRST))
    assert await states(stage) == [State.SENDING]

    await drain(stage, deliverer(stage, lambda: BOTH))
    assert await states(stage) == [State.PLANNED]  # it is not there


async def test_only_messages_in_reach_are_edited(stage):
    await plan(stage, draft("here", HERE), draft("there", THERE))
    await drain(stage)
    async with stage.db.transaction() as tx:
        for delivery_id in (1, 2):
            await edits.want(tx, delivery_id, Document((), summary="new"))

    await stage.changer(reach=lambda: FIRST).run(asyncio.Event())

    assert [each.edits for each in stage.chat.posted] == [1, 0]


@pytest.mark.parametrize("is_fenced", [True, False])
async def test_only_fencing_keeps_a_process_that_was_declared_dead_from_claiming(stage, is_fenced):
    await plan(stage, draft("here", HERE))
    me = Process("me", "machine", 10)
    fenced = {"may_claim": lambda tx: processes.is_there(tx, me.id)} if is_fenced else {}
    async with stage.db.transaction() as tx:
        await processes.join(tx, me, (), stage.clock())
        # Stalled for half a minute, it does not know yet that another process has its work.
        assert await processes.remove(tx, me.id, not_seen_since=stage.clock())

    await drain(stage, deliverer(stage, lambda: FIRST, **fenced))

    assert await states(stage) == [State.PLANNED if is_fenced else State.SENT]


async def test_a_process_that_is_there_claims(stage):
    await plan(stage, draft("here", HERE))
    async with stage.db.transaction() as tx:
        await processes.join(tx, Process("me", "machine", 10), (), stage.clock())

    fenced = deliverer(stage, lambda: FIRST, may_claim=lambda tx: processes.is_there(tx, "me"))
    await drain(stage, fenced)

    assert await states(stage) == [State.SENT]


class Slow(MemoryChat):
    """Answers when it is told to."""

    def __init__(self, now: Clock) -> None:
        super().__init__(now)
        self.called, self.answer = asyncio.Event(), asyncio.Event()

    async def post(
        self,
        channel: ChannelRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        self.called.set()
        await self.answer.wait()
        return await super().post(channel, document, key=key, since=since)


async def test_what_goes_out_of_reach_is_finished_and_nothing_of_it_begins(stage):
    await plan(stage, draft("first", THERE), draft("second", THERE))
    chat, reach = Slow(stage.clock), BOTH
    posting = deliverer(stage, lambda: reach, chat=chat)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(posting.drain(asyncio.Event()))
        await chat.called.wait()
        reach = FIRST
        finishing = tasks.create_task(posting.finish(Platform.SLACK, "T2"))
        await asyncio.sleep(0)
        assert not finishing.done()
        chat.answer.set()
        await until(finishing.done)
        assert await states(stage) == [State.SENT, State.PLANNED]


async def test_nobody_waits_for_calls_that_were_cut_off(stage):
    await plan(stage, draft("first", THERE))
    chat = Slow(stage.clock)
    posting = deliverer(stage, lambda: BOTH, chat=chat)
    async with asyncio.TaskGroup() as tasks:
        draining = tasks.create_task(posting.drain(asyncio.Event()))
        await chat.called.wait()
        draining.cancel()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(posting.finish(Platform.SLACK, "T2"))
        await asyncio.sleep(0)
        await posting.drain(asyncio.Event())

    assert await states(stage) == [State.SENDING]
