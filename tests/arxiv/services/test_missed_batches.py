"""Batches that were missed or cut are fetched by date, until they are there or given up."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.arxiv.domain.batches import CategoryStatus, State
from bot.arxiv.store import feeds
from bot.arxiv.store.candidates import list_papers
from bot.arxiv.store.feeds import Batch
from tests.arxiv.stage import Stage, Together, staged
from tests.fakes.arxiv import FaultKind, Paper

# In November arXiv's midnight is 05:00 UTC.
MONDAY = datetime(2026, 11, 16, 6, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 17, 6, tzinfo=UTC)
WEDNESDAY = datetime(2026, 11, 18, 6, tzinfo=UTC)
MONDAYS_TALK = datetime(2026, 11, 16, 15, tzinfo=UTC)
"""When a paper of Tuesday's batch was submitted."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "vault", MONDAY, categories=("cs.LG",)) as made:
        yield made


def paper(n: int, **changes: object) -> Paper:
    return Paper(f"2611.{n:05}", f"Paper {n}", **changes)  # type: ignore[arg-type]


async def known(stage: Stage, day: date = date(2026, 11, 1)) -> list[str]:
    async with stage.db.reading() as tx:
        return sorted(item.id.number for item in await list_papers(tx, day))


async def batch(stage: Stage, day: date) -> Batch:
    async with stage.db.reading() as tx:
        return next(each for each in await feeds.list_batches(tx, day) if each.day == day)


async def status(stage: Stage) -> CategoryStatus:
    (only,) = (await stage.status()).categories
    return only


def asked(stage: Stage) -> list[str]:
    return [query for query in stage.asked(parameter="search_query") if query]


async def go_on(stage: Stage, until: datetime, *, minutes: int = 30) -> None:
    while stage.time.now < until:
        await stage.round()
        stage.time.pass_by(minutes=minutes)


async def sleep_through_tuesday(stage: Stage, *lost: Paper) -> None:
    """Monday's batch comes, the bot sleeps, and wakes up to Wednesday's."""
    stage.world.announce(MONDAY.date(), paper(1))
    await stage.round()
    stage.world.add(*lost)
    stage.world.announce(WEDNESDAY.date(), paper(90000))
    stage.time.now = WEDNESDAY


async def test_a_feed_that_stays_stale_is_stalled_and_its_batch_fetched_the_next_day(stage: Stage):
    stage.world.announce(date(2026, 11, 13), paper(1))
    stage.time.now = datetime(2026, 11, 13, 6, tzinfo=UTC)
    await stage.round()
    lost = paper(2, submitted_at=datetime(2026, 11, 13, 15, tzinfo=UTC))
    stage.world.announce(MONDAY.date(), lost)
    stage.world.stale = {"cs.LG": date(2026, 11, 13)}
    stage.time.now = MONDAY
    await go_on(stage, datetime(2026, 11, 16, 20, tzinfo=UTC))

    assert (await status(stage)).state is State.STALLED
    assert await known(stage) == ["2611.00001"]

    stage.world.stale = {}
    stage.world.announce(
        TUESDAY.date(), paper(3, submitted_at=datetime(2026, 11, 16, 22, tzinfo=UTC))
    )
    stage.time.now = TUESDAY
    await stage.round()

    # Monday's batch was submitted from Thursday to Friday 14:00 Eastern, which is 19:00 UTC.
    assert asked(stage) == ["cat:cs.LG AND submittedDate:[202611121900 TO 202611131900]"]
    assert await known(stage) == ["2611.00001", "2611.00002", "2611.00003"]


