"""The import: idempotent, keeps ids, loses nothing, and continues after a bad file."""

import asyncio
import os
import random
import shutil
import unicodedata
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.archive.domain.entry import Severity, StoredEntry
from bot.archive.services import export
from bot.archive.services.import_files import STDIN, import_files
from bot.archive.services.import_report import ImportReport
from bot.archive.store import entries
from bot.core.database.database import Database, opened
from bot.core.database.sqlite.opening import open_sqlite
from bot.core.domain.errors import StorageError
from bot.lookup.services import lookup, selection
from tests.archive_stage import NOW, write_notes
from tests.databases import throw_away

LATER = NOW + timedelta(hours=1)

ATTENTION = """https://arxiv.org/abs/1706.03762

*Attention Is All You Need* (Ashish Vaswani, Noam Shazeer)

어텐션만으로 번역을 한다.

#transformer #long_context
"""
REWARDS = """https://arxiv.org/abs/2502.01456

*Process Rewards* (Ganqu Cui)

과정 보상을 암묵적으로 배운다. (https://arxiv.org/abs/1706.03762)

#rl

# Links

[[170612 Attention.md]]
"""
PAGE = """2025년 2월 4일
First Paper
(Ada Lovelace, Alan Turing)
We count to one. It is enough for most purposes and is easily extended.
하나를 센다.
It counts to one.
#counting
Second Paper
(Grace Hopper)
We count to two. The result is compared with counting to one, and is larger.
둘을 센다.
It counts to two.
#counting #rl
"""

LONG_TAG = f"x{random.Random(7).getrandbits(16_000):x}"
"""PostgreSQL compresses long texts before it indexes them: this one cannot be."""


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    return write_notes(
        tmp_path / "vault",
        {
            "2017/170612 Attention.md": ATTENTION,
            "2025/250203 Rewards.md": REWARDS,
            ".obsidian/Hidden.md": "hidden",
            "2025/picture.png": "\0",
        },
    )


async def take_in(db: Database, *paths: Path, **options: object) -> ImportReport:
    return await import_files(db, paths, now=NOW, **options)  # type: ignore[arg-type]


async def kept(db: Database) -> dict[str, StoredEntry]:
    """Entries by title, withdrawn ones not included."""
    return {
        stored.entry.paper.title: stored
        async for stored in selection.chosen(db, "", as_written=True)
    }


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.new, report.updated, report.unchanged, report.withdrawn


async def test_importing_a_vault_counts_what_it_contains(db, vault):
    report = await take_in(db, vault)

    assert (report.files, counts(report)) == (2, (2, 0, 0, 0))
    assert (report.papers, report.references, report.links, report.tags) == (2, 1, 1, 3)
    assert report.problems == ()
    rewards = (await kept(db))["Process Rewards"]
    assert rewards.entry.date == date(2025, 2, 3)
    assert rewards.entry.source.path == "2025/250203 Rewards.md"
    assert rewards.entry.references[0].title == "Attention Is All You Need"


async def test_importing_again_changes_nothing(db, vault):
    await take_in(db, vault)
    before = await kept(db)

    report = await import_files(db, [vault], now=LATER)

    assert counts(report) == (0, 0, 2, 0)
    assert (report.papers, report.references, report.links, report.tags) == (2, 1, 1, 3)
    assert await kept(db) == before


async def test_a_changed_note_updates_its_entry_and_keeps_its_id(db, vault):
    await take_in(db, vault)
    before = await kept(db)
    note = vault / "2025/250203 Rewards.md"
    note.write_text(REWARDS.replace("배운다", "익힌다").replace("#rl", "#reasoning"))

    report = await take_in(db, vault)

    after = await kept(db)
    assert counts(report) == (0, 1, 1, 0)
    assert report.changed == (before["Process Rewards"].id,)
    assert after["Process Rewards"].id == before["Process Rewards"].id
    assert await titles(db, "익힌다") == ["Process Rewards"]
    assert await titles(db, "배운다") == []
    assert await titles(db, "#rl") == []
    assert await titles(db, "reasoning") == ["Process Rewards"]


async def titles(db: Database, query: str) -> list[str]:
    results = await lookup.look_up(db, query)
    return [stored.entry.paper.title for stored in results.entries]


async def test_a_changed_date_moves_the_entry_to_that_date(db, vault):
    await take_in(db, vault)
    (vault / "2025/250203 Rewards.md").rename(vault / "2025/160101 Rewards.md")

    report = await take_in(db, vault)

    assert counts(report) == (0, 1, 1, 0)
    assert await titles(db, "") == ["Attention Is All You Need", "Process Rewards"]
    assert await titles(db, "date:2016 과정") == ["Process Rewards"]


