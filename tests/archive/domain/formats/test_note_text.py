"""Notes that are written or changed read back as they were meant; the rest stays byte for byte."""

import difflib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.entry import Commentary, Entry, Language
from bot.archive.domain.formats.note_text import NoteTextError, rewrite_note, write_note
from bot.archive.domain.note import Note
from bot.archive.services.import_parser import NOTE_PARSER
from tests.archive.domain.formats.texts import NOTES, made_entries

PATH = "250203 Name.md"
NOTE = """https://arxiv.org/abs/2502.01234\r
\r
*A Title* (Al Bo, Cy Do)\r
\r
첫 문단입니다.  \r
\r
%% hidden %%\r
둘째 문단입니다. #inside\r
\r
<english>\r
The first one is here.\r
</english>\r
\r
#rl, #Long_Context \r
"""


def said(text: str, path: str = PATH) -> Entry:
    return NOTE_PARSER.read(text, path)


def with_text(note: Note, language: Language, *paragraphs: str) -> Note:
    rest = tuple(each for each in note.commentary if each.language is not language)
    new = (Commentary(language, paragraphs),) if paragraphs else ()
    return replace(note, commentary=(*new, *rest))


def changed(text: str, **changes: object) -> str:
    note = Note.of(said(text))
    return rewrite_note(text, note, replace(note, **changes), NOTE_PARSER)  # type: ignore[arg-type]


def difference(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line for line in lines if line[0] in "+-"]


def test_one_paragraph_is_changed_and_nothing_else() -> None:
    note = Note.of(said(NOTE))
    after = with_text(note, Language.KO, "첫 문단입니다.", "둘째를 고쳤습니다. #inside")

    text = rewrite_note(NOTE, note, after, NOTE_PARSER)

    assert text == NOTE.replace("둘째 문단입니다.", "둘째를 고쳤습니다.")


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("둘째 줃\f", "둘째 줄\f"),
        ("셋째 줄", "셋째 줄\r\n넷째 줄"),
        ("둘째 줃\f\r\n  셋째 줄", "둘째이자 끝"),
        ("첫 줄  ", "새 줄\r\n첫 줄  "),
    ],
)
def test_lines_of_a_paragraph_that_were_not_changed_keep_what_is_behind_them(
    was: str, now: str
) -> None:
    text = NOTE.replace("첫 문단입니다.  ", "첫 줄  \r\n둘째 줃\f\r\n  셋째 줄")
    note = Note.of(said(text))
    lines = "첫 줄\n둘째 줃\n  셋째 줄"
    typed, correct = (re.sub(r"\s*\r\n|\s+\Z", "\n", each).rstrip() for each in (was, now))
    wanted = lines.replace(typed, correct)

    new = rewrite_note(
        text, note, with_text(note, Language.KO, wanted, "둘째 문단입니다. #inside"), NOTE_PARSER
    )

    assert new == text.replace(was, now)


def test_a_comment_in_another_paragraph_stays_where_it_is() -> None:
    text = NOTE.replace("첫 문단입니다.", "첫 %% 왜? %% 문단입니다.")
    note = Note.of(said(text))
    first = note.commentary[0].paragraphs[0]

    after = with_text(note, Language.KO, first, "둘째를 고쳤습니다. #inside")

    assert rewrite_note(text, note, after, NOTE_PARSER) == text.replace(
        "둘째 문단입니다.", "둘째를 고쳤습니다."
    )


def test_paragraphs_are_added_and_removed_with_the_line_ends_of_the_file() -> None:
    note = Note.of(said(NOTE))
    after = with_text(note, Language.KO, "둘째 문단입니다. #inside", "셋째\n두 줄입니다.")

    text = rewrite_note(NOTE, note, after, NOTE_PARSER)

    expected = NOTE.replace("첫 문단입니다.  \r\n\r\n", "")
    assert text == expected.replace("#inside\r\n", "#inside\r\n\r\n셋째\r\n두 줄입니다.\r\n")


