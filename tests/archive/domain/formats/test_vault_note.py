"""The habits of the vault's notes, one by one."""

import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Commentary, Entry, Language, Paper, Source, SourceKind
from bot.archive.domain.formats import vault_note
from bot.archive.domain.markup.metadata import Field
from tests.archive.domain.formats.texts import NOTES, made_entries, mutated

KO, EN = Language.KO, Language.EN
LINK = "https://arxiv.org/abs/2502.01234"


def read(text: str, path: str = "250203 Pebbles.md") -> Entry:
    (entry,) = vault_note.parse(text, path).entries
    return entry


def test_a_note_in_the_current_style_is_read_into_all_fields() -> None:
    path, text = next(iter(NOTES.items()))

    entry = read(text, path)

    assert entry == Entry(
        paper=Paper(
            "Pebbles: Small Models, Long Memory",
            ("Mina Kang", "José Ortiz (KAIST)", "Ada Field"),
            ArxivId("2502.01234"),
            LINK,
            "We study pebbles. They are small, and they remember (mostly). "
            "Code: https://example.org/pebbles",
        ),
        source=Source(SourceKind.VAULT_NOTE, path, 0, text),
        date=date(2025, 2, 3),
        commentary=(
            Commentary(
                KO,
                (
                    "조약돌처럼 작은 모델의 기억력. 예전 연구가 (https://arxiv.org/abs/2310.07831) 생각나네요.",
                    "https://example.org/demo",
                ),
            ),
            Commentary(
                EN,
                (
                    "Memory of pebble-sized models. It recalls earlier work (https://arxiv.org/abs/2310.07831).",
                    "They are small.",
                ),
            ),
        ),
        tags=("long-context", "lm"),
        spellings=("long-context", "lm"),
        references=entry.references,
        links=("231012 Boulders", "240101 Gravel"),
    )
    assert [reference.key for reference in entry.references] == ["arxiv:2310.07831"]


@pytest.mark.parametrize(
    ("first", "arxiv_id", "url"),
    [
        ("https://arxiv.org/abs/2502.01234 ", ArxivId("2502.01234"), LINK),
        (
            "https://arxiv.org/pdf/2502.01234v2.pdf",
            ArxivId("2502.01234", 2),
            "https://arxiv.org/pdf/2502.01234v2.pdf",
        ),
        ("<https://e.org/a_(b)?c=d#e>", None, "https://e.org/a_(b)?c=d#e"),
        ("arXiv:math.CA/0611800", ArxivId("math/0611800"), "arXiv:math.CA/0611800"),
        ("arxiv.org/abs/2502.01234", ArxivId("2502.01234"), "arxiv.org/abs/2502.01234"),
    ],
)
def test_a_link_on_the_first_line_belongs_to_the_paper(
    first: str, arxiv_id: ArxivId | None, url: str
) -> None:
    paper = read(f"\n{first}\n\n한국어.\n").paper

    assert (paper.arxiv_id, paper.url, paper.title) == (arxiv_id, url, "Pebbles")


