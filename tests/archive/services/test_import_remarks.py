"""What an import says about notes that it can read: warnings that stop nothing (issue 13, item 7)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.archive.domain.checks.facts import Facts
from bot.archive.domain.entry import Language, Severity
from bot.archive.services.import_files import import_files
from bot.archive.services.import_report import ImportReport
from bot.archive.services.lint import lint
from bot.archive.store import tags
from bot.core.database.database import Database

NOW = datetime(2025, 2, 4, 3, tzinfo=UTC)
LINK = "https://arxiv.org/abs/2501.18965\n\n*A Title* (Ada Example)\n\n"


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
        (
            "250204 Own.md",
            LINK + "이 글은 https://arxiv.org/abs/2501.18965v3 과 비교합니다.\n",
            "reference to the paper itself",
        ),
        ("250212 Ahead.md", LINK + "좋은 글입니다.\n", "date in the future"),
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
        ("250211 Next Week.md", LINK + "좋은 글입니다.\n"),
        ("250204 A.md", LINK + "arXiv:2501.18966 과 비교합니다.\n"),
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


async def test_a_note_is_checked_against_what_arxiv_and_the_channels_say(
    db: Database, tmp_path: Path
):
    facts = Facts(
        date(2025, 2, 4),
        absent=frozenset({"2502.99999"}),
        languages=frozenset({frozenset(Language), frozenset({Language.EN})}),
    )
    notes = {
        "250204 Korean.md": LINK + "좋은 글입니다.\n",
        "250204 Both.md": LINK.replace("18965", "18966") + "좋은 글.\n\n<english>Good.</english>\n",
        "250101 Of Long Ago.md": LINK.replace("18965", "18967") + "좋은 글입니다.\n",
        "250203 No Paper.md": "https://arxiv.org/abs/2502.99999\n\n*T* (A B)\n\n<english>Good.</english>\n",
    }
    for name, text in notes.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    report = await import_files(db, [tmp_path], now=NOW, facts=facts)

    assert sorted(remarks(report)) == [
        ("250203 No Paper.md", "unknown at arXiv"),
        ("250204 Korean.md", "missing language"),
    ]


async def test_lint_says_what_an_import_says_and_knows_the_archive(db: Database, tmp_path: Path):
    known = {
        f"25020{day} N{day}.md": f"*T{day}* (A B)\n\n좋은 글입니다.\n\n#reasoning\n"
        for day in range(1, 4)
    }
    vault, other = tmp_path / "vault", tmp_path / "other"
    for folder in (vault, other):
        folder.mkdir()
    await imported(db, vault, {**known, "250203 A.md": LINK + "첫 글.\n"})
    (other / "250203 A.md").write_text(LINK + "첫 글.\n", encoding="utf-8")
    alone = await lint([other], now=NOW, archive=db)
    (other / "250204 B.md").write_text(LINK + "둘째 글.\n\n#reasnoing\n", encoding="utf-8")
    (other / "page.txt").write_text("no page\n", encoding="utf-8")

    files, found = await lint([other], now=NOW, archive=db)
    _, unknown = await lint([other], now=NOW)

    assert alone == (1, ())
    assert files == 3
    kinds = [(Path(problem.path).name, problem.severity, problem.kind) for problem in found]
    assert kinds[0] == ("page.txt", Severity.ERROR, "")
    assert set(kinds[1:]) == {
        ("250204 B.md", Severity.WARNING, "tag nearly known"),
        ("250204 B.md", Severity.WARNING, "same paper"),
    }
    assert [problem.kind for problem in unknown] == ["", "same paper"]
    async with db.reading() as tx:
        assert "reasnoing" not in await tags.count_uses(tx)
