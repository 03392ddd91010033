"""Notes written into a real folder, beside people who write the same files."""

import unicodedata
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Commentary, Entry, Language
from bot.archive.domain.formats import vault_note
from bot.archive.domain.formats.note_text import NoteTextError, rewrite_note
from bot.archive.domain.note import Note
from bot.archive.services.import_files import import_files
from bot.archive.services.import_parser import NOTE_PARSER, read_note
from bot.vault.domain.writing import Author, Change, Conflict, VaultError, Written
from bot.vault.services.writer import VaultWriter
from tests.databases import throw_away
from tests.desk_stage import NOW

ADA = Author("Ada", "slack:T1/U1")
NOTE = Note(
    "A Paper on Reasoning",
    ArxivId("2602.00001"),
    authors=("Jane Lee",),
    date=date(2026, 2, 3),
    commentary=(
        Commentary(Language.KO, ("첫 문단입니다.", "둘째 문단입니다.")),
        Commentary(Language.EN, ("A paragraph.",)),
    ),
    tags=("reasoning",),
)


def korean(note: Note, *paragraphs: str) -> Note:
    rest = tuple(each for each in note.commentary if each.language is not Language.KO)
    return replace(note, commentary=(Commentary(Language.KO, paragraphs), *rest))


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


async def test_a_new_note_is_a_new_file_once(tmp_path: Path) -> None:
    writer = VaultWriter(tmp_path)

    first = await writer.add(NOTE, ADA)
    again = await writer.add(NOTE, ADA)
    other = await writer.add(korean(NOTE, "다른 글입니다."), ADA)

    assert first == again == Written("260203 A Paper on Reasoning.md", first.text)
    assert other.path == "260203 A Paper on Reasoning, 2.md"
    assert names(tmp_path) == {first.path, other.path}
    assert (tmp_path / first.path).read_text(encoding="utf-8") == first.text
    assert Note.of(read_note(first.text, first.path)).commentary == NOTE.commentary


async def test_a_change_leaves_every_other_byte(tmp_path: Path) -> None:
    text = (
        "---\r\nrating: 5\r\n---\r\n\r\nhttps://arxiv.org/abs/2602.00001\r\n\r\n"
        "*A Paper* (Jane Lee)\r\n\r\n첫 문단입니다.\r\n\r\n둘째  문단입니다. %%숨김%%\r\n\r\n"
        "<english>\r\nA paragraph.\r\n</english>\r\n\r\n#reasoning #rl\r\n"
    )
    file = tmp_path / "260203 A Paper.md"
    file.write_bytes(text.encode())
    file.chmod(0o640)
    before = Note.of(read_note(text, file.name))
    changed = replace(korean(before, "고친 문단입니다.", *before.commentary[0].paragraphs[1:]))

    result = await VaultWriter(tmp_path).change(Change(text, before, changed), ADA)

    assert isinstance(result, Written)
    assert file.read_bytes().decode() == text.replace("첫 문단입니다.", "고친 문단입니다.")
    assert file.stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == {file.name}


async def test_of_two_versions_neither_is_lost_and_each_names_the_other(tmp_path: Path) -> None:
    writer = VaultWriter(tmp_path)
    written = await writer.add(NOTE, ADA)
    file = tmp_path / written.path
    before = Note.of(read_note(written.text, written.path))
    change = Change(written.text, before, korean(before, "고친 글입니다."))
    edited = written.text.replace("첫 문단입니다.", "편집기에서 고친 글입니다.")
    file.write_text(edited, encoding="utf-8")

    result = await writer.change(change, ADA)
    again = await writer.change(change, ADA)

    assert result == again == Conflict(written.path, "260203 A Paper on Reasoning (Ada).md")
    assert names(tmp_path) == {written.path, result.ours}
    theirs, ours = (
        (tmp_path / name).read_text(encoding="utf-8") for name in (result.theirs, result.ours)
    )
    assert theirs.startswith(edited.rstrip())
    assert "[[260203 A Paper on Reasoning (Ada)]]" in theirs
    assert "고친 글입니다." in ours
    assert "[[260203 A Paper on Reasoning]]" in ours
    async with throw_away() as db:
        report = await import_files(db, [tmp_path], now=NOW)
    assert (report.new, report.problems) == (2, ())


async def test_a_file_that_is_gone_is_written_anew(tmp_path: Path) -> None:
    writer = VaultWriter(tmp_path)
    written = await writer.add(NOTE, ADA)
    (tmp_path / written.path).unlink()
    before = Note.of(read_note(written.text, written.path))

    result = await writer.change(Change(written.text, before, korean(before, "새 글")), ADA)

    assert isinstance(result, Written)
    assert result.path == written.path
    assert "새 글" in (tmp_path / written.path).read_text(encoding="utf-8")


async def test_a_title_stays_within_the_vault(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    written = await VaultWriter(vault).add(
        replace(NOTE, title="../../etc: a paper / on paths"), ADA
    )

    assert (vault / written.path).resolve().is_relative_to(vault.resolve())
    assert names(tmp_path) == {"vault"}


async def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    place = tmp_path / "vault"
    place.write_text("no folder", encoding="utf-8")
    with pytest.raises(VaultError, match="cannot be written"):
        await VaultWriter(place).add(NOTE, ADA)


def lines(entry: Entry, *languages: Language) -> set[str]:
    texts = (text for each in languages for text in entry.paragraphs(each))
    return {line.strip() for text in texts for line in text.split("\n") if line.strip()}


def test_every_sample_note_is_changed_only_where_it_was_changed(shared: Path) -> None:
    vault = shared / "samples/vault"
    refused = changed = moved = 0
    for file in sorted(vault.rglob("*.md")):
        text = file.read_bytes().decode()
        path = unicodedata.normalize("NFC", file.relative_to(vault).as_posix())
        if not vault_note.parse(text, path).entries:
            continue
        entry = read_note(text, path)
        before = replace(Note.of(entry), path=path)
        assert rewrite_note(text, before, before, NOTE_PARSER) == text
        wanted = replace(korean(before, "고친 글입니다."), tags=(*before.tags, "added-tag"))
        try:
            new = rewrite_note(text, before, wanted, NOTE_PARSER)
        except NoteTextError:
            refused += 1
            continue
        read = read_note(new, path)
        changed += 1
        expected = {"고친 글입니다."} | lines(entry, Language.EN)
        assert lines(read, *Language) == expected
        assert read.tags == (*entry.tags, "added-tag")
        assert (read.date, read.paper.key) == (entry.date, entry.paper.key)
        moved += lines(read, Language.EN) != lines(entry, Language.EN)

    assert changed > 200
    assert refused <= changed // 20
    # A line of mere numbers belongs to the language of the text around it.
    assert moved <= changed // 50