@pytest.mark.parametrize(
    ("head", "title", "authors"),
    [
        ("*A Title* (Al Bo, Cy Do)", "A Title", ("Al Bo", "Cy Do")),
        ("**A Title** (Al Bo)", "A Title", ("Al Bo",)),
        ("*A Title* (Apple)", "A Title", ("Apple",)),
        ("*A Title*\n(Al Bo, Cy Do)", "A Title", ("Al Bo", "Cy Do")),
        ("*A Title*", "A Title", ()),
        ("*Title over\n two lines* (Al Bo,\n Cy Do)", "Title over two lines", ("Al Bo", "Cy Do")),
        ("A Title (Al Bo, Cy Do)", "A Title", ("Al Bo", "Cy Do")),
        ("Title over\n  two lines (Al Bo, Cy Do)", "Title over two lines", ("Al Bo", "Cy Do")),
        (
            "A Title with GPT-4V(ision) (Al Bo, Cy Do)",
            "A Title with GPT-4V(ision)",
            ("Al Bo", "Cy Do"),
        ),
        (
            "A (NOT) Title (Al Bo (KAIST, Korea), Cy Do)",
            "A (NOT) Title",
            ("Al Bo (KAIST, Korea)", "Cy Do"),
        ),
        ("A Title （Al Bo，Cy Do）", "A Title", ("Al Bo", "Cy Do")),
        ("A Title (Al Bo, Cy Do, and Ed Fo)", "A Title", ("Al Bo", "Cy Do", "Ed Fo")),
        ("*A Title* (Al Bo and Cy Do and Ed Fo)", "A Title", ("Al Bo", "Cy Do", "Ed Fo")),
        (
            "A Title (김철수, Ludwig van der Berg, d'Arc et al.)",
            "A Title",
            ("김철수", "Ludwig van der Berg", "d'Arc et al."),
        ),
        ("Proximal Pebble Polishing (PPP)", "Proximal Pebble Polishing (PPP)", ()),
        ("# A Title\n(Al Bo, Cy Do)", "A Title", ("Al Bo", "Cy Do")),
        ("A Title In Title Case", "A Title In Title Case", ()),
        ("Is it a title?\n> Yes.", "Is it a title?", ()),
    ],
)
def test_titles_and_authors_below_the_link(head: str, title: str, authors: tuple[str, ...]) -> None:
    for gap in ("\n", "\n\n"):
        entry = read(f"{LINK}{gap}{head}\n\n한국어.")
        assert (entry.paper.title, entry.paper.authors) == (title, authors)
        assert entry.paragraphs(KO) == ("한국어.",)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "이 논문은 재미있다. (Top 1)",
            "There is much to like here.",
            "https://e.org/demo",
            "#tag",
        ),
        *("* a list (Al Bo, Cy Do)", "1. One thing (Al Bo, Cy Do)", "much to like here", ""),
    ],
)
def test_a_note_without_a_title_gets_its_file_name_without_the_date(text: str) -> None:
    assert read(f"{LINK}\n\n{text}").paper.title == "Pebbles"
    assert read(text, "notes/Pebbles.md").paper.title == "Pebbles"


@pytest.mark.parametrize(
    ("text", "title", "commentary"),
    [
        (f"A Title Of Note ({LINK})", "A Title Of Note", ()),
        (
            f"A Title Of Note: ({LINK}) 를 읽었다.\n이어서.",
            "A Title Of Note",
            ("를 읽었다.\n이어서.",),
        ),
        (f"A Title Of Note {LINK}", "A Title Of Note", ()),
        (f"*A Title Of Note* (Al Bo)\n{LINK}\n\n한국어.", "A Title Of Note", ("한국어.",)),
        (f"A Title Of Note\n{LINK}\n\n한국어.", "A Title Of Note", ("한국어.",)),
        (
            f"한 편 소개.\n\n{LINK}\nA Title Of Note\n\n한국어.",
            "A Title Of Note",
            ("한 편 소개.", "한국어."),
        ),
        (f"한 편 소개.\n\n{LINK}\n\n한국어.", "Pebbles", ("한 편 소개.", "한국어.")),
    ],
)
def test_a_link_may_stand_in_or_below_the_title_or_further_down(
    text: str, title: str, commentary: tuple[str, ...]
) -> None:
    entry = read(text)

    assert (entry.paper.title, entry.paper.arxiv_id) == (title, ArxivId("2502.01234"))
    assert entry.paragraphs(KO) == commentary


def test_a_link_to_anything_but_a_paper_further_down_stays_in_the_commentary() -> None:
    entry = read("한국어.\n\nhttps://www.youtube.com/watch?v=1\n")

    assert entry.paper.url is None
    assert entry.paragraphs(KO) == ("한국어.", "https://www.youtube.com/watch?v=1")


def test_further_papers_are_references_and_their_text_stays() -> None:
    text = (
        f"{LINK}\n\nA Title (Al Bo, Cy Do)\n\n첫 논문.\n\nhttps://arxiv.org/abs/2310.07831\n\n"
        "Second Paper of Two (Ed Fo, Gi Ho)\n\n둘째 논문.\n\nhttps://openreview.net/forum?id=a1\n\n"
        f"셋째. {LINK} 다시. https://e.org/x https://e.org/paper.pdf, 그리고 arXiv:2310.07831.\n"
    )

    entry = read(text)

    assert entry.paper.title == "A Title"
    assert [reference.key for reference in entry.references] == [
        "arxiv:2310.07831",
        "url:https://openreview.net/forum?id=a1",
        "url:https://e.org/paper.pdf",
    ]
    assert "Second Paper of Two (Ed Fo, Gi Ho)" in entry.paragraphs(KO)
    assert entry.paragraphs(EN) == ()


def test_a_repeated_title_stays_with_the_korean_below_it() -> None:
    entry = read(f"{LINK}\n\nA Title (Al Bo, Cy Do)\n\nA title, again (Al Bo, Cy Do)\n\n한국어.")

    assert entry.paragraphs(KO) == ("A title, again (Al Bo, Cy Do)", "한국어.")


