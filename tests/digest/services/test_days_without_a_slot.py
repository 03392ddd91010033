"""A new filter and a pause keep back no paper that waits for the next digest."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources

import pytest

from bot.channels.domain.subscription import Subscription
from bot.digest.domain.review import COMMAND_LINE, Approve, Hold, Skip
from bot.digest.services import plan, subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.digest.services.review import review
from bot.outbox.services import operator_actions
from tests.stage import GENERAL, NINE_IN_SEOUL, Stage, english, staged

THURSDAY, FRIDAY, SATURDAY = date(2026, 2, 5), date(2026, 2, 6), date(2026, 2, 7)
SUNDAY, MONDAY, TUESDAY = date(2026, 2, 8), date(2026, 2, 9), date(2026, 2, 10)
WEEKDAYS = replace(NINE_IN_SEOUL, weekdays="mon-fri")
WEEKEND = ["Saturday", "Sunday", "Monday"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

Step = Callable[[Stage], Awaitable[object]]


def nine(day: date) -> datetime:
    """Nine o'clock in Seoul."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path, nine(THURSDAY) - HOUR) as stage:
        yield stage


async def subscribed(stage: Stage, words: TypedOptions = WEEKDAYS) -> None:
    await subscribe.add(stage.db, GENERAL, words, now=stage.clock())


async def plan_at(stage: Stage, at: datetime) -> list[str]:
    """The papers of all digests that are planned up to then."""
    stage.clock.at = at
    await plan.plan_due(stage.db, now=at, voices=english)
    listed = await operator_actions.list_deliveries(stage.db, limit=1000)
    return [each.summary for each in listed if each.part.startswith("entry-")]


async def write_weekend(stage: Stage) -> None:
    await stage.note("Saturday", SATURDAY)
    await stage.note("Sunday", SUNDAY)
    await stage.note("Monday", MONDAY)


async def change(stage: Stage, **words: str) -> Subscription:
    words_ = TypedOptions(**words)
    return await subscribe.change(stage.db, GENERAL, words_, now=stage.clock())


async def filter_out_nothing(stage: Stage) -> None:
    await change(stage, tags="-#audio")


async def pause_for_a_moment(stage: Stage) -> None:
    await subscribe.pause(stage.db, GENERAL, now=stage.clock())
    stage.clock.turn(seconds=30)
    await subscribe.resume(stage.db, GENERAL, now=stage.clock())


ALMOST_NOTHING = pytest.mark.parametrize("step", [filter_out_nothing, pause_for_a_moment])


@ALMOST_NOTHING
@pytest.mark.parametrize("closed", [True, False])
async def test_the_weekend_is_in_mondays_digest_although_something_changed_before(
    stage: Stage, step: Step, closed: bool
):
    if not closed:  # The first digest of the channel is Monday's.
        stage.clock.at = nine(FRIDAY) + 9 * HOUR
    await subscribed(stage)
    await plan_at(stage, max(stage.clock(), nine(FRIDAY)))
    await write_weekend(stage)
    stage.clock.at = nine(MONDAY) - HOUR
    await step(stage)

    assert await plan_at(stage, nine(MONDAY)) == WEEKEND
    assert await plan_at(stage, nine(TUESDAY)) == WEEKEND


@ALMOST_NOTHING
async def test_a_late_note_is_in_the_next_digest_although_something_changed_before(
    stage: Stage, step: Step
):
    await subscribed(stage, NINE_IN_SEOUL)
    await plan_at(stage, nine(FRIDAY))
    await stage.note("Late", FRIDAY)
    stage.clock.at = nine(SATURDAY) - HOUR
    await step(stage)

    assert await plan_at(stage, nine(SATURDAY)) == ["Late"]


@ALMOST_NOTHING
async def test_what_waits_for_an_approval_still_waits_after_a_change(stage: Stage, step: Step):
    await subscribed(stage, replace(WEEKDAYS, unapproved="hold"))
    await plan_at(stage, nine(FRIDAY))
    await write_weekend(stage)
    waiting = await plan_at(stage, nine(MONDAY) + HOUR)
    await step(stage)
    [number] = [each.id for each in await subscribe.list_all(stage.db)]
    shown = await review.show(stage.db, number, MONDAY, now=stage.clock())
    await review.decide(
        stage.db, number, MONDAY, Approve(), code=shown.code,
        by=COMMAND_LINE, now=stage.clock(), voices=english,
    )  # fmt: skip

    assert waiting == []
    assert await plan_at(stage, stage.clock()) == WEEKEND


