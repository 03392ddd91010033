"""Planning: what is due goes into the outbox once, and nothing of the curator's is left behind."""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.channels.domain.subscription import Standing
from bot.channels.store import slots, subscriptions
from bot.core.domain.errors import NotFoundError, UserError
from bot.digest.services import plan, subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.lookup.services.lookup import look_up
from bot.outbox.domain.delivery import State
from bot.outbox.services import operator_actions
from tests.stage import GENERAL, NINE_IN_SEOUL, Stage, english, staged

MONDAY, TUESDAY, WEDNESDAY = date(2026, 2, 2), date(2026, 2, 3), date(2026, 2, 4)
THURSDAY = date(2026, 2, 5)
DAY = timedelta(days=1)


def nine(day: date) -> datetime:
    """Nine o'clock in Seoul."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@pytest.fixture
async def stage(tmp_path):
    """A stage on which the channel is subscribed on Monday afternoon."""
    async with staged(tmp_path, nine(MONDAY) + timedelta(hours=6)) as stage:
        yield stage


async def subscribed(stage: Stage, words: TypedOptions = NINE_IN_SEOUL, **more: object) -> None:
    await subscribe.add(stage.db, GENERAL, words, now=stage.clock(), **more)  # type: ignore[arg-type]
    await planned(stage)


async def planned(stage: Stage) -> list[str]:
    """The summaries of everything in the outbox, after planning."""
    await plan.plan_due(stage.db, now=stage.clock(), voices=english)
    return [each.summary for each in await operator_actions.list_deliveries(stage.db, limit=10_000)]


async def header(stage: Stage, on: date) -> str:
    """The words of that day's header."""
    async with stage.db.reading() as tx:
        row = await tx.one(
            "SELECT d.document FROM delivery d JOIN slot s ON s.id = d.slot_id "
            "WHERE s.on_date = :on AND d.part = 'header'",
            {"on": on.isoformat()},
        )
    assert row is not None
    text: str = row["document"]
    return text


async def test_a_digest_is_planned_at_its_time_and_once(stage):
    await subscribed(stage)
    await stage.note("Alpha", TUESDAY)
    await stage.note("Beta", TUESDAY)

    stage.clock.at = nine(TUESDAY) - timedelta(seconds=1)
    before = await planned(stage)
    stage.clock.at = nine(TUESDAY)
    at_nine = await planned(stage)
    stage.clock.turn(minutes=1)
    after = await planned(stage)

    assert before == []
    assert at_nine[1:] == ["Alpha", "Beta"]
    assert after == at_nine


async def test_planning_says_when_it_is_due_again_and_tells_at_once_what_can_go_out(stage):
    waiting = await plan.next_due(stage.db)
    await subscribed(stage)
    await stage.note("Alpha", TUESDAY)
    due = await plan.next_due(stage.db)
    told: list[int] = []

    stage.clock.at = nine(TUESDAY)
    now = stage.clock()
    await plan.plan_due(stage.db, now=now, voices=english, told=lambda: told.append(1))

    assert (waiting, due) == (None, nine(TUESDAY))
    assert await plan.next_due(stage.db) == nine(WEDNESDAY)
    assert told == [1]


async def test_nothing_new_closes_the_slot_and_plans_nothing(stage, caplog):
    caplog.set_level(logging.INFO, "bot.digest")
    await subscribed(stage)

    stage.clock.at = nine(TUESDAY)
    said = await planned(stage)

    assert said == []
    assert caplog.messages[-1] == "skipped 2026-02-03 in slack:T1/C1: no paper to post"
    async with stage.db.reading() as tx:
        subscription = await subscriptions.find(tx, str(GENERAL))
        assert subscription is not None
        assert await slots.last_closed(tx, subscription.id) == TUESDAY


async def test_an_entry_written_after_its_days_digest_is_in_the_next(stage):
    await subscribed(stage)
    stage.clock.at = nine(TUESDAY)
    await planned(stage)

    stage.clock.turn(hours=5)
    await stage.note("Afternoon", TUESDAY)
    stage.clock.at = nine(WEDNESDAY)
    said = await planned(stage)

    assert said[1:] == ["Afternoon"]


async def test_an_entry_goes_to_a_channel_once_even_when_its_date_changes(stage):
    await subscribed(stage)
    await stage.note("Moving", TUESDAY)
    stage.clock.at = nine(TUESDAY)
    await planned(stage)

    (stage.vault / "260203 Moving.md").unlink()
    stage.clock.turn(hours=1)
    await stage.note("Moving", WEDNESDAY)
    stage.clock.at = nine(WEDNESDAY)
    said = await planned(stage)

    assert said.count("Moving") == 1


