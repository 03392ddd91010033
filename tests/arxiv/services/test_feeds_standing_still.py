"""When all feeds stand still: holidays, hiccups, days off, and what the operator is told."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.arxiv.domain.batches import State, Trouble
from bot.arxiv.domain.present_arxiv import detail_words
from bot.arxiv.services.polling import get_condition
from bot.arxiv.store import feeds
from bot.core.domain.i18n import ENGLISH
from tests.arxiv.stage import Stage, staged
from tests.fakes.arxiv import FaultKind, Paper

FRIDAY = datetime(2026, 11, 13, 6, tzinfo=UTC)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "vault", FRIDAY, categories=("cs.LG",)) as made:
        yield made


async def have_news(stage: Stage, *days: date) -> None:
    """On each of these days a batch comes."""
    for day in days:
        number = f"{day:%y%m}.{day.day:05}"
        stage.world.announce(day, Paper(number, f"Paper of {day}", categories=("cs.LG", "cs.CL")))
        stage.time.now = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
        await stage.round()


DAY_AND_NIGHT = range(4, 28)


async def spend(stage: Stage, day: date, *, hours: range = range(4, 17)) -> Trouble:
    """The bot works through a day; what the operator is told at its end."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    for hour in hours:
        stage.time.now = midnight + timedelta(hours=hour, minutes=31)
        await stage.round()
    return (await stage.status()).trouble


async def is_well(stage: Stage) -> bool:
    return (await get_condition(stage.db, stage.categories, stage.time())).ok


def by_date(stage: Stage) -> list[str]:
    return [query for query in stage.asked(parameter="search_query") if query]


async def state(stage: Stage) -> State:
    return (await stage.status()).categories[0].state


async def test_nothing_anywhere_for_a_day_is_a_warning_and_for_two_an_alarm(stage: Stage):
    stage.categories = ("cs.LG", "cs.CL")
    await have_news(stage, date(2026, 11, 13))

    told = [(await spend(stage, date(2026, 11, day)), await is_well(stage)) for day in (16, 17)]

    assert told == [(Trouble.WARNING, True), (Trouble.ALARM, False)]


async def test_a_server_that_fails_for_two_days_is_an_alarm_too(stage: Stage):
    await have_news(stage, date(2026, 11, 13))
    stage.arxiv.fail(FaultKind.UNAVAILABLE, times=999, path="/atom/")

    told = [await spend(stage, date(2026, 11, day)) for day in (16, 17)]

    assert told == [Trouble.WARNING, Trouble.ALARM]


@pytest.mark.parametrize("day", [17, 30])
async def test_one_failed_request_in_the_morning_is_no_alert(stage: Stage, day: int):
    # The 26th is Thanksgiving, so that on the 27th, a Friday, nothing is announced.
    await have_news(stage, *(date(2026, 11, each) for each in (13, 16, 25, 26) if each < day))
    stage.time.now = datetime(2026, 11, day, 4, 31, tzinfo=UTC)
    stage.arxiv.fail(FaultKind.UNAVAILABLE, path="/atom/")
    await stage.round()

    assert await state(stage) is State.FAILED
    assert (await stage.status()).trouble is Trouble.NONE
    assert await is_well(stage)


async def test_a_failed_request_after_the_batch_came_is_no_alert(stage: Stage):
    await have_news(stage, date(2026, 11, 13), date(2026, 11, 17))
    async with stage.db.transaction() as tx:
        await tx.run("UPDATE arxiv_feed SET next_at = checked_at")
    stage.time.now = datetime(2026, 11, 17, 15, tzinfo=UTC)
    stage.arxiv.fail(FaultKind.UNAVAILABLE, path="/atom/")
    await stage.round()

    assert await state(stage) is State.FAILED
    assert (await stage.status()).trouble is Trouble.NONE


async def test_a_rejected_category_raises_no_alert(stage: Stage):
    stage.categories = ("nope",)

    assert await spend(stage, date(2026, 11, 17)) is Trouble.NONE
    assert await state(stage) is State.FAILED


async def test_after_a_holiday_and_a_weekend_one_silent_day_is_a_warning(stage: Stage):
    await have_news(stage, date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26))
    quiet = await spend(stage, date(2026, 11, 27))

    assert (quiet, await spend(stage, date(2026, 11, 30))) == (Trouble.NONE, Trouble.WARNING)


