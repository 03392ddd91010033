"""A page that is written and read again: each line of the commentary stays in its language."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.entry import Commentary, Entry, Language
from bot.archive.domain.formats import digest_page, vault_note
from bot.archive.domain.formats.page_entry import keeps_languages
from tests.archive.domain.formats.texts import made_entries

KO = Language.KO
_KOREAN_LINES = st.sampled_from(
    [
        "조약돌의 기억력.",
        "GPT-4 > Claude, of course.",
        "We find that pebbles are small, and that they remember.",
        "| 1 | 2 |",
        "A Title Of Sorts",
        "x = 3",
        "**조약돌** (42%)",
    ]
)


@st.composite
def _in_lines(draw: st.DrawFn) -> Entry:
    """An entry whose Korean paragraphs have lines that are English for themselves."""
    entry = draw(made_entries())
    paragraphs = st.lists(_KOREAN_LINES, min_size=1, max_size=3).map("\n".join)
    korean = Commentary(KO, tuple(draw(st.lists(paragraphs, min_size=1, max_size=3))))
    english = [each for each in entry.commentary if each.language is Language.EN]
    return replace(entry, commentary=tuple(draw(st.permutations([korean, *english]))))


def _letters(entry: Entry) -> dict[str, Counter[str]]:
    said: dict[str, str] = {language: "".join(entry.paragraphs(language)) for language in Language}
    said["abstract"] = entry.paper.abstract or ""
    return {part: Counter(filter(str.isalnum, text)) for part, text in said.items()}


@given(st.lists(_in_lines(), min_size=1, max_size=3))
def test_a_page_read_again_has_each_line_in_its_language(entries: list[Entry]) -> None:
    again = digest_page.parse(digest_page.write(entries), "page.txt").entries

    expected = sorted(entries, key=lambda entry: entry.date is not None)
    assert [_letters(entry) for entry in again] == [_letters(entry) for entry in expected]


def test_korean_is_marked_only_where_it_would_be_read_as_english() -> None:
    page = "2025-02-04\nPebbles\n(Al Bo)\n한국어.\nEnglish words are here.\n#a"
    (sure,) = digest_page.parse(page, "page.txt").entries
    lines = Commentary(KO, ("첫 줄.\nWe find that they are small.",))
    unsure = replace(sure, commentary=(lines,))

    assert "<korean>" not in digest_page.write([sure])
    assert "<korean>\n첫 줄.\nWe find that they are small.\n</korean>\n" in digest_page.write(
        [unsure]
    )


def test_the_sample_notes_written_as_one_page_keep_their_languages(shared: Path) -> None:
    notes = sorted((shared / "samples" / "vault").rglob("*.md"))
    entries = [vault_note.parse(note.read_text("utf-8"), note.name).entries[0] for note in notes]

    again = digest_page.parse(digest_page.write(entries), "page.txt").entries

    assert len(again) == len(entries)
    assert all(map(keeps_languages, again, entries))
