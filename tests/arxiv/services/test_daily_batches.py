"""Today's papers: what a morning looks like, and all that can be mistaken for it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.arxiv.domain.announcements import Announcement
from bot.arxiv.domain.batches import State
from bot.arxiv.ports import Refusal
from bot.arxiv.services import polling
from bot.arxiv.services.polling import get_condition
from bot.arxiv.store import feeds, request_gate
from bot.arxiv.store.candidates import list_papers
from bot.core.ports import Condition
from tests.arxiv.stage import Stage, Together, staged
from tests.fakes.arxiv import FaultKind, Paper

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
    (status,) = (await stage.status()).categories
    assert (status.state, status.items, status.older) == (State.STALLED, 1, date(2026, 11, 13))


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
    assert (broken.state, broken.refusal) == (State.FAILED, kind)
    assert broken.reason
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
    assert "Bad archive" in bad.reason


async def test_a_category_that_exists_is_asked_again_on_the_same_day_when_it_is_refused(
    stage: Stage,
):
    stage.categories = ("cs.LG",)
    stage.world.announce(MONDAY.date(), paper(1))
    stage.arxiv.fail(FaultKind.REFUSED, path="/atom/")
    await stage.round()
    stage.time.pass_by(minutes=5)
    await stage.round()
    assert len(stage.arxiv.log) == 1
    stage.time.pass_by(minutes=90)
    await stage.round()

    assert await states(stage) == {"cs.LG": State.FRESH}


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


@pytest.mark.parametrize("fault", [FaultKind.THROTTLED, FaultKind.NOT_ACCEPTABLE])
async def test_throttling_stops_the_round_and_is_waited_out(stage: Stage, fault: FaultKind):
    stage.world.announce(MONDAY.date(), paper(1))
    stage.arxiv.fail(fault, value="120", path="cs.CL")

    await stage.round()
    stage.time.pass_by(seconds=60)
    await stage.round()
    assert len(stage.arxiv.log) == 1
    stage.time.pass_by(seconds=61)
    await stage.round()

    assert set((await states(stage)).values()) == {State.FRESH}
    assert stage.arxiv.log[1].at - stage.arxiv.log[0].at >= 120


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


async def test_two_processes_that_ask_the_same_agree_in_the_end(stage: Stage):
    # `paperbot poll` beside a running bot: both read what is remembered, then both ask.
    stage.categories = ("cs.LG",)
    stage.world.announce(date(2026, 11, 13), paper(1))
    stage.time.now = datetime(2026, 11, 13, 6, tzinfo=UTC)
    await stage.round()
    stage.world.announce(MONDAY.date(), paper(2))
    stage.time.now = MONDAY

    both = replace(stage, client=Together(stage.client, 2))
    await asyncio.gather(both.round(), both.round())

    assert [request.path for request in stage.arxiv.log] == ["/atom/cs.LG"] * 3
    assert await states(stage) == {"cs.LG": State.FRESH}
    stage.world.announce(TUESDAY.date(), paper(3))
    stage.time.now = TUESDAY
    await stage.round()
    assert [query for query in stage.asked(parameter="search_query") if query] == []


async def test_after_the_clock_was_set_back_feeds_are_read_again_at_once(stage):
    await stage.round()
    async with stage.db.transaction() as tx:
        until = stage.time() + timedelta(minutes=30)
        await request_gate.put_wait(tx, request_gate.Wait(request_gate.EVERYTHING, 3, until, "429"))
    stage.time.pass_by(hours=-9)
    before = len(stage.arxiv.log)

    await stage.round()
    meanwhile = len(stage.arxiv.log) - before
    await polling.end_waits(stage.db, now=stage.time())
    await stage.round()

    assert meanwhile == 0
    assert len(stage.arxiv.log) - before == len(stage.categories)
