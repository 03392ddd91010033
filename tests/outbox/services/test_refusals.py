"""A refusal concerns as much as its platform's error says, for roots and for replies alike."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.domain.subscription import Standing
from bot.core.domain.extent import Extent
from bot.core.ports import ChatRefusedError
from bot.core.ports.error_table import ErrorKind
from bot.digest.services import subscribe
from bot.outbox.domain.delivery import Attempt, Refused, State, WaitsFor, after_call
from bot.outbox.services import operator_actions
from bot.platforms.discord import errors as discord_errors
from bot.platforms.slack import errors as slack_errors
from tests.outbox_stage import draft, drain, plan, states
from tests.stage import GENERAL, NINE_IN_SEOUL, staged

NOW = datetime(2026, 2, 3, tzinfo=UTC)
EXTENTS = {
    **{
        f"Slack: {name}": meaning.extent
        for name, meaning in slack_errors.MEANINGS.items()
        if meaning.kind is ErrorKind.REFUSED
    },
    **{
        f"Discord: {code}": meaning.extent
        for code, meaning in discord_errors.MEANINGS.items()
        if meaning.kind is ErrorKind.REFUSED
    },
}


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


@given(st.sampled_from(sorted(EXTENTS)), st.booleans(), st.floats(0, 1, exclude_max=True))
def test_every_error_of_both_platforms_stops_what_it_concerns_and_nothing_else(
    name, is_reply, jitter
):
    extent = EXTENTS[name]
    attempt = Attempt(NOW + timedelta(minutes=1), is_reply=is_reply)

    step = after_call(attempt, Refused(name, extent), now=NOW, jitter=jitter)

    assert step.state in (State.HELD, State.DEAD)
    assert step.detail == name
    assert step.stops_subscription == (not is_reply and extent is not Extent.MESSAGE)
    assert step.closes_thread == (is_reply and extent is Extent.GONE)
    if extent is Extent.MESSAGE:
        assert (step.state, step.waits_for, step.not_before) == (State.DEAD, None, None)
    if is_reply:
        assert step.waits_for is not WaitsFor.RESUME


@pytest.mark.parametrize("detail", ["50035", "200000", "msg_too_long", "invalid_blocks"])
async def test_one_refused_message_stops_no_other(stage, caplog, detail):
    await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=stage.clock())
    await plan(stage, *(draft(str(n)) for n in range(11)))
    stage.chat.errors = [None, ChatRefusedError(detail, Extent.MESSAGE)]

    await drain(stage)
    await subscribe.resume(stage.db, GENERAL, now=stage.clock())
    stage.clock.turn(hours=2)
    await drain(stage)

    assert stage.said() == ["0", *(str(n) for n in range(2, 11))]
    assert await states(stage) == [State.SENT, State.DEAD, *[State.SENT] * 9]
    assert stage.chat.calls == 11  # the refused one was not tried again
    told = [each for each in caplog.records if detail in each.getMessage()]
    assert len(told) == 1
    [dead] = await operator_actions.list_deliveries(stage.db, states=[State.DEAD])
    assert dead.detail == detail
    assert (await subscribe.get(stage.db, GENERAL)).standing is Standing.ACTIVE


async def test_an_operator_may_still_try_a_refused_message_again(stage):
    await plan(stage, draft("refused"))
    stage.chat.errors = [ChatRefusedError("200000", Extent.MESSAGE)]
    await drain(stage)
    [dead] = await operator_actions.list_deliveries(stage.db)

    await operator_actions.retry(stage.db, dead.id, now=stage.clock())
    await drain(stage)

    assert stage.said() == ["refused"]
