"""The habits of digest pages, one by one, and the real day."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.dates import parse_date_line
from bot.archive.domain.entry import Entry, Language, Severity
from bot.archive.domain.formats import digest_page, vault_note
from bot.archive.domain.markup.visible import visible
from bot.core.domain.errors import UnreadableError
from tests.archive.domain.formats.texts import NOTES, PAGES, made_entries, mutated

KO, EN = Language.KO, Language.EN
FEBRUARY_4 = date(2025, 2, 4)


def read(text: str, path: str = "page.txt") -> tuple[Entry, ...]:
    parsed = digest_page.parse(text, path)
    assert parsed.problems == ()
    return parsed.entries


def test_the_sample_page_is_read_completely(shared: Path) -> None:
    path = shared / "samples" / "digests" / "2025-02-04.txt"
    text = path.read_bytes().decode()

    entries = read(text, path.name)

    assert {entry.date for entry in entries} == {FEBRUARY_4}
    assert sum(len(entry.paper.authors) for entry in entries) == 48
    assert all(entry.paper.abstract for entry in entries)
    assert [" ".join(entry.tags) for entry in entries] == [
        "optimizer",
        "reward-model reasoning rl",
        "embedding lm",
        "reasoning synthetic-data benchmark",
        "extrapolation synthetic-data self-improvement",
    ]
    assert [[reference.key for reference in entry.references] for entry in entries] == [
        ["arxiv:2310.07831", "arxiv:2408.11029"],
        ["arxiv:2412.01981"],
        ["arxiv:2501.16975"],
        ["arxiv:2411.12498"],
        ["arxiv:2309.08589"],
    ]
    assert [len(entry.paragraphs(KO)) for entry in entries] == [2, 2, 1, 1, 1]
    assert [len(entry.paragraphs(EN)) for entry in entries] == [2, 2, 1, 1, 1]
    assert digest_page.write(entries) == text


def test_a_page_is_read_into_all_its_fields() -> None:
    first, second = read(PAGES["2025-02-04.txt"])

    assert first.paper.title == "Pebbles: Small Models, Long Memory"
    assert first.paper.authors == ("Mina Kang", "José Ortiz (KAIST, Daejeon)", "Ada Field")
    assert first.paper.abstract == "We study pebbles and what they remember. They remember a lot."
    assert first.paragraphs(KO) == (
        "조약돌처럼 작은 모델의 기억력 (https://arxiv.org/abs/2310.07831)을 다뤘네요.",
        "재미있습니다.",
    )
    assert first.paragraphs(EN) == (
        "Memory of pebble-sized models (https://arxiv.org/abs/2310.07831).",
        "It is fun.",
    )
    assert first.tags == ("long-context", "lm")
    assert second.paper.authors == ("Bo Lind", "Cy Ng")
    assert (str(second.paper.arxiv_id), second.source.part) == ("2006.01111v2", 1)
    assert second.paragraphs(KO) == ("마찰에 대한 분석.",)


def test_entries_get_the_date_of_their_day_on_a_page_of_several_days() -> None:
    clouds, alone, english = read(PAGES["two-days.txt"])

    assert (clouds.date, alone.date, english.date) == (FEBRUARY_4, FEBRUARY_4, date(2025, 2, 5))
    assert clouds.paper.authors == ("Dee Park", "Eli Moon")
    assert (clouds.paper.abstract, clouds.links) == ("We look at clouds.", ("240101 Gravel",))
    assert clouds.paragraphs(EN) == ("Clouds, once more. See [[240101 Gravel]].",)
    assert clouds.tags == ("rain", "gan")
    assert (alone.paper.title, alone.paragraphs(KO)) == ("A Title Alone", ("한국어뿐입니다.",))
    assert (str(english.paper.arxiv_id), english.paper.abstract) == ("2502.01234", None)
    assert english.paragraphs(EN) == ("A note of mine about it.",)


BODIES = {
    "abstract, Korean, English": (
        "We do it.|Well.|한국어.|둘.|English.|Two.",
        "We do it.\n\nWell.",
        2,
        2,
    ),
    "no abstract": ("한국어.|English.", None, 1, 1),
    "Korean alone": ("한국어.|둘.", None, 2, 0),
    "abstract, Korean": ("We propose it here.|한국어.", "We propose it here.", 1, 0),
    "abstract too long for a translation, Korean": (
        "Pebbles matter a lot.|돌.",
        "Pebbles matter a lot.",
        1,
        0,
    ),
    "English as long as its translation, Korean": ("It matters.|중요하네요.", None, 1, 1),
    "the curator's English, Korean": ("I wonder what it means, after all.|글쎄.", None, 1, 1),
    "abstract, English, Korean": ("All is well.|English.|한국어.", "All is well.", 1, 1),
    "English, Korean, in pairs": ("English.|Two.|한국어.|둘.", None, 2, 2),
    "abstract, English": ("We show it.|English.", "We show it.", 0, 1),
    "English alone": ("English.|Two.", None, 0, 2),
    "a long abstract alone": ("Pebbles. " * 90, ("Pebbles. " * 90).strip(), 0, 0),
    "quoted abstract, English": ("> All is well.|English.", "All is well.", 0, 1),
    "English in marks": ("All is well.|<english>|English.|</english>", "All is well.", 0, 1),
    "a link to a paper in English": (
        "We propose a thing (https://arxiv.org/abs/2310.07831).|한국어.",
        None,
        1,
        1,
    ),
}


@pytest.mark.parametrize("gap", ["\n", "\n\n", "\r\n", "\r\n\r\n"])
@pytest.mark.parametrize("body", BODIES)
def test_abstract_and_commentary_are_told_apart(body: str, gap: str) -> None:
    lines, abstract, korean, english = BODIES[body]
    entry_lines = ["A Title of Note", "(Al Bo, Cy Do)", *lines.split("|"), "#tag"]
    text = gap.join(["2025년 2월 4일", *entry_lines, "Next", "(Ed Fo)", "한국어.", "#tag"])

    first, second = read(text)

    assert first.paper.abstract == abstract
    assert (len(first.paragraphs(KO)), len(first.paragraphs(EN))) == (korean, english)
    assert second.paper.title == "Next"


@pytest.mark.parametrize(
    "page",
    [
        "First Paper Here|(Al Bo)|We show it.|한국어.|English.|Second Paper There|(Cy Do)|둘.",
        "First Paper Here|We show it.|한국어.|English.|#a|Second Paper There|둘.|#b",
        "First Paper Here|We show it.|한국어.|English.|Second Paper There|둘.",
        "First Paper Here|We show it.|한국어.||Second paper there, in lower case|https://e.org/a|둘.",
        "First Paper Here|한국어.||Second paper there, in lower case|We show it.|둘.",
        "First Paper Here (Al Bo, Cy Do)|한국어.||Second Paper There (Ed Fo, Gi Ho)|둘.",
        "*First paper here*|한국어.||*Second paper there* (Ed Fo)|둘.",
        "## First Paper Here|(Al Bo)|한국어.|## Second Paper There|(Cy Do)|둘.",
        "첫 논문|한국어.|#a|둘째 논문|둘.|#b",
        "First Paper Here|(Al Bo,|  Cy Do (A, B),|  Ed Fo)|한국어.|Second Paper|  There|(Gi Ho)|둘.",
    ],
)
def test_where_one_entry_ends_and_the_next_begins(page: str) -> None:
    first, second = read("2025-02-04\n" + page.replace("|", "\n"))

    assert first.paper.title.casefold().startswith(("first paper here", "첫 논문"))
    assert second.paper.title.casefold().startswith(("second paper", "둘째 논문"))
    assert (first.paragraphs(KO), second.paragraphs(KO)) == (("한국어.",), ("둘.",))


@pytest.mark.parametrize(
    "line",
    [
        *(
            "(물론 비용이 문제겠지만.)",
            "(This is fun, I think.)",
            "Not a Title, But a Sentence.",
            "https://e.org",
        ),
        *(
            "a mere remark",
            "1. First (Al Bo, Cy Do)",
            "(see Kim, Lee and others)",
            "# Links to come",
        ),
    ],
)
def test_lines_that_may_not_be_titles_stay_in_the_commentary(line: str) -> None:
    (entry,) = read(f"2025-02-04\nA Title\n(Al Bo)\n한국어.\n{line}\nEnglish.\n#tag\n")

    assert line in [*entry.paragraphs(KO), *entry.paragraphs(EN)]


OWN = "https://arxiv.org/abs/2502.01234"


@pytest.mark.parametrize(
    "page",
    [
        f"{OWN}|A Title|(Al Bo)|한국어.|#t",
        f"A Title|{OWN}|(Al Bo)|한국어.|#t",
        f"A Title|(Al Bo)|{OWN}|한국어.|#t",
        f"A Title ({OWN})|(Al Bo)|한국어.|#t",
        f"A Title: ({OWN})|한국어.|#t",
        f"A Title|(Al Bo)|> Quoted.|{OWN}|한국어.|#t",
        f"A Title|(Al Bo)|한국어.|{OWN}|#t",
        f"A Title|(Al Bo)|한국어.|#t|{OWN}",
    ],
)
def test_the_link_of_the_paper_is_found_in_every_position(page: str) -> None:
    text = f"2025-02-04\n{page}\nNext\n(Cy Do)\n둘.".replace("|", "\n")

    first, second = read(text)

    assert (first.paper.title, str(first.paper.arxiv_id)) == ("A Title", "2502.01234")
    assert (first.paragraphs(KO), first.references) == (("한국어.",), ())
    assert second.paper.url is None


def test_a_link_between_entries_belongs_to_the_closer_one() -> None:
    first, second = read(f"2025-02-04\nA Title\n(Al Bo)\n한국어.\n#t\n\n{OWN}\nNext\n(Cy Do)\n둘.")

    assert first.paper.url is None
    assert second.paper.url == OWN


def test_names_of_notes_on_a_line_of_their_own_are_links_and_no_text() -> None:
    (entry,) = read("2025-02-04\nA Title\n(Al Bo)\n[[a]]의 후속.\n[[a.md]], [[b]]\n#t")

    assert entry.links == ("a", "b")
    assert entry.paragraphs(KO) == ("[[a]]의 후속.",)


def test_windows_line_ends_full_width_characters_and_unusual_spaces_are_accepted() -> None:
    text = (
        "\ufeff2025년\xa02월\xa04일\r\n\r\nA\xa0Title\r\n"
        "（Al Bo（KAIST），김철수、 Cy Do）\r\n"
        "한국어\xa0문단。\r\n＃rl　＃long_context\r\n"
    )

    (entry,) = read(text)

    assert (entry.date, entry.paper.title) == (FEBRUARY_4, "A Title")
    assert entry.paper.authors == ("Al Bo（KAIST）", "김철수", "Cy Do")
    assert entry.paragraphs(KO) == ("한국어\xa0문단。",)
    assert entry.tags == ("rl", "long-context")


def test_an_invalid_date_is_a_problem_and_not_used() -> None:
    parsed = digest_page.parse(PAGES["bad-day.txt"], "bad-day.txt")

    assert [entry.date for entry in parsed.entries] == [None]
    assert [(each.line, each.severity, each.text) for each in parsed.problems] == [
        (1, Severity.ERROR, "2025-02-30"),
        (6, Severity.WARNING, "2025-03-01"),
        (8, Severity.WARNING, "2025-03-02"),
        (9, Severity.ERROR, "잡담."),
    ]


def test_text_that_belongs_to_no_entry_is_kept_in_a_problem() -> None:
    parsed = digest_page.parse(
        "오늘의 논문\n2025-02-04\n안녕하세요.\nA Title\n(Al Bo)\n한국어.", "p.txt"
    )

    assert [entry.paper.title for entry in parsed.entries] == ["A Title"]
    assert [(each.line, each.text) for each in parsed.problems] == [
        (1, "오늘의 논문"),
        (3, "안녕하세요."),
    ]


def test_a_page_without_a_date_uses_that_of_the_file_name_or_warns() -> None:
    text = "A Title\n(Al Bo)\n한국어.\n"

    (entry,) = read(text, "days/2025-02-04.txt")
    assert entry.date == FEBRUARY_4

    parsed = digest_page.parse(text, "page.txt")
    assert parsed.entries[0].date is None
    assert [problem.message for problem in parsed.problems] == [
        "there is no date above these entries"
    ]


@pytest.mark.parametrize(
    "text",
    ["", "\ufeff\r\n", "hello\nworld", "안녕하세요.", "2025-02-04\n", "# A Readme\n\nIt is read."],
)
def test_a_page_without_entries_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(UnreadableError, match=r"^day\.txt: there are no entries here"):
        digest_page.parse(text, "day.txt")


def test_pages_are_distinguished_from_notes() -> None:
    assert all(digest_page.looks_like(text) for text in PAGES.values())
    assert digest_page.looks_like("A Title\n(Al Bo)\n한국어.\n#a\nNext\n(Cy Do)\n둘.")
    assert not any(digest_page.looks_like(text) for text in NOTES.values())


def test_a_date_line_with_a_comment_is_a_date_line() -> None:
    parsed = digest_page.parse(
        "2025년 2월 4일<!-- TODO -->\nA Title\n(Al Bo)\n한국어.\n#a", "a.txt"
    )

    assert [entry.date for entry in parsed.entries] == [date(2025, 2, 4)]
    assert parsed.problems == ()


@given(st.sampled_from(sorted(PAGES)), st.data())
def test_spans_and_the_lines_between_them_are_the_page(path: str, data: st.DataObject) -> None:
    text = data.draw(st.one_of(st.just(PAGES[path]), mutated(PAGES[path])))
    try:
        parsed = digest_page.parse(text, path)
    except UnreadableError:
        return

    between, at = [], 0
    for entry in parsed.entries:
        begin = text.index(entry.source.text, at)
        between += text[at:begin].splitlines()
        at = begin + len(entry.source.text)
    between += text[at:].splitlines()
    hidden = visible(text, only_closed=True).hidden
    reported = "\n".join([*(problem.text for problem in parsed.problems), *hidden])
    unreported = [line for line in between if line.strip().strip("\ufeff").strip() not in reported]
    assert all(parse_date_line(visible(line, only_closed=True).text) for line in unreported)
    assert [entry.source.part for entry in parsed.entries] == list(range(len(parsed.entries)))


@pytest.mark.parametrize("path", ["2025-02-04.txt", "two-days.txt"])
def test_a_page_written_and_read_again_has_the_same_entries(path: str) -> None:
    entries = read(PAGES[path])

    again = read(digest_page.write(entries))

    assert _said(again) == _said(entries)


def test_the_sample_notes_written_as_one_page_are_all_read_back(shared: Path) -> None:
    notes = sorted((shared / "samples" / "vault").rglob("*.md"))
    entries = [vault_note.parse(note.read_text("utf-8"), note.name).entries[0] for note in notes]

    again = digest_page.parse(digest_page.write(entries), "page.txt").entries

    assert [entry.paper.key for entry in again] == [entry.paper.key for entry in entries]
    assert [entry.date for entry in again] == [entry.date for entry in entries]
    assert [entry.tags for entry in again] == [entry.tags for entry in entries]
    assert [set(entry.links) for entry in again] == [set(entry.links) for entry in entries]
    assert [entry.paper.abstract for entry in again] == [entry.paper.abstract for entry in entries]


def _said(entries: tuple[Entry, ...]) -> list[Entry]:
    """Entries without where they came from, and without the blank lines below them."""
    return [replace(entry, source=replace(entry.source, part=0, text="")) for entry in entries]


@given(st.lists(made_entries(), min_size=1, max_size=4))
def test_entries_from_a_form_are_read_back_from_their_page(entries: list[Entry]) -> None:
    written = digest_page.write(entries)

    again = digest_page.parse(written, "page.txt").entries

    expected = sorted(entries, key=lambda entry: entry.date is not None)
    assert [replace(entry, source=expected[0].source) for entry in again] == expected


def test_a_part_of_a_page_and_entries_from_elsewhere_are_written_under_their_dates() -> None:
    pebbles, sand = read(PAGES["2025-02-04.txt"])
    touched = replace(sand, tags=("rl",), spellings=("rl",))
    later = replace(pebbles, date=date(2025, 2, 5))

    written = digest_page.write([touched, later])

    assert written.startswith(
        "2025년 2월 4일\nSand in the Gears\n(Bo Lind, Cy Ng)\nhttps://arxiv.org"
    )
    assert "#rl\n\n2025년 2월 5일\nPebbles" in written
    assert written.endswith(pebbles.source.text)


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_fenced_code_on_a_page_is_text_of_its_entry(gap: str) -> None:
    code = ["```", "#include <a>", "2025-01-01", "A Title", "(Al Bo, Cy Do)", "[[a]]", "```"]

    (entry,) = read(gap.join(["2025-02-04", "Pebbles", "(Al Bo)", "한국어.", *code, "#tag"]))

    assert entry.paragraphs(KO) == ("한국어.", *code)
    assert (entry.tags, entry.links) == (("tag",), ())


def test_a_fence_that_is_not_closed_is_no_code_on_a_page() -> None:
    first, second = read("2025-02-04\nPebbles\n(Al Bo)\n한국어.\n```\n#a\nSand\n(Cy Do)\n둘.\n#b")

    assert (first.tags, second.tags) == (("a",), ("b",))


def test_a_callout_on_a_page_is_the_abstract_or_commentary() -> None:
    (abstract,) = read("2025-02-04\nPebbles\n(Al Bo)\n> [!abstract]\n> We study.\n한국어.")
    (note,) = read("2025-02-04\nPebbles\n(Al Bo)\n> [!note] 메모\n한국어.")

    assert abstract.paper.abstract == "We study."
    assert note.paragraphs(KO) == ("> [!note] 메모", "한국어.")


def test_hidden_lines_are_ignored() -> None:
    page = "2025-02-04\nPebbles\n%%x%%\n(Al Bo)\n<!-- y\n\nz -->\n한국어.\n%%w%%\n#tag\n"

    (entry,) = read(page)
    (plain,) = read("2025-02-04\nPebbles\n(Al Bo)\n한국어.\n#tag\n")

    assert replace(entry, source=plain.source) == plain
    assert f"2025-02-04\n{entry.source.text}" == page
    assert digest_page.write([entry]) == digest_page.write([plain]).replace(
        "(Al Bo)\n", "(Al Bo)\n\n"
    )
