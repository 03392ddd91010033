"""Every character that is no white space ends up in a field or in a problem (issue 2)."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.entry import Parsed
from bot.archive.domain.formats import digest_page, vault_note
from bot.archive.domain.markup.visible import visible
from bot.core.domain.errors import UnreadableError
from tests.archive.domain.formats.lost_text import lost, shown
from tests.archive.domain.formats.texts import NOTES, PAGES, junk, mutated


def lost_from_note(text: str, path: str = "250203 Name.md") -> str:
    parsed = vault_note.parse(text, path)
    assert parsed.entries[0].source.text == text
    return lost(shown(text), parsed)


def lost_from_page(text: str, path: str = "page.txt") -> str:
    try:
        seen = visible(text, only_closed=True).text
        return lost(seen, digest_page.parse(text, path))
    except UnreadableError:
        return ""  # the documented answer to a text without entries


@pytest.mark.parametrize("path", NOTES)
def test_nothing_of_a_note_is_lost(path: str) -> None:
    assert lost_from_note(NOTES[path], path) == ""


@pytest.mark.parametrize("path", PAGES)
def test_nothing_of_a_page_is_lost(path: str) -> None:
    assert lost(PAGES[path], digest_page.parse(PAGES[path], path)) == ""


@given(st.sampled_from(list(NOTES.values())).flatmap(mutated))
def test_nothing_of_a_mutated_note_is_lost(text: str) -> None:
    assert lost_from_note(text) == ""


@given(st.sampled_from(list(PAGES.values())).flatmap(mutated))
def test_nothing_of_a_mutated_page_is_lost(text: str) -> None:
    assert lost_from_page(text) == ""


@given(junk())
def test_nothing_of_random_mark_up_is_lost(text: str) -> None:
    assert lost_from_note(text) == ""
    assert lost_from_page(text) == ""
    assert lost_from_page(f"2025-02-04\n{text}\nA Title\n(Al Bo, Cy Do)\n{text}") == ""


@given(st.text())
def test_nothing_of_any_text_is_lost(text: str) -> None:
    assert lost_from_note(text) == ""
    assert lost_from_page(text) == ""


def test_nothing_of_the_sample_notes_is_lost(shared: Path) -> None:
    vault = shared / "samples" / "vault"

    for note in sorted(vault.rglob("*.md")):
        text = note.read_bytes().decode()
        path = note.relative_to(vault).as_posix()
        parsed = vault_note.parse(text, path)
        assert lost(text, parsed) == "", path
        assert parsed.problems == (), path
        assert vault_note.write(parsed.entries[0]) == text, path


def test_nothing_of_the_sample_notes_is_lost_if_read_as_a_page(shared: Path) -> None:
    for note in sorted((shared / "samples" / "vault").rglob("*.md")):
        assert lost_from_page(f"2025-02-04\n{note.read_bytes().decode()}") == "", note


@given(data=st.data())
def test_nothing_of_mutated_sample_texts_is_lost(shared: Path, data: st.DataObject) -> None:
    files = sorted((shared / "samples").rglob("*.md")) + sorted(
        (shared / "samples").rglob("*-*.txt")
    )
    text = data.draw(st.sampled_from(files)).read_bytes().decode()

    assert lost_from_note(data.draw(mutated(text))) == ""
    assert lost_from_page(data.draw(mutated(text))) == ""


def _without_last_paragraph(parsed: Parsed) -> Parsed:
    (entry, *rest) = parsed.entries
    last = entry.commentary[-1]
    cut = replace(last, paragraphs=last.paragraphs[:-1])
    return Parsed(
        (replace(entry, commentary=(*entry.commentary[:-1], cut)), *rest), parsed.problems
    )


def _without_one_letter(parsed: Parsed) -> Parsed:
    (entry, *rest) = parsed.entries
    first = entry.commentary[0]
    cut = replace(first, paragraphs=(first.paragraphs[0][1:], *first.paragraphs[1:]))
    return Parsed((replace(entry, commentary=(cut, *entry.commentary[1:])), *rest), parsed.problems)


def _without_last_author(parsed: Parsed) -> Parsed:
    (entry, *rest) = parsed.entries
    paper = replace(entry.paper, authors=entry.paper.authors[:-1])
    return Parsed((replace(entry, paper=paper), *rest), parsed.problems)


def _without_link(parsed: Parsed) -> Parsed:
    (entry, *rest) = parsed.entries
    return Parsed((replace(entry, paper=replace(entry.paper, url=None)), *rest), parsed.problems)


def _without_tags(parsed: Parsed) -> Parsed:
    (entry, *rest) = parsed.entries
    return Parsed((replace(entry, spellings=()), *rest), parsed.problems)


def _without_last_entry(parsed: Parsed) -> Parsed:
    return Parsed(parsed.entries[:-1], parsed.problems)


@pytest.mark.parametrize(
    "lose",
    [
        *(_without_last_paragraph, _without_one_letter, _without_last_author),
        *(_without_link, _without_tags, _without_last_entry),
    ],
)
def test_the_check_detects_what_a_lossy_parser_loses(lose: Callable[[Parsed], Parsed]) -> None:
    path, text = next(iter(NOTES.items()))

    assert lost(text, lose(vault_note.parse(text, path))) != ""


def test_the_check_detects_a_problem_without_its_text() -> None:
    parsed = digest_page.parse(PAGES["bad-day.txt"], "bad-day.txt")

    silent = Parsed(parsed.entries, tuple(replace(each, text="") for each in parsed.problems))

    assert lost(PAGES["bad-day.txt"], parsed) == ""
    assert lost(PAGES["bad-day.txt"], silent) != ""