async def test_a_feed_that_lags_a_day_and_heals_loses_no_batch(stage: Stage):
    stage.world.announce(MONDAY.date(), paper(1))
    await stage.round()
    # The feed shows the day before on Tuesday and on Wednesday, and heals on Thursday.
    stage.world.announce(TUESDAY.date(), paper(2, submitted_at=MONDAYS_TALK))
    lost = paper(3, submitted_at=datetime(2026, 11, 17, 15, tzinfo=UTC))
    stage.world.announce(WEDNESDAY.date(), lost)
    stage.world.announce(date(2026, 11, 19), paper(4))
    stage.world.lagging = {"cs.LG"}
    states = []
    for day in (17, 18, 19):
        stage.time.now = datetime(2026, 11, day, 6, tzinfo=UTC)
        if day == 19:
            stage.world.lagging = set()
        await go_on(stage, datetime(2026, 11, day, 16, tzinfo=UTC))
        states.append(await status(stage))

    assert [each.state for each in states] == [State.STALLED, State.STALLED, State.FRESH]
    assert [each.older for each in states] == [None, TUESDAY.date(), None]
    assert await known(stage) == [f"2611.{n:05}" for n in (1, 2, 3, 4)]
    assert asked(stage) == ["cat:cs.LG AND submittedDate:[202611161900 TO 202611171900]"]


async def test_a_stale_feed_with_new_dates_loses_no_batch(stage: Stage):
    stage.world.announce(MONDAY.date(), paper(1))
    await stage.round()
    # On Tuesday it shows Monday's papers, dated Tuesday.
    stage.world.announce(TUESDAY.date(), paper(1))
    stage.world.add(paper(2, submitted_at=MONDAYS_TALK))
    stage.time.now = TUESDAY
    await stage.round()
    stage.world.announce(WEDNESDAY.date(), paper(3))
    stage.time.now = WEDNESDAY
    await stage.round()

    assert await known(stage) == [f"2611.{n:05}" for n in (1, 2, 3)]


async def test_while_a_feed_is_down_its_batches_are_fetched_by_date(stage: Stage):
    stage.world.announce(MONDAY.date(), paper(1))
    await stage.round()
    stage.world.add(paper(2, submitted_at=MONDAYS_TALK))
    stage.arxiv.fail(FaultKind.UNAVAILABLE, times=99, path="/atom/")
    stage.time.now = TUESDAY
    await go_on(stage, WEDNESDAY)
    await stage.round()

    assert (await status(stage)).state is State.FAILED
    assert await known(stage, TUESDAY.date()) == ["2611.00002"]


async def test_days_the_bot_slept_through_are_fetched_and_weekends_are_not_missed(stage: Stage):
    stage.world.announce(MONDAY.date(), paper(1))
    await stage.round()
    stage.world.announce(date(2026, 11, 24), paper(9))
    stage.time.now = datetime(2026, 11, 24, 6, tzinfo=UTC)
    await stage.round()

    assert len(asked(stage)) == 5  # Tuesday to Friday, and Monday
    assert stage.arxiv.impolite() == []


async def test_a_category_that_is_followed_again_after_months_asks_for_two_weeks(stage: Stage):
    await sleep_through_tuesday(stage)
    await stage.round()
    stage.categories = ()
    await go_on(stage, datetime(2026, 11, 20, 6, tzinfo=UTC), minutes=600)
    stage.categories = ("cs.LG",)
    stage.time.now = datetime(2027, 2, 24, 6, tzinfo=UTC)
    stage.world.announce(date(2027, 2, 24), paper(98))
    before = len(asked(stage))
    await stage.round()

    # Ten weekdays; a holiday is none that anybody knows of while it was not looked at.
    assert len(asked(stage)) - before <= 10
    assert (await batch(stage, TUESDAY.date())).recover_at is None


async def test_recovered_papers_are_of_the_day_that_was_missed(stage: Stage):
    await sleep_through_tuesday(stage, paper(2, submitted_at=MONDAYS_TALK))
    await stage.round()

    async with stage.db.reading() as tx:
        days = await tx.all("SELECT number, day FROM feed_item ORDER BY number")
    assert [(row["number"], row["day"]) for row in days] == [
        ("2611.00001", "2026-11-16"),
        ("2611.00002", "2026-11-17"),
        ("2611.90000", "2026-11-18"),
    ]


async def test_a_missed_archive_is_fetched_with_all_its_classes(stage: Stage):
    stage.categories = ("cs",)
    await sleep_through_tuesday(stage, paper(2, categories=("cs.CV",), submitted_at=MONDAYS_TALK))
    await stage.round()

    assert "2611.00002" in await known(stage)


