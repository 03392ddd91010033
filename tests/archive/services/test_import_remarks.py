"""What an import says about notes that it can read: warnings that stop nothing (issue 13, item 7)."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.archive.domain.entry import Severity
from bot.archive.services.import_files import import_files
from bot.archive.services.import_report import ImportReport
from bot.core.database.database import Database
from tests.databases import throw_away

NOW = datetime(2025, 2, 4, 3, tzinfo=UTC)
LINK = "https://arxiv.org/abs/2501.18965\n\n*A Title* (Ada Example)\n\n"


@pytest.fixture
async def db() -> AsyncIterator[Database]:
    async with throw_away() as database:
        yield database


async def imported(
    db: Database, folder: Path, notes: Mapping[str, str], *, dry_run: bool = False
) -> ImportReport:
    for name, text in notes.items():
        (folder / name).write_text(text, encoding="utf-8")
    return await import_files(db, [folder], now=NOW, dry_run=dry_run)


def remarks(report: ImportReport) -> list[tuple[str, str]]:
    assert report.problems == ()
    assert {problem.severity for problem in report.remarks} <= {Severity.WARNING}
    return [(Path(problem.path).name, problem.kind) for problem in report.remarks]


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("250204 Empty.md", "", "empty note"),
        ("250204 Only Tags.md", "---\ntitle: x\n---\n%%later%%\n\n#rl #moe\n", "empty note"),
        (
            "250204 Untitled 2.md",
            "https://arxiv.org/abs/2501.18965\n\n흥미로운 결과입니다.\n",
            "no title",
        ),
        ("Some Note.md", LINK + "흥미로운 결과입니다.\n", "no date"),
        ("250204 A.md", LINK + "좋은 글입니다.\n\n<english>\nA good text.\n", "unclosed <english>"),
        (
            "250204 Two.md",
            f"https://arxiv.org/abs/2502.00001\n{LINK}좋은 글입니다.\n",
            "several links",
        ),
        (
            "250204 Line.md",
            f"https://arxiv.org/abs/2502.00001 https://arxiv.org/abs/2502.00002\n{LINK}좋은 글입니다.\n",
            "several links",
        ),
    ],
)
async def test_a_note_that_looks_wrong_is_imported_with_one_warning(
    db: Database, tmp_path: Path, name: str, text: str, kind: str
):
    report = await imported(db, tmp_path, {name: text})

    assert remarks(report) == [(name, kind)]
    assert report.new == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("250204 Named By Its File.md", "https://arxiv.org/abs/2501.18965\n\n좋은 글입니다.\n"),
        ("250204 A.md", LINK + "<english>\nGood.\n</english>\n<English>More.</English>\n"),
        ("250204 A.md", "https://arxiv.org/pdf/2501.18965v2\n" + LINK + "좋은 글입니다.\n"),
        ("250204 A.md", "https://github.com/a/b\n" + LINK + "좋은 글입니다.\n"),
        ("250204 A.md", LINK + "`<english>` marks English.\n"),
        ("250204 Only A Title.md", "# Only A Title\n"),
    ],
)
async def test_what_curators_write_on_purpose_gives_no_warning(
    db: Database, tmp_path: Path, name: str, text: str
):
    assert remarks(await imported(db, tmp_path, {name: text})) == []


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_tag_that_is_nearly_a_known_one_is_named(
    db: Database, tmp_path: Path, dry_run: bool
):
    notes = {
        f"25020{day} N{day}.md": f"*T{day}* (A B)\n\n좋은 글입니다.\n\n#reasoning #models\n"
        for day in range(1, 5)
    }
    notes["250209 Odd.md"] = "*Odd* (A B)\n\n좋은 글입니다.\n\n#reasnoing #model\n"

    report = await imported(db, tmp_path, notes, dry_run=dry_run)

    assert remarks(report) == [("250209 Odd.md", "tag nearly known")]
    assert "#reasnoing" in report.remarks[0].message
    assert "#reasoning, as in 4 others" in report.remarks[0].message


@pytest.mark.parametrize("dry_run", [False, True])
async def test_the_same_paper_on_neighbouring_days_is_named(
    db: Database, tmp_path: Path, dry_run: bool
):
    await imported(
        db, tmp_path, {"250101 Long Ago.md": LINK + "첫 글.\n", "250202 A.md": LINK + "둘째.\n"}
    )

    report = await imported(db, tmp_path, {"250204 B.md": LINK + "셋째.\n"}, dry_run=dry_run)

    assert remarks(report) == [("250204 B.md", "same paper")]
    assert "2501.18965 is also in" in report.remarks[0].message
    assert "250202 A.md of 2025-02-02" in report.remarks[0].message


async def test_unchanged_files_are_not_remarked_on_again(db: Database, tmp_path: Path):
    notes = {"250204 Empty.md": "", "Undated.md": LINK + "글.\n", "250204 A.md": LINK + "글.\n"}
    await imported(db, tmp_path, notes)

    assert remarks(await imported(db, tmp_path, {})) == []


async def test_what_may_be_posted_is_counted_by_date_and_tags(db: Database, tmp_path: Path):
    notes = {
        "250204 A.md": LINK + "글.\n\n#rl\n",
        "250204 Empty.md": "",
        "Undated.md": LINK + "글.\n",
    }

    report = await imported(db, tmp_path, notes)

    assert dict(report.added) == {(date(2025, 2, 4), ("rl",)): 1}