@ALMOST_NOTHING
@pytest.mark.parametrize("is_skipped", [True, False])
async def test_what_a_review_held_is_posted_on_its_day_after_a_change(
    stage: Stage, step: Step, is_skipped: bool
):
    await subscribed(stage, NINE_IN_SEOUL)
    await stage.note("Held", THURSDAY)
    [number] = [each.id for each in await subscribe.list_all(stage.db)]
    shown = await review.show(stage.db, number, THURSDAY, now=stage.clock())
    act = Skip() if is_skipped else Hold(shown.choice.shown[0].id, SATURDAY)
    await review.decide(
        stage.db, number, THURSDAY, act, code=shown.code,
        by=COMMAND_LINE, now=stage.clock(), voices=english,
    )  # fmt: skip
    thursday = await plan_at(stage, nine(THURSDAY))
    stage.clock.at = nine(FRIDAY) - HOUR
    await step(stage)
    friday = await plan_at(stage, nine(FRIDAY))

    assert (thursday, friday) == ([], ["Held"] if is_skipped else [])
    assert await plan_at(stage, nine(SATURDAY)) == ["Held"]


async def test_a_pause_keeps_back_its_own_days_only(stage: Stage):
    await subscribed(stage)
    await plan_at(stage, nine(FRIDAY))
    await stage.note("Saturday", SATURDAY)
    await stage.note("Sunday early", SUNDAY)
    stage.clock.at = nine(SUNDAY)
    await subscribe.pause(stage.db, GENERAL, now=stage.clock())
    await stage.note("Written in the pause", SATURDAY)
    await stage.note("Monday", MONDAY)
    stage.clock.at = nine(TUESDAY) - HOUR
    await subscribe.resume(stage.db, GENERAL, now=stage.clock())
    await stage.note("Tuesday", TUESDAY)

    assert await plan_at(stage, nine(TUESDAY)) == ["Saturday", "Tuesday"]


async def test_a_pause_in_which_no_slot_came_keeps_back_nothing(stage: Stage):
    await subscribed(stage)
    await plan_at(stage, nine(FRIDAY))
    stage.clock.at = nine(SUNDAY)
    await subscribe.pause(stage.db, GENERAL, now=stage.clock())
    stage.clock.at = nine(MONDAY) - HOUR
    await subscribe.resume(stage.db, GENERAL, now=stage.clock())
    await write_weekend(stage)

    assert await plan_at(stage, nine(MONDAY)) == WEEKEND


async def test_a_change_during_a_pause_brings_nothing_of_the_pause(stage: Stage):
    await subscribed(stage)
    await plan_at(stage, nine(FRIDAY))
    await subscribe.pause(stage.db, GENERAL, now=stage.clock())
    await stage.note("Monday", MONDAY)
    stage.clock.at = nine(TUESDAY) - 2 * HOUR
    await change(stage, layout="compact")
    stage.clock.turn(hours=1)
    await subscribe.resume(stage.db, GENERAL, now=stage.clock())
    await stage.note("Tuesday", TUESDAY)
    stage.clock.at = nine(TUESDAY)
    await plan.plan_due(stage.db, now=stage.clock(), voices=english)
    listed = await operator_actions.list_deliveries(stage.db, limit=1000)

    assert "Tuesday" in listed[-1].summary
    assert not [each for each in listed if "Monday" in each.summary]


async def test_a_new_filter_decides_of_what_waits(stage: Stage):
    await subscribed(stage, replace(WEEKDAYS, tags="#rl"))
    await stage.note("Filtered out", FRIDAY, tags="#vision")
    await plan_at(stage, nine(FRIDAY))
    await stage.note("Late", FRIDAY, tags="#rl")
    await stage.note("Late, of both", FRIDAY, tags="#rl #vision")
    await stage.note("Saturday", SATURDAY, tags="#vision")
    await stage.note("Sunday", SUNDAY, tags="#rl")
    stage.clock.at = nine(MONDAY) - HOUR
    await change(stage, tags="#vision")
    monday = await plan_at(stage, nine(MONDAY))
    await change(stage, tags="#rl")

    assert monday == ["Late, of both", "Saturday"]
    assert await plan_at(stage, nine(TUESDAY)) == monday