def test_an_abstract_keeps_its_paragraphs_and_an_empty_quotation_is_no_abstract() -> None:
    quoted = read(f"{LINK}\n\n*A Title* (Al Bo)\n\n> One\n> line.\n>\n>Two.\n\n한국어.\n\n> 인용")

    assert quoted.paper.abstract == "One line.\n\nTwo."
    assert quoted.paragraphs(KO) == ("한국어.", "> 인용")
    assert read(f"{LINK}\n\n*A Title* (Al Bo)\n\n> \n\n한국어.").paper.abstract is None


def test_text_in_english_marks_is_english_until_they_close_or_tags_follow() -> None:
    entry = read(
        f"{LINK}\n\n한국어.\n\n<English>One.\n\n42\n</ENGLISH> https://e.org\n\n다시.\n\n"
        "<english>\nTwo “인용”.\n\n#lm\n\n또 다시."
    )

    assert entry.paragraphs(EN) == ("One.", "42", "https://e.org", "Two “인용”.")
    assert entry.paragraphs(KO) == ("한국어.", "다시.", "또 다시.")


def test_tags_are_found_on_lines_of_tags_and_in_text_which_keeps_them() -> None:
    entry = read(
        f"{LINK}\n\n결과. #object_detection #GAN\n\n#gan, ＃long-context #rl#moe\n#1\n\n"
        "#tag 다음의 말. C# 1 #2 https://e.org/#no `#code` (#인용)\n\n```\n#include\n#define\n```\n"
    )

    assert entry.tags == ("gan", "long-context", "rl", "moe", "object-detection", "tag", "인용")
    assert entry.spellings == (
        *("gan", "long-context", "rl", "moe", "object_detection", "tag", "인용"),
    )
    assert entry.paragraphs(KO)[0] == "결과. #object_detection #GAN"


def test_a_line_that_repeats_a_tag_stays_in_the_text() -> None:
    entry = read(f"{LINK}\n\n한국어.\n\n#gan #rl\n\n#GAN #lm\n\n#moe\n")

    assert (entry.tags, entry.spellings) == (("gan", "rl", "moe", "lm"),) * 2
    assert entry.paragraphs(KO) == ("한국어.", "#GAN #lm")


def test_links_are_collected_from_the_text_and_from_below_their_heading() -> None:
    entry = read(
        f"{LINK}\n\n[[200130 A]] 처럼, [[b.md|이름]] 또 [[c#절]]. ![[picture.png]]\n\n"
        "# Links\n\n# Links\n[[200130 A.md]]\n- [[d.md]], [[e]]\n[[f|shown]]\n말.\n"
    )

    assert entry.links == ("200130 A", "b", "c", "d", "e", "f")
    assert entry.paragraphs(KO)[-1] == "[[f|shown]]\n말."


def test_a_note_that_links_to_itself_keeps_that_link() -> None:
    assert read(f"{LINK}\n\n# Links\n\n[[250203 Pebbles.md]]").links == ("250203 Pebbles",)


def test_code_is_one_paragraph_and_goes_with_the_one_before() -> None:
    entry = read(f"{LINK}\n\n한국어.\n\n```python\na = [[b]]\n\n# Links\n> c\n```\n다음.")

    assert entry.paragraphs(KO) == ("한국어.", "```python\na = [[b]]\n\n# Links\n> c\n```", "다음.")


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", "\ufeff\r\n"])
def test_an_empty_note_is_an_entry_with_a_name_and_a_date(text: str) -> None:
    entry = read(text)

    assert (entry.paper, entry.date, entry.commentary) == (Paper("Pebbles"), date(2025, 2, 3), ())
    assert vault_note.write(entry) == text


def test_names_are_composed_so_that_macos_and_linux_agree() -> None:
    name = unicodedata.normalize("NFD", "250203 조약돌.md")

    entry = read(f"[[{name}]]", f"폴더/{name}")

    assert entry.source.path == "폴더/250203 조약돌.md"
    assert entry.paper.title == "조약돌"
    assert entry.links == ("250203 조약돌",)


