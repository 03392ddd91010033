"""Recaps as a subscription: planned exactly once, at the hour of the channel's digest."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.domain.digest_options import RecapChoice
from bot.channels.domain.recap_schedule import ask_recap_at, due_recap
from bot.channels.domain.schedule import Schedule
from bot.core.domain.errors import UsageError
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.discussion.services import discuss
from bot.outbox.store import prune
from bot.recap.services import plan_recaps, renew_recaps
from tests.stage import GENERAL, Stage, english, staged
from tests.talk_stage import ADA, BO, DISCORD, SLACK, TalkStage, talking, with_a_paper, words

FRIDAY = date(2026, 3, 6)
"""Daylight saving begins in New York on the Sunday after it."""
THURSDAY = datetime(2026, 3, 5, 12, tzinfo=UTC)


async def with_papers(stage: Stage, *, recap: str, papers: int = 5) -> None:
    for number in range(papers):
        stage.write(f"Paper {number}", FRIDAY - timedelta(days=1 + number % 7))
        stage.write(f"Later {number}", FRIDAY + timedelta(days=number % 7))
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
    assert first == again == still == ["the week up to 5 March 2026"]
    assert second == ["the week up to 5 March 2026", "the week up to 12 March 2026"]


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
        assert next_week == ["the week up to 12 March 2026"] == await plan(stage)
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
    assert told == ["the week up to 5 March 2026"]


def recaps(stage: TalkStage) -> list[str]:
    """What the posted recaps say by now, in Slack and then in Discord."""
    posted = [each for chat in stage.chats.values() for each in chat.posted]
    return [
        words(each.document)
        for each in sorted(posted, key=lambda each: str(each.channel), reverse=True)
        if "Looking back" in each.document.summary
    ]


async def forget_ada(stage: TalkStage) -> None:
    talk = replace(stage.talk, mark_stale=partial(renew_recaps.mark, voices=english))
    await discuss.forget_person(talk, ADA, SLACK)
    await renew_recaps.renew(stage.stage.db, voices=english)


@pytest.mark.parametrize("choice", ["weekly", "monthly"])
async def test_a_recap_names_nobody_who_is_forgotten_in_any_linked_channel(tmp_path, choice):
    """Also where it was posted so long ago that its text is not kept."""
    async with talking(tmp_path, datetime(2026, 3, 5, 0, tzinfo=UTC)) as stage:
        for number in range(5):
            await stage.stage.note(f"Other {number}", FRIDAY - timedelta(days=1))
        await with_a_paper(stage, SLACK, DISCORD)
        for channel in (SLACK, DISCORD):
            options = TypedOptions(recap=choice)
            await subscribe.change(stage.stage.db, channel, options, now=stage.clock())
        await stage.say(stage.root(SLACK), "Nice", user=ADA)
        await stage.say(stage.root(DISCORD), "Indeed", user=BO)
        stage.clock.at = datetime(2026, 4, 1, 1, tzinfo=UTC)
        if choice == "weekly":
            stage.clock.at = datetime(2026, 3, 6, 1, tzinfo=UTC)
        await plan_recaps.plan_recaps(stage.stage.db, now=stage.clock(), voices=english)
        await stage.settle()
        before = recaps(stage)
        stage.clock.turn(days=100)
        async with stage.stage.db.transaction() as tx:
            await prune.prune(tx, 0, 1000, stage.clock())

        await forget_ada(stage)
        await stage.settle()

        after = recaps(stage)

    assert [text.count("Who took part: 2 replies · 2 people: Ada, 보람") for text in before] == [
        1,
        1,
    ]
    assert [text.count("Who took part: 1 reply · 1 person: 보람") for text in after] == [1, 1]
    assert "Ada" not in "".join(after)


@pytest.mark.parametrize("days", [1, 7])
async def test_a_recap_of_another_week_stays_as_it_is_when_somebody_is_forgotten(tmp_path, days):
    async with talking(tmp_path, THURSDAY) as stage:
        await stage.subscribe(SLACK)
        options = TypedOptions(recap="weekly")
        await subscribe.change(stage.stage.db, SLACK, options, now=stage.clock())
        for number in range(5):
            await stage.stage.note(f"Paper {number}", FRIDAY - timedelta(days=1))
        stage.clock.at = datetime(2026, 3, 6, 1, tzinfo=UTC)
        await plan_recaps.plan_recaps(stage.stage.db, now=stage.clock(), voices=english)
        await stage.post()
        stage.clock.turn(days=days)
        await stage.say(stage.root(SLACK, "Paper 0"), "Nice", user=ADA)
        await stage.stage.note("Paper that is dated back", FRIDAY - timedelta(days=1))
        before = recaps(stage)

        await forget_ada(stage)
        await stage.settle()

        assert recaps(stage) == before != []


@given(
    choice=st.sampled_from((RecapChoice.WEEKLY, RecapChoice.MONTHLY)),
    day=st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    zone=st.sampled_from(sorted(available_timezones())),
)
@example(RecapChoice.WEEKLY, date(2011, 12, 28), "Pacific/Apia")  # had no Friday in that week
def test_every_recap_is_due_on_one_of_the_days_that_are_looked_for(choice, day, zone):
    schedule = Schedule(time(9), ZoneInfo(zone))
    at = ask_recap_at(choice, schedule, datetime.combine(day, time(), UTC))

    slot = due_recap(choice, schedule, since=at - timedelta(days=1), closed=None, now=at)

    assert slot is not None
    assert slot.on in plan_recaps.due_days(plan_recaps.period_before(choice, slot))


@given(
    choice=st.sampled_from((RecapChoice.WEEKLY, RecapChoice.MONTHLY)),
    day=st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    zone=st.sampled_from(sorted(available_timezones())),
)
@example(RecapChoice.WEEKLY, date(2011, 12, 28), "Pacific/Apia")
def test_every_day_is_in_one_recap_and_over_when_that_is_due(choice, day, zone):
    schedule = Schedule(time(), ZoneInfo(zone))
    at = ask_recap_at(choice, schedule, datetime.combine(day, time(), UTC))
    next_at = ask_recap_at(choice, schedule, at)
    slots = [
        due_recap(choice, schedule, since=each - timedelta(days=1), closed=None, now=each)
        for each in (at, next_at)
    ]

    first, second = (plan_recaps.period_before(choice, slot) for slot in slots if slot is not None)

    assert first.after() == second
    assert all(slot is not None for slot in slots)
    assert second.last < slots[1].on  # type: ignore[union-attr]


async def test_what_is_said_from_friday_morning_on_is_in_the_next_recap(tmp_path):
    async with talking(tmp_path, datetime(2026, 3, 5, 0, tzinfo=UTC)) as stage:
        await with_a_paper(stage, SLACK)
        for number in range(14):
            await stage.stage.note(f"Paper {number}", FRIDAY + timedelta(days=number - 7))
        options = TypedOptions(recap="weekly")
        await subscribe.change(stage.stage.db, SLACK, options, now=stage.clock())
        for hours in (1, 23, 2, 24, 24 + 1):  # Thursday, after Friday's recap, Saturday and Sunday
            stage.clock.turn(hours=hours)
            await plan_recaps.plan_recaps(stage.stage.db, now=stage.clock(), voices=english)
            if hours != 23:
                await stage.say(stage.root(SLACK), f"Said {hours}", user=ADA)
        stage.clock.at = datetime(2026, 3, 13, 0, tzinfo=UTC)
        await plan_recaps.plan_recaps(stage.stage.db, now=stage.clock(), voices=english)
        await stage.settle()

        first, second = recaps(stage)

    assert "1 reply · 1 person" in first
    assert "27 February 2026 – 5 March 2026" in first
    assert "3 replies · 1 person" in second
    assert "6 March 2026 – 12 March 2026" in second