async def test_a_changed_page_updates_adds_and_reorders_entries(db, tmp_path):
    page = write_notes(tmp_path, {"day.txt": PAGE}) / "day.txt"
    await take_in(db, page)
    before = await kept(db)
    third = (
        "Zeroth Paper\n(Kurt Gödel)\nWe count to zero, which is rarely done.\n영을 센다.\n#zero\n"
    )
    page.write_text(
        PAGE.replace("First Paper\n", third + "First Paper\n").replace("둘을", "두 개를")
    )

    report = await take_in(db, page)

    after = await kept(db)
    assert counts(report) == (1, 1, 1, 0)
    assert {title: stored.id for title, stored in before.items()}.items() <= {
        title: stored.id for title, stored in after.items()
    }.items()
    async with db.reading() as tx:
        day = await entries.on_date(tx, date(2025, 2, 4))
    assert [s.entry.paper.title for s in day] == ["Zeroth Paper", "First Paper", "Second Paper"]


async def test_an_entry_removed_from_its_page_is_withdrawn_and_restored(db, tmp_path):
    page = write_notes(tmp_path, {"day.txt": PAGE}) / "day.txt"
    await take_in(db, page)
    before = await kept(db)
    page.write_text(PAGE.partition("Second Paper")[0])

    gone = await take_in(db, page)
    without = await kept(db)
    page.write_text(PAGE)
    back = await take_in(db, page)

    assert counts(gone) == (0, 0, 1, 1)
    assert list(without) == ["First Paper"]
    assert counts(back) == (0, 1, 1, 0)
    assert await kept(db) == before


async def test_two_notes_about_one_paper_are_two_entries(db, vault):
    write_notes(vault, {"2025/250301 Attention again.md": ATTENTION.replace("번역을", "요약도")})

    report = await take_in(db, vault)

    assert (report.new, report.papers) == (3, 2)
    assert len(await titles(db, "1706.03762")) == 2


async def test_spellings_of_a_tag_are_one_tag(db, tmp_path):
    write_notes(
        tmp_path,
        {f"{n}.md": f"Note {n}\n\n#{tag}\n" for n, tag in enumerate(["GAN", "gan", "Gan"])}
        | {"long.md": "Long\n\n#long_context\n", "longer.md": "Longer\n\n#long-context\n"},
    )

    report = await take_in(db, tmp_path)

    assert report.tags == 2
    assert len(await titles(db, "#GAN")) == 3
    assert len(await titles(db, "long_context")) == 2


@pytest.mark.parametrize(
    ("text", "kept_text"),
    [
        ("[글](notes/a%00b.md) 참고.", "[글](notes/a%00b.md) 참고."),
        ("[글](notes/a%0Ab.md) 참고.", "[글](notes/a%0Ab.md) 참고."),
        (f"긴 #{LONG_TAG} 글.", f"긴 #{LONG_TAG} 글."),
        (f"글.\n\n#rl #{LONG_TAG}", f"글.\n\n#rl #{LONG_TAG}"),
    ],
    ids=["nul", "line feed", "tag in text", "tag in line"],
)
async def test_a_note_that_no_database_can_index_stops_no_import(db, tmp_path, text, kept_text):
    write_notes(
        tmp_path,
        {
            "Bad.md": f"{text}\n\n#rl\n\n# Links\n\n[[Good]]\n[글](Other%20One.md)\n",
            "Good.md": "좋은 글.\n\n#moe\n",
        },
    )

    report = await take_in(db, tmp_path)

    stored = {title: each.entry for title, each in (await kept(db)).items()}
    assert report.new == 2
    assert stored["Good"].tags == ("moe",)
    assert stored["Bad"].tags == ("rl",)
    assert stored["Bad"].links == ("Good", "Other One")
    assert "\n\n".join(part.text for part in stored["Bad"].commentary).startswith(kept_text)
    assert await titles(db, "#moe") == ["Good"]


async def test_a_link_to_two_notes_of_one_name_is_reported(db, tmp_path):
    write_notes(
        tmp_path,
        {
            "2024/Same.md": "One",
            "2025/Same.md": "Other",
            "2025/Linking.md": "A thought\n\n# Links\n\n[[Same]]\n[[2024/Same]]\n",
        },
    )

    report = await take_in(db, tmp_path)

    assert report.new == 3
    (problem,) = report.problems
    assert problem.path == str(tmp_path / "2025/Linking.md")
    assert (problem.line, problem.severity) == (5, Severity.WARNING)
    assert "2024/Same.md, 2025/Same.md" in problem.message


