"""Delivering: in order, once, and whatever a platform answers."""

import asyncio
from datetime import UTC, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.domain.delivery import (
    CANNOT_TELL,
    REFUSED_BEFORE,
    ROOT_MISSING,
    State,
    Step,
    delivery_key,
)
from bot.domain.document import Document, Paragraph, Text, dump
from bot.domain.pace import Pace, Rate, Rates
from bot.domain.schedule import Schedule
from bot.domain.subscription import Standing, Wishes
from bot.ports import (
    ChannelRef,
    ChatRefusedError,
    ChatUnavailableError,
    ChatUncertainError,
    DeliveryKey,
    MessageRef,
    Platform,
)
from bot.services import outbox, subscribe
from bot.services.deliver import Deliverer, Terms
from bot.services.plan import shape_of
from bot.store import deliveries, subscriptions
from bot.store.deliveries import Draft, Settled
from tests.stage import GENERAL, Clock, MemoryChat, Stage, staged

RANDOM = ChannelRef(Platform.SLACK, "T1", "C2")
ELSEWHERE = ChannelRef(Platform.SLACK, "T2", "C3")


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


def draft(
    words: str, channel: ChannelRef = GENERAL, reply_to: str | None = None, slot: int | None = None
) -> Draft:
    content = dump(Document((Paragraph((Text(words),)),), words))
    key = DeliveryKey(delivery_key(str(channel), words))
    return Draft(key, channel, words, content, shape_of(content), slot_id=slot, reply_to=reply_to)


async def plan(stage: Stage, *drafts: Draft) -> None:
    async with stage.db.transaction() as tx:
        await deliveries.add(tx, drafts, stage.clock())


async def plan_thread(stage: Stage) -> None:
    """A root and two replies in one slot, and a message behind them."""
    async with stage.db.transaction() as tx:
        subscription = await subscriptions.add(
            tx,
            str(GENERAL),
            Wishes(Schedule(time(9), ZoneInfo("Asia/Seoul")), stage.clock().date()),
            standing=Standing.ACTIVE,
            now=stage.clock(),
            next_at=None,
        )
        row = await tx.one(
            """
            INSERT INTO slot (subscription_id, on_date, round, languages, layout, left_out,
                              missed, closed_at)
            VALUES (:id, '2026-02-03', 0, 'ko', 'papers', 0, '', :now) RETURNING id
            """,
            {"id": subscription.id, "now": stage.clock().isoformat()},
        )
        assert row is not None
        slot = row["id"]
        drafts = [
            draft("root", slot=slot),
            draft("reply 1", slot=slot, reply_to="root"),
            draft("reply 2", slot=slot, reply_to="root"),
            draft("next", slot=slot),
        ]
        await deliveries.add(tx, drafts, stage.clock())


async def drain(stage: Stage, deliverer: Deliverer | None = None) -> None:
    await (deliverer or stage.deliverer()).drain(asyncio.Event())


async def states(stage: Stage) -> list[State]:
    return [each.state for each in await outbox.list_deliveries(stage.db)]


async def test_messages_go_out_in_order_and_once(stage):
    await plan(stage, *(draft(str(n)) for n in range(5)), draft("other", RANDOM))

    await drain(stage)
    await drain(stage)

    in_general = [each for each in stage.chat.posted if each.channel == GENERAL]
    assert [each.document.summary for each in in_general] == ["0", "1", "2", "3", "4"]
    assert len(stage.chat.posted) == 6
    assert await states(stage) == [State.SENT] * 6


async def test_a_message_that_is_not_wanted_now_holds_back_those_behind_it_and_no_others(stage):
    await plan(stage, draft("first"), draft("second"), draft("elsewhere", RANDOM))
    stage.chat.errors = [ChatUnavailableError("limit", retry_after=timedelta(seconds=30))]

    await drain(stage)
    stage.clock.turn(seconds=29)
    await drain(stage)
    in_time = stage.said()
    stage.clock.turn(seconds=1)
    await drain(stage)

    assert in_time == ["elsewhere"]
    assert stage.said() == ["elsewhere", "first", "second"]


async def test_a_workspace_that_wants_to_be_left_alone_is_and_others_are_not(stage):
    stage.chat.errors = [
        ChatUnavailableError("limit", retry_after=timedelta(hours=1), whole_workspace=True)
    ]
    deliverer = stage.deliverer()
    await plan(stage, draft("first"))
    await drain(stage, deliverer)

    await plan(stage, draft("same workspace", RANDOM), draft("another", ELSEWHERE))
    await drain(stage, deliverer)

    assert stage.said() == ["another"]


