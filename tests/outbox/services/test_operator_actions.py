"""The outbox in the operator's hands, and people told of what is wrong."""

from datetime import timedelta

import pytest

from bot.channels.domain.subscription import Subscription
from bot.core.domain.errors import NotFoundError, UsageError
from bot.core.ports import ChatRefusedError, ChatUnavailableError, ChatUncertainError
from bot.digest.services import subscribe
from bot.outbox.domain.delivery import DROPPED, State
from bot.outbox.services import operator_actions
from tests.outbox_stage import RANDOM, draft, drain, plan, plan_thread, states
from tests.stage import GENERAL, Stage, staged


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


async def refused(stage: Stage) -> None:
    """A channel whose first message was refused."""
    await plan_thread(stage)
    stage.chat.errors = [ChatRefusedError("archived")]
    await drain(stage)


async def test_deliveries_are_listed_by_state_the_newest_of_them_last(stage):
    await refused(stage)

    dead = await operator_actions.list_deliveries(stage.db, states=[State.DEAD])
    newest = await operator_actions.list_deliveries(stage.db, limit=2)

    assert [each.summary for each in dead] == ["root"]
    assert [each.summary for each in newest] == ["reply 2", "next"]
    assert await operator_actions.list_deliveries(stage.db, channel="slack:T1/C9") == ()


@pytest.mark.parametrize(("channel", "found"), [("slack:C1", 4), ("slack:1", 0), ("discord:C1", 0)])
async def test_deliveries_are_listed_by_a_channel_named_without_its_workspace(
    stage, channel, found
):
    await refused(stage)

    listed = await operator_actions.list_deliveries(stage.db, channel=channel)

    assert len(listed) == found


async def test_held_messages_are_listed_among_those_that_fail(stage):
    await refused(stage)

    failing = await operator_actions.list_deliveries(stage.db, failing=True)

    assert {each.state for each in failing} == {State.HELD}


async def test_a_dropped_delivery_is_never_posted_and_neither_are_the_replies_to_it(stage):
    await plan_thread(stage)
    [root, *_] = await operator_actions.list_deliveries(stage.db)

    dropped = await operator_actions.drop(stage.db, root.id, now=stage.clock())
    await drain(stage)

    assert (dropped.state, dropped.reason) == (State.DEAD, DROPPED)
    assert stage.said() == ["next"]


async def test_a_dead_delivery_that_is_tried_again_is_posted(stage):
    await refused(stage)
    [root, *_] = await operator_actions.list_deliveries(stage.db)

    await operator_actions.retry(stage.db, root.id, now=stage.clock())
    await drain(stage)

    assert stage.said()[0] == "root"


async def test_a_delivery_that_waits_is_posted_at_once_when_somebody_asks(stage):
    await plan(stage, draft("first"))
    stage.chat.errors = [ChatUnavailableError("limit", retry_after=timedelta(hours=5))]
    await drain(stage)
    [waiting] = await operator_actions.list_deliveries(stage.db)

    await operator_actions.retry(stage.db, waiting.id, now=stage.clock())
    await drain(stage)

    assert await states(stage) == [State.SENT]


async def test_what_was_posted_can_neither_be_tried_again_nor_dropped(stage):
    await plan(stage, draft("first"))
    await drain(stage)
    [sent] = await operator_actions.list_deliveries(stage.db)

    with pytest.raises(UsageError, match="is sent: there is nothing to retry"):
        await operator_actions.retry(stage.db, sent.id, now=stage.clock())
    with pytest.raises(UsageError, match="cannot be dropped"):
        await operator_actions.drop(stage.db, sent.id, now=stage.clock())
    with pytest.raises(NotFoundError, match="no delivery 999"):
        await operator_actions.drop(stage.db, 999, now=stage.clock())


async def test_people_are_told_of_a_refusal_once(stage):
    await refused(stage)
    told: list[Subscription] = []

    async def tell(subscription: Subscription) -> None:
        told.append(subscription)

    numbers = [
        await operator_actions.tell_refusals(stage.db, tell, now=stage.clock()) for _ in range(2)
    ]

    assert numbers == [1, 0]
    assert [(each.channel, each.detail) for each in told] == [(str(GENERAL), "archived")]


async def test_people_who_could_not_be_told_are_told_later(stage):
    await refused(stage)

    async def fail(subscription: Subscription) -> None:
        raise ConnectionError

    async def tell(subscription: Subscription) -> None:
        pass

    with pytest.raises(ConnectionError):
        await operator_actions.tell_refusals(stage.db, fail, now=stage.clock())

    assert await operator_actions.tell_refusals(stage.db, tell, now=stage.clock()) == 1


