"""No parser takes more than linear time, whatever its text is made of (issue 12, E).

What counts is how much longer a text that is sixteen times as long takes, not how long.
"""

import contextlib
from collections.abc import Callable
from datetime import date

import pytest

from bot.archive.domain.arxiv_id import find_arxiv_ids
from bot.archive.domain.citations import bibtex
from bot.archive.domain.dates import named_date, parse_date_line
from bot.archive.domain.entry import Commentary, Entry, Language, Paper, Source, SourceKind
from bot.archive.domain.formats import digest_page, note_edits, vault_note
from bot.archive.domain.formats.decode import decode
from bot.archive.domain.inlines import inlines
from bot.archive.domain.language import languages_of
from bot.archive.domain.markup import front_matter, heading
from bot.archive.domain.markup.author_names import is_group, without_others
from bot.archive.domain.markup.inline_fields import take_fields
from bot.archive.domain.markup.markdown import CodeBlocks, code_spans, hidden
from bot.archive.domain.markup.mentions import (
    is_note_names,
    malformed_ids,
    note_names_in,
    parse_address_line,
    references_in,
)
from bot.archive.domain.markup.metadata import Field, read_fields
from bot.archive.domain.markup.quotation import quoted_text
from bot.archive.domain.markup.tags import parse_tag_line, tags_in_text
from bot.archive.services import front_matter as yaml_front_matter
from bot.core.domain.errors import UnreadableError
from tests.growth import LINEAR, exponent, repeated

PIECES = (
    *("a", "가나 다", "the word. ", "\t", "\u3000", "(", ")", "(a ", "Al Bo, ", " and ", "[", "]"),
    *("[[", "]]", "[[a]]", "[[a ", "[a](", "[a](b.md", "[a](b.md) ", "](", "[a]: #\n", "[a]: # (b"),
    *(
        "#",
        "#a ",
        "#a",
        "#abcdef ",
        "*",
        "_",
        "*a ",
        ">",
        "`",
        "`a ``",
        "```",
        "~~~",
        "$",
        "$$",
        "$a ",
    ),
    *("%%", "%%a ", "9%% ", "%%%%", "<!--", "-->", "<!-- a --> ", "<", "<a", "\\`", "\\"),
    *("a:: b\n", "[a:: ", "(a:: b", "[a:: [[b]] ", "::", "- a:: b\n", "a: b\n", "- a\n", "? "),
    *(
        "arxiv",
        "arXiv:",
        "https://arxiv.org/abs/2310.07831 ",
        "https://",
        "www.a ",
        "https://a.b/%%",
    ),
    *(
        "et al. ",
        "외 3인, ",
        "Institute of A and B and ",
        "Team and ",
        "2025-02-04 ",
        "\ufeff",
        "e\u0301",
    ),
    *(
        "\n",
        "가\n\n",
        "a\n\n",
        "a\n",
        "    a\n",
        "\n    a\n\n",
        "\ta\n\n",
        "- a\n\n      b\n",
        "> a\n",
    ),
    *("```\n", "```a\n\n", "~~~\n```\n", "````\n```\n", "> ```\n", "- ```\n", "$$\n", "$$a\n\n"),
    *("`\n\n", "``\n`\n", "%%\n\n", "<!--\n", "a `b\n%%c\n", "> [!abstract]\n", "> [!note] a\n\n"),
    *("<english>\n", "</english>\n", "# Links\n", "[[a]]\n", "- [a](a.md)\n", "(A B, C\n", "(a\n"),
    *("A Title Here\n", "A Title (Al Bo, Cy Do)\n", "A Title\n(Al Bo)\n", "2025-02-04\n", "#a\n"),
    *("https://a.b/c\n", "https://arxiv.org/abs/x\n", "*a\n", "*A* (b\n", " a\n", "| a |\n"),
)


def _page(text: str) -> None:
    for page in (text, f"2025-02-04\nA Title\n(Al Bo, Cy Do)\n{text}"):
        with contextlib.suppress(UnreadableError):
            digest_page.parse(page, "page.txt")


def _edited(text: str) -> None:
    old = [part for part in (each.strip() for each in text.split("\n\n")) if part]
    ours, theirs = ["새 글", *old[1:-1], "끝"], [f"{at}" for at, _ in enumerate(old)]
    for new in (ours, theirs):
        note_edits.with_paragraphs(text, {Language.KO: old}, {Language.KO: new})
    for note in (text, f"---\ntags: {text}\n---\n", f"---\ntags:\n{text}\n---\n", f"tags:: {text}"):
        note_edits.with_tags(note, add=["new"], remove={"a"})


def _written(text: str) -> None:
    texts = (text,)
    paper = Paper(text[:2_000], (text[:2_000],), None, None, text)
    source = Source(SourceKind.CHAT_FORM, "form")
    entry = Entry(paper, source, date(2025, 2, 4), (Commentary(Language.KO, texts),))
    vault_note.write(entry)
    bibtex.write([entry])


PARSERS: dict[str, Callable[[str], object]] = {
    "a note": lambda text: vault_note.parse(text, "250203 Name.md"),
    "a note with a head": lambda text: vault_note.parse(
        f"https://e.org/a.pdf\n*A Title* (Al Bo)\n{text}", "a.md"
    ),
    "a page": _page,
    "whether it is a page": digest_page.looks_like,
    "an entry, written": _written,
    "front matter": lambda text: front_matter.find(f"---\n{text}\n---\n"),
    "YAML": lambda text: yaml_front_matter.read(f"---\na: b\n{text}\n---\n", "a.md"),
    "bytes": lambda text: decode(text.encode(), "a.md"),
    "comments": hidden,
    "blocks of code": lambda text: CodeBlocks(text.split("\n")).all(),
    "spans of code": code_spans,
    "tags": lambda text: list(tags_in_text(f"#a {text}")),
    "a line of tags": parse_tag_line,
    "links": lambda text: list(note_names_in(text)),
    "a line of links": is_note_names,
    "references": lambda text: references_in([text], Paper("A")),
    "malformed ids": lambda text: list(malformed_ids(text, "a.md")),
    "ids": find_arxiv_ids,
    "an address": parse_address_line,
    "authors": heading.split_authors,
    "a list of names": lambda text: heading.are_names([text[:300], *text.split(",")]),
    "a line of authors": lambda text: heading.parse_authors_line(f"({text})"),
    "a heading": lambda text: heading.parse_plain(f"A {text} (Al Bo)"),
    "an emphasised heading": lambda text: heading.parse_emphasised(f"*A* ({text}"),
    "a heading with a link": lambda text: heading.parse_with_link(f"A https://a.b {text}"),
    "a group": is_group,
    "et al.": without_others,
    "an edited note": _edited,
    "fields in text": lambda text: take_fields(text.split("\n")),
    "fields": lambda text: read_fields([Field(k, text, 1) for k in ("tags", "date", "author")], ""),
    "a quotation": lambda text: quoted_text(text.split("\n")),
    "languages": lambda text: languages_of(text.split("\n\n")),
    "a date": parse_date_line,
    "a path": named_date,
    "inlines": inlines,
}


@pytest.mark.slow
@pytest.mark.parametrize("parser", PARSERS)
def test_parsing_time_is_linear(parser: str) -> None:
    grown = {piece: exponent(PARSERS[parser], repeated(piece)) for piece in PIECES}

    assert {piece: round(e, 2) for piece, e in grown.items() if e > LINEAR} == {}
