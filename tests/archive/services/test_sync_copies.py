"""Copies that sync tools and file managers make of a note: one entry, and a warning."""

import unicodedata
from pathlib import Path

import pytest

from bot.archive.domain.entry import Severity
from bot.archive.services import export
from bot.archive.services.import_files import import_files
from bot.archive.services.import_report import ImportReport
from bot.core.database.database import Database
from bot.lookup.services.selection import chosen
from tests.archive_stage import NOW, found, write_notes
from tests.databases import throw_away

NOTE = "https://arxiv.org/abs/2501.00001\n\n*Alpha* (Ada Lovelace)\n\n한국어로 쓴 생각.\n\n#rl\n"
OTHER = "https://arxiv.org/abs/2501.00002\n\n*Beta* (Ada Lovelace)\n\n한국어로 쓴 생각.\n\n#rl\n"

CONFLICTS = [
    "Alpha.sync-conflict-20250203-101500-ABCDEFG.md",
    "Alpha.sync-conflict-20250203-101500.md",
    "Alpha~20250203-101500.md",
    "Alpha (conflicted copy 2025-02-03).md",
    "Alpha (Ada's conflicted copy 2025-02-03).md",
    "Alpha (Ada's conflicted copy 2025-02-03) (1).md",
    "Alpha (Conflicted copy Pixel 8 202502031015).md",
    "Alpha (conflicted copy 2025-02-03 101500).md",
    "Alpha (Case Conflict).md",
    "Alpha (Case Conflict 1).md",
    "Alpha (Ada의 충돌하는 사본 2025-02-03).md",
    "Alpha (Ada의 충돌된 복사본 2025-02-03).md",
    "Alpha (Ada の競合コピー 2025-02-03).md",
    "Alpha (Ada 的冲突副本 2025-02-03).md",
    "Alpha (Ada 的衝突複本 2025-02-03).md",
    "Alpha (In Konflikt stehende Kopie von Ada 2025-02-03).md",
    "Alpha (Copie en conflit de Ada 2025-02-03).md",
    "Alpha (Copia en conflicto de Ada 2025-02-03).md",
    "Alpha (конфликтующая копия Ada 2025-02-03).md",
    "Alpha (SFConflict ada@example.org 2025-02-03-10-15-00).md",
    "Alpha_conf(1).md",
    "Alpha [conflicted].md",
    "Alpha_conflict-20250203-101500.md",
    "Alpha_nas_Feb-03-101500-2025_Conflict.md",
    "Alpha_LOCAL_4711.md",
]
DUPLICATES = [
    "Alpha 2.md",
    "Alpha 1.md",
    "Alpha (1).md",
    "Alpha(2).md",
    "Alpha copy.md",
    "Alpha copy 3.md",
    "Alpha - Copy.md",
    "Alpha - Copy (2).md",
    "Alpha 복사본.md",
    "Alpha - 복사본 (2).md",
    "Alpha의 사본.md",
    "Copy of Alpha.md",
    "사본 - Alpha.md",
    "Alpha - Kopie.md",
    "Alpha のコピー.md",
    "Alpha-DESKTOP-AB12CD3.md",
    "Alpha-PC.md",
    "Alpha-MacBook-Pro-2.md",
    "Alpha.bak.md",
    "Alpha.orig.md",
    "Alpha.dup.md",
    "Alpha_복사본.md",
    "Alpha의 복사본.md",
    "Alpha-거실PC.md",
    "Alpha-Adas-Mac.local.md",
    "alpha 2.MD",
    "~Alpha.md",
    "Alpha_20250203.md",
    "Alpha-2025-02-03-10-15.md",
    "Alpha 2025-02-03 101500.md",
    "Alpha (Edited).md",
    "Alpha.MINE.md",
    "Alpha.remote.md",
]


async def take_in(db: Database, *paths: Path) -> ImportReport:
    return await import_files(db, paths, now=NOW, withdraw_missing=True)


