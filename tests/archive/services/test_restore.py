"""An export is read back: `import FILE.jsonl` gives a new database the same entries."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from bot.archive.domain.entry import Entry, EntryId, SourceKind
from bot.archive.domain.export_format import Format
from bot.archive.domain.search.search_text import indexed_text
from bot.archive.services.export import export_text, export_vault
from bot.archive.services.import_files import STDIN, import_files
from bot.archive.services.import_report import ImportReport
from bot.archive.store import arxiv_records, entries, entry_changes, sources
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database
from bot.core.domain.i18n import in_language
from bot.core.latex import readable
from bot.discussion.services.full_export import export_lines
from bot.feeds.services.feed_library import DatabaseFeeds
from bot.lookup.services.selection import chosen
from tests.archive.domain.formats.test_export_line import record_of
from tests.archive_stage import DAY, NOW, an_entry, found, keep, write_notes
from tests.databases import throw_away

PAGE = "days/2025-02-04.txt"
NOTES = {
    "2025/250204 A note.md": "\ufeffhttps://arxiv.org/abs/2502.01456\r\n\r\n생각 %%hidden%%\r\n#RL\r\n",
    "empty.md": "",
}
IN_PART = (
    "entries without their source text, whose authors and abstracts from arXiv count as the curator's "
    "(an export --with discussion has both)"
)
ENTRIES = (
    an_entry("First", arxiv_id="2502.00001", en="Words.", tags="RL Long_Context", path=PAGE),
    an_entry("Bare", arxiv_id="2502.00003", cites=("1706.03762", "2502.00001"), path=PAGE, part=1),
    an_entry("Linked", on=None, ko="글", links=("First",), url="https://e.org/x", path="form/1.md"),
)


async def lines_of(db: Database) -> list[dict[str, Any]]:
    pieces = export_lines(db, chosen(db, "", as_written=False))
    return [json.loads(line) for line in "".join([piece async for piece in pieces]).splitlines()]


async def filled(db: Database, folder: Path) -> list[dict[str, Any]]:
    """What an archive has that did not begin yesterday."""
    kinds = (SourceKind.DIGEST_PAGE, SourceKind.DIGEST_PAGE, SourceKind.CHAT_FORM)
    made = [
        replace(entry, source=replace(entry.source, kind=kind))
        for entry, kind in zip(ENTRIES, kinds, strict=True)
    ]
    gone, *_ = await keep(db, an_entry("Gone", path="gone.md"), *made)
    await import_files(db, [write_notes(folder, NOTES)], now=NOW)
    async with db.transaction() as tx:
        await entry_changes.withdraw(tx, [gone], now=NOW)
        await arxiv_records.put(tx, [record_of("2502.00003"), record_of("1706.03762")])
        changed = (await entries.get(tx, EntryId(2))).entry
    await put_again(db, EntryId(2), replace(changed, date=DAY + timedelta(days=1)))
    return await lines_of(db)


async def put_again(db: Database, entry_id: EntryId, entry: Entry) -> None:
    """Change an entry, as an import of its changed page does."""
    async with db.transaction() as tx:
        source = await sources.find_of_entry(tx, entry_id)
        assert source is not None
        draft = entry_changes.IndexedEntry(entry, indexed_text(entry, readable), source.id)
        await entry_changes.update(tx, [(entry_id, draft)], now=NOW + timedelta(hours=1))


def write(folder: Path, lines: Sequence[object], *, name: str = "all.jsonl") -> Path:
    file = folder / name
    text = "".join(
        f"{line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)}\n"
        for line in lines
    )
    file.write_text(text, encoding="utf-8")
    return file


def counts(report: ImportReport) -> tuple[int, int, int]:
    return report.new, report.updated, report.unchanged


async def test_a_new_database_has_the_same_rows_numbers_and_feeds(db: Database, tmp_path: Path):
    lines = await filled(db, tmp_path / "in")
    file = write(tmp_path, lines)

    async with throw_away() as other:
        assert counts(await import_files(other, [file], now=NOW, dry_run=True)) == (5, 0, 0)
        first = await import_files(other, [file], now=NOW)
        same = await lines_of(other)
        again = await import_files(other, [file], now=NOW)
        vault = await import_files(other, [tmp_path / "in"], now=NOW)
        await export_vault(chosen(other, "", as_written=True), tmp_path / "out")
        by_author = await found(other, "author:bo")
        feeds = [
            [
                (each.first_key, each.changed_at)
                for each in (
                    await DatabaseFeeds(database).newest(today=DAY + timedelta(days=1), page=1)
                ).entries
            ]
            for database in (db, other)
        ]
        (later,) = await keep(other, an_entry("Later", path="later.md"))

    assert same == lines
    assert [counts(first), counts(again), counts(vault)] == [(5, 0, 0), (0, 0, 5), (0, 0, 2)]
    assert first.problems == ()
    assert feeds[0] == feeds[1]
    assert len(feeds[0]) == 3
    assert by_author == ["Bare"]
    for name, text in NOTES.items():
        assert (tmp_path / "out" / name).read_bytes() == text.encode()
    assert [line["changed_at"] for line in lines if line["changed_at"]] == [
        "2025-02-04T10:00:00+00:00"
    ]
    assert later == 7


async def test_lines_of_show_json_are_restored_too(db: Database, tmp_path: Path):
    await filled(db, tmp_path / "in")
    plain = [piece async for piece in export_text(chosen(db, "", as_written=False), Format.JSONL)]
    file = write(tmp_path, [line.rstrip("\n") for line in plain])

    async with throw_away() as other:
        report = await import_files(other, [file], now=NOW)
        again = export_text(chosen(other, "", as_written=False), Format.JSONL)
        same = [piece async for piece in again]

    assert same == plain
    assert [str(each.message) for each in report.problems] == [f"{IN_PART}: {len(plain)}"]


async def test_bad_lines_are_named_and_the_rest_goes_on(db: Database, tmp_path: Path):
    said = [{"text": "Yes"}] * 3
    file = write(
        tmp_path,
        [
            {"id": 9, "title": "One", "replies": said, "reactions": [{}]},
            "{",
            "",
            {"id": 9, "title": "Two"},
            {"title": "한글", "tags": ["RL"], "commentary": {"ko": "글"}},
            {"title": 3},
        ],
    )

    piped = BytesIO(b'\xef\xbb\xbf{"title": "Piped"}')
    report = await import_files(db, [file, STDIN], now=NOW, stdin=piped)

    assert counts(report) == (3, 0, 0)
    assert report.files == 2
    assert [(each.line, str(each.message)) for each in report.problems] == [
        (2, "this line is no JSON from character 2 on"),
        (4, "entry 9 is in line 1 already"),
        (6, "“title” is no text"),
        (None, f"{IN_PART}: 1"),
        (None, "replies left out: 3, reactions left out: 1; they belong to their channels"),
    ]
    assert sorted((line["id"], line["title"]) for line in await lines_of(db)) == [
        (9, "One"),
        (10, "한글"),
        (11, "Piped"),
    ]


async def test_what_is_there_stays_and_what_was_withdrawn_comes_back(db: Database, tmp_path: Path):
    lines = await filled(db, tmp_path / "in")
    file = write(tmp_path, lines)
    ids = {line["title"]: EntryId(line["id"]) for line in lines}
    async with db.transaction() as tx:
        await entry_changes.withdraw(tx, [ids["First"]], now=NOW)
        newer = (await entries.get(tx, ids["Linked"])).entry
    await put_again(db, ids["Linked"], replace(newer, paper=replace(newer.paper, title="Newer")))
    taken = {"id": ids["Linked"], "title": "Another", "source": {"path": "another.md"}}
    other = write(tmp_path, [taken], name="other.jsonl")

    report = await import_files(db, [file, other], now=NOW)

    assert counts(report) == (1, 1, 4)
    assert [str(each.message) for each in report.problems] == [
        "entries that are in the archive in another version, and stay as they are there: 1",
        f"{IN_PART}: 1",
    ]
    after = {line["title"]: line["id"] for line in await lines_of(db)}
    ids["Newer"] = ids.pop("Linked")
    assert after == ids | {"Another": EntryId(7)}


async def test_what_is_no_export_is_a_page_as_before(db: Database, tmp_path: Path):
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"\xef\xbb\xbf{\n\xff\xfe\n")
    windows = tmp_path / "windows.jsonl"
    windows.write_text('{"title": "a"}\n{"title": "b"}\n', encoding="utf-16")
    page = write(
        tmp_path, ["2025-02-04", "https://arxiv.org/abs/2502.01456", "A paper"], name="day"
    )

    report = await import_files(db, [bad, windows, page], now=NOW)

    assert report.new == 1
    assert [(each.line, str(each.message)) for each in report.problems if each.line] == [
        (1, "this line is no JSON from character 2 on"),
        (2, "this line is not UTF-8 text"),
        (1, "this file is UTF-16: save it as UTF-8"),
    ]


async def test_a_packed_export_is_read_and_says_how_far_it_is(db: Database, tmp_path: Path):
    lines = [{"title": f"Paper {n}"} for n in range(600)]
    packed = tmp_path / "all.jsonl.gz"
    packed.write_bytes(gzip.compress(write(tmp_path, lines).read_bytes()))
    told: list[tuple[int, int]] = []

    report = await import_files(
        db,
        [packed, tmp_path / "all.jsonl"],
        now=NOW,
        progress=lambda done, total: told.append((done, total)),
    )

    size = (tmp_path / "all.jsonl").stat().st_size // 1000
    assert counts(report) == (600, 0, 600)
    assert report.problems == ()
    assert told.count((size, size)) >= 1
    assert len({done for done, total in told if total == size}) > 2


async def test_a_packed_file_that_is_damaged_or_no_export_says_so(db: Database, tmp_path: Path):
    whole = gzip.compress(write(tmp_path, [{"title": f"{n}" * 90} for n in range(99)]).read_bytes())
    cut, spoilt, note = (tmp_path / f"{name}.gz" for name in ("cut", "spoilt", "note"))
    cut.write_bytes(whole[:-20])
    spoilt.write_bytes(whole[:40] + b"\xff" * 40 + whole[80:])
    note.write_bytes(gzip.compress(b"*A note*"))

    report = await import_files(db, [cut, spoilt, note], now=NOW)

    said = {Path(each.path).name: str(each.message) for each in report.problems}
    assert said["cut.gz"] == "this cannot be read: the packed file is damaged or not complete"
    assert {said["spoilt.gz"], said["note.gz"]} <= {
        said["cut.gz"],
        "this file is packed (gzip): unpack it, and import that",
    }


async def test_a_folder_of_exports_says_to_import_them_by_name(db: Database, tmp_path: Path):
    folder = tmp_path / "exports"
    folder.mkdir()
    file = write(folder, [{"title": "One"}])

    report = await import_files(db, [folder], now=NOW)

    (problem,) = report.problems
    assert str(problem.message) == (
        "this folder contains exports and no note (*.md): import the files themselves, "
        f"such as {file}"
    )


async def test_problems_of_standard_input_name_it_in_the_operators_language(db: Database):
    exported = await import_files(db, [STDIN], now=NOW, stdin=BytesIO(b"{"))
    note = await import_files(db, [STDIN], now=NOW, stdin=b"\x00\xff")

    say = Catalogues()("ko")
    paths = [each.path for each in (*exported.problems, *note.problems)]
    assert [in_language(path, say) for path in paths] == ["표준 입력"] * 2