async def test_a_vault_imported_by_another_path_adds_no_entries(db, vault, tmp_path):
    await take_in(db, vault)
    (tmp_path / "link").symlink_to(vault)
    shutil.copytree(vault, tmp_path / "copy")
    before = {title: stored.id for title, stored in (await kept(db)).items()}

    for way in (
        [vault / "2025"],
        [vault / "2025/250203 Rewards.md"],
        [tmp_path / "link"],
        [tmp_path / "copy"],
        [Path(os.path.relpath(vault))],  # noqa: ASYNC240  nothing waits here
        [vault, vault / "2025", tmp_path / "link"],
    ):
        report = await take_in(db, *way)
        assert (report.new, report.updated) == (0, 0), way

    assert {title: stored.id for title, stored in (await kept(db)).items()} == before


async def test_a_note_imported_alone_and_with_its_vault_is_one_entry(db, vault):
    await take_in(db, vault / "2025/250203 Rewards.md")

    report = await take_in(db, vault)

    assert counts(report) == (1, 0, 1, 0)
    assert (await kept(db))["Process Rewards"].entry.source.path == "2025/250203 Rewards.md"


async def test_a_changed_note_imported_alone_keeps_what_its_folders_say(db, tmp_path):
    note = write_notes(tmp_path, {"2025/02/03 Alpha.md": "한 생각"}) / "2025/02/03 Alpha.md"
    await take_in(db, tmp_path)
    note.write_text("두 생각")

    report = await take_in(db, note)
    (stored,) = (await kept(db)).values()

    assert counts(report) == (0, 1, 0, 0)
    assert (stored.entry.paper.title, stored.entry.date) == ("Alpha", date(2025, 2, 3))
    assert stored.entry.source.path == "2025/02/03 Alpha.md"


@pytest.mark.parametrize("given", ["", "2025", "2025/02", "2025/02/04/Alpha.md"])
async def test_a_note_moved_to_another_days_folder_gets_that_date(db, tmp_path, given):
    write_notes(tmp_path, {"2025/02/03/Alpha.md": "한 생각", "2025/02/04/Beta.md": "두 생각"})
    await take_in(db, tmp_path)
    before = await kept(db)
    (tmp_path / "2025/02/03/Alpha.md").rename(tmp_path / "2025/02/04/Alpha.md")

    moved = await take_in(db, tmp_path / given)
    after = await kept(db)
    again = await take_in(db, tmp_path)

    assert (moved.new, moved.updated) == (0, 1)
    assert after["Alpha"].id == before["Alpha"].id
    assert after["Alpha"].entry.date == date(2025, 2, 4)
    assert after["Alpha"].entry.source.path == "2025/02/04/Alpha.md"
    assert counts(again) == (0, 0, 2, 0)


async def test_a_note_first_imported_alone_gets_its_date_from_its_folders_later(db, tmp_path):
    write_notes(tmp_path, {"2025/02/03/Alpha.md": "한 생각"})
    await take_in(db, tmp_path / "2025/02/03/Alpha.md")

    report = await take_in(db, tmp_path)
    alone = await take_in(db, tmp_path / "2025/02/03/Alpha.md")

    assert counts(report) == (0, 1, 0, 0)
    assert counts(alone) == (0, 0, 1, 0)
    assert (await kept(db))["Alpha"].entry.date == date(2025, 2, 3)


async def test_a_new_note_imported_alone_is_named_within_the_given_folder(db, tmp_path):
    notes = {"vault/2025/02/03/Alpha.md": "한 생각", "2025/02/04/Beta.md": "두 생각"}
    alpha, beta = (write_notes(tmp_path, notes) / path for path in notes)

    await take_in(db, alpha, beta, within=tmp_path / "vault")
    alone = {title: (s.entry.date, s.entry.source.path) for title, s in (await kept(db)).items()}
    again = await take_in(db, tmp_path / "vault")

    assert alone == {
        "Alpha": (date(2025, 2, 3), "2025/02/03/Alpha.md"),
        "Beta": (None, "Beta.md"),
    }
    assert counts(again) == (0, 0, 1, 0)


async def test_importing_a_changed_copy_of_a_vault_updates_the_entries(db, vault, tmp_path):
    await take_in(db, vault)
    copy = tmp_path / "copy"
    shutil.copytree(vault, copy)
    (copy / "2025/250203 Rewards.md").write_text(REWARDS.replace("배운다", "익힌다"))

    report = await take_in(db, copy)

    assert counts(report) == (0, 1, 1, 0)


