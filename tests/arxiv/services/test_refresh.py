"""Papers that entries refer to: asked about in few requests, and watched from then on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.archive.domain.arxiv_record import PaperEvent, PaperEventKind
from bot.archive.store import arxiv_records, entries, paper_events
from bot.arxiv.services.refresh import resolve_due
from tests.arxiv.stage import Stage, Together, staged
from tests.fakes.arxiv import FaultKind, Paper

NOW = datetime(2026, 11, 14, 7, tzinfo=UTC)  # a Saturday: no feed is in the way


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "vault", NOW, categories=()) as made:
        yield made


def note(number: str, *cites: str, text: str = "생각을 적었다.") -> str:
    cited = " ".join(f"(https://arxiv.org/abs/{each})" for each in cites)
    return f"https://arxiv.org/abs/{number}\n\n*A title of mine* (Kim Example)\n\n{text} {cited}\n\n#rl\n"


def numbers(first: int, last: int) -> list[str]:
    return [f"2501.{n:05}" for n in range(first, last + 1)]


async def history(stage: Stage, number: str) -> list[tuple[PaperEventKind, int, int]]:
    async with stage.db.reading() as tx:
        found: tuple[PaperEvent, ...] = await paper_events.list_of(tx, number)
    return [(event.kind, event.old_version, event.new_version) for event in found]


async def test_papers_and_references_are_asked_about_in_full_batches(stage: Stage):
    stage.world.invents = True
    for n, number in enumerate(numbers(1, 30)):
        await stage.write(
            f"25010{n % 9 + 1} Note {n}", note(number, *numbers(100 + 8 * n, 107 + 8 * n))
        )

    done = await stage.round()

    asked = [ids.split(",") for ids in stage.asked()]
    assert [len(batch) for batch in asked] == [100, 100, 70]
    assert len({number for batch in asked for number in batch}) == 270
    assert done.resolved.found == 270
    assert all(request.query["max_results"] == "100" for request in stage.arxiv.log[:2])
    assert stage.arxiv.impolite() == []


async def test_two_processes_that_ask_at_once_store_one_event(stage: Stage):
    # As when a lease went over while a request was under way.
    await stage.write("250101 One", note("2501.00001"))
    stage.world.add(Paper("2501.00001", "One"))
    await stage.round()
    stage.world.add(Paper("2501.00001", "One", version=2))
    stage.time.pass_by(days=7)
    source = Together(stage.client, 2)

    await asyncio.gather(*(resolve_due(stage.db, source, clock=stage.time) for _ in range(2)))

    assert len(stage.asked()) == 3
    assert await history(stage, "2501.00001") == [(PaperEventKind.VERSION, 1, 2)]


async def test_a_second_round_asks_nothing_and_the_next_day_only_what_is_referred_to(stage: Stage):
    stage.world.invents = True
    await stage.write("250101 One", note("2501.00001", "2310.00002"))
    await stage.round()
    for _ in range(10):
        await stage.round()
    assert stage.asked() == ["2310.00002,2501.00001"]

    stage.time.pass_by(days=1)
    await stage.round()
    assert stage.asked()[1:] == ["2310.00002"]

    stage.time.pass_by(days=6)
    await stage.round()
    assert stage.asked()[2:] == ["2310.00002,2501.00001"]


async def test_a_new_note_is_asked_about_at_once(stage: Stage):
    stage.world.invents = True
    await stage.write("250101 One", note("2501.00001"))
    await stage.round()
    await stage.write("250102 Two", note("2501.00002"))
    await stage.round()

    assert stage.asked() == ["2501.00001", "2501.00002"]


async def test_the_curators_own_title_and_abstract_stay(stage: Stage):
    stage.world.add(Paper("2501.00001", "arXiv's title", abstract="arXiv's abstract"))
    await stage.write(
        "250101 One",
        "https://arxiv.org/abs/2501.00001\n\n*Mine* (Kim Example)\n\n> My abstract.\n\n생각.\n",
    )
    await stage.round()

    async with stage.db.reading() as tx:
        (found,) = await entries.between(tx, NOW.date().replace(year=2020), NOW.date())
        record = (await arxiv_records.find(tx, ["2501.00001"]))["2501.00001"]
    assert (found.entry.paper.title, found.entry.paper.abstract) == ("Mine", "My abstract.")
    assert (record.title, record.abstract) == ("arXiv's title", "arXiv's abstract")


async def test_a_reference_gets_its_title(stage: Stage):
    stage.world.add(Paper("2501.00001", "One"), Paper("2310.00002", "The cited"))
    await stage.write("250101 One", note("2501.00001", "2310.00002"))
    await stage.round()

    async with stage.db.reading() as tx:
        (found,) = await entries.between(tx, NOW.date().replace(year=2020), NOW.date())
    assert [reference.title for reference in found.entry.references] == ["The cited"]


async def test_the_first_sweep_raises_no_events_even_for_withdrawn_papers(stage: Stage):
    stage.world.add(
        Paper("2501.00001", "One", version=5),
        Paper("2501.00002", "Two", version=2, comment="This paper has been withdrawn."),
    )
    await stage.write("250101 One", note("2501.00001", "2501.00002"))
    done = await stage.round()

    assert done.resolved.events == 0
    assert (await stage.status()).coverage.withdrawn == 1


async def test_a_new_version_and_a_withdrawal_become_events_once(stage: Stage):
    stage.world.add(Paper("2501.00001", "One"), Paper("2310.00002", "Cited"))
    await stage.write("250101 One", note("2501.00001", "2310.00002"))
    await stage.round()

    stage.world.revise("2310.00002", at=NOW)
    stage.time.pass_by(days=1)
    await stage.round()
    stage.time.pass_by(days=1)
    await stage.round()
    stage.world.revise("2310.00002", at=NOW, comment="withdrawn by the authors")
    stage.time.pass_by(days=1)
    await stage.round()
    stage.world.revise("2310.00002", at=NOW, comment="a corrected version")
    stage.time.pass_by(days=1)
    await stage.round()

    assert await history(stage, "2310.00002") == [
        (PaperEventKind.VERSION, 1, 2),
        (PaperEventKind.WITHDRAWN, 2, 3),
        (PaperEventKind.REINSTATED, 3, 4),
    ]


async def test_an_answer_that_lags_takes_no_version_back(stage: Stage):
    stage.world.add(Paper("2310.00002", "Cited", version=3))
    await stage.write("250101 One", note("2501.00001", "2310.00002"))
    await stage.round()
    stage.world.add(Paper("2310.00002", "Cited", version=2))
    stage.time.pass_by(days=1)
    await stage.round()
    stage.world.add(Paper("2310.00002", "Cited", version=3))
    stage.time.pass_by(days=1)
    await stage.round()

    assert await history(stage, "2310.00002") == []


async def test_a_missing_paper_is_asked_for_once_more_and_is_then_absent(stage: Stage):
    stage.world.add(Paper("2501.00001", "One"))
    await stage.write("250101 One", note("2501.00001", "2310.00002"))
    await stage.round()
    after_one = (await stage.status()).coverage
    stage.time.pass_by(days=1)
    await stage.round()
    after_two = (await stage.status()).coverage
    for _ in range(5):
        stage.time.pass_by(days=1)
        await stage.round()
    daily = [ids for ids in stage.asked() if "2310.00002" in ids]

    assert (after_one.missing, after_one.absent) == (("2310.00002",), ())
    assert (after_two.missing, after_two.absent) == ((), ("2310.00002",))
    assert len(daily) == 2


async def test_a_paper_that_turns_up_after_all_is_known(stage: Stage):
    await stage.write("250101 One", note("2501.00001"))
    await stage.round()
    stage.world.add(Paper("2501.00001", "One"))
    stage.time.pass_by(days=1)
    await stage.round()

    coverage = (await stage.status()).coverage
    assert (coverage.known, coverage.missing) == (1, ())


async def test_an_id_that_arxiv_rejects_does_not_fail_its_batch(stage: Stage):
    stage.world.invents = True
    await stage.write("250101 One", note("2501.00001", "2501.00003"))
    stage.world.refused = {"2501.00003"}
    await stage.round()
    await stage.round()

    assert stage.asked() == ["2501.00001,2501.00003", "2501.00001"]
    coverage = (await stage.status()).coverage
    assert (coverage.known, coverage.refused) == (1, ("2501.00003",))


async def test_a_rejection_that_names_no_id_is_bisected(stage: Stage):
    stage.world.invents = True
    await stage.write("250101 One", note("2501.00001", *numbers(2, 8)))
    stage.world.refused = {"2501.00005"}
    stage.world.names_culprit = False
    await stage.round()

    coverage = (await stage.status()).coverage
    assert (coverage.known, coverage.refused) == (7, ("2501.00005",))
    assert stage.arxiv.impolite() == []


async def test_an_empty_response_to_a_full_batch_is_invalid(stage: Stage):
    stage.world.invents = True
    await stage.write("250101 One", note("2501.00001", *numbers(2, 20)))
    stage.arxiv.fail(FaultKind.EMPTY)
    await stage.round()
    lost = (await stage.status()).coverage
    stage.time.pass_by(seconds=40)
    await stage.round()

    assert (lost.known, lost.missing) == (0, ())
    assert (await stage.status()).coverage.known == 20


@pytest.mark.parametrize(
    "fault", [FaultKind.THROTTLED, FaultKind.THROTTLED_AS_200, FaultKind.TRUNCATED, FaultKind.HTML]
)
async def test_a_failure_halfway_keeps_what_was_answered_and_goes_on_later(
    stage: Stage, fault: FaultKind
):
    stage.world.invents = True
    await stage.write("250101 One", note("2501.00001", *numbers(2, 250)))
    stage.arxiv.fail(fault, after=1)
    await stage.round()
    first = (await stage.status()).coverage.known
    asked = len(stage.arxiv.log)
    stage.time.pass_by(minutes=1)
    await stage.round()

    assert (first, asked) == (100, 2)
    assert (await stage.status()).coverage.known == 250
    assert len(stage.arxiv.log) == 4
    assert stage.arxiv.impolite() == []


async def test_versions_and_old_ids_are_asked_for_as_papers(stage: Stage):
    stage.world.add(Paper("2501.00001", "One", version=3), Paper("math/0611800", "Old"))
    await stage.write(
        "250101 One", note("2501.00001v1") + "\nhttps://arxiv.org/abs/math.CA/0611800 도 있다.\n"
    )
    await stage.round()

    assert stage.asked() == ["2501.00001,math/0611800"]
    assert (await stage.status()).coverage.known == 2


async def test_a_new_entry_that_refers_to_a_paper_with_an_entry_is_known_to_both(stage: Stage):
    stage.world.invents = True
    await stage.write("250101 Old", note("2501.00001"))
    stage.time.pass_by(minutes=1)
    await stage.write("261113 New", note("2611.00009", "2501.00001"))
    await stage.write("250110 Archive", note("2501.00007", "2501.00001"))
    await stage.round()
    await stage.round()

    async with stage.db.reading() as tx:
        (event,) = await paper_events.list_of(tx, "2501.00001")
        citing = await entries.get(tx, event.entry_id) if event.entry_id else None
    assert event.kind is PaperEventKind.CITED
    assert citing is not None
    assert str(citing.entry.paper.arxiv_id) == "2611.00009"