@pytest.mark.parametrize("weekdays", [None, "mon-fri"])
async def test_a_note_that_comes_in_after_a_new_filter_is_late_and_not_lost(
    stage: Stage, weekdays: str | None
):
    await subscribed(stage, replace(NINE_IN_SEOUL, tags="#rl", weekdays=weekdays))
    await plan_at(stage, nine(THURSDAY))
    await stage.note("Kept out", THURSDAY, tags="#vision")
    await plan_at(stage, nine(FRIDAY))
    stage.clock.turn(hours=1)
    await change(stage, tags="#vision")
    await stage.note("New", THURSDAY, tags="#vision")
    await change(stage, only="-author:nobody")
    await change(stage, languages="en")
    await stage.note("Newer", FRIDAY, tags="#vision")
    new = await plan_at(stage, nine(MONDAY))
    [subscription] = await subscribe.list_all(stage.db)
    await plan.plan_by_hand(stage.db, subscription, THURSDAY, now=stage.clock(), voices=english)

    assert new == ["New", "Newer"]
    assert await plan_at(stage, nine(TUESDAY)) == [*new, "Kept out"]


async def test_a_note_that_the_old_filter_kept_out_counts_again_on_a_later_date(stage: Stage):
    await subscribed(stage, replace(NINE_IN_SEOUL, tags="#rl"))
    await plan_at(stage, nine(THURSDAY))
    await stage.note("Moved", THURSDAY, tags="#vision")
    await plan_at(stage, nine(FRIDAY))
    stage.clock.turn(hours=1)
    await change(stage, tags="#vision")
    [file] = stage.vault.rglob("*Moved*")
    file.rename(file.with_name(file.name.replace(f"{THURSDAY:%y%m%d}", f"{MONDAY:%y%m%d}")))
    await stage.sync()

    assert await plan_at(stage, nine(MONDAY)) == ["Moved"]
    assert await plan_at(stage, nine(TUESDAY)) == ["Moved"]


async def test_a_replay_goes_on_through_a_new_filter(stage: Stage):
    await stage.note("Of Monday", date(2026, 2, 2), tags="#rl")
    await stage.note("Of Tuesday", date(2026, 2, 3), tags="#vision")
    await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=stage.clock(), since=date(2026, 2, 1))
    await change(stage, tags="#rl")
    posted = []
    for _ in range(6):
        posted = await plan_at(stage, stage.clock() + 6 * timedelta(seconds=1))

    assert posted == ["Of Monday"]


async def test_what_waited_before_a_removal_is_not_posted_after_a_new_subscription(stage: Stage):
    await subscribed(stage)
    await plan_at(stage, nine(FRIDAY))
    await stage.note("Saturday", SATURDAY)
    stage.clock.at = nine(SUNDAY)
    await subscribe.pause(stage.db, GENERAL, now=stage.clock())
    await subscribe.remove(stage.db, GENERAL, now=stage.clock())
    await subscribed(stage)
    await stage.note("Monday", MONDAY)

    assert await plan_at(stage, nine(MONDAY)) == ["Monday"]


async def test_a_digest_by_hand_takes_what_waits_like_the_next_slot(stage: Stage):
    await subscribed(stage)
    await plan_at(stage, nine(FRIDAY))
    await write_weekend(stage)
    stage.clock.at = nine(MONDAY) - HOUR
    await pause_for_a_moment(stage)
    [subscription] = await subscribe.list_all(stage.db)
    await plan.plan_by_hand(stage.db, subscription, None, now=stage.clock(), voices=english)

    assert await plan_at(stage, nine(MONDAY)) == WEEKEND