async def test_another_refusal_after_a_resumption_is_told_again(stage):
    await refused(stage)

    async def tell(subscription: Subscription) -> None:
        pass

    await operator_actions.tell_refusals(stage.db, tell, now=stage.clock())
    await subscribe.resume(stage.db, GENERAL, now=stage.clock())
    stage.chat.errors = [ChatRefusedError("archived again")]
    await drain(stage)

    assert await operator_actions.tell_refusals(stage.db, tell, now=stage.clock()) == 1


async def test_another_refusal_while_people_are_told_of_the_first_is_told_too(stage):
    await refused(stage)
    told: list[str] = []

    async def tell(subscription: Subscription) -> None:
        told.append(subscription.detail)
        if len(told) == 1:
            stage.clock.turn(minutes=1)
            await subscribe.resume(stage.db, GENERAL, now=stage.clock())
            stage.chat.errors = [ChatRefusedError("archived again")]
            await drain(stage)

    numbers = [
        await operator_actions.tell_refusals(stage.db, tell, now=stage.clock()) for _ in range(3)
    ]

    assert numbers == [1, 1, 0]
    assert told == ["archived", "archived again"]


async def test_the_bot_is_unwell_when_a_message_waits_for_too_long(stage):
    await plan(stage, draft("first"))

    well = await operator_actions.condition(stage.db, now=stage.clock())
    ill = await operator_actions.condition(stage.db, now=stage.clock() + timedelta(minutes=11))

    assert (well.ok, well.detail) == (True, "1 open, 0 held, 0 dead")
    assert not ill.ok


async def passing(stage: Stage, hours: float) -> None:
    """Time passes, and the outbox is tried every ten minutes."""
    for _ in range(round(hours * 6)):
        stage.clock.turn(minutes=10)
        await drain(stage)


@pytest.mark.parametrize(
    "error",
    [
        ChatUnavailableError("no connection"),
        ChatUnavailableError("no connection", retry_after=timedelta(minutes=5)),
        ChatUncertainError("no connection"),
    ],
    ids=["away", "says when", "uncertain"],
)
async def test_a_channel_that_takes_nothing_for_hours_is_told_with_the_reason(stage, error):
    await plan(stage, draft("first"))
    stage.chat.trouble = lambda *_: error
    await drain(stage)

    await passing(stage, 1)
    well = await operator_actions.condition(stage.db, now=stage.clock())
    await plan(stage, draft("second"))
    await passing(stage, 71)
    ill = await operator_actions.condition(stage.db, now=stage.clock())
    stage.chat.trouble = None
    await passing(stage, 0.5)
    mended = await operator_actions.condition(stage.db, now=stage.clock())

    assert well.ok
    assert not ill.ok
    assert ill.detail == (
        "2 open, 0 held, 0 dead; "
        "slack:T1/C1: 2 to post, failing since 2026-02-03 00:00 UTC (no connection)"
    )
    assert (mended.ok, mended.detail) == (True, "0 open, 0 held, 0 dead")
    assert stage.said() == ["first", "second"]


async def test_what_is_late_is_logged_once_and_again_when_it_is_over(stage, caplog):
    caplog.set_level("INFO")
    await plan(stage, draft("first"))
    stage.chat.trouble = lambda *_: ChatUnavailableError("no connection")
    told: frozenset[operator_actions.Told] = frozenset()

    for hours in (1, 2, 3):
        await passing(stage, hours)
        told = operator_actions.tell_late(
            await operator_actions.list_late(stage.db, now=stage.clock()), told
        )
    stage.chat.trouble = None
    await passing(stage, 1)
    told = operator_actions.tell_late(
        await operator_actions.list_late(stage.db, now=stage.clock()), told
    )

    assert [
        r.getMessage() for r in caplog.records if r.name == "bot.outbox.services.operator_actions"
    ] == [
        "slack:T1/C1: 1 to post, failing since 2026-02-03 00:10 UTC: no connection; the bot keeps trying",
        "slack:T1/C1: nothing to post is late now",
    ]
    assert told == frozenset()


async def test_what_is_late_is_measured(stage):
    await plan(stage, draft("first"), draft("second"), draft("elsewhere", RANDOM))
    stage.chat.trouble = lambda *_: ChatUnavailableError("no connection")
    await passing(stage, 3)

    measures = operator_actions.measure_late(
        await operator_actions.list_late(stage.db, now=stage.clock())
    )

    assert {each.labels[0][1]: each.value for each in measures} == {
        "post": 3,
        "edit": 0,
        "remove": 0,
    }