@pytest.mark.parametrize("name", CONFLICTS + DUPLICATES)
async def test_a_copy_is_left_out_with_a_warning_that_names_the_original(db, tmp_path, name):
    changed = NOTE.replace("생각", "다른 생각")
    write_notes(tmp_path, {"2025/Alpha.md": NOTE, f"2025/{name}": changed})

    report = await take_in(db, tmp_path)

    assert (report.new, await found(db, "")) == (1, ["Alpha"])
    (problem,) = report.problems
    assert (problem.severity, problem.path) == (Severity.WARNING, f"{tmp_path}/2025/{name}")
    assert f"a copy of {tmp_path}/2025/Alpha.md " in problem.message


async def test_six_copies_of_a_note_are_one_entry(db, tmp_path):
    names = ["Alpha.md", *CONFLICTS[:3], *DUPLICATES[:3]]
    write_notes(tmp_path, dict.fromkeys(names, NOTE))

    report = await take_in(db, *sorted(tmp_path.iterdir()))

    assert report.new == 1
    assert len(report.problems) == 6


@pytest.mark.parametrize("name", DUPLICATES)
async def test_a_note_about_another_paper_is_imported_whatever_its_name(db, tmp_path, name):
    write_notes(tmp_path, {"Alpha.md": NOTE, name: OTHER})

    report = await take_in(db, tmp_path)

    assert (report.new, report.problems) == (2, ())


@pytest.mark.parametrize("name", CONFLICTS + DUPLICATES)
async def test_a_copy_without_its_original_is_imported(db, tmp_path, name):
    write_notes(tmp_path, {name: NOTE, "other/Alpha.md": NOTE})

    report = await take_in(db, tmp_path)

    assert (report.new, report.problems) == (2, ())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GPT 2.md", "# GPT 2\n\n좋다.\n"),
        ("GPT-Neo.md", "# GPT\n\nAn open model, by other people.\n"),
        ("GPT (conflict resolution).md", "How a model resolves a conflict.\n"),
    ],
)
async def test_notes_without_a_url_are_copies_only_with_the_same_words(db, tmp_path, name, text):
    write_notes(tmp_path, {"GPT.md": "# GPT\n\n좋다.\n", name: text})

    report = await take_in(db, tmp_path)

    assert (report.new, report.problems) == (2, ())


async def test_without_the_original_the_newest_conflict_copy_is_imported(db, tmp_path):
    names = [f"Alpha.sync-conflict-2025020{day}-101500-ABCDEFG.md" for day in (1, 2, 3)]
    write_notes(tmp_path, {name: f"{NOTE}\n{name}" for name in names})

    report = await take_in(db, tmp_path)

    assert report.new == 1
    assert [Path(problem.path).name for problem in report.problems] == names[:2]


@pytest.mark.parametrize(
    "names",
    [
        [unicodedata.normalize(form, "250203 알파.md") for form in ("NFC", "NFD")],
        ["Alpha.md", "alpha.md"],
        ["Alpha.md", "ALPHA.MD"],
    ],
)
async def test_one_note_under_names_that_differ_in_form_only_is_one_entry(db, tmp_path, names):
    write_notes(tmp_path, dict.fromkeys(names, NOTE))

    report = await take_in(db, tmp_path)

    assert (report.new, len(report.problems)) == (1, 1)


async def test_different_notes_whose_names_differ_in_case_only_are_both_imported(db, tmp_path):
    write_notes(tmp_path, {"GAN.md": NOTE, "Gan.md": OTHER, "gan.md": "Something else\n"})

    report = await take_in(db, tmp_path)

    assert (report.new, report.problems) == (3, ())


async def test_a_copy_with_a_korean_name_in_nfd_is_left_out(db, tmp_path):
    name = unicodedata.normalize("NFD", "알파의 사본.md")
    write_notes(tmp_path, {"알파.md": NOTE, name: NOTE})

    report = await take_in(db, tmp_path)

    assert (report.new, len(report.problems)) == (1, 1)