def test_problems_are_reported_with_their_lines() -> None:
    parsed = vault_note.parse(
        "https://arxiv.org/abs/2112.0886\r\n\r\n오타.\r\narXiv:2513.01234\n", "250230 Oops.md"
    )

    assert [(problem.line, problem.message.split()[0]) for problem in parsed.problems] == [
        (None, "the"),
        (1, "https://arxiv.org/abs/2112.0886"),
        (4, "arXiv:2513.01234"),
    ]
    (entry,) = parsed.entries
    assert (entry.date, entry.paper.title) == (None, "250230 Oops")
    assert (entry.paper.arxiv_id, entry.paper.url) == (None, "https://arxiv.org/abs/2112.0886")


@given(st.sampled_from(sorted(NOTES)), st.data())
def test_an_unchanged_note_is_written_as_it_was(path: str, data: st.DataObject) -> None:
    text = data.draw(st.one_of(st.just(NOTES[path]), mutated(NOTES[path]), st.text()))

    assert vault_note.write(read(text, path)) == text


def test_details_filled_in_from_arxiv_do_not_change_a_note() -> None:
    text = f"{LINK}\n\n한국어.\n"
    entry = read(text)
    filled = replace(
        entry.paper, title="The Title", authors=("Al Bo",), abstract="It is.", url=LINK + "v2"
    )

    assert vault_note.write(replace(entry, paper=filled)) == text


def test_a_changed_note_is_written_in_the_current_style() -> None:
    path, text = next(iter(NOTES.items()))
    entry = read(text, path)

    written = vault_note.write(replace(entry, tags=("rl",), spellings=("RL",)))

    assert written == text.replace("(KAIST), and Ada", "(KAIST), Ada").replace(
        "(mostly).\n> Code", "(mostly). Code"
    ).replace("#long-context #lm", "#RL")


@given(made_entries())
def test_an_entry_from_a_form_is_read_back_from_its_note(entry: Entry) -> None:
    name = vault_note.file_name(entry)

    again = read(vault_note.write(entry), name)

    assert replace(again, source=entry.source) == entry


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Pebbles: Small Models", "250203 Pebbles.md"),
        ('What? "Slashes" a/b\\c [d] #e', "250203 What Slashes a b c d e.md"),
        ("...", "250203 Untitled.md"),
        ("조약돌", "250203 조약돌.md"),
        ("x" * 300, f"250203 {'x' * 120}.md"),
    ],
)
def test_a_new_note_is_named_in_the_style_of_the_curator(title: str, name: str) -> None:
    entry = Entry(Paper(title), Source(SourceKind.CHAT_FORM, "form"), date(2025, 2, 3))

    assert vault_note.file_name(entry) == name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[a](250101%20Alpha.md)", ("250101 Alpha",)),
        ("[a](<../2024/250101 Alpha.md#절> '제목')", ("2024/250101 Alpha",)),
        ("[a](250101%20A%20(B).markdown)", ("250101 A (B)",)),
        ("[a](./A.MD) [[b.markdown]] [[c.MD|이름]]", ("A", "b", "c")),
        ("[a](https://e.org/x.md) [b](x.pdf) ![c](x.md) [d](#x.md) [e](mailto:x.md)", ()),
        ("`[a](b.md)` `[[c]]`", ()),
    ],
)
def test_markdown_links_to_notes_are_links(text: str, names: tuple[str, ...]) -> None:
    entry = read(f"{LINK}\n\n한국어 {text}.")

    assert entry.links == names
    assert entry.paragraphs(KO) == (f"한국어 {text}.",)


def test_markdown_links_below_the_links_heading_are_no_text_if_they_show_the_name() -> None:
    entry = read(f"{LINK}\n\n한국어.\n\n# Links\n- [Alpha B](Alpha%20B.md)\n- [보기](Beta.md)\n")

    assert entry.links == ("Alpha B", "Beta")
    assert entry.paragraphs(KO) == ("한국어.", "- [보기](Beta.md)")


@pytest.mark.parametrize(
    ("quoted", "abstract"),
    [
        ("> [!abstract]\n> We study.\n>\n> More.", "We study.\n\nMore."),
        ("> [!Abstract]- Abstract\n> We study.", "We study."),
        ("> [!summary]+ 초록\n> We study.", "We study."),
        ("> [!tldr] In short\n> We study.", "In short\n\nWe study."),
        (">[!abstract|wide] **Abstract:**\n>We study.", "We study."),
    ],
)
@pytest.mark.parametrize("before", ["", "한국어.\n\n"])
def test_an_abstract_callout_is_the_abstract_without_its_mark(
    quoted: str, abstract: str, before: str
) -> None:
    entry = read(f"{LINK}\n\n*A Title* (Al Bo)\n\n{before}{quoted}\n\n다음.")

    assert entry.paper.abstract == abstract
    assert entry.paragraphs(KO)[-1] == "다음."


