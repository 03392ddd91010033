"""Today's papers: what a morning looks like, and all that can be mistaken for it."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.announce import Announcement
from bot.domain.batches import State, Trouble
from bot.ports import Condition, Refusal
from bot.services.arxiv import get_condition
from bot.store import feeds
from bot.store.candidates import list_papers
from tests.fakes.arxiv import FaultKind, Paper
from tests.services.arxiv_stage import Stage, staged

# In November arXiv's midnight is 05:00 UTC.
MONDAY = datetime(2026, 11, 16, 6, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 17, 6, tzinfo=UTC)
BOTH = ("cs.LG", "cs.CL")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "vault", MONDAY) as made:
        yield made


def paper(n: int, *categories: str, **changes: object) -> Paper:
    return Paper(f"2611.{n:05}", f"Paper {n}", categories=categories or BOTH, **changes)  # type: ignore[arg-type]


async def states(stage: Stage) -> dict[str, State]:
    return {each.category: each.state for each in (await stage.status()).categories}


async def condition(stage: Stage) -> Condition:
    return await get_condition(stage.db, stage.categories, stage.time())


async def known(stage: Stage) -> list[str]:
    async with stage.db.reading() as tx:
        return [item.id.number for item in await list_papers(tx, date(2026, 11, 1))]


async def test_a_morning_with_a_batch(stage: Stage):
    stage.world.announce(MONDAY.date(), paper(1, "cs.LG"), paper(2, "cs.CL", "cs.LG"))

    done = await stage.round()

    assert done.new == 2
    assert await states(stage) == {"cs.CL": State.FRESH, "cs.LG": State.FRESH}
    assert await known(stage) == ["2611.00001", "2611.00002"]


async def test_a_cross_listed_paper_is_one_paper_and_new_where_it_is_new(stage: Stage):
    stage.world.announce(MONDAY.date(), paper(1, "cs.LG", "cs.CL"))

    done = await stage.round()  # cs.CL, where it is a cross-listing, is asked first

    async with stage.db.reading() as tx:
        (item,) = await list_papers(tx, MONDAY.date())
    assert done.new == 1
    assert item.announcement is Announcement.NEW
    assert item.categories == ("cs.LG", "cs.CL")


async def test_once_fresh_nothing_is_asked_until_the_next_morning(stage: Stage):
    stage.world.announce(MONDAY.date(), paper(1))
    await stage.round()
    for _ in range(20):
        stage.time.pass_by(hours=1)
        await stage.round()

    assert len(stage.arxiv.log) == 2
    stage.time.now = TUESDAY
    await stage.round()
    assert len(stage.arxiv.log) == 4


async def test_a_batch_that_is_late_is_waited_for_every_hour_or_so(stage: Stage):
    stage.world.announce(date(2026, 11, 13), paper(1))
    stage.time.now = datetime(2026, 11, 13, 6, tzinfo=UTC)
    await stage.round()
    stage.time.now = datetime(2026, 11, 16, 4, 30, tzinfo=UTC)
    stage.world.stale = dict.fromkeys(stage.categories, date(2026, 11, 13))
    await stage.round()

    assert await states(stage) == {"cs.CL": State.WAITING, "cs.LG": State.WAITING}

    looks = len(stage.arxiv.log)
    while stage.time.now < datetime(2026, 11, 16, 9, tzinfo=UTC):
        stage.time.pass_by(minutes=5)
        await stage.round()
    assert 3 * 2 <= len(stage.arxiv.log) - looks <= 5 * 2

    stage.world.stale = {}
    stage.world.announce(MONDAY.date(), paper(2))
    stage.time.pass_by(minutes=91)
    await stage.round()
    assert await states(stage) == {"cs.CL": State.FRESH, "cs.LG": State.FRESH}


async def test_one_stale_category_is_not_hidden_by_a_fresh_one(stage: Stage):
    stage.world.announce(date(2026, 11, 13), paper(1))
    stage.time.now = datetime(2026, 11, 13, 6, tzinfo=UTC)
    await stage.round()
    stage.world.announce(MONDAY.date(), paper(2))
    stage.world.stale = {"cs.LG": date(2026, 11, 13)}
    stage.time.now = MONDAY
    await stage.round()

    assert await states(stage) == {"cs.CL": State.FRESH, "cs.LG": State.WAITING}


async def test_a_feed_that_stays_stale_is_stalled_and_its_batch_fetched_the_next_day(stage: Stage):
    stage.categories = ("cs.LG",)
    stage.world.announce(date(2026, 11, 13), paper(1))
    stage.time.now = datetime(2026, 11, 13, 6, tzinfo=UTC)
    await stage.round()
    lost = paper(2, submitted_at=datetime(2026, 11, 13, 15, tzinfo=UTC))
    stage.world.announce(MONDAY.date(), lost)
    stage.world.stale = {"cs.LG": date(2026, 11, 13)}
    stage.time.now = MONDAY
    while stage.time.now < datetime(2026, 11, 16, 20, tzinfo=UTC):
        await stage.round()
        stage.time.pass_by(minutes=30)

    assert await states(stage) == {"cs.LG": State.STALLED}
    assert await known(stage) == ["2611.00001"]

    stage.world.stale = {}
    stage.world.announce(
        TUESDAY.date(), paper(3, submitted_at=datetime(2026, 11, 16, 22, tzinfo=UTC))
    )
    stage.time.now = TUESDAY
    await stage.round()

    # Monday's batch was submitted from Thursday to Friday 14:00 Eastern, which is 19:00 UTC.
    asked = [query for query in stage.asked(parameter="search_query") if query]
    assert asked == ["cat:cs.LG AND submittedDate:[202611121900 TO 202611131900]"]
    assert sorted(await known(stage)) == ["2611.00001", "2611.00002", "2611.00003"]


async def test_days_the_bot_slept_through_are_fetched_and_weekends_are_not_missed(stage: Stage):
    stage.categories = ("cs.LG",)
    stage.world.announce(MONDAY.date(), paper(1))
    await stage.round()
    stage.world.announce(date(2026, 11, 24), paper(9))
    stage.time.now = datetime(2026, 11, 24, 6, tzinfo=UTC)
    await stage.round()

    asked = [query for query in stage.asked(parameter="search_query") if query]
    assert len(asked) == 5  # Tuesday to Friday, and Monday
    assert stage.arxiv.impolite() == []


async def test_a_weekend_is_quiet_and_nothing_is_asked(stage: Stage):
    stage.world.announce(date(2026, 11, 13), paper(1))
    stage.time.now = datetime(2026, 11, 13, 6, tzinfo=UTC)
    await stage.round()
    asked = len(stage.arxiv.log)
    stage.time.now = datetime(2026, 11, 14, 6, tzinfo=UTC)
    for _ in range(40):
        await stage.round()
        stage.time.pass_by(hours=1)

    assert stage.time.now < datetime(2026, 11, 16, 4, tzinfo=UTC)
    assert await states(stage) == {"cs.CL": State.QUIET, "cs.LG": State.QUIET}
    assert len(stage.arxiv.log) == asked


@pytest.mark.parametrize("day", [26, 27])
async def test_a_holiday_is_quiet_in_the_end_and_no_reason_to_worry(stage: Stage, day: int):
    stage.world.announce(date(2026, 11, day - 1), paper(1))
    stage.time.now = datetime(2026, 11, day - 1, 6, tzinfo=UTC)
    await stage.round()
    stage.time.now = datetime(2026, 11, day, 6, tzinfo=UTC)
    while stage.time.now < datetime(2026, 11, day, 16, tzinfo=UTC):
        await stage.round()
        stage.time.pass_by(minutes=45)

    status = await stage.status()
    assert {each.state for each in status.categories} == {State.QUIET}
    assert status.trouble is Trouble.NONE


async def test_nothing_anywhere_for_a_day_is_a_warning_and_for_two_an_alarm(stage: Stage):
    stage.world.announce(date(2026, 11, 13), paper(1))
    stage.time.now = datetime(2026, 11, 13, 6, tzinfo=UTC)
    await stage.round()
    troubles = []
    for day in (16, 17):
        stage.time.now = datetime(2026, 11, day, 4, 30, tzinfo=UTC)
        while stage.time.now < datetime(2026, 11, day, 17, tzinfo=UTC):
            await stage.round()
            stage.time.pass_by(minutes=45)
        status = await stage.status()
        troubles.append((status.trouble, (await condition(stage)).ok))

    assert troubles == [(Trouble.WARNING, True), (Trouble.ALARM, False)]


async def test_a_batch_dated_a_day_late_counts_by_its_ids(stage: Stage):
    stage.categories = ("cs.LG",)
    stage.world.announce(date(2026, 11, 13), paper(1))
    stage.time.now = datetime(2026, 11, 13, 6, tzinfo=UTC)
    await stage.round()
    # Monday's papers come, but under Friday's date.
    stage.world.announced[date(2026, 11, 13)] = []
    stage.world.announce(date(2026, 11, 13), paper(2))
    stage.world.stale = {"cs.LG": date(2026, 11, 13)}
    stage.time.now = MONDAY
    done = await stage.round()

    assert done.new == 1
    assert await states(stage) == {"cs.LG": State.WAITING}  # Monday's own may still come
    while stage.time.now < datetime(2026, 11, 16, 16, tzinfo=UTC):
        await stage.round()
        stage.time.pass_by(minutes=45)
    assert await states(stage) == {"cs.LG": State.FRESH}


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (FaultKind.HTML, Refusal.HTML),
        (FaultKind.TRUNCATED, Refusal.MALFORMED),
        (FaultKind.ENTITY_BOMB, Refusal.ENTITIES),
        (FaultKind.UNAVAILABLE, Refusal.SERVER_ERROR),
    ],
)
async def test_a_broken_reply_changes_nothing_is_said_and_tried_again(
    stage: Stage, fault: FaultKind, kind: Refusal
):
    stage.world.announce(MONDAY.date(), paper(1))
    stage.arxiv.fail(fault, path="cs.CL")

    await stage.round()

    status = await stage.status()
    broken = next(each for each in status.categories if each.category == "cs.CL")
    assert broken.state is State.FAILED
    assert broken.detail
    assert [(each.target, each.kind, each.times) for each in status.refusals] == [
        ("feed:cs.CL", kind, 1)
    ]
    assert (await states(stage))["cs.LG"] is State.FRESH
    assert "1 answers refused" in (await condition(stage)).detail

    stage.time.pass_by(seconds=45)
    await stage.round()
    assert (await states(stage))["cs.CL"] is State.FRESH


async def test_a_category_that_does_not_exist_is_not_asked_for_every_minute(stage: Stage):
    stage.categories = ("nope", "cs.LG")
    stage.world.announce(MONDAY.date(), paper(1))
    for _ in range(10):
        await stage.round()
        stage.time.pass_by(minutes=1)

    asked = [request.path for request in stage.arxiv.log]
    assert asked == ["/atom/nope", "/atom/cs.LG"]
    (bad, _) = (await stage.status()).categories
    assert bad.state is State.FAILED
    assert "Bad archive" in bad.detail


async def test_a_category_that_cannot_be_asked_for_is_failed_and_ends_nothing(stage: Stage):
    stage.categories = ("../api/query?x=1", "cs.LG")
    stage.world.announce(MONDAY.date(), paper(1))

    for _ in range(3):
        await stage.round()

    assert await states(stage) == {"../api/query?x=1": State.FAILED, "cs.LG": State.FRESH}
    assert [request.path for request in stage.arxiv.log] == ["/atom/cs.LG"]
    stage.time.now = TUESDAY
    await stage.round()
    assert [request.path for request in stage.arxiv.log] == ["/atom/cs.LG"] * 2


async def test_throttling_stops_the_round_and_is_waited_out(stage: Stage):
    stage.world.announce(MONDAY.date(), paper(1))
    stage.arxiv.fail(FaultKind.THROTTLED, value="120", path="cs.CL")

    await stage.round()
    stage.time.pass_by(seconds=60)
    await stage.round()
    assert len(stage.arxiv.log) == 1
    stage.time.pass_by(seconds=61)
    await stage.round()

    assert set((await states(stage)).values()) == {State.FRESH}
    assert stage.arxiv.log[1].at - stage.arxiv.log[0].at >= 120


@pytest.mark.slow
async def test_a_cut_feed_is_noticed_and_the_rest_is_fetched_by_date(stage: Stage):
    stage.categories = ("cs.LG",)
    at = datetime(2026, 11, 13, 15, tzinfo=UTC)
    fresh = [paper(n, "cs.LG", submitted_at=at) for n in range(300)]
    old = [Paper(f"2001.{n:05}", f"Old {n}", version=2) for n in range(1900)]
    stage.world.announce(MONDAY.date(), *fresh)
    stage.world.announce(MONDAY.date(), *old, kind="replace")

    await stage.round()

    (status,) = (await stage.status()).categories
    assert status.is_cut
    assert len(await known(stage)) == 300
    assert status.recovered == 200


async def test_old_papers_that_are_cross_listed_now_are_not_new(stage: Stage):
    old = Paper("1905.00001", "Old", categories=("stat.ME", "cs.LG"), version=2)
    late = Paper("2610.00007", "Late", categories=("stat.ME", "cs.LG"))
    stage.world.announce(MONDAY.date(), old, late, kind="cross")
    stage.world.announce(MONDAY.date(), Paper("2001.00001", "Again", version=3), kind="replace")

    await stage.round()

    assert await known(stage) == ["2610.00007"]


async def test_old_listings_are_forgotten_and_recent_ones_kept(stage: Stage):
    stage.world.announce(MONDAY.date(), paper(1))
    await stage.round()
    stage.world.announce(date(2027, 2, 22), paper(2))
    stage.time.now = datetime(2027, 2, 22, 6, tzinfo=UTC)
    await stage.round()

    async with stage.db.reading() as tx:
        rows = await tx.all("SELECT DISTINCT number FROM arxiv_listing")
        batches = await feeds.list_batches(tx, date(2026, 11, 1))
    assert [row["number"] for row in rows] == ["2611.00002"]
    assert len(batches) > 2


async def test_an_unchanged_feed_costs_no_bytes(stage: Stage):
    stage.categories = ("cs.LG",)
    stage.world.announce(MONDAY.date(), paper(1))
    await stage.round()
    stage.time.now = TUESDAY
    stage.world.stale = {"cs.LG": MONDAY.date()}
    await stage.round()

    assert [request.status for request in stage.arxiv.log] == [200, 304]
    assert await states(stage) == {"cs.LG": State.WAITING}
    assert stage.time() - TUESDAY < timedelta(minutes=1)


async def test_a_recovery_that_is_throttled_is_made_later(stage: Stage):
    stage.categories = ("cs.LG",)
    stage.world.announce(MONDAY.date(), paper(1))
    await stage.round()
    lost = paper(2, submitted_at=datetime(2026, 11, 16, 15, tzinfo=UTC))
    stage.world.add(lost)
    stage.world.announce(date(2026, 11, 18), paper(3))
    stage.time.now = datetime(2026, 11, 18, 6, tzinfo=UTC)
    stage.arxiv.fail(FaultKind.THROTTLED, value="60", path="/api/")
    await stage.round()
    before = await known(stage)
    stage.time.pass_by(seconds=61)
    await stage.round()

    assert "2611.00002" not in before
    assert "2611.00002" in await known(stage)
    assert stage.arxiv.impolite() == []