async def test_an_empty_note_has_no_copies(db, tmp_path):
    write_notes(tmp_path, {"Alpha.md": "", "Alpha 2.md": NOTE})

    report = await take_in(db, tmp_path)

    assert report.new == 2


async def test_an_entry_whose_file_becomes_a_copy_is_withdrawn(db, tmp_path):
    write_notes(tmp_path, {"Alpha 2.md": NOTE})
    await take_in(db, tmp_path)
    write_notes(tmp_path, {"Alpha.md": NOTE})

    report = await take_in(db, tmp_path)

    assert (report.new, report.withdrawn) == (1, 1)
    assert await found(db, "") == ["Alpha"]


@pytest.mark.parametrize("name", ["~$Alpha.md", "~$pha.md"])
async def test_a_lock_file_is_left_out_with_a_warning(db, tmp_path, name):
    write_notes(tmp_path, {"Alpha.md": NOTE, name: "\0ada"})

    report = await take_in(db, tmp_path)

    assert report.new == 1
    (problem,) = report.problems
    assert problem.severity is Severity.WARNING
    assert f"lock file of {tmp_path}/Alpha.md" in problem.message


@pytest.mark.parametrize(
    "name", [".Alpha.md.icloud", "Alpha.md.icloud", "Alpha.md.nextcloud", "Alpha.md.rslsc"]
)
async def test_a_note_that_is_only_a_placeholder_keeps_its_entry(db, tmp_path, name):
    write_notes(tmp_path, {"Alpha.md": NOTE, "Beta.md": OTHER})
    await take_in(db, tmp_path)
    (tmp_path / "Alpha.md").unlink()
    (tmp_path / name).write_bytes(b"bplist00\0\1")

    report = await take_in(db, tmp_path)

    assert (report.unchanged, report.withdrawn) == (1, 0)
    (problem,) = report.problems
    assert problem.severity is Severity.WARNING
    assert "Alpha.md is not on this machine" in problem.message


async def test_swap_and_backup_files_of_editors_are_not_imported(db, tmp_path):
    names = (
        *(".Alpha.md.swp", "Alpha.md~", "#Alpha.md#", ".#Alpha.md", "Alpha.md.bak", "._Alpha.md"),
        *(".syncthing.Alpha.md.tmp", "Alpha.md.part", ".~lock.Alpha.md#", "4913"),
    )
    write_notes(tmp_path, {"Alpha.md": NOTE} | dict.fromkeys(names, "x"))

    report = await take_in(db, tmp_path)

    assert (report.new, report.problems) == (1, ())


async def test_backups_of_editors_named_by_a_shell_are_left_out(db, tmp_path):
    names = (
        *("Alpha.md~", "Alpha.md.~1~", "#Alpha.md#", "Alpha.md.bak", "Alpha.md.orig"),
        *("~syncthing~Alpha.md.tmp", ".Alpha.md.swp", "Alpha.md.part"),
    )
    write_notes(tmp_path, {"Alpha.md": NOTE} | dict.fromkeys(names, NOTE))

    report = await take_in(db, *sorted(tmp_path.iterdir()))

    assert report.new == 1
    assert {Path(problem.path).name for problem in report.problems} == set(names)


async def test_entries_with_equal_titles_survive_export_and_import(db, tmp_path):
    entry = "Alpha\n(Ada Lovelace, Alan Turing)\nThe same thought.\n#rl\n"
    write_notes(tmp_path, {"in/day.txt": "2025-02-04\n" + entry * 3})
    first = await take_in(db, tmp_path / "in")
    await export.export_vault(chosen(db, "", as_written=True), tmp_path / "out")

    async with throw_away() as other:
        again = await take_in(other, tmp_path / "out")

    assert (first.new, again.new, again.problems) == (3, 3, ())
