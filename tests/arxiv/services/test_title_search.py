"""Entries without a link get their papers by title and authors, or stay open."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.archive.services.import_files import import_files
from bot.archive.store import entries
from bot.cli.output.arxiv_forms import status_lines
from bot.core.domain.i18n import ENGLISH
from tests.arxiv.stage import Stage, staged
from tests.fakes.arxiv import FaultKind, Paper

NOW = datetime(2026, 11, 14, 7, tzinfo=UTC)  # a Saturday: no feed is in the way
PAGE = """2026-11-13

Rewarding the Right Example
(Ada Example, Bo Sample, Chu Muster)
We study how to reward examples.
보상에 대한 생각. (https://arxiv.org/abs/2310.00002)
#rl

Small Kernels Everywhere
(Dora Beispiel)
Kernels are small.
커널에 대한 생각.
#kernel
"""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "vault", NOW, categories=()) as made:
        yield made


async def write_page(stage: Stage, text: str = PAGE) -> None:
    path = stage.folder.parent / "2026-11-13.txt"
    path.write_text(text, encoding="utf-8")
    report = await import_files(stage.db, [path], now=stage.time())
    assert not report.problems


async def ids(stage: Stage) -> list[str | None]:
    async with stage.db.reading() as tx:
        found = await entries.on_date(tx, date(2026, 11, 13))
    return [
        each.entry.paper.arxiv_id.number if each.entry.paper.arxiv_id else None for each in found
    ]


REWARD = Paper(
    "2611.00001",
    "Rewarding the right example",
    authors=("Ada Example", "B. Sample", "Chu Muster"),
)


async def test_a_digest_page_costs_one_search_and_finds_what_is_certain(stage: Stage):
    stage.world.add(REWARD, Paper("2310.00002", "Cited"))
    await write_page(stage)

    done = await stage.round()

    assert await ids(stage) == ["2611.00001", None]
    assert (done.searched.asked, done.searched.found) == (2, 1)
    # One search for both titles, and one batch for the reference: what was found is known already.
    assert len(stage.arxiv.log) == 2
    assert stage.asked()[1:] == ["2310.00002"]


async def test_what_is_not_certain_stays_open_and_is_listed(stage: Stage):
    stage.world.add(
        Paper("2611.00002", "Small Kernels Everywhere", authors=("Someone Else",)),
        Paper("2611.00003", "Small Kernels Everywhere, Part II", authors=("Dora Beispiel",)),
    )
    await write_page(stage)
    await stage.round()

    status = await stage.status()
    assert await ids(stage) == [None, None]
    assert [each.title for each in status.open] == [
        "Rewarding the Right Example",
        "Small Kernels Everywhere",
    ]
    assert all(each.confidence < 0.9 for each in status.open)


async def test_a_title_that_is_listed_steers_no_terminal(stage: Stage):
    await write_page(stage, PAGE.replace("Small Kernels", "Small \x1b[2J\u202eKernels"))
    done = await stage.round()

    lines = list(status_lines(await stage.status(), done, say=ENGLISH))

    assert any("Small \ufffd[2J\ufffdKernels" in line for line in lines)
    assert not any("\x1b" in line or "\u202e" in line for line in lines)


async def test_two_papers_of_one_title_and_author_are_left_open(stage: Stage):
    stage.world.add(
        Paper("2611.00002", "Small Kernels Everywhere", authors=("Dora Beispiel",)),
        Paper("2611.00003", "Small Kernels Everywhere", authors=("Dora Beispiel",)),
    )
    await write_page(stage)
    await stage.round()

    assert await ids(stage) == [None, None]


TWO_NOTES = """2026-11-13

{one}
(Ada Example, Bo Sample, Chu Muster)
생각.
#rl

{other}
(Ada Example, Bo Sample, Chu Muster)
다른 생각.
#rl
"""
SUPERVISED = "Supervised Representation Learning for Graphs"
# The search asks for the ten longest words: the first two are none of them.
LONG = (
    "{} {} Approximations Converging Geometrically Concerning Distributed Reinforcement "
    "Environments Representing Continuous Combinatorial Optimization Instances"
)
EXACT = LONG.format("Kernels", "Graphs")
SLIP = LONG.format("Kernel", "Graphs")
OTHER_SLIP = LONG.format("Kernels", "Graph")
THREE = ("Ada Example", "Bo Sample", "Chu Muster")


async def test_two_titles_that_differ_by_a_prefix_are_two_papers(stage: Stage):
    stage.world.add(Paper("2501.00002", "Un" + SUPERVISED.lower(), authors=THREE))
    await write_page(stage, TWO_NOTES.format(one=SUPERVISED, other=f"Un{SUPERVISED.lower()}"))
    await stage.round()

    assert await ids(stage) == [None, "2501.00002"]
    assert [each.title for each in (await stage.status()).open] == [SUPERVISED]


async def test_a_word_that_is_not_searched_for_counts_all_the_same(stage: Stage):
    stage.world.add(Paper("2501.00002", LONG.format("Nonlinear", "Graphs"), authors=THREE))
    linear = LONG.format("Linear", "Graphs")
    await write_page(stage, TWO_NOTES.format(one=linear, other="Small Kernels Everywhere"))
    await stage.round()

    assert await ids(stage) == [None, None]


async def test_a_typing_error_in_a_title_still_matches(stage: Stage):
    stage.world.add(Paper("2501.00002", EXACT, authors=THREE))
    await write_page(stage, TWO_NOTES.format(one=SLIP, other="Small Kernels Everywhere"))
    await stage.round()

    assert await ids(stage) == ["2501.00002", None]


async def test_of_two_titles_found_at_once_the_exact_one_gets_the_paper(stage: Stage):
    stage.world.add(Paper("2501.00002", EXACT, authors=THREE))
    await write_page(stage, TWO_NOTES.format(one=SLIP, other=EXACT))
    await stage.round()

    assert await ids(stage) == [None, "2501.00002"]


async def test_of_two_titles_with_a_typing_error_each_none_gets_the_paper(stage: Stage):
    stage.world.add(Paper("2501.00002", EXACT, authors=THREE))
    await write_page(stage, TWO_NOTES.format(one=SLIP, other=OTHER_SLIP))
    await stage.round()

    assert await ids(stage) == [None, None]
    assert len((await stage.status()).open) == 2


async def test_the_same_title_twice_is_the_same_paper(stage: Stage):
    stage.world.add(Paper("2501.00002", EXACT, authors=THREE))
    await write_page(stage, TWO_NOTES.format(one=EXACT, other=EXACT.replace(" ", "-", 1).upper()))
    await stage.round()

    assert await ids(stage) == ["2501.00002", "2501.00002"]


async def test_a_paper_that_a_note_links_is_not_matched_to_a_title_with_a_typing_error(
    stage: Stage,
):
    stage.world.add(Paper("2501.00002", EXACT, authors=THREE))
    await stage.write("250102 Norm", "https://arxiv.org/abs/2501.00002\n\n*Norm*\n\n생각.\n")
    await stage.round()
    await write_page(stage, TWO_NOTES.format(one=SLIP, other="Small Kernels Everywhere"))
    await stage.round()

    assert await ids(stage) == [None, None]


async def test_a_paper_that_a_note_links_under_its_nickname_is_given_to_its_very_title(
    stage: Stage,
):
    stage.world.add(Paper("2501.00002", EXACT, authors=THREE))
    await stage.write("250102 Norm", "https://arxiv.org/abs/2501.00002\n\n생각.\n")
    await stage.round()
    await write_page(stage, TWO_NOTES.format(one=EXACT, other="Small Kernels Everywhere"))
    await stage.round()

    assert await ids(stage) == ["2501.00002", None]


async def test_an_exact_title_that_comes_later_takes_the_paper_from_one_with_a_typing_error(
    stage: Stage,
):
    stage.world.add(Paper("2501.00002", EXACT, authors=THREE))
    page = TWO_NOTES.format(one=SLIP, other="Small Kernels Everywhere")
    await write_page(stage, page)
    await stage.round()
    before = await ids(stage)
    await write_page(stage, page.replace("Small Kernels Everywhere", EXACT))
    await stage.round()
    after = await ids(stage)
    for _ in range(40):
        stage.time.pass_by(days=1)
        await stage.round()

    assert before == ["2501.00002", None]
    assert after == [None, "2501.00002"]
    assert await ids(stage) == [None, "2501.00002"]


async def test_it_is_searched_for_again_later_but_not_every_day(stage: Stage):
    await write_page(stage)
    await stage.round()
    for _ in range(40):
        stage.time.pass_by(days=1)
        await stage.round()

    searches = [query for query in stage.asked(parameter="search_query") if query]
    assert len(searches) == 4

    stage.world.add(REWARD)
    stage.time.pass_by(days=30)
    await stage.round()
    assert await ids(stage) == ["2611.00001", None]


async def test_a_paper_that_is_there_already_takes_the_entry_over(stage: Stage):
    stage.world.add(REWARD, Paper("2310.00002", "Cited"))
    await stage.write(
        "261112 Before",
        "https://arxiv.org/abs/2310.00002\n\n생각. https://arxiv.org/abs/2611.00001\n",
    )
    await stage.round()
    await write_page(stage)
    await stage.round()

    async with stage.db.reading() as tx:
        rows = await tx.all("SELECT key FROM paper ORDER BY key")
    assert await ids(stage) == ["2611.00001", None]
    assert [row["key"] for row in rows] == [
        "arxiv:2310.00002",
        "arxiv:2611.00001",
        "title:small kernels everywhere",
    ]


async def test_an_edited_page_keeps_its_paper_without_a_new_search(stage: Stage):
    stage.world.add(REWARD, Paper("2310.00002", "Cited"))
    await write_page(stage)
    await stage.round()
    asked = len(stage.arxiv.log)
    await write_page(stage, PAGE.replace("보상에 대한 생각.", "보상에 대한 다른 생각."))
    await stage.round()

    assert await ids(stage) == ["2611.00001", None]
    assert len(stage.arxiv.log) == asked


async def test_an_edited_page_keeps_its_papers_at_once_and_its_other_entries_as_they_are(
    stage: Stage,
):
    kernels = Paper("2611.00002", "Small Kernels Everywhere", authors=("Dora Beispiel",))
    stage.world.add(REWARD, kernels, Paper("2310.00002", "Cited"))
    await write_page(stage)
    await stage.round()
    path = stage.folder.parent / "2026-11-13.txt"
    path.write_text(PAGE.replace("보상에 대한 생각.", "보상에 대한 다른 생각."), encoding="utf-8")
    report = await import_files(stage.db, [path], now=stage.time())

    assert await ids(stage) == ["2611.00001", "2611.00002"]
    assert (report.new, report.updated, report.unchanged) == (0, 1, 1)
    async with stage.db.reading() as tx:
        assert not await tx.all("SELECT key FROM paper WHERE key LIKE 'title:%'")


async def test_a_paper_that_was_found_is_found_for_the_next_entry_about_it(stage: Stage):
    stage.world.add(REWARD, Paper("2310.00002", "Cited"))
    await write_page(stage)
    await stage.round()
    path = stage.folder.parent / "2026-11-14.txt"
    again = PAGE.replace("2026-11-13", "2026-11-14")
    path.write_text(again, encoding="utf-8")
    await import_files(stage.db, [path], now=stage.time())

    async with stage.db.reading() as tx:
        first, *_ = await entries.on_date(tx, date(2026, 11, 14))
    assert str(first.entry.paper.arxiv_id) == "2611.00001"


async def test_an_edited_page_is_never_without_the_paper_that_was_found(stage: Stage):
    stage.world.add(REWARD, Paper("2310.00002", "Cited"))
    await write_page(stage)
    await stage.round()
    await write_page(stage, PAGE.replace("보상에 대한 생각.", "보상에 대한 다른 생각."))

    assert await ids(stage) == ["2611.00001", None]


async def test_importing_the_page_again_changes_nothing(stage: Stage):
    stage.world.add(REWARD, Paper("2310.00002", "Cited"))
    await write_page(stage)
    await stage.round()
    report = await import_files(
        stage.db, [stage.folder.parent / "2026-11-13.txt"], now=stage.time()
    )

    assert (report.new, report.updated, report.unchanged) == (0, 0, 2)
    assert await ids(stage) == ["2611.00001", None]


async def test_notes_about_no_paper_are_never_asked_about(stage: Stage):
    await stage.write("261113 MelGAN", "멜 스펙트로그램에 대한 메모.\n\n#audio\n")
    await stage.write("261113 메모", "아무 논문도 아닌 메모.\n")
    await stage.round()

    assert stage.arxiv.log == []
    assert len((await stage.status()).open) == 2


async def test_a_common_title_does_not_crowd_the_others_out(stage: Stage):
    stage.world.add(
        *(
            Paper(f"2001.{n:05}", f"Small Kernels Everywhere {n}", authors=("A B",))
            for n in range(150)
        ),
        REWARD,
        Paper("2310.00002", "Cited"),
    )
    await write_page(stage)
    await stage.round()

    assert await ids(stage) == ["2611.00001", None]
    assert stage.arxiv.impolite() == []


async def test_a_search_that_fails_is_made_later(stage: Stage):
    stage.world.add(REWARD, Paper("2310.00002", "Cited"))
    await write_page(stage)
    stage.arxiv.fail(FaultKind.TRUNCATED)
    await stage.round()
    before = await ids(stage)
    stage.time.pass_by(seconds=40)
    await stage.round()

    assert before == [None, None]
    assert await ids(stage) == ["2611.00001", None]


async def test_a_search_that_is_refused_is_made_title_by_title(stage: Stage):
    stage.world.add(REWARD, Paper("2310.00002", "Cited"))
    stage.arxiv.fail(FaultKind.REFUSED)
    await write_page(stage)
    await stage.round()

    searches = [query for query in stage.asked(parameter="search_query") if query]
    assert [query.count(" OR ") for query in searches] == [1, 0, 0]
    assert await ids(stage) == ["2611.00001", None]
