"""Delivering: in order, once, and whatever a platform answers."""

import asyncio
from datetime import timedelta

import pytest

from bot.channels.domain.subscription import Standing
from bot.core.domain.extent import Extent
from bot.core.ports import ChatRefusedError, ChatUnavailableError, ChatUncertainError, Platform
from bot.digest.services import subscribe
from bot.outbox.domain.delivery import CANNOT_TELL, REFUSED_BEFORE, ROOT_MISSING, State, Step
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.services import operator_actions
from bot.outbox.services.deliver import Deliverer
from bot.outbox.store import claims, deliveries
from bot.outbox.store.deliveries import Settled
from tests.outbox_stage import ELSEWHERE, RANDOM, draft, drain, plan, plan_thread, states
from tests.stage import GENERAL, MemoryChat, staged


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


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


async def test_a_call_that_a_closed_connection_cancelled_is_searched_for_and_made_again(stage):
    """Closing an HTTP session cancels what requests in flight wait for, and no task."""
    await plan(stage, draft("first"), draft("second"))
    stage.chat.errors = [asyncio.CancelledError()]
    stage.chat.find_errors = [asyncio.CancelledError()]
    deliverer = stage.deliverer()

    await drain(stage, deliverer)
    before = await states(stage)
    for _ in range(3):  # a search that is cut off, one that finds nothing, the call
        stage.clock.turn(seconds=60)
        await drain(stage, deliverer)

    assert before == [State.SENDING, State.PLANNED]
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


class SlowChat(MemoryChat):
    """A platform whose first answer is long on its way; the next calls are answered at once."""

    def __init__(self, now) -> None:
        super().__init__(now)
        self.called, self.answered, self.answer = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def post(self, channel, document, *, key, since=None):
        if not self.called.is_set():
            self.called.set()
            await self.answer.wait()
            return await super().post(channel, document, key=key, since=since)
        self.answered.set()
        return await super().post(channel, document, key=key, since=since)


async def test_after_a_clock_is_set_forward_nothing_is_searched_for_whose_call_goes_on(stage):
    """The search would not find it, and it would be posted twice."""
    chat = SlowChat(stage.clock)
    deliverer = stage.deliverer({Platform.SLACK: chat})
    await plan(stage, draft("first"))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(drain(stage, deliverer))
        await chat.called.wait()
        stage.clock.turn(days=2)
        await plan(stage, draft("elsewhere", ELSEWHERE))
        await chat.answered.wait()
        chat.answer.set()
    await drain(stage, deliverer)

    assert [each.document.summary for each in chat.posted] == ["elsewhere", "first"]
    assert await states(stage) == [State.SENT] * 2


async def test_after_a_clock_is_set_back_nothing_waits_for_as_long_as_the_step(stage):
    await plan(stage, draft("planned"), draft("lost", RANDOM), draft("not now", ELSEWHERE))
    stage.chat.errors = [
        ChatUnavailableError("limit", retry_after=timedelta(minutes=5)),
        ChatUncertainError("reset"),
        ChatUnavailableError("limit", retry_after=timedelta(minutes=5)),
    ]
    await drain(stage)
    stage.clock.turn(hours=-9)

    await drain(stage)
    before = stage.said()
    await operator_actions.end_waits(stage.db, now=stage.clock())
    await drain(stage)

    assert before == []
    assert sorted(stage.said()) == ["lost", "not now", "planned"]


async def test_after_a_clock_was_set_back_while_nobody_ran_nothing_waits(stage):
    await plan(stage, draft("planned"))
    stage.clock.turn(minutes=-10)

    await operator_actions.end_unlikely_waits(stage.db, now=stage.clock())
    await drain(stage)

    assert stage.said() == ["planned"]


async def test_what_a_dead_process_had_claimed_is_searched_for_by_the_next(stage):
    await plan(stage, draft("first"))
    async with stage.db.transaction() as tx:
        lease_until = stage.clock() + timedelta(seconds=60)
        [claimed] = await claims.claim(
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
        [mine] = await claims.claim(
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
        rate_limits=RateLimits({}),
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
    stuck = await operator_actions.list_deliveries(stage.db)
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
    stuck = await operator_actions.list_deliveries(stage.db)
    assert stage.said() == ["root", "next"]
    await operator_actions.retry(stage.db, stuck[0].id, now=stage.clock())
    await drain(stage)

    assert [each.reason for each in stuck] == [CANNOT_TELL, ROOT_MISSING, ROOT_MISSING, ""]
    assert stage.said() == ["root", "next", "reply 1", "reply 2"]


async def test_a_thread_that_refuses_stops_nothing_else(stage):
    await plan_thread(stage)
    stage.chat.errors = [None, ChatRefusedError("the thread is locked", Extent.GONE)]

    await drain(stage)

    assert stage.said() == ["root", "next"]
    assert await states(stage) == [State.SENT, State.DEAD, State.DEAD, State.SENT]
    assert (await subscribe.get(stage.db, GENERAL)).standing is Standing.ACTIVE


async def test_what_no_search_can_tell_is_held_and_those_behind_it_go_on(stage):
    await plan(stage, draft("first"), draft("second"))
    stage.chat.errors = [ChatUncertainError("reset")]
    stage.chat.find_errors = [ChatRefusedError("no access")] * 2

    await drain(stage)
    stage.clock.turn(seconds=60)
    await drain(stage)
    [held, sent] = await operator_actions.list_deliveries(stage.db)
    await operator_actions.retry(stage.db, held.id, now=stage.clock())
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

    [bad, good] = await operator_actions.list_deliveries(stage.db)
    assert (bad.state, good.state) == (State.HELD, State.SENT)
    assert "ZeroDivisionError" in caplog.text


async def test_a_platform_that_is_not_there_keeps_its_messages(stage):
    await plan(stage, draft("first"))

    await drain(stage, stage.deliverer(chats={}))
    waiting = await states(stage)
    await drain(stage)

    assert waiting == [State.PLANNED]
    assert stage.said() == ["first"]