async def test_a_new_subscription_does_not_flood(stage):
    for days in range(1, 40):
        stage.write(f"Old {days}", MONDAY - DAY * days)
    await stage.sync()
    await stage.note("Today", MONDAY)

    await subscribed(stage)
    said = await planned(stage)

    assert said[1:] == ["Today"]  # today's nine o'clock is six hours ago: not too late


async def test_since_replays_older_days_one_digest_a_day_oldest_first(stage):
    for days in (3, 2, 1, 0):
        await stage.note(f"{days} days old", MONDAY - DAY * days)
    await stage.note("Too old", MONDAY - DAY * 4)

    await subscribed(stage, since=MONDAY - DAY * 3)
    first = await planned(stage)
    await planned(stage)
    still = await planned(stage)  # the channel is not done with the first day
    for _ in range(5):
        await stage.deliverer().drain(asyncio.Event())
        stage.clock.turn(seconds=10)
        await planned(stage)
    await stage.deliverer().drain(asyncio.Event())

    assert first[1:] == ["3 days old"]
    assert still == first
    assert [said for said in stage.said() if "paper" not in said] == [
        "3 days old",
        "2 days old",
        "1 days old",
        "0 days old",
    ]
    assert len(stage.chat.posted) == 8


async def test_a_replay_over_empty_days_does_not_wait_for_them(stage, caplog):
    caplog.set_level(logging.INFO, "bot.digest")
    await stage.note("Long ago", MONDAY - DAY * 300)
    await stage.note("Today", MONDAY)

    await subscribed(stage, since=MONDAY - DAY * 400)
    await stage.deliverer().drain(asyncio.Event())
    stage.clock.turn(seconds=10)
    said = await planned(stage)

    assert [each for each in said if each in ("Long ago", "Today")] == ["Long ago", "Today"]
    assert 1 <= len(caplog.messages) <= 3
    assert all("days without a paper" in line for line in caplog.messages)


async def test_a_late_start_posts_the_newest_slot_with_the_missed_days_and_says_so(stage):
    await subscribed(stage)
    await stage.note("Of Tuesday", TUESDAY)
    await stage.note("Of Wednesday", WEDNESDAY)
    await stage.note("Of Thursday", THURSDAY)

    stage.clock.at = nine(THURSDAY) + timedelta(hours=11)
    said = await planned(stage)

    assert said[1:] == ["Of Tuesday", "Of Wednesday", "Of Thursday"]
    words = await header(stage, THURSDAY)
    assert "3 February 2026" in words
    assert "4 February 2026" in words


async def test_a_start_that_is_too_late_leaves_it_to_the_next_slot(stage):
    await subscribed(stage)
    await stage.note("Of Tuesday", TUESDAY)

    stage.clock.at = nine(TUESDAY) + timedelta(hours=12)
    too_late = await planned(stage)
    stage.clock.at = nine(WEDNESDAY)
    said = await planned(stage)

    assert too_late == []
    assert said[1:] == ["Of Tuesday"]


@pytest.mark.parametrize(
    "query", ["#rl", "-#rl", "#rl -policy", '"reward model"', "author:lee", "policy reward"]
)
async def test_a_digest_holds_what_its_query_finds_among_the_days_entries(stage, query):
    notes = {
        "Reward model": ("#rl", "Ada Lee"),
        "Policy reward": ("#rl", "Bo Kim"),
        "Model reward": ("#moe", "Chi Lee"),
        "Policy": ("#moe", "Dee Park"),
    }
    for title, (tags, author) in notes.items():
        stage.write(title, TUESDAY, "Words.", tags, authors=author)
    await stage.sync()
    await subscribed(stage, replace(NINE_IN_SEOUL, only=query))
    stage.clock.at = nine(TUESDAY)
    posted = {each for each in await planned(stage) if each in notes}
    found = await look_up(stage.db, query)

    assert posted == {stored.entry.paper.title for stored in found.entries}
    assert set() < posted < set(notes)


async def test_a_new_query_counts_from_today_on_and_off_ends_it(stage):
    await subscribed(stage, replace(NINE_IN_SEOUL, only="author:lee"))
    await stage.note("Early", TUESDAY)
    stage.clock.at = nine(TUESDAY)
    await planned(stage)
    stage.clock.at = nine(WEDNESDAY) - timedelta(hours=1)
    changed = await subscribe.change(stage.db, GENERAL, TypedOptions(only="off"), now=stage.clock())
    await stage.note("Late", WEDNESDAY)
    stage.clock.at = nine(WEDNESDAY)

    assert changed.options.only == ""
    assert [each for each in await planned(stage) if each in ("Early", "Late")] == ["Late"]