async def test_files_that_share_only_a_name_are_different_sources(db, tmp_path):
    write_notes(tmp_path, {"a/README.md": "One thought", "b/README.md": "Another thought"})

    reports = [await take_in(db, tmp_path / folder) for folder in ("a", "b", "a", "b")]

    assert [counts(report) for report in reports] == [
        (1, 0, 0, 0),
        (1, 0, 0, 0),
        (0, 0, 1, 0),
        (0, 0, 1, 0),
    ]


async def test_a_renamed_note_keeps_its_entry(db, vault):
    await take_in(db, vault)
    before = await kept(db)
    (vault / "2017/170612 Attention.md").rename(vault / "170612 Transformers.md")

    report = await take_in(db, vault)

    attention = (await kept(db))["Attention Is All You Need"]
    assert report.new == 0
    assert attention.id == before["Attention Is All You Need"].id
    assert attention.entry.source.path == "170612 Transformers.md"


async def test_file_names_in_nfc_and_nfd_are_the_same_note(db, tmp_path):
    name = "250101 한글 이름.md"
    write_notes(tmp_path / "a", {f"n/{unicodedata.normalize('NFD', name)}": "생각"})
    write_notes(tmp_path / "b", {f"n/{unicodedata.normalize('NFC', name)}": "생각"})

    await take_in(db, tmp_path / "a")
    report = await take_in(db, tmp_path / "b")

    assert counts(report) == (0, 0, 1, 0)
    (stored,) = (await kept(db)).values()
    assert stored.entry.source.path == f"n/{name}"


async def test_an_unreadable_file_is_reported_and_the_others_are_imported(db, vault):
    (vault / "2025/binary.md").write_bytes(b"\x00\x01\xff" * 100)
    (vault / "2025/latin.md").write_bytes("café au lait\nnaïve".encode("latin-1"))
    (vault / "empty.txt").write_text("")

    report = await take_in(db, vault, vault / "nowhere", vault / "2025/picture.png")

    assert report.new == 2
    paths = {Path(problem.path).name for problem in report.problems}
    assert paths == {"binary.md", "latin.md", "empty.txt", "nowhere", "picture.png"}
    assert all(problem.severity is Severity.ERROR for problem in report.problems)


async def test_text_in_cp949_is_imported_with_a_warning(db, tmp_path):
    (tmp_path / "note.md").write_bytes("한국어로 쓴 생각".encode("cp949"))

    report = await take_in(db, tmp_path)

    assert report.new == 1
    assert [problem.severity for problem in report.problems] == [Severity.WARNING]
    assert await titles(db, "생각") == ["note"]


async def test_a_folder_without_notes_is_reported(db, tmp_path):
    (problem,) = (await take_in(db, tmp_path)).problems

    assert "no note" in problem.message


async def test_a_dry_run_reports_the_same_and_writes_nothing(db, vault):
    dry = await take_in(db, vault, dry_run=True)
    nothing = await kept(db)
    wet = await take_in(db, vault)
    (vault / "2025/250203 Rewards.md").write_text(REWARDS.replace("배운다", "익힌다"))
    changed = await take_in(db, vault, dry_run=True)

    assert nothing == {}
    assert dry == wet
    assert counts(changed) == (0, 1, 1, 0)
    assert await titles(db, "익힌다") == []


async def test_standard_input_is_imported_like_a_file(db, tmp_path):
    first = await take_in(db, STDIN, stdin=PAGE.encode())
    again = await take_in(db, STDIN, stdin=PAGE.encode())
    mended = await take_in(db, STDIN, stdin=PAGE.replace("둘을", "두 개를").encode())
    shorter = await take_in(db, STDIN, stdin=PAGE.partition("Second Paper")[0].encode())
    note = await take_in(db, STDIN, stdin=ATTENTION.encode())
    page = write_notes(tmp_path, {"day.txt": PAGE.partition("Second Paper")[0]}) / "day.txt"
    as_file = await take_in(db, page)
    junk = await take_in(db, STDIN, stdin=b"\x00\xff")

    assert counts(first) == (2, 0, 0, 0)
    assert counts(again) == (0, 0, 2, 0)
    assert counts(mended) == (0, 1, 1, 0)
    assert counts(shorter)[3] == 0  # a stream withdraws nothing
    assert counts(note) == (1, 0, 0, 0)
    assert as_file.new == 0
    assert [problem.path for problem in junk.problems] == ["standard input"]