def test_other_callouts_are_commentary() -> None:
    entry = read(f"{LINK}\n\n*A Title* (Al Bo)\n\n> [!note] 메모\n> 내용\n\n다음.")

    assert entry.paper.abstract is None
    assert entry.paragraphs(KO) == ("> [!note] 메모\n> 내용", "다음.")


def test_a_changed_note_keeps_its_front_matter_and_comments() -> None:
    text = f"---\nmemo: 1\n---\n{LINK}\n\n*A Title* (Al Bo)\n\n한국어 %%비밀%%.\n\n#rl\n"
    entry = read(text)

    written = vault_note.write(replace(entry, tags=("lm",), spellings=("lm",)))

    assert written == (
        f"---\nmemo: 1\n---\n\n{LINK}\n\n*A Title* (Al Bo)\n\n한국어 .\n\n#lm\n\n%%비밀%%"
    )
    assert (read(written).tags, read(written).commentary) == (("lm",), entry.commentary)


def test_a_changed_note_keeps_its_fields() -> None:
    text = f"{LINK}\n\n*A Title* (Al Bo)\n\n한국어 (venue:: ICLR) 글.\n\nrating:: 5\n\n#rl\n"
    entry = read(text)

    written = vault_note.write(replace(entry, tags=("lm",), spellings=("lm",)))

    assert written == (
        f"{LINK}\n\n*A Title* (Al Bo)\n\n한국어 글.\n\n#lm\n\n(venue:: ICLR)\nrating:: 5\n"
    )
    assert (read(written).tags, read(written).commentary) == (("lm",), entry.commentary)


def test_fields_that_contradict_the_entry_are_kept_as_a_comment() -> None:
    entry = read(f"---\nmemo: 1\n---\n{LINK}\n\n한국어.\n\ntags:: rl\nrating:: 5\n")

    written = vault_note.write(replace(entry, tags=("lm",), spellings=("lm",)))

    assert read(written).tags == ("lm",)
    assert written.startswith("---\nmemo: 1\n---\n")
    assert written.endswith("%%\ntags:: rl\nrating:: 5\n%%")


def test_front_matter_that_contradicts_the_entry_is_kept_as_a_comment() -> None:
    yaml = [Field("tags", "rl", 2)]
    (entry,) = vault_note.parse("---\ntags: rl\n---\n한국어.", "a.md", yaml).entries

    written = vault_note.write(replace(entry, tags=("lm",), spellings=("lm",)), yaml)

    assert read(written).tags == ("lm",)
    assert written.endswith("%%\ntags: rl\n%%")


def test_a_suffix_belongs_to_the_name_before_it() -> None:
    entry = read(
        "*Pebbles* (Martin Luther King, Jr., Al Bo, Cy Do III and Ed Fo, Ph.D.)\n\n조약돌.\n"
    )

    authors = entry.paper.authors
    assert authors == ("Martin Luther King, Jr.", "Al Bo", "Cy Do III", "Ed Fo, Ph.D.")
    changed = replace(entry, paper=replace(entry.paper, title="Stones"))
    assert read(vault_note.write(changed)).paper.authors == authors


@pytest.mark.parametrize(
    ("on", "title", "name"),
    [
        (date(1998, 2, 3), "Pebbles", "1998-02-03 Pebbles.md"),
        (date(2070, 2, 3), "Pebbles", "2070-02-03 Pebbles.md"),
        (date(2000, 2, 3), "Pebbles", "000203 Pebbles.md"),
        (date(2069, 2, 3), "240101 Gravel", "690203 240101 Gravel.md"),
        (None, "240101 Gravel", "_240101 Gravel.md"),
        (None, "2024-01-01 Gravel", "_2024-01-01 Gravel.md"),
        (None, "250230 Gravel", "_250230 Gravel.md"),
        (None, "20 Questions", "20 Questions.md"),
    ],
)
def test_a_note_from_elsewhere_keeps_its_date_or_that_it_has_none(
    on: date | None, title: str, name: str
) -> None:
    entry = Entry(Paper(title, ()), Source(SourceKind.CHAT_FORM, "form"), on)

    parsed = vault_note.parse(vault_note.write(entry), vault_note.file_name(entry))

    assert vault_note.file_name(entry) == name
    assert (parsed.entries[0].date, parsed.entries[0].paper.title) == (on, title)
    assert parsed.problems == ()