def test_a_language_is_added_and_taken_away_with_its_marks() -> None:
    note = Note.of(said(NOTE))

    without = rewrite_note(NOTE, note, with_text(note, Language.EN), NOTE_PARSER)
    again = rewrite_note(
        without, Note.of(said(without)), with_text(note, Language.EN, "Anew."), NOTE_PARSER
    )

    assert without == NOTE.replace("<english>\r\nThe first one is here.\r\n</english>\r\n\r\n", "")
    assert again == NOTE.replace("The first one is here.", "Anew.")


def test_tags_are_changed_in_their_line() -> None:
    assert changed(NOTE, tags=("rl", "Long_Context", "inside", "moe")) == NOTE.replace(
        "#Long_Context ", "#Long_Context #moe"
    )
    assert changed(NOTE, tags=("Long_Context", "inside")) == NOTE.replace("#rl, ", "")


def test_a_tag_in_the_text_stays_until_the_text_is_changed() -> None:
    assert changed(NOTE, tags=("rl", "Long_Context")) == NOTE


def test_what_is_no_tag_is_refused_at_the_tags() -> None:
    with pytest.raises(NoteTextError) as refused:
        changed(NOTE, tags=("rl", "Long_Context", "inside", "two words"))
    assert refused.value.field == "tags"


def test_a_paragraph_of_links_is_taken_away_with_its_links() -> None:
    text = "https://arxiv.org/abs/2502.01234\n\n한 문단.\n\n[[200101 Dust]] 참고.\n\n#rl\n"
    note = Note.of(said(text))

    new = rewrite_note(text, note, with_text(note, Language.KO, "한 문단."), NOTE_PARSER)

    assert new == text.replace("[[200101 Dust]] 참고.\n\n", "")


def test_the_date_goes_into_the_front_matter_unless_the_file_name_has_one() -> None:
    with pytest.raises(NoteTextError) as refused:
        changed(NOTE, date=date(2025, 2, 4))
    note = Note.of(said(NOTE, "Name.md"))
    dated = rewrite_note(NOTE, note, replace(note, date=date(2025, 2, 4)), NOTE_PARSER)
    later = Note.of(said(dated, "Name.md"))
    again = rewrite_note(dated, later, replace(later, date=date(2025, 2, 5)), NOTE_PARSER)

    assert refused.value.field == "date"
    assert dated == f"---\r\ndate: 2025-02-04\r\n---\r\n\r\n{NOTE}"
    assert again == dated.replace("2025-02-04", "2025-02-05")


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("date:", "date: 2025-02-09"),
        ("date: ", "date: 2025-02-09"),
        ("Date : 2025-02-03", "Date: 2025-02-09"),
        ("날짜:", "날짜: 2025-02-09"),
        (unicodedata.normalize("NFD", "날짜:"), unicodedata.normalize("NFD", "날짜: 2025-02-09")),
        ("created: 2025-02-03T10:00", "created: 2025-02-09"),
        ('"date": "2025-02-03"', '"date": 2025-02-09'),
        ("date: 2025-02-03 # as printed", "date: 2025-02-09 # as printed"),
        ("date:  # as printed", "date: 2025-02-09  # as printed"),
        ("created: 2025-02-01\ndate: 2025-02-03", "created: 2025-02-01\ndate: 2025-02-09"),
        ("created: 2025-02-01\ndate:", "created: 2025-02-01\ndate: 2025-02-09"),
        ("날짜: 2025-02-01\ncreated: 2025-02-03", "날짜: 2025-02-01\ncreated: 2025-02-09"),
        ("date:\n  - 2025-02-03", "date: 2025-02-09"),
        ("rating: 5", "rating: 5\ndate: 2025-02-09"),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("in_yaml", "below"), [("\n", "\n"), ("\n", "\r\n"), ("\r\n", "\n"), ("\r", "\r")]
)
def test_a_date_is_changed_in_its_own_line_only(
    was: str, now: str, mark: str, in_yaml: str, below: str
) -> None:
    head = f"{mark}---\naliases: [Alpha]\nsource: https://example.org/a\n{{}}\n---\n"
    text, wanted = (
        head.format(each).replace("\n", in_yaml)
        + f"{below}*A Title* (Al Bo){below}{below}글{below}"
        for each in (was, now)
    )
    note = Note.of(said(text, "Name.md"))

    after = rewrite_note(text, note, replace(note, date=date(2025, 2, 9)), NOTE_PARSER)

    assert after == wanted