async def test_a_relative_date_in_a_query_is_that_of_each_digests_day(stage):
    """In Seoul it is Wednesday when it is still Tuesday in UTC."""
    at_eight = replace(NINE_IN_SEOUL, at="08:00", only="-date:yesterday after:last sunday")
    await subscribed(stage, at_eight)
    [subscription] = await subscribe.list_all(stage.db)
    posted = []
    for day in (TUESDAY, WEDNESDAY, THURSDAY):
        for each in (day - DAY, day):
            await stage.note(f"Of {each} on {day}", each)
        stage.clock.at = nine(day) - timedelta(hours=1)
        posted += [
            each for each in await planned(stage) if each.startswith("Of") and each not in posted
        ]

    assert subscription.options.only == '-date:yesterday after:"last sunday"'
    assert posted == [
        f"Of {TUESDAY} on {TUESDAY}",
        f"Of {MONDAY} on {TUESDAY}",
        f"Of {WEDNESDAY} on {WEDNESDAY}",
        f"Of {TUESDAY} on {WEDNESDAY}",
        f"Of {THURSDAY} on {THURSDAY}",
    ]


async def test_nothing_is_posted_through_a_query_that_cannot_be_read_and_nothing_is_lost(
    stage, caplog
):
    caplog.set_level(logging.WARNING)
    await subscribed(stage, replace(NINE_IN_SEOUL, only="#lee"))
    await stage.note("Of Kim", MONDAY, tags="#kim")
    stage.clock.at = nine(TUESDAY)
    await planned(stage)
    async with stage.db.transaction() as tx:  # as a version with other fields stored it
        await tx.run("UPDATE subscription SET only_query = 'auhtor:lee'")
    for day in (WEDNESDAY, THURSDAY):
        await stage.note(f"Of {day}", day)
        await stage.note(f"By Kim on {day}", day, tags="#kim")
        stage.clock.at = nine(day)
        await planned(stage)
    held = await planned(stage)
    status = await subscribe.status(stage.db, GENERAL, now=stage.clock())
    with pytest.raises(UserError, match="did you mean author:lee"):
        await plan.plan_by_hand(
            stage.db, status.subscription, None, now=stage.clock(), voices=english
        )
    words = TypedOptions(only="#kim")
    changed = await subscribe.change(stage.db, GENERAL, words, now=stage.clock())
    posted = await planned(stage)

    assert [each for each in held if each.startswith(("Of", "By"))] == []
    assert len(caplog.messages) == 2
    assert all("cannot be read" in each and "did you mean" in each for each in caplog.messages)
    assert "no digest is posted" in str(status.problem)
    assert changed.options.since == WEDNESDAY
    assert {each for each in posted if each.startswith(("Of", "By"))} == {
        f"By Kim on {WEDNESDAY}",
        f"By Kim on {THURSDAY}",
    }


async def test_only_wanted_tags_are_planned_and_the_others_when_they_change(stage):
    await subscribed(stage, TypedOptions(at="09:00", zone="Asia/Seoul", tags="#rl -#moe"))
    await stage.note("Wanted", TUESDAY, tags="#RL #reward")
    await stage.note("Unwanted", TUESDAY, tags="#rl #moe")
    await stage.note("Other", TUESDAY, tags="#vision")

    stage.clock.at = nine(TUESDAY)
    first = await planned(stage)
    stage.clock.turn(hours=1)
    await stage.note("Other", TUESDAY, tags="#vision #rl")
    stage.clock.at = nine(WEDNESDAY)
    then = await planned(stage)

    assert first[1:] == ["Wanted"]
    assert then[len(first) + 1 :] == ["Other"]


async def test_more_than_the_most_papers_are_counted_in_the_header_and_not_posted_later(stage):
    await subscribed(stage, TypedOptions(at="09:00", zone="Asia/Seoul", most="2"))
    for number in range(5):
        stage.write(f"Paper {number}", TUESDAY)
    await stage.sync()

    stage.clock.at = nine(TUESDAY)
    said = await planned(stage)
    stage.clock.at = nine(WEDNESDAY)
    later = await planned(stage)

    assert said[1:] == ["Paper 0", "Paper 1"]
    assert "3 more papers" in await header(stage, TUESDAY)
    assert later == said


async def test_a_compact_digest_is_one_message(stage):
    await subscribed(stage, TypedOptions(at="09:00", zone="Asia/Seoul", layout="compact"))
    await stage.note("Alpha", TUESDAY)
    await stage.note("Beta", TUESDAY)

    stage.clock.at = nine(TUESDAY)
    said = await planned(stage)

    assert len(said) == 1


async def test_weekends_are_in_mondays_digest_of_those_who_want_weekdays(stage):
    await subscribed(stage, TypedOptions(at="09:00", zone="Asia/Seoul", weekdays="mon-fri"))
    saturday = MONDAY + DAY * 5
    await stage.note("Of Saturday", saturday)

    for day in (saturday, saturday + DAY):
        stage.clock.at = nine(day)
        assert await planned(stage) == []
    stage.clock.at = nine(saturday + DAY * 2)
    said = await planned(stage)

    assert said[1:] == ["Of Saturday"]