async def test_days_on_which_the_bot_was_off_are_no_days_of_silence(stage: Stage):
    await have_news(stage, date(2026, 11, 13))

    # Off from Monday to Thursday.
    assert await spend(stage, date(2026, 11, 20)) is Trouble.WARNING


async def test_a_day_polled_only_in_the_morning_does_not_count_as_without_news(stage: Stage):
    await have_news(stage, date(2026, 11, 13))
    await spend(stage, date(2026, 11, 16), hours=range(4, 7))

    assert await spend(stage, date(2026, 11, 17)) is Trouble.WARNING


@pytest.mark.parametrize("day", [date(2026, 11, 27), date(2027, 1, 19), date(2026, 9, 8)], ids=str)
async def test_a_holiday_is_quiet_and_nothing_is_asked_for_after_it(stage: Stage, day: date):
    before, after = (date.fromordinal(day.toordinal() + n) for n in (-1, 3 if day.day == 27 else 1))
    await have_news(stage, before)

    trouble = await spend(stage, day, hours=DAY_AND_NIGHT)

    assert (trouble, await state(stage)) == (Trouble.NONE, State.QUIET)
    await have_news(stage, after)
    assert await state(stage) is State.FRESH
    assert by_date(stage) == []
    async with stage.db.reading() as tx:
        noted = await feeds.list_batches(tx, before)
    assert {batch.day for batch in noted if batch.items} == {before, after}


async def test_a_holiday_at_whose_end_the_bot_was_off_is_asked_for_and_not_called_missed(
    stage: Stage, caplog: pytest.LogCaptureFixture
):
    # The 27th, a Friday, is after Thanksgiving; the bot is off when the empty feed is about to roll.
    await have_news(stage, date(2026, 11, 26))
    await spend(stage, date(2026, 11, 27))
    told = []
    for day in (date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 2)):
        await have_news(stage, day)
        told.append(detail_words((await stage.status()).categories[0], ENGLISH))

    assert len(by_date(stage)) == 3
    assert told == [
        "maybe a holiday, being fetched by date: 27 November 2026",
        "maybe a holiday, being fetched by date: 27 November 2026",
        "maybe a holiday, not found by date: 27 November 2026",
    ]
    assert [each for each in caplog.records if each.levelname in ("WARNING", "ERROR")] == []


async def test_a_batch_that_comes_late_on_a_possible_holiday_is_taken_at_night(stage: Stage):
    # Labor Day's own batch is announced on Sunday evening; here the feed shows it from 15:00 on.
    labor_day = date(2026, 9, 7)
    await have_news(stage, date(2026, 9, 4))
    await spend(stage, labor_day, hours=range(4, 15))
    assert await state(stage) is State.QUIET
    stage.world.announce(labor_day, Paper("2609.00777", "Late", categories=("cs.LG",)))

    await spend(stage, labor_day, hours=range(15, 28))

    async with stage.db.reading() as tx:
        (row,) = await tx.all("SELECT day FROM feed_item WHERE number = '2609.00777'")
    assert row["day"] == "2026-09-07"
    await have_news(stage, date(2026, 9, 8))
    assert by_date(stage) == []


async def test_a_holiday_on_which_the_feed_stood_still_is_asked_for_after_it(stage: Stage):
    # Thanksgiving's own batch, of the evening before, did come; the feed did not show it.
    await have_news(stage, date(2026, 11, 25))
    lost = Paper("2611.00777", "Lost", submitted_at=datetime(2026, 11, 25, 15, tzinfo=UTC))
    stage.world.announce(date(2026, 11, 26), lost)
    stage.world.stale = {"cs.LG": date(2026, 11, 25)}
    await spend(stage, date(2026, 11, 26))
    assert await state(stage) is State.QUIET
    stage.world.stale = {}
    await spend(stage, date(2026, 11, 27), hours=range(6, 17))

    async with stage.db.reading() as tx:
        (row,) = await tx.all("SELECT day FROM feed_item WHERE number = '2611.00777'")
    assert row["day"] == "2026-11-26"