def test_a_date_is_added_above_a_text_whose_lines_stay_as_they_end() -> None:
    text = "*A Title* (Al Bo)\r\n\n글\r\n"
    note = Note.of(said(text, "Name.md"))

    after = rewrite_note(text, note, replace(note, date=date(2025, 2, 9)), NOTE_PARSER)

    assert after == f"---\r\ndate: 2025-02-09\r\n---\r\n\r\n{text}"


@pytest.mark.parametrize("text", ["# Links", "%% hidden %%", "key:: value"])
def test_text_that_would_be_read_as_mark_up_is_refused(text: str) -> None:
    note = with_text(Note("A Title", url="https://example.org/a"), Language.KO, text)

    with pytest.raises(NoteTextError) as refused:
        write_note(note, NOTE_PARSER)

    assert refused.value.field == "text"


def all_notes(shared: Path) -> Iterator[tuple[str, str]]:
    vault = shared / "samples" / "vault"
    yield from NOTES.items()
    for note in sorted(vault.rglob("*.md")):
        yield note.relative_to(vault).as_posix(), note.read_bytes().decode()


def text_lines(entry: Entry) -> list[str]:
    lines = (line.strip() for each in entry.commentary for line in each.text.split("\n"))
    return sorted(line for line in lines if line)


def test_untouched_notes_stay_byte_for_byte(shared: Path) -> None:
    for path, text in all_notes(shared):
        note = Note.of(said(text, path))
        assert rewrite_note(text, note, note, NOTE_PARSER) == text, path


def test_every_sample_note_can_be_written_anew(shared: Path) -> None:
    for path, text in all_notes(shared):
        entry = said(text, path)
        try:
            read = said(write_note(Note.of(entry), NOTE_PARSER), path)
        except NoteTextError:
            assert not path.startswith("arXiv/20") or path in NOTES, path
            continue
        assert text_lines(read) == text_lines(entry), path
        assert (read.paper.key, read.date) == (entry.paper.key, entry.date), path


def test_every_sample_note_can_be_changed_with_few_lines(shared: Path) -> None:
    for path, text in all_notes(shared):
        if path in NOTES:
            continue
        note = Note.of(said(text, path))
        english = [p for each in note.commentary for p in each.paragraphs if each.language == "en"]
        after = replace(
            with_text(note, Language.EN, *english, "One more paragraph is here."),
            tags=(*note.tags, "brand-new"),
        )

        new = rewrite_note(text, note, after, NOTE_PARSER)

        read = said(new, path)
        assert text_lines(read) == text_lines(after.as_entry()), path
        assert "brand-new" in read.tags, path
        assert len(difference(text, new)) <= 12, path


_LINE = st.text(st.sampled_from("aZ 한글.,()#*>_-[]:`<%$/\n1"), max_size=60)


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


@given(st.sampled_from(sorted(NOTES)), st.sampled_from(list(Language)), st.lists(_LINE, max_size=3))
def test_whatever_is_typed_is_read_back_or_refused(
    path: str, language: Language, typed: list[str]
) -> None:
    text = NOTES[path]
    note = Note.of(said(text, path))
    after = with_text(note, language, *typed)
    try:
        new = rewrite_note(text, note, after, NOTE_PARSER)
    except NoteTextError:
        return
    meant = sorted(_bare("".join(each.paragraphs)) for each in after.commentary)
    assert sorted("".join(meant)) == sorted(
        _bare("".join("".join(each.paragraphs) for each in said(new, path).commentary))
    )


@given(made_entries())
def test_generated_notes_read_back(entry: Entry) -> None:
    note = replace(Note.of(entry), path=None)
    try:
        text = write_note(note, NOTE_PARSER)
    except NoteTextError:
        return
    read = Note.of(said(text, PATH))
    assert text_lines(said(text, PATH)) == text_lines(entry)
    assert rewrite_note(text, read, read, NOTE_PARSER) == text
