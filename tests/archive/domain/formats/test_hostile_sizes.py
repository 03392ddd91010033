"""Inputs made to hurt: one line of fifty megabytes, and many small ones of every mark there is.

Nothing is timed: what is not linear would not end within the time-out of a test.
"""

import contextlib

import pytest

from bot.archive.domain.formats import digest_page, vault_note
from bot.archive.domain.formats.decode import decode
from bot.core.domain.errors import UnreadableError

FIFTY_MEGABYTES = 50_000_000

UNITS = (
    *("a", "가나 다", "the word. ", " ", "\t", "\u3000", "(", ")", "()", "(a ", "Al Bo, ", " and "),
    *(
        "[[",
        "]]",
        "[[a]]",
        "[[a ",
        "#",
        "#a ",
        "#a",
        "*",
        "_",
        "*a ",
        ">",
        "`",
        "```",
        "~~~",
        "<english>",
    ),
    *(
        "arxiv",
        "arXiv:",
        "arxiv.org/abs/",
        "https://arxiv.org/abs/2310.07831 ",
        "https://",
        "www.a ",
    ),
    *("https://a.b/c.pdf ", "doi.org/10.48550/arxiv.", "2025-02-04 ", "\ufeff", "\x0c", "e\u0301"),
)
LINES = (
    *(
        "",
        "a",
        "가",
        "(a",
        "(A B, C",
        "*a",
        "# Links",
        "#a",
        "> a",
        "[[a]]",
        "<english>",
        "</english>",
    ),
    *("```a", "~~~a", "https://a.b/c", "https://arxiv.org/abs/x", "2025-02-04", "2025-02-30"),
    *("A Title Here", "A Title (Al Bo, Cy Do)", "(Al Bo, Cy Do)", "- [[a.md]]", "| a |", " a"),
)


def read_both_ways(text: str) -> None:
    assert len(vault_note.parse(text, "250203 Name.md").entries) == 1
    for page in (text, f"2025-02-04\n{text}\n(Al Bo, Cy Do)\n{text}"):
        with contextlib.suppress(UnreadableError):
            assert digest_page.parse(page, "page.txt").entries


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["가", "a word. "])
def test_a_line_of_fifty_megabytes_is_read(unit: str) -> None:
    data = (unit * (FIFTY_MEGABYTES // len(unit.encode()))).encode()

    (entry,) = vault_note.parse(decode(data, "note.md"), "250203 Name.md").entries

    assert sum(
        len(paragraph.encode()) for each in entry.commentary for paragraph in each.paragraphs
    ) > (FIFTY_MEGABYTES - 10)


@pytest.mark.slow
def test_fifty_megabytes_on_a_page_are_read() -> None:
    long = "조약돌 " * (FIFTY_MEGABYTES // 10)

    (entry,) = digest_page.parse(f"2025-02-04\nA Title\n(Al Bo)\n{long}\n#tag", "page.txt").entries

    assert [each.paragraphs for each in entry.commentary] == [(long.strip(),)]
    assert entry.tags == ("tag",)


@pytest.mark.parametrize("unit", UNITS)
def test_a_long_line_of_anything_is_read_in_linear_time(unit: str) -> None:
    read_both_ways(unit * (200_000 // len(unit)))


@pytest.mark.parametrize("line", LINES)
def test_many_lines_of_anything_are_read_in_linear_time(line: str) -> None:
    read_both_ways(f"{line}\n" * 10_000)
