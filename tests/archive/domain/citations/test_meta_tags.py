import re

import pytest

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.citations.meta_tags import meta_tags
from bot.archive.domain.entry import Entry, Paper, Source, SourceKind


def authors(*names: str) -> list[str]:
    paper = Paper("Pebbles", names, ArxivId("2310.01234"))
    tags = meta_tags(Entry(paper, Source(SourceKind.VAULT_NOTE, "note.md")))
    return [text for name, text in tags if name == "citation_author"]


def zotero(content: str) -> list[str]:
    """How the translator “Embedded Metadata” of Zotero divides one tag into people."""
    people = re.split(r"\s*;\s*", content)
    parts = re.split(r"\s*,\s*", content)
    if len(people) == 1 and len(parts) > 1 and " " in parts[0] and " " in parts[1]:
        return parts
    return people


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Mina Kang", "Kang, Mina"),
        ("Kang, Mina", "Kang, Mina"),
        ("Laurens van der Maaten", "van der Maaten, Laurens"),
        ("Laurens P. van der Maaten", "Laurens P. van der Maaten"),
        ("van der Maaten, Laurens P.", "Laurens P. van der Maaten"),
        ("Martin Luther King Jr.", "Martin Luther King Jr."),
        ("ERNIE Team, Baidu", "ERNIE Team Baidu"),
        ("Al Bo; Cy Do", "Do, Al Bo Cy"),
        ("홍 길동", "홍, 길동"),
        ("김철수", "김철수"),
    ],
)
def test_zotero_reads_each_author_as_one(name: str, content: str) -> None:
    assert authors(name) == [content]
    assert zotero(content) == [content]


def test_only_what_is_known_is_said() -> None:
    paper = Paper("Pebbles\n</title>", url="javascript:alert(1)")

    tags = meta_tags(Entry(paper, Source(SourceKind.VAULT_NOTE, "note.md")))

    assert tags == (("citation_title", "Pebbles </title>"),)