async def test_a_paused_channel_gets_nothing_and_later_nothing_of_the_pause(stage):
    await subscribed(stage)
    await subscribe.pause(stage.db, GENERAL, now=stage.clock())
    await stage.note("In the pause", TUESDAY)

    stage.clock.at = nine(TUESDAY)
    paused = await planned(stage)
    stage.clock.at = nine(WEDNESDAY) - timedelta(hours=2)
    await subscribe.resume(stage.db, GENERAL, now=stage.clock())
    await stage.note("After it", WEDNESDAY)
    stage.clock.at = nine(WEDNESDAY)
    said = await planned(stage)

    assert paused == []
    assert said[1:] == ["After it"]


async def test_a_channel_that_is_subscribed_again_is_not_posted_a_day_twice(stage):
    await subscribed(stage)
    await stage.note("Alpha", TUESDAY)
    stage.clock.at = nine(TUESDAY)
    first = await planned(stage)

    await subscribe.remove(stage.db, GENERAL, now=stage.clock())
    stage.clock.turn(minutes=5)
    await subscribed(stage, since=MONDAY)
    again = await planned(stage)

    assert again == first


async def test_a_subscription_that_cannot_be_planned_does_not_stop_the_others(stage):
    await subscribed(stage)
    async with stage.db.transaction() as tx:
        await tx.run(
            """
            INSERT INTO subscription (channel, standing, at, zone, weekdays, languages, tags,
                                      layout, most, since, next_at, created_at, changed_at)
            SELECT 'slack:T1/C0', standing, at, 'Nowhere/Atlantis', weekdays, languages, tags,
                   layout, most, since, next_at, created_at, changed_at FROM subscription
            """
        )
    await stage.note("Alpha", TUESDAY)
    stage.clock.at = nine(TUESDAY)

    with pytest.raises(ExceptionGroup):
        await planned(stage)

    said = [each.summary for each in await operator_actions.list_deliveries(stage.db)]
    assert said[1:] == ["Alpha"]
    assert await plan.plan_due(stage.db, now=stage.clock(), voices=english) == ()  # put off


async def test_a_digest_by_hand_takes_what_is_there_and_leaves_the_schedule_alone(stage):
    await subscribed(stage)
    await stage.note("Morning", TUESDAY)
    stage.clock.at = nine(TUESDAY) - timedelta(hours=2)
    subscription = await subscribe.get(stage.db, GENERAL)

    by_hand = await plan.plan_by_hand(
        stage.db, subscription, None, now=stage.clock(), voices=english
    )
    await stage.note("Noon", TUESDAY)
    again = await plan.plan_by_hand(
        stage.db, subscription, TUESDAY, now=stage.clock(), voices=english
    )
    await stage.note("Late", TUESDAY)
    stage.clock.at = nine(TUESDAY)
    said = await planned(stage)

    assert (by_hand.messages, again.messages) == (2, 2)
    assert [each for each in said if each in ("Morning", "Noon", "Late")] == [
        "Morning",
        "Noon",
        "Late",
    ]


async def test_a_digest_by_hand_of_nothing_is_refused(stage):
    await subscribed(stage)
    subscription = await subscribe.get(stage.db, GENERAL)

    with pytest.raises(NotFoundError, match="nothing of 2025-01-01"):
        await plan.plan_by_hand(
            stage.db, subscription, date(2025, 1, 1), now=stage.clock(), voices=english
        )


async def test_a_channel_without_a_subscription_can_be_posted_to_by_hand(stage):
    await stage.note("Old", date(2024, 5, 1))

    subscription = await subscribe.by_hand(stage.db, GENERAL, TypedOptions(), now=stage.clock())
    done = await plan.plan_by_hand(
        stage.db, subscription, date(2024, 5, 1), now=stage.clock(), voices=english
    )
    stage.clock.at = nine(TUESDAY)
    said = await planned(stage)

    assert subscription.standing is Standing.MANUAL
    assert done.papers == 1
    assert said[1:] == ["Old"]


async def test_the_outbox_says_what_each_message_is(stage):
    await subscribed(stage)
    await stage.note("Alpha", TUESDAY)
    stage.clock.at = nine(TUESDAY)
    await planned(stage)

    head, paper = await operator_actions.list_deliveries(stage.db)

    assert (head.state, head.on, head.part, head.entry_id) == (
        State.PLANNED,
        TUESDAY,
        "header",
        None,
    )
    assert (paper.channel, paper.part) == (str(GENERAL), f"entry-{paper.entry_id}")
