"""An arXiv that is unwell is asked seldom, and nothing is written off because of it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.archive.services.import_files import import_files
from bot.arxiv.store.asked_papers import Coverage
from tests.arxiv.stage import Stage, staged
from tests.fakes.arxiv import FaultKind, Paper

NOW = datetime(2026, 11, 14, 7, tzinfo=UTC)  # a Saturday: no feed is in the way


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "vault", NOW, categories=()) as made:
        made.world.invents = True
        yield made


def note(first: int, last: int) -> str:
    cited = " ".join(f"https://arxiv.org/abs/2501.{n:05}" for n in range(first + 1, last + 1))
    return f"https://arxiv.org/abs/2501.{first:05}\n\n*A title* (Kim Example)\n\n생각. {cited}\n"


async def rounds(stage: Stage, *, minutes: int = 0, hours: int = 0) -> None:
    """What the bot does in that time: a round a minute, or, to be quicker, an hour."""
    for _ in range(minutes):
        await stage.round()
        stage.time.pass_by(minutes=1)
    for _ in range(hours):
        await stage.round()
        stage.time.pass_by(hours=1)


async def coverage(stage: Stage) -> Coverage:
    return (await stage.status()).coverage


async def test_redirects_in_a_circle_are_climbed_away_from(stage: Stage):
    await stage.write("250101 One", note(1, 5))
    stage.arxiv.fail(FaultKind.REDIRECT, value="/api/query?id_list=2501.00001", times=9999)
    await rounds(stage, minutes=120)

    # Half a minute, two, ten, an hour: five tries of three requests each.
    assert len(stage.arxiv.log) == 15
    assert stage.arxiv.impolite() == []


async def test_a_redirect_before_a_refusal_does_not_reset_the_backoff(stage: Stage):
    await stage.write("250101 One", note(1, 5))
    for _ in range(200):
        stage.arxiv.fail(FaultKind.REDIRECT, value="/api/query?id_list=2501.00001")
        stage.arxiv.fail(FaultKind.UNAVAILABLE)
    await rounds(stage, minutes=120)

    assert len(stage.arxiv.log) == 10


@pytest.mark.parametrize("fault", [FaultKind.REFUSED, FaultKind.BAD_REQUEST, FaultKind.HTML])
async def test_a_spell_of_refusals_is_waited_out_and_writes_no_paper_off(
    stage: Stage, fault: FaultKind
):
    await stage.write("250101 One", note(1, 100))
    stage.arxiv.fail(fault, times=9999)
    await rounds(stage, minutes=10)
    asked = len(stage.arxiv.log)
    await rounds(stage, hours=24)
    refused = (await coverage(stage)).refused
    asked_in_a_day = len(stage.arxiv.log)
    stage.arxiv.faults.clear()
    await rounds(stage, hours=48)

    assert asked <= 5
    assert asked_in_a_day <= 8
    assert refused == ()
    assert ((await coverage(stage)).known, (await coverage(stage)).refused) == (100, ())
    assert stage.arxiv.impolite() == []


async def test_a_spell_that_calls_one_number_after_another_wrong_does_not_go_through_them_all(
    stage: Stage,
):
    await stage.write("250101 One", note(1, 100))
    stage.world.refused = {f"2501.{n:05}" for n in range(1, 101)}
    await rounds(stage, hours=48)
    written_off = (await coverage(stage)).refused
    stage.world.refused = set()
    await rounds(stage, hours=24 * 32)

    assert len(written_off) <= 9
    assert ((await coverage(stage)).known, (await coverage(stage)).refused) == (100, ())


async def test_an_id_that_fails_alone_is_not_at_fault_while_every_request_fails(
    stage: Stage,
):
    await stage.write("250101 One", "https://arxiv.org/abs/2501.00001\n\n생각.\n")
    stage.world.refused = {"2501.00001"}
    stage.world.names_culprit = False
    await rounds(stage, minutes=120)
    alone = await coverage(stage)
    asked = len(stage.arxiv.log)
    await stage.write("250102 Two", "https://arxiv.org/abs/2501.00002\n\n생각.\n")
    await rounds(stage, hours=24)

    assert alone.refused == ()
    assert asked <= 7
    assert ((await coverage(stage)).known, (await coverage(stage)).refused) == (1, ("2501.00001",))


async def test_a_refused_number_is_asked_about_again_after_a_month(stage: Stage):
    await stage.write("250101 One", note(1, 3))
    stage.world.refused = {"2501.00002"}
    await stage.round()
    stage.world.refused = set()
    for _ in range(29):
        stage.time.pass_by(days=1)
        await stage.round()
    before = await coverage(stage)
    stage.time.pass_by(days=1)
    await stage.round()

    assert before.refused == ("2501.00002",)
    assert ((await coverage(stage)).known, (await coverage(stage)).refused) == (3, ())


async def test_two_invalid_ids_that_arxiv_does_not_name_are_both_found(stage: Stage):
    await stage.write("250101 One", note(1, 100))
    stage.world.refused = {"2501.00005", "2501.00070"}
    stage.world.names_culprit = False
    await rounds(stage, minutes=60)

    found = await coverage(stage)
    assert (found.known, found.refused) == (98, ("2501.00005", "2501.00070"))
    assert len(stage.arxiv.log) < 40
    assert stage.arxiv.impolite() == []


async def test_one_record_that_makes_responses_invalid_does_not_delay_the_others(stage: Stage):
    await stage.write("250101 One", note(1, 250))
    stage.world.add(Paper("2501.00033", "A stray \x0b in a title"))
    await stage.round()
    first = len(stage.arxiv.log)
    await rounds(stage, minutes=60)
    asked = len(stage.arxiv.log)
    resolved = await coverage(stage)
    await rounds(stage, hours=24)

    assert first == 1
    assert (resolved.known, [number for number, _ in resolved.unreadable]) == (249, ["2501.00033"])
    assert asked < 20
    # The next day it is asked for alone, after the others: 249 in three, and it.
    assert len(stage.arxiv.log) == asked + 4
    assert stage.arxiv.impolite() == []


async def test_a_record_that_can_be_read_again_is_read(stage: Stage):
    await stage.write("250101 One", note(1, 8))
    stage.world.add(Paper("2501.00003", "A stray \x0b in a title"))
    await rounds(stage, minutes=60)
    stage.world.add(Paper("2501.00003", "A title"))
    await rounds(stage, hours=24)

    assert ((await coverage(stage)).known, (await coverage(stage)).unreadable) == (8, ())


async def test_failed_requests_are_stored_over_a_restart(tmp_path: Path):
    spoilt = Paper("2501.00003", "A stray \x0b in a title")
    at, asked, found = NOW, 0, None
    for n in range(30):
        # A process that ends after each round, as `paperbot poll --once` from a crontab does.
        async with staged(
            tmp_path / "vault", at, categories=(), database=tmp_path / "a.db"
        ) as stage:
            stage.world.invents = True
            stage.world.add(spoilt)
            if n == 0:
                await stage.write("250101 One", note(1, 100))
            await stage.round()
            asked += len(stage.arxiv.log)
            found = await coverage(stage)
            at = stage.time() + timedelta(minutes=5)

    assert found is not None
    assert (found.known, [number for number, _ in found.unreadable]) == (99, ["2501.00003"])
    assert asked < 25


PAGE = "2026-11-13\n" + "".join(
    f"""