async def test_a_deleted_note_of_a_watched_vault_is_withdrawn_and_restored(db, vault):
    await take_in(db, vault, withdraw_missing=True)
    before = await kept(db)
    note = vault / "2025/250203 Rewards.md"
    note.unlink()

    plain = await take_in(db, vault)
    dry = await take_in(db, vault, withdraw_missing=True, dry_run=True)
    gone = await take_in(db, vault, withdraw_missing=True)
    without = await kept(db)
    still = await take_in(db, vault, withdraw_missing=True)
    note.write_text(REWARDS)
    back = await take_in(db, vault, withdraw_missing=True)

    assert (plain.withdrawn, dry.withdrawn, gone.withdrawn, still.withdrawn) == (0, 1, 1, 0)
    assert gone.changed == (before["Process Rewards"].id,)
    assert list(without) == ["Attention Is All You Need"]
    assert (back.new, back.updated) == (0, 1)
    assert await kept(db) == before


async def test_an_empty_or_missing_vault_withdraws_nothing(db, vault, tmp_path):
    await take_in(db, vault)
    vault.rename(tmp_path / "elsewhere")
    gone = await take_in(db, vault, withdraw_missing=True)
    vault.mkdir()
    empty = await take_in(db, vault, withdraw_missing=True)

    assert (gone.withdrawn, empty.withdrawn) == (0, 0)
    assert len(await kept(db)) == 2


async def test_a_note_renamed_in_a_watched_vault_is_not_withdrawn(db, vault):
    await take_in(db, vault, withdraw_missing=True)
    (vault / "2025/250203 Rewards.md").rename(vault / "2025/250203 Process rewards.md")

    report = await take_in(db, vault, withdraw_missing=True)

    assert (report.new, report.withdrawn) == (0, 0)
    assert len(await kept(db)) == 2


async def test_progress_is_reported_batch_by_batch(db, tmp_path):
    notes = {f"{n:04}.md": f"Thought {n}" for n in range(1100)}
    write_notes(tmp_path, notes)
    (tmp_path / "0700.md").write_bytes(b"\xff\xfe\xff")
    told: list[tuple[int, int]] = []

    report = await take_in(db, tmp_path, progress=lambda *each: told.append(each))

    assert told == [(0, 1100), (500, 1100), (1000, 1100), (1100, 1100)]
    assert (report.new, [Path(each.path).name for each in report.problems]) == (1099, ["0700.md"])
    assert len(await kept(db)) == 1099


async def test_two_concurrent_imports_store_each_entry_once(tmp_path):
    vault = write_notes(tmp_path / "v", {f"{n}.md": f"Thought {n} #t" for n in range(300)})
    async with throw_away() as one, opened(one.location) as other:
        reports = await asyncio.gather(take_in(one, vault), take_in(other, vault))

        assert [report.problems for report in reports] == [(), ()]
        assert sum(report.new for report in reports) == 300
        assert len(await kept(one)) == 300


async def test_a_full_disk_raises_one_error_and_keeps_the_batches_before_it(tmp_path):
    thoughts = {f"{n:04}.md": f"Thought {n}\n\n" + "생각 " * 200 for n in range(1000)}
    vault = write_notes(tmp_path / "v", thoughts)
    db = await open_sqlite(tmp_path / "p.db")
    await db._writer.call(lambda connection: connection.execute("PRAGMA max_page_count = 1900"))

    with pytest.raises(StorageError, match="disk is full"):
        await take_in(db, vault)

    kept_then = len(await kept(db))
    await db._writer.call(lambda connection: connection.execute("PRAGMA max_page_count = 999999"))
    report = await take_in(db, vault)
    assert 0 < kept_then < 1000
    assert counts(report) == (1000 - kept_then, 0, kept_then, 0)
    await db.close()


note_texts = st.lists(
    st.sampled_from(
        [
            ATTENTION,
            REWARDS,
            PAGE,
            "생각 하나\n",
            "#tag\n",
            "[[x]]\n",
            "\ufeff",
            "\r\n",
            "# Links\n",
        ]
    ),
    max_size=4,
).map("".join)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.one_of(note_texts, st.text(max_size=80)), min_size=1, max_size=4))
async def test_importing_any_files_again_changes_nothing(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("v")
    write_notes(
        folder, {f"{n}.md": text.encode(errors="replace").decode() for n, text in enumerate(texts)}
    )
    async with throw_away() as db, throw_away() as other:
        first = await take_in(db, folder)
        again = await take_in(db, folder)
        await export.export_vault(selection.chosen(db, "", as_written=True), folder / "out")
        exported = await take_in(other, folder / "out")

        assert counts(again) == (0, 0, first.new, 0)
        assert exported.new == first.new