async def test_a_lost_answer_is_searched_for_after_the_lease_and_found(stage):
    await plan(stage, draft("first"), draft("second"))
    stage.chat.late_errors = [ChatUncertainError("reset")]

    await drain(stage)
    stage.clock.turn(seconds=59)
    await drain(stage)
    before = stage.said()
    stage.clock.turn(seconds=1)
    await drain(stage)

    assert before == ["first"]
    assert stage.said() == ["first", "second"]
    assert await states(stage) == [State.SENT] * 2


async def test_what_never_arrived_is_sent_again_after_the_search(stage):
    await plan(stage, draft("first"), draft("second"))
    stage.chat.errors = [ChatUncertainError("reset")]

    await drain(stage)
    assert stage.said() == []
    stage.clock.turn(seconds=60)
    await drain(stage)

    assert stage.said() == ["first", "second"]


async def test_what_a_dead_process_had_claimed_is_searched_for_by_the_next(stage):
    await plan(stage, draft("first"))
    async with stage.db.transaction() as tx:
        lease_until = stage.clock() + timedelta(seconds=60)
        [claimed] = await deliveries.claim(
            tx, [GENERAL], owner="dead", now=stage.clock(), lease_until=lease_until
        )
    assert claimed.document is not None
    await stage.chat.post(GENERAL, claimed.document, key=claimed.key)

    await drain(stage)
    assert await states(stage) == [State.SENDING]
    stage.clock.turn(seconds=60)
    await drain(stage)

    assert stage.said() == ["first"]
    assert await states(stage) == [State.SENT]


async def test_a_result_that_comes_after_another_process_took_over_changes_nothing(stage):
    await plan(stage, draft("first"))
    async with stage.db.transaction() as tx:
        [mine] = await deliveries.claim(
            tx, [GENERAL], owner="slow", now=stage.clock(), lease_until=stage.clock()
        )
    stage.clock.turn(seconds=1)
    await drain(stage)  # searched for, absent, posted

    async with stage.db.transaction() as tx:
        step = Step(State.PLANNED, not_before=stage.clock())
        late = await deliveries.settle(tx, [Settled(mine, step)], stage.clock())

    assert late == (mine.id,)
    assert await states(stage) == [State.SENT]
    assert stage.said() == ["first"]


async def test_a_claim_that_is_nearly_over_is_not_used(stage):
    """The machine slept between the claim and the call: somebody may be searching already."""
    await plan(stage, draft("first"))
    ticks = iter([timedelta(), timedelta(seconds=45)])

    def clock():
        stage.clock.at += next(ticks, timedelta())
        return stage.clock.at

    deliverer = Deliverer(
        stage.db,
        {Platform.SLACK: stage.chat},
        owner="me",
        clock=clock,
        pace=Pace({}),
        jitter=lambda: 0.5,
        observe=lambda _, step: seen.append(step.state),
    )
    seen: list[State] = []
    await drain(stage, deliverer)

    assert seen[-1] is State.SENT
    assert stage.said() == ["first"]


async def test_a_channel_that_refuses_stops_its_subscription_and_resuming_brings_all_back(stage):
    await plan_thread(stage)
    stage.chat.errors = [ChatRefusedError("the channel is archived")]

    await drain(stage)
    subscription = await subscribe.get(stage.db, GENERAL)
    stuck = await outbox.list_deliveries(stage.db)
    await subscribe.resume(stage.db, GENERAL, now=stage.clock())
    await drain(stage)

    assert subscription.standing is Standing.REFUSED
    assert subscription.detail == "the channel is archived"
    assert [each.state for each in stuck] == [State.DEAD, State.HELD, State.HELD, State.HELD]
    assert stuck[-1].reason == REFUSED_BEFORE
    assert stage.said() == ["root", "reply 1", "reply 2", "next"]
    assert await states(stage) == [State.SENT] * 4


async def test_replies_go_into_the_thread_of_their_root(stage):
    await plan_thread(stage)

    await drain(stage)

    assert [each.root for each in stage.chat.posted] == [None, "m1", "m1", None]


async def test_replies_wait_for_a_root_that_is_held_and_follow_it(stage):
    await plan_thread(stage)
    stage.chat.late_errors = [ChatUncertainError("reset")]
    stage.chat.find_errors = [ChatRefusedError("no access to the history")]

    await drain(stage)
    stage.clock.turn(seconds=60)
    await drain(stage)
    stuck = await outbox.list_deliveries(stage.db)
    assert stage.said() == ["root", "next"]
    await outbox.retry(stage.db, stuck[0].id, now=stage.clock())
    await drain(stage)

    assert [each.reason for each in stuck] == [CANNOT_TELL, ROOT_MISSING, ROOT_MISSING, ""]
    assert stage.said() == ["root", "next", "reply 1", "reply 2"]