@pytest.mark.slow
async def test_the_rest_of_a_cut_feed_that_is_late_is_not_called_missed(stage: Stage):
    old = [Paper(f"2001.{n:05}", f"Old {n}", version=2) for n in range(2000)]
    stage.world.announce(MONDAY.date(), *old, kind="replace")
    stage.arxiv.fail(FaultKind.THROTTLED, value="3600", path="/api/")

    await stage.round()

    assert (await status(stage)).is_cut
    assert (await status(stage)).missed == ()


@pytest.mark.slow
async def test_a_cut_feed_is_noticed_and_the_rest_is_fetched_by_date(stage: Stage):
    at = datetime(2026, 11, 13, 15, tzinfo=UTC)
    fresh = [paper(n, submitted_at=at) for n in range(300)]
    old = [Paper(f"2001.{n:05}", f"Old {n}", version=2) for n in range(1900)]
    stage.world.announce(MONDAY.date(), *fresh)
    stage.world.announce(MONDAY.date(), *old, kind="replace")

    await stage.round()

    cut = await status(stage)
    assert cut.is_cut
    assert len(await known(stage)) == 300
    assert cut.recovered == 200


@pytest.mark.parametrize("fault", [FaultKind.NOT_ACCEPTABLE, FaultKind.GONE])
async def test_an_edge_that_refuses_for_days_spends_no_try_of_a_batch(
    stage: Stage, fault: FaultKind
):
    await sleep_through_tuesday(stage, paper(2, submitted_at=MONDAYS_TALK))
    stage.arxiv.fail(fault, times=99, path="/api/")
    for day in (18, 19, 20, 21, 22, 23):
        await go_on(stage, datetime(2026, 11, day, 8, tzinfo=UTC))
    refused = await status(stage)
    stage.arxiv.faults.clear()
    await go_on(stage, datetime(2026, 11, 24, 8, tzinfo=UTC))

    assert TUESDAY.date() in refused.missed
    assert refused.lost == ()
    assert "2611.00002" in await known(stage)


@pytest.mark.parametrize("fault", [FaultKind.THROTTLED, FaultKind.NOT_ACCEPTABLE])
async def test_a_recovery_that_is_throttled_is_made_later(stage: Stage, fault: FaultKind):
    await sleep_through_tuesday(stage, paper(2, submitted_at=MONDAYS_TALK))
    stage.arxiv.fail(fault, value="60", path="/api/")
    await stage.round()
    before = await known(stage)
    stage.time.pass_by(seconds=61)
    await stage.round()

    assert "2611.00002" not in before
    assert "2611.00002" in await known(stage)
    assert stage.arxiv.impolite() == []


@pytest.mark.parametrize("fault", [FaultKind.EMPTY, FaultKind.REFUSED, FaultKind.TRUNCATED])
async def test_a_bad_answer_ends_no_recovery(stage: Stage, fault: FaultKind):
    await sleep_through_tuesday(stage, paper(2, submitted_at=MONDAYS_TALK))
    stage.arxiv.fail(fault, path="/api/")
    await stage.round()
    missed = await status(stage)
    await go_on(stage, datetime(2026, 11, 19, 8, tzinfo=UTC))

    assert missed.missed == (TUESDAY.date(),)
    assert "2611.00002" in await known(stage)
    assert (await status(stage)).missed == ()


@pytest.mark.parametrize("fault", [FaultKind.EMPTY, FaultKind.REFUSED])
async def test_a_batch_of_long_ago_has_more_than_one_try(stage: Stage, fault: FaultKind):
    await sleep_through_tuesday(stage, paper(2, submitted_at=MONDAYS_TALK))
    stage.time.now = datetime(2026, 11, 24, 6, tzinfo=UTC)
    stage.arxiv.fail(fault, path="/api/")
    await go_on(stage, datetime(2026, 11, 25, 8, tzinfo=UTC))

    assert "2611.00002" in await known(stage)