@pytest.mark.parametrize(
    "words",
    [TypedOptions(layout="compact"), TypedOptions(tags="-#audio"), TypedOptions(only="note")],
)
async def test_no_change_during_a_long_pause_brings_anything_of_it(
    stage: Stage, words: TypedOptions
):
    await subscribed(stage, NINE_IN_SEOUL)
    await plan_at(stage, nine(THURSDAY))
    stage.clock.turn(hours=1)
    await subscribe.pause(stage.db, GENERAL, now=stage.clock())
    for number in range(1, 10):
        await stage.note(f"Note {number} of the pause", THURSDAY + number * DAY)
    stage.clock.at = nine(THURSDAY) + 10 * DAY - HOUR
    await subscribe.change(stage.db, GENERAL, words, now=stage.clock())
    await subscribe.resume(stage.db, GENERAL, now=stage.clock())
    await stage.note("Note after it", THURSDAY + 10 * DAY)
    await plan_at(stage, nine(THURSDAY) + 10 * DAY)
    listed = await operator_actions.list_deliveries(stage.db, limit=1000)

    assert [each for each in listed if "Note after it" in each.summary] != []
    assert [each for each in listed if "of the pause" in each.summary] == []


@pytest.mark.parametrize("end", [subscribe.pause, subscribe.remove])
async def test_a_digest_by_hand_of_a_channel_without_slots_takes_the_last_seven_days(
    stage: Stage, end: Callable[..., Awaitable[Subscription]]
):
    await subscribed(stage, NINE_IN_SEOUL)
    await stage.note("Held", THURSDAY)
    [number] = [each.id for each in await subscribe.list_all(stage.db)]
    shown = await review.show(stage.db, number, THURSDAY, now=stage.clock())
    await review.decide(
        stage.db, number, THURSDAY, Hold(shown.choice.shown[0].id, SATURDAY), code=shown.code,
        by=COMMAND_LINE, now=stage.clock(), voices=english,
    )  # fmt: skip
    await plan_at(stage, nine(THURSDAY))
    await end(stage.db, GENERAL, now=stage.clock())
    for day in (10, 20, 25, 30):
        await stage.note(f"Day {day}", THURSDAY + day * DAY)
    stage.clock.at = nine(THURSDAY) + 30 * DAY
    found = await subscribe.by_hand(stage.db, GENERAL, TypedOptions(), now=stage.clock())
    await plan.plan_by_hand(stage.db, found, None, now=stage.clock(), voices=english)
    listed = await operator_actions.list_deliveries(stage.db, limit=1000)

    kept = ["Held"] if end is subscribe.pause else []
    assert [each.summary for each in listed if each.part.startswith("entry-")] == [
        *kept, "Day 25", "Day 30",
    ]  # fmt: skip


async def test_a_channel_that_had_a_digest_by_hand_begins_today(stage: Stage):
    for number in range(8):
        await stage.note(f"Day {number}", THURSDAY - number * DAY)
    await subscribe.by_hand(stage.db, GENERAL, TypedOptions(), now=stage.clock())
    manual = await change(stage, layout="compact")
    await subscribe.pause(stage.db, GENERAL, now=stage.clock())
    stage.clock.turn(seconds=30)
    resumed = await subscribe.resume(stage.db, GENERAL, now=stage.clock())

    assert manual.options.since == date(1970, 1, 1)
    assert resumed.options.since == stage.clock().date()


async def test_what_an_older_version_left_held_is_not_posted(stage: Stage):
    """It did not post what is older than `since`, and left it in its table."""
    await subscribed(stage, NINE_IN_SEOUL)
    await stage.note("Old", THURSDAY - DAY)
    await stage.note("New", THURSDAY)
    migration = (
        resources.files("bot.core.database")
        / stage.db.engine
        / "migrations/0047_held_entry_since.sql"
    ).read_text(encoding="utf-8")
    async with stage.db.transaction() as tx:
        await tx.run(
            """
            INSERT INTO held_entry (subscription_id, entry_id, until_on)
            SELECT s.id, e.id, '2026-02-01' FROM subscription AS s CROSS JOIN entry AS e
            """
        )
        await tx.run(migration.partition("DELETE")[1] + migration.partition("DELETE")[2])

    assert await plan_at(stage, nine(THURSDAY)) == ["New"]