async def test_a_thread_that_refuses_stops_nothing_else(stage):
    await plan_thread(stage)
    stage.chat.errors = [None, ChatRefusedError("the thread is locked")]

    await drain(stage)

    assert stage.said() == ["root", "reply 2", "next"]
    assert (await subscribe.get(stage.db, GENERAL)).standing is Standing.ACTIVE


async def test_what_no_search_can_tell_is_held_and_those_behind_it_go_on(stage):
    await plan(stage, draft("first"), draft("second"))
    stage.chat.errors = [ChatUncertainError("reset")]
    stage.chat.find_errors = [ChatRefusedError("no access")] * 2

    await drain(stage)
    stage.clock.turn(seconds=60)
    await drain(stage)
    [held, sent] = await outbox.list_deliveries(stage.db)
    await outbox.retry(stage.db, held.id, now=stage.clock())
    await drain(stage)

    assert (held.state, held.reason, held.detail) == (State.HELD, CANNOT_TELL, "no access")
    assert sent.state is State.SENT
    assert stage.said() == ["second", "first"]  # whoever asked for it had looked


async def test_a_search_that_cannot_be_made_now_is_made_later(stage):
    await plan(stage, draft("first"))
    stage.chat.late_errors = [ChatUncertainError("reset")]
    stage.chat.find_errors = [ChatUnavailableError("limit", retry_after=timedelta(minutes=1))]

    await drain(stage)
    for _ in range(2):
        stage.clock.turn(seconds=60)
        await drain(stage)

    assert await states(stage) == [State.SENT]
    assert stage.said() == ["first"]


async def test_an_adapter_that_breaks_on_one_message_does_not_stop_the_others(stage, caplog):
    await plan(stage, draft("bad"), draft("good", RANDOM))
    stage.chat.errors = [ZeroDivisionError(), None, *([ZeroDivisionError()] * 50)]

    for _ in range(6):
        await drain(stage)
        stage.clock.turn(minutes=15)

    [bad, good] = await outbox.list_deliveries(stage.db)
    assert (bad.state, good.state) == (State.HELD, State.SENT)
    assert "ZeroDivisionError" in caplog.text


async def test_a_platform_that_is_not_there_keeps_its_messages(stage):
    await plan(stage, draft("first"))

    await drain(stage, stage.deliverer(chats={}))
    waiting = await states(stage)
    await drain(stage)

    assert waiting == [State.PLANNED]
    assert stage.said() == ["first"]


class Slow(MemoryChat):
    """Answers when it is told to."""

    def __init__(self, now: Clock) -> None:
        super().__init__(now)
        self.called = asyncio.Event()
        self.answer = asyncio.Event()

    async def post(
        self, channel: ChannelRef, document: Document, *, key: DeliveryKey
    ) -> MessageRef:
        self.called.set()
        await self.answer.wait()
        return await super().post(channel, document, key=key)


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
        pace=Pace({}),
        jitter=lambda: 0.5,
        terms=Terms(timeout=timedelta(seconds=0.01), lease=timedelta(seconds=1)),
    )

    await drain(stage, deliverer)

    [delivery] = await outbox.list_deliveries(stage.db)
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
            self, channel: ChannelRef, document: Document, *, key: DeliveryKey
        ) -> MessageRef:
            await self.all_here.wait()
            return await super().post(channel, document, key=key)

    chat = Gathering(stage.clock)
    await drain(stage, stage.deliverer({Platform.SLACK: chat}))

    assert len(chat.posted) == 20


async def test_the_pace_of_a_channel_is_kept(stage):
    await plan(stage, *(draft(str(n)) for n in range(3)))
    loop, times = asyncio.get_running_loop(), []

    class Timed(MemoryChat):
        async def post(
            self, channel: ChannelRef, document: Document, *, key: DeliveryKey
        ) -> MessageRef:
            times.append(loop.time())
            return await super().post(channel, document, key=key)

    deliverer = Deliverer(
        stage.db,
        {Platform.SLACK: Timed(stage.clock)},
        owner="me",
        clock=stage.clock,
        pace=Pace({Platform.SLACK: Rates(channel=Rate(1, 0.05))}),
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

    [delivery] = await outbox.list_deliveries(stage.db)

    assert delivery.sent_at == stage.clock()
    assert delivery.planned_at.tzinfo is UTC
