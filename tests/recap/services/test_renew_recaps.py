"""Recaps that named somebody who was forgotten: marked with the forgetting, presented again later."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.channels.store import subscriptions
from bot.core.ports import ChannelRef
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.discussion.services import discuss
from bot.outbox.store import deliveries, edits
from bot.recap.domain.period import Period, Unit, period_of
from bot.recap.services import plan_recaps, renew_recaps
from bot.recap.services.look_back import look_back_for
from tests.stage import english
from tests.talk_stage import ADA, DISCORD, SLACK, TalkStage, talking, with_a_paper

FRIDAY = date(2026, 3, 6)
AT_NINE = datetime(2026, 3, 6, 0, tzinfo=UTC)
"""In Seoul."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    """A paper in two linked channels, about which Ada has said something on Thursday."""
    async with talking(tmp_path, AT_NINE - timedelta(days=1)) as opened:
        for number in range(5):
            await opened.stage.note(f"Other {number}", FRIDAY - timedelta(days=1))
        await with_a_paper(opened, SLACK, DISCORD)
        await opened.say(opened.root(SLACK), "Nice", user=ADA)
        yield opened


async def with_recaps(stage: TalkStage) -> None:
    """Friday's recaps are posted."""
    await with_planned_recaps(stage)
    await stage.settle()


async def with_planned_recaps(stage: TalkStage) -> None:
    """Friday's recaps are planned."""
    for channel in (SLACK, DISCORD):
        options = TypedOptions(recap="weekly")
        await subscribe.change(stage.stage.db, channel, options, now=stage.clock())
    stage.clock.at = AT_NINE
    await plan_recaps.plan_recaps(stage.stage.db, now=stage.clock(), voices=english)


async def forget_ada(stage: TalkStage) -> None:
    talk = replace(stage.talk, mark_stale=partial(renew_recaps.mark, voices=english))
    await discuss.forget_person(talk, ADA, SLACK)


async def recaps(stage: TalkStage) -> list[str]:
    """What they should say."""
    async with stage.stage.db.reading() as tx:
        rows = await tx.all("SELECT document FROM delivery WHERE part = 'recap' ORDER BY id")
    return [row["document"] for row in rows]


async def test_forgetting_presents_no_recap_and_what_it_marked_is_presented_once(stage):
    await with_recaps(stage)
    before = await recaps(stage)

    await forget_ada(stage)
    meanwhile = await recaps(stage)
    renewed = [await renew_recaps.renew(stage.stage.db, voices=english) for _ in range(2)]

    assert len(before) == 2
    assert meanwhile == before
    assert renewed == [2, 0]
    assert "Ada" not in "".join(await recaps(stage))


async def test_a_recap_that_is_not_posted_yet_is_presented_again_with_the_forgetting(stage):
    await with_planned_recaps(stage)
    before = await recaps(stage)

    await forget_ada(stage)

    assert all("Ada" in each for each in before)
    assert "Ada" not in "".join(await recaps(stage))
    assert await renew_recaps.renew(stage.stage.db, voices=english) == 0


async def test_a_recap_that_is_planned_after_the_forgetting_is_not_presented_again(stage):
    await forget_ada(stage)
    await with_recaps(stage)

    assert await renew_recaps.renew(stage.stage.db, voices=english) == 0
    assert "Ada" not in "".join(await recaps(stage))


async def plan_as_before(stage: TalkStage, channel: ChannelRef, period: Period) -> int:
    """Plan Friday's recap as a version did that told the week from Monday; its delivery."""
    async with stage.stage.db.transaction() as tx:
        subscription = await subscriptions.find(tx, str(channel))
        assert subscription is not None
        found = await look_back_for(tx, subscription, period)
        key = plan_recaps.recap_key(str(channel), FRIDAY, Unit.WEEK)
        document = plan_recaps.present(found, subscription, english)
        await deliveries.add(tx, [deliveries.Draft(key, channel, "recap", document)], stage.clock())
        return (await edits.list_by_key(tx, [key]))[key]


@pytest.mark.parametrize("days", [0, 1, 3])
async def test_a_recap_of_the_week_from_monday_keeps_its_days(stage, days):
    """Whenever the person spoke in that week, up to Sunday."""
    stage.clock.at = AT_NINE + timedelta(days=days - 1, hours=1)
    await stage.say(stage.root(SLACK), "Also nice", user=ADA)
    delivery_id = await plan_as_before(stage, SLACK, period_of(Unit.WEEK, FRIDAY))
    await stage.settle()
    [before] = await recaps(stage)

    await forget_ada(stage)
    renewed = await renew_recaps.renew(stage.stage.db, voices=english)

    assert renewed == 1
    [after] = await recaps(stage)
    assert ("Ada" in before, "Ada" in after) == (True, False)
    async with stage.stage.db.reading() as tx:
        shown = await edits.find_document(tx, delivery_id)
    assert shown is not None
    assert shown.summary.startswith("Looking back on week 10 of 2026")
    assert "2 March 2026 – 8 March 2026" in after