async def test_a_batch_that_never_comes_is_given_up_after_days_and_that_is_said(stage: Stage):
    await sleep_through_tuesday(stage)
    stage.arxiv.fail(FaultKind.REFUSED, times=99, path="/api/")
    for day in (18, 19, 20):
        stage.world.announce(date(2026, 11, day), paper(100 + day))
        stage.time.now = datetime(2026, 11, day, 6, tzinfo=UTC)
        await go_on(stage, datetime(2026, 11, day, 18, tzinfo=UTC))

    given_up = await status(stage)
    assert given_up.lost == (TUESDAY.date(),)
    assert given_up.missed == ()
    assert len(asked(stage)) == 3
    assert given_up.state is State.FRESH


async def test_a_recovery_pages_by_what_an_answer_holds_not_by_what_is_understood(stage: Stage):
    strange = Paper("no-id", "Strange", submitted_at=MONDAYS_TALK)
    many = [paper(n, submitted_at=MONDAYS_TALK) for n in range(2, 502)]
    await sleep_through_tuesday(stage, strange, *many)
    await stage.round()

    starts = [request.query["start"] for request in stage.arxiv.log if "start" in request.query]
    assert starts == ["0", "500"]
    assert len(await known(stage)) == 502
    assert (await batch(stage, TUESDAY.date())).recovered == 500


async def test_a_recovery_that_stops_half_way_counts_what_it_brought_and_goes_on(stage: Stage):
    many = [paper(n, submitted_at=MONDAYS_TALK) for n in range(2, 602)]
    await sleep_through_tuesday(stage, *many)
    stage.arxiv.fail(FaultKind.UNAVAILABLE, path="/api/", after=1)
    await stage.round()
    half = await batch(stage, TUESDAY.date())
    stage.time.pass_by(minutes=2)
    await stage.round()

    assert (half.recovered, half.is_missed) == (500, True)
    whole = await batch(stage, TUESDAY.date())
    assert (whole.recovered, whole.is_missed) == (600, False)


async def test_one_batch_that_cannot_be_read_holds_up_no_other(stage: Stage):
    stage.world.announce(MONDAY.date(), paper(1))
    await stage.round()
    stage.world.add(paper(3, submitted_at=datetime(2026, 11, 17, 15, tzinfo=UTC)))
    stage.world.announce(date(2026, 11, 19), paper(4))
    stage.time.now = datetime(2026, 11, 19, 6, tzinfo=UTC)
    stage.arxiv.fail(FaultKind.TRUNCATED, path="/api/")  # Tuesday's
    await stage.round()
    stage.time.pass_by(minutes=1)
    await stage.round()

    assert "2611.00003" in await known(stage)


async def test_a_batch_is_fetched_again_a_day_later_for_papers_the_index_lacked(stage: Stage):
    await sleep_through_tuesday(stage, paper(2, submitted_at=MONDAYS_TALK))
    await stage.round()
    stage.world.add(paper(3, submitted_at=MONDAYS_TALK))
    await go_on(stage, datetime(2026, 11, 22, 6, tzinfo=UTC), minutes=120)

    assert "2611.00003" in await known(stage)
    assert len(asked(stage)) - len(set(asked(stage))) >= 1
    assert (await batch(stage, TUESDAY.date())).tries == 2


async def test_tries_are_on_different_days_however_early_the_first_is(stage: Stage):
    await sleep_through_tuesday(stage, paper(2, submitted_at=MONDAYS_TALK))
    stage.time.now = datetime(2026, 11, 18, 5, 5, tzinfo=UTC)
    await stage.round()

    assert (await batch(stage, TUESDAY.date())).recover_at == datetime(2026, 11, 19, 6, tzinfo=UTC)


async def test_two_processes_that_recover_the_same_make_one_try(stage: Stage):
    await sleep_through_tuesday(stage, paper(2, submitted_at=MONDAYS_TALK))
    stage.arxiv.fail(FaultKind.THROTTLED, value="1", path="/api/")
    await stage.round()
    stage.time.pass_by(seconds=5)

    both = replace(stage, client=Together(stage.client, 2))
    await asyncio.gather(both.round(), both.round())

    assert len(asked(stage)) == 3
    recovered = await batch(stage, TUESDAY.date())
    assert (recovered.tries, recovered.recovered) == (1, 1)
