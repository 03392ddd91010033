"""Delivering to many channels at a time: pace, time-outs, and how it stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest

from bot.core.database.database import Database, Transaction
from bot.core.domain.document import Document
from bot.core.domain.errors import StorageError, storage_error
from bot.core.ports import ChannelRef, DeliveryKey, MessageRef, Platform
from bot.outbox.domain.delivery import State
from bot.outbox.domain.rate_limit import Rate, RateLimits, Rates
from bot.outbox.domain.reach import span
from bot.outbox.services import operator_actions
from bot.outbox.services.calls_in_flight import Terms
from bot.outbox.services.deliver import Deliverer
from bot.outbox.store import claims
from tests.outbox_stage import draft, drain, plan, states
from tests.stage import Clock, MemoryChat, staged
from tests.waiting import until
from tests.wrapped_database import WrappedDatabase


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


class Slow(MemoryChat):
    """Answers when it is told to."""

    def __init__(self, now: Clock) -> None:
        super().__init__(now)
        self.called = asyncio.Event()
        self.answer = asyncio.Event()

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


async def test_what_is_under_way_is_finished_when_it_is_to_stop_and_nothing_else_begins(stage):
    await plan(stage, draft("first"), draft("second"))
    chat, stop = Slow(stage.clock), asyncio.Event()

    async with asyncio.TaskGroup() as group:
        group.create_task(stage.deliverer({Platform.SLACK: chat}).drain(stop))
        await chat.called.wait()
        stop.set()
        chat.answer.set()

    assert [each.document.summary for each in chat.posted] == ["first"]
    assert await states(stage) == [State.SENT, State.PLANNED]


async def test_a_call_without_an_answer_is_given_up_and_searched_for(stage):
    await plan(stage, draft("first"))
    chat = Slow(stage.clock)
    deliverer = Deliverer(
        stage.db,
        {Platform.SLACK: chat},
        owner="me",
        clock=stage.clock,
        rate_limits=RateLimits({}),
        jitter=lambda: 0.5,
        terms=Terms(timeout=timedelta(seconds=0.01), lease=timedelta(seconds=1)),
    )

    await drain(stage, deliverer)

    [delivery] = await operator_actions.list_deliveries(stage.db)
    assert (delivery.state, delivery.detail) == (State.SENDING, "no answer in time")


async def test_many_channels_go_out_side_by_side(stage):
    channels = [ChannelRef(Platform.SLACK, "T1", f"C{n}") for n in range(20)]
    await plan(stage, *(draft("hello", channel) for channel in channels))

    class Gathering(MemoryChat):
        """Answers nobody before twenty have asked."""

        def __init__(self, now: Clock) -> None:
            super().__init__(now)
            self.all_here = asyncio.Barrier(20)

        async def post(
            self,
            channel: ChannelRef,
            document: Document,
            *,
            key: DeliveryKey,
            since: datetime | None = None,
        ) -> MessageRef:
            await self.all_here.wait()
            return await super().post(channel, document, key=key, since=since)

    chat = Gathering(stage.clock)
    await drain(stage, stage.deliverer({Platform.SLACK: chat}))

    assert len(chat.posted) == 20


async def test_the_pace_of_a_channel_is_kept(stage):
    await plan(stage, *(draft(str(n)) for n in range(3)))
    loop, times = asyncio.get_running_loop(), []

    class Timed(MemoryChat):
        async def post(
            self,
            channel: ChannelRef,
            document: Document,
            *,
            key: DeliveryKey,
            since: datetime | None = None,
        ) -> MessageRef:
            times.append(loop.time())
            return await super().post(channel, document, key=key, since=since)

    deliverer = Deliverer(
        stage.db,
        {Platform.SLACK: Timed(stage.clock)},
        owner="me",
        clock=stage.clock,
        rate_limits=RateLimits({Platform.SLACK: Rates(channel=Rate(1, 0.05))}),
        jitter=lambda: 0.5,
    )
    await drain(stage, deliverer)

    assert len(times) == 3
    assert all(later - earlier >= 0.05 for earlier, later in pairwise(times))


def test_a_lease_that_ends_before_its_call_cannot_be_agreed_on():
    with pytest.raises(ValueError, match="outlive"):
        Terms(timeout=timedelta(seconds=30), lease=timedelta(seconds=30))


async def test_instants_are_utc(stage):
    await plan(stage, draft("first"))
    await drain(stage)

    [delivery] = await operator_actions.list_deliveries(stage.db)

    assert delivery.sent_at == stage.clock()
    assert delivery.planned_at.tzinfo is UTC


class Hanging(MemoryChat):
    """Never answers in the workspace T1."""

    async def post(
        self,
        channel: ChannelRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        await self._hang(channel)
        return await super().post(channel, document, key=key, since=since)

    async def find(
        self,
        channel: ChannelRef,
        key: DeliveryKey,
        *,
        since: datetime,
        root: MessageRef | None = None,
    ) -> MessageRef | None:
        await self._hang(channel)
        return await super().find(channel, key, since=since, root=root)

    async def _hang(self, channel: ChannelRef) -> None:
        if channel.workspace == "T1":
            await asyncio.Event().wait()


@pytest.mark.parametrize("in_doubt", [False, True], ids=["posting", "searching"])
@pytest.mark.parametrize(
    ("platform", "workspace"), [(Platform.DISCORD, "G1"), (Platform.SLACK, "T2")]
)
async def test_a_workspace_that_hangs_keeps_no_other_waiting(stage, platform, workspace, in_doubt):
    channels = [ChannelRef(Platform.SLACK, "T1", f"C{n}") for n in range(10)]
    elsewhere = [ChannelRef(platform, workspace, str(n)) for n in range(3)]
    drafts = [draft("hello", channel) for channel in channels]
    if in_doubt:
        drafts = [replace(each, doubt_from=stage.clock()) for each in drafts]
    await plan(stage, *drafts)
    await plan(stage, *(draft(f"{n}", channel) for n in range(5) for channel in elsewhere))
    hanging, well = Hanging(stage.clock), MemoryChat(stage.clock, Platform.DISCORD)
    deliverer = Deliverer(
        stage.db,
        {Platform.SLACK: hanging, Platform.DISCORD: well},
        owner="me",
        clock=stage.clock,
        rate_limits=RateLimits({}),
        jitter=lambda: 0.5,
        terms=Terms(timeout=timedelta(seconds=30), lease=timedelta(seconds=60), at_once=4),
    )

    async with asyncio.TaskGroup() as group:
        draining = group.create_task(drain(stage, deliverer))
        await until(lambda: len(well.posted) + len(hanging.posted) >= 15)
        draining.cancel()

    posted = (*well.posted, *hanging.posted)
    assert [each.document.summary for each in posted if each.channel == elsewhere[0]] == [
        "0",
        "1",
        "2",
        "3",
        "4",
    ]


async def test_channels_of_one_platform_do_not_hide_those_of_another(stage):
    crowd = [ChannelRef(Platform.SLACK, "T1", f"C{n}") for n in range(6)]
    other = ChannelRef(Platform.DISCORD, "G1", "1")
    await plan(stage, *(draft("hello", channel) for channel in crowd), draft("hi", other))

    found = await stage.db.read(
        partial(
            claims.list_ready_channels, spans=[span(Platform.DISCORD)], now=stage.clock(), limit=2
        )
    )

    assert found == (other,)


async def test_a_channel_is_ready_while_its_next_message_may_be_claimed(stage):
    more, done, untouched, none = (ChannelRef(Platform.SLACK, "T1", f"C{n}") for n in range(4))
    first = (more, done, untouched)
    await plan(stage, *(draft("1", channel) for channel in first))

    async def ready(*claimed: ChannelRef) -> frozenset[ChannelRef]:
        now = stage.clock()
        lease = now + timedelta(minutes=1)
        async with stage.db.transaction() as tx:
            _, found = await claims.claim_and_look(
                tx, claimed, {*first, none}, owner="me", now=now, lease_until=lease
            )
        return found

    assert await ready() == {*first}
    assert await ready(more, done) == {untouched}
    await plan(stage, draft("2", more))
    assert await ready() == {untouched}, "what is being sent holds back what follows"
    stage.clock.turn(minutes=2)
    await drain(stage, stage.deliverer({Platform.SLACK: MemoryChat(stage.clock)}))
    assert await ready() == frozenset()


class Away(WrappedDatabase):
    """A database that cannot be written while it `is_away`."""

    def __init__(self, inner: Database) -> None:
        super().__init__(inner)
        self.is_away, self.failed = False, asyncio.Event()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        if self.is_away:
            self.failed.set()
            raise StorageError("The database cannot be reached")
        async with self.inner.transaction() as tx:
            yield tx


async def test_a_fault_of_the_database_cuts_off_no_call(stage):
    first, other = ChannelRef(Platform.SLACK, "T1", "C1"), ChannelRef(Platform.SLACK, "T1", "C2")
    away = Away(stage.db)

    class SlowInOneChannel(Slow):
        async def post(
            self,
            channel: ChannelRef,
            document: Document,
            *,
            key: DeliveryKey,
            since: datetime | None = None,
        ) -> MessageRef:
            if channel == first:
                return await super().post(channel, document, key=key, since=since)
            await self.called.wait()
            away.is_away = True
            return await MemoryChat.post(self, channel, document, key=key, since=since)

    await plan(stage, draft("slow", first), draft("quick", other))
    chat = SlowInOneChannel(stage.clock)
    deliverer = replace(stage, db=away).deliverer({Platform.SLACK: chat})

    async def fail() -> None:
        with pytest.raises(ExceptionGroup) as failed:
            await drain(stage, deliverer)
        assert storage_error(failed.value) is not None

    async with asyncio.TaskGroup() as group:
        group.create_task(fail())
        await away.failed.wait()
        chat.answer.set()
    away.is_away = False
    stage.clock.turn(seconds=61)  # the leases have ended
    await drain(stage, deliverer)

    assert await states(stage) == [State.SENT] * 2
    assert chat.calls == 2  # neither is a search
