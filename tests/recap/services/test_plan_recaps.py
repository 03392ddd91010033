"""Recaps as a subscription: planned exactly once, at the hour of the channel's digest."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.domain.errors import UsageError
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.recap.services import plan_recaps
from tests.stage import GENERAL, Stage, english, staged

FRIDAY = date(2026, 3, 6)
"""Daylight saving begins in New York on the Sunday after it."""
THURSDAY = datetime(2026, 3, 5, 12, tzinfo=UTC)


async def with_papers(stage: Stage, *, recap: str, papers: int = 5) -> None:
    for number in range(papers):
        stage.write(f"Paper {number}", FRIDAY - timedelta(days=number % 4))
        stage.write(f"Later {number}", FRIDAY + timedelta(days=3 + number % 4))
    await stage.sync()
    options = TypedOptions(at="09:00", zone="America/New_York", languages="en", recap=recap)
    await subscribe.add(stage.db, GENERAL, options, now=stage.clock())


async def plan(stage: Stage) -> list[str]:
    """Look as often as the pump may; what is waiting to be posted."""
    for _ in range(2):
        await plan_recaps.plan_recaps(stage.db, now=stage.clock(), voices=english)
    async with stage.db.reading() as tx:
        rows = await tx.all("SELECT document FROM delivery ORDER BY id")
    return [row["document"].partition("Looking back on ")[2].partition('"')[0] for row in rows]


async def until(stage: Stage, at: datetime) -> None:
    """Look at each instant that planning asks for, up to that one."""
    while (due := await plan_recaps.next_due(stage.db)) is not None and due <= at:
        stage.clock.at = max(due, stage.clock())
        await plan(stage)
    stage.clock.at = at


async def test_each_friday_is_told_once_at_its_hour_across_daylight_saving(tmp_path):
    async with staged(tmp_path, THURSDAY) as stage:
        await with_papers(stage, recap="weekly")

        await until(stage, datetime(2026, 3, 6, 13, 59, tzinfo=UTC))
        before = await plan(stage)
        await until(stage, datetime(2026, 3, 6, 14, 0, tzinfo=UTC))
        first = await plan(stage)
        stage.clock.turn(hours=-3)  # the clock is set back
        again = await plan(stage)
        await until(stage, datetime(2026, 3, 13, 12, 59, tzinfo=UTC))
        still = await plan(stage)
        await until(stage, datetime(2026, 3, 13, 13, 0, tzinfo=UTC))
        second = await plan(stage)

    assert before == []
    assert first == again == still == ["week 10 of 2026"]
    assert second == ["week 10 of 2026", "week 11 of 2026"]


async def test_a_recap_that_is_chosen_after_its_hour_comes_the_next_time(tmp_path):
    async with staged(tmp_path, datetime(2026, 3, 6, 15, tzinfo=UTC)) as stage:
        await with_papers(stage, recap="off")
        await subscribe.change(stage.db, GENERAL, TypedOptions(recap="weekly"), now=stage.clock())

        today = await plan(stage)
        await until(stage, datetime(2026, 3, 13, 14, tzinfo=UTC))
        next_week = await plan(stage)
        await subscribe.change(stage.db, GENERAL, TypedOptions(recap="off"), now=stage.clock())
        await until(stage, datetime(2026, 3, 21, tzinfo=UTC))

        assert today == []
        assert next_week == ["week 11 of 2026"] == await plan(stage)
        assert await plan_recaps.next_due(stage.db) is None
        with pytest.raises(UsageError, match="recap:weekly"):
            await subscribe.change(
                stage.db, GENERAL, TypedOptions(recap="daily"), now=stage.clock()
            )


async def test_the_month_before_is_told_on_the_first_and_too_little_as_chosen(tmp_path):
    said = {}
    for choice in ("monthly", "monthly-silent"):
        folder = tmp_path / choice
        folder.mkdir()
        async with staged(folder, THURSDAY) as stage:
            await with_papers(stage, recap=choice, papers=2)
            await until(stage, datetime(2026, 4, 2, tzinfo=UTC))
            async with stage.db.reading() as tx:
                rows = await tx.all("SELECT document FROM delivery")
            said[choice] = [row["document"] for row in rows]

    assert len(said["monthly"]) == 1
    assert "March 2026: 4 papers, too few to look back on." in said["monthly"][0]
    assert said["monthly-silent"] == []


async def test_a_paused_channel_gets_none_and_none_of_its_pause_later(tmp_path):
    async with staged(tmp_path, THURSDAY) as stage:
        await with_papers(stage, recap="weekly")
        await subscribe.pause(stage.db, GENERAL, now=stage.clock())
        await until(stage, datetime(2026, 3, 6, 15, tzinfo=UTC))
        await subscribe.resume(stage.db, GENERAL, now=stage.clock())

        assert await plan(stage) == []


async def test_no_recap_comes_through_a_filter_that_cannot_be_read(tmp_path):
    async with staged(tmp_path, THURSDAY) as stage:
        await with_papers(stage, recap="weekly")
        async with stage.db.transaction() as tx:  # as a version with other fields stored it
            await tx.run("UPDATE subscription SET only_query = 'auhtor:lee'")
        await until(stage, datetime(2026, 3, 6, 14, 0, tzinfo=UTC))
        held = await plan(stage)
        await subscribe.change(stage.db, GENERAL, TypedOptions(only="paper"), now=stage.clock())
        told = await plan(stage)

    assert held == []
    assert told == ["week 10 of 2026"]
