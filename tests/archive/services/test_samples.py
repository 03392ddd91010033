"""The main job on real input: the curator's pages and notes, where they are beside the project."""

import re
import unicodedata
from datetime import date
from pathlib import Path

import pytest

from bot.archive.domain.entry import Entry, Language, StoredEntry
from bot.archive.services import export
from bot.archive.services.import_files import import_files
from bot.archive.store import entries
from bot.core.database.database import Database
from bot.discussion.services.full_export import export_lines
from bot.lookup.domain.query_terms import Author, Query, Tag, Words
from bot.lookup.services import lookup, selection
from bot.lookup.store import search
from tests.archive_stage import NOW
from tests.databases import throw_away

_HANGUL_WORD = re.compile("[가-힣]+")


@pytest.fixture
def page(shared: Path) -> Path:
    return shared / "samples/digests/2025-02-04.txt"


@pytest.fixture
def vault(shared: Path) -> Path:
    return shared / "samples/vault"


async def everything(db: Database) -> list[StoredEntry]:
    return [stored async for stored in selection.chosen(db, "", as_written=True)]


async def test_the_sample_page_is_read_completely(db, page):
    report = await import_files(db, [page], now=NOW)
    async with db.reading() as tx:
        day = [stored.entry for stored in await entries.on_date(tx, date(2025, 2, 4))]

    assert (report.new, report.papers, report.references, report.tags) == (5, 5, 6, 10)
    assert report.problems == ()
    assert sum(len(entry.paper.authors) for entry in day) == 48
    assert [" ".join(entry.tags) for entry in day] == [
        "optimizer",
        "reward-model reasoning rl",
        "embedding lm",
        "reasoning synthetic-data benchmark",
        "extrapolation synthetic-data self-improvement",
    ]
    assert [[str(r.arxiv_id) for r in entry.references] for entry in day] == [
        ["2310.07831", "2408.11029"],
        ["2412.01981"],
        ["2501.16975"],
        ["2411.12498"],
        ["2309.08589"],
    ]
    for language in Language:
        assert [len(entry.paragraphs(language)) for entry in day] == [2, 2, 1, 1, 1]


async def test_a_second_import_finds_everything_unchanged(db, page, vault):
    first = await import_files(db, [page, vault], now=NOW)

    second = await import_files(db, [page, vault], now=NOW)

    assert (second.new, second.updated, second.unchanged) == (0, 0, first.new)
    assert second.problems == first.problems == ()
    assert (second.papers, second.references, second.links, second.tags) == (
        first.papers,
        first.references,
        first.links,
        first.tags,
    )


async def test_the_sample_vault_is_one_entry_per_note_and_exported_byte_for_byte(
    db, vault, tmp_path
):
    report = await import_files(db, [vault], now=NOW)
    written = await export.export_vault(selection.chosen(db, "", as_written=True), tmp_path / "out")

    notes = {p.relative_to(vault): p.read_bytes() for p in vault.rglob("*.md")}
    out = tmp_path / "out"
    assert report.new == written == len(notes)
    assert {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()} == notes


async def test_import_export_import_changes_nothing(db, page, vault, tmp_path):
    await import_files(db, [vault], now=NOW)
    await export.export_vault(selection.chosen(db, "", as_written=True), tmp_path / "out")
    async with throw_away() as other:
        await import_files(other, [tmp_path / "out"], now=NOW)
        again = await everything(other)
        lines = await lines_of(other)
    (tmp_path / "all.jsonl").write_text(lines, encoding="utf-8")
    async with throw_away() as restored:
        report = await import_files(restored, [tmp_path / "all.jsonl"], now=NOW)
        same_lines = await lines_of(restored)
        after = await import_files(restored, [vault], now=NOW)

    assert again == await everything(db)
    assert same_lines == lines
    assert (report.new, report.problems) == (len(again), ())
    assert (after.new, after.updated, after.unchanged) == (0, 0, len(again))


async def lines_of(db: Database) -> str:
    found = selection.chosen(db, "", as_written=False)
    return "".join([piece async for piece in export_lines(db, found)])


async def test_for_every_hangul_word_the_search_finds_what_a_substring_scan_finds(db, page, vault):
    await import_files(db, [page, vault], now=NOW)
    texts = {stored.id: searched(stored.entry) for stored in await everything(db)}
    words = {
        run[start : start + length]
        for text in texts.values()
        for run in _HANGUL_WORD.findall(text)
        for length in (2, 3, 4)
        for start in range(len(run) - length + 1)
        if length == len(run) or start == 0
    }
    assert len(words) > 5000

    wrong = []
    async with db.reading() as tx:
        for word in words:
            scanned = {entry_id for entry_id, text in texts.items() if word in text}
            if scanned != set(await search.list_all(tx, Query((Words(word, phrase=True),)))):
                wrong.append(word)
    assert wrong == []


def searched(entry: Entry) -> str:
    paper = entry.paper
    commentary = [part.text for part in entry.commentary]
    parts = (paper.title, *paper.authors, paper.abstract or "", *commentary, *entry.tags)
    return unicodedata.normalize("NFC", "\n".join(parts))


async def test_tags_words_and_authors_find_entries(db, page, vault):
    await import_files(db, [page, vault], now=NOW)
    stored = await everything(db)

    tagged = await lookup.look_up(db, "reasoning", per_page=500)
    learning = await lookup.look_up(db, "학습", per_page=500)
    lee = await lookup.look_up(db, "author:lee #rl -#moe", per_page=500)

    assert ids(tagged) == {s.id for s in stored if "reasoning" in s.entry.tags}
    assert ids(learning) == {s.id for s in stored if "학습" in searched(s.entry)}
    assert lee.query.terms == (Author("lee"), Tag("rl"), Tag("moe", negated=True))
    assert ids(lee) == {
        s.id
        for s in stored
        if "rl" in s.entry.tags
        and "moe" not in s.entry.tags
        and any("lee" in re.split(r"\W+", name.casefold()) for name in s.entry.paper.authors)
    }


def ids(results: lookup.Results) -> set[int]:
    return {stored.id for stored in results.entries}


async def test_every_reference_is_found_from_both_ends(db, page, vault):
    await import_files(db, [page, vault], now=NOW)
    stored = await everything(db)
    cited = {r.arxiv_id for s in stored for r in s.entry.references if r.arxiv_id is not None}
    assert cited

    for arxiv_id in cited:
        results = await lookup.look_up(db, f"cites:{arxiv_id}", per_page=500)
        assert ids(results) == {
            s.id for s in stored if any(r.arxiv_id == arxiv_id for r in s.entry.references)
        }