Kernels of kind{n:03} are studied
(Ada Example, Bo Sample)
Kernel {n}.
생각 {n}.
"""
    for n in range(1, 26)
)


async def write_page(stage: Stage) -> None:
    path = stage.folder.parent / "2026-11-13.txt"
    path.write_text(PAGE, encoding="utf-8")
    report = await import_files(stage.db, [path], now=stage.time())
    assert (report.new, report.problems) == (25, ())


def kernel(n: int, title: str = "") -> Paper:
    authors = ("Ada Example", "Bo Sample")
    return Paper(f"2611.{n:05}", title or f"Kernels of kind{n:03} are studied", authors=authors)


async def test_one_title_that_makes_searches_fail_does_not_delay_the_others(stage: Stage):
    stage.world.invents = False
    await write_page(stage)
    stage.world.add(*(kernel(n) for n in range(1, 26)))
    stage.world.add(kernel(20, "Kernels of kind020 are\x0b studied"))
    await rounds(stage, minutes=60)

    assert (await stage.status()).identified == 24
    assert [each.tries for each in (await stage.status()).open] == [1]
    assert stage.arxiv.impolite() == []


@pytest.mark.parametrize("fault", [FaultKind.REFUSED, FaultKind.BAD_REQUEST, FaultKind.TRUNCATED])
async def test_a_spell_of_refusals_leaves_every_title_to_be_searched_for(
    stage: Stage, fault: FaultKind
):
    stage.world.invents = False
    stage.world.add(*(kernel(n) for n in range(1, 26)))
    await write_page(stage)
    stage.arxiv.fail(fault, times=9999)
    await rounds(stage, hours=24)
    asked = len(stage.arxiv.log)
    tries = {each.tries for each in (await stage.status()).open}
    stage.arxiv.faults.clear()
    await rounds(stage, hours=24)

    assert asked <= 8
    assert tries == {0}
    assert (await stage.status()).identified == 25
