"""Other people's parsers read the papers, names and identifiers that we wrote."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import bibtexparser
import pytest
import rispy
from bibtexparser.customization import splitname
from citeproc.source.json import CiteProcJSON
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.citations import bibtex, citation, csl, ris
from bot.archive.domain.entry import Commentary, Entry, Language, Paper, Source, SourceKind
from bot.archive.domain.formats import digest_page, vault_note

_TEX = {
    "textbraceleft": "{",
    "textbraceright": "}",
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textless": "<",
    "textgreater": ">",
}
"""What LaTeX prints for these macros (`encguide`, tables of text symbols)."""
_HOSTILE = (
    "}, note = {x} @misc{y, title={z}}",
    "a\nER  - \nTY  - BOOK",
    "\\input{/etc/passwd} $x_1^2$ % & # ~",
    '</script><script>alert(1)</script>"}],"id":"x"',
    "\u202etxt.exe\u202c \u2066a\u2069 \u200fב\x00\x1b[31m",
    "one\u2028two\x85three\r\nfour",
    "{{unbalanced",
    "Rock and Roll, and more and",
)


@dataclass(frozen=True)
class Read:
    """What a reader takes from an item: names by family name and the rest of their words."""

    key: str
    title: str
    names: tuple[tuple[str, str], ...]
    arxiv_id: str
    url: str


def by_bibtex(text: str) -> Iterator[Read]:
    for item in bibtexparser.loads(text).entries:
        names = _in_braces(item.get("author", ""))
        yield Read(
            item["ID"],
            _from_tex(item.get("title", "")[1:-1]),
            tuple(_bibtex_name(name) for name in names),
            item.get("eprint", ""),
            item.get("url", ""),
        )


def _in_braces(field: str) -> list[str]:
    """The names of a field, which `and` outside of braces separates."""
    names, depth, words = [], 0, list[str]()
    for word in field.split():
        if word == "and" and depth == 0:
            names.append(" ".join(words))
            words = []
        else:
            words.append(word)
            depth += word.count("{") - word.count("}")
    return [*names, " ".join(words)] if words else names


def _bibtex_name(name: str) -> tuple[str, str]:
    if name == "others":
        return ("", "et al.")
    parts = splitname(name)
    family = _from_tex(" ".join((*parts["von"], *parts["last"])))
    rest = _from_tex(" ".join((*parts["first"], *parts["jr"])))
    is_whole = name.startswith("{") and not rest
    return ("", _from_tex(name[1:-1])) if is_whole else (family, rest)


def _from_tex(text: str) -> str:
    return re.sub(
        r"\\(?:(text[a-z]+)\{\}|([&%$#_]))", lambda found: found[2] or _TEX[found[1]], text
    )


def by_ris(text: str) -> Iterator[Read]:
    for item in rispy.loads(text):
        parted = (name.split(", ") for name in item.get("authors", []))
        yield Read(
            item["id"],
            item.get("title", ""),
            tuple((name[0], " ".join(name[1:])) for name in parted),
            item.get("accession_number", "").removeprefix("arXiv:"),
            item["urls"][0] if item.get("urls") else "",
        )


def by_csl(text: str) -> Iterator[Read]:
    read = CiteProcJSON(json.loads(text))
    for key, item in read.items():
        yield Read(
            key,
            str(item.get("title", "")),
            tuple(_csl_name(name) for name in item.get("author", [])),
            str(item.get("number", "")).removeprefix("arXiv:"),
            str(item.get("URL", "")),
        )


def _csl_name(name: dict[str, str]) -> tuple[str, str]:
    parts = [name.get(part) for part in ("given", "suffix", "literal")]
    return (name.get("family") or "", " ".join(filter(None, parts)))


READERS: dict[str, tuple[Callable[[list[Entry]], str], Callable[[str], Iterator[Read]]]] = {
    "bibtex": (bibtex.write, by_bibtex),
    "ris": (ris.write, by_ris),
    "csl": (csl.write, by_csl),
}


def expected(entries: list[Entry], form: str) -> list[Read]:
    """What the entries say; RIS has no way to say that a name is not to be split."""
    found = []
    for each in citation.cite(entries):
        names = [
            (author.family, " ".join(filter(None, (author.given, author.suffix))))
            if author.family
            else ("", author.name)
            for author in each.authors
        ]
        if each.has_others:
            names.append(("", "et al."))
        if form == "ris":
            names = [
                (family, rest) if family else (" ".join(rest.replace(",", " ").split()), "")
                for family, rest in names
            ]
        url = each.url.translate(bibtex.IN_URL) if form == "bibtex" else each.url
        arxiv_id = str(each.arxiv_id or "")
        found.append(Read(each.key, each.title, tuple(names), arxiv_id, url))
    return found


@pytest.fixture(scope="module")
def samples(shared: Path) -> list[Entry]:
    found: list[Entry] = []
    for path in sorted((shared / "samples").rglob("*.md")):
        found += vault_note.parse(path.read_text(encoding="utf-8"), path.name).entries
    for path in sorted((shared / "samples/digests").glob("*.txt")):
        found += digest_page.parse(path.read_text(encoding="utf-8"), path.name).entries
    return found


@pytest.mark.parametrize("form", READERS)
def test_every_sample_is_read_back(samples: list[Entry], form: str) -> None:
    write, read = READERS[form]

    papers = list(read(write(samples)))

    assert len(papers) >= 250
    assert papers == expected(samples, form)
    # No name, title or number of a sample is written in another way than the curator's.
    for paper, entry in zip(papers, samples, strict=True):
        written = [" ".join(name.replace(",", " ").split()) for name in entry.paper.authors]
        turned = [" ".join(f"{rest} {family}".split()) for family, rest in paper.names]
        assert (paper.title, turned) == (" ".join(entry.paper.title.split()), written)
        assert paper.arxiv_id == str(entry.paper.arxiv_id or "")


@pytest.mark.parametrize("form", READERS)
def test_hostile_text_stays_in_its_field(form: str) -> None:
    write, read = READERS[form]
    entries = [
        _entry(Paper(text, (text, "Mina Kang"), url=f"https://e.org/{n}?{text}"), text)
        for n, text in enumerate(_HOSTILE)
    ]

    text = write(entries)

    assert list(read(text)) == expected(entries, form)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert text.count("@misc{") == (len(entries) if form == "bibtex" else text.count("@misc{y"))


_word = st.text(
    st.sampled_from("abANévłßо김희'’-.{}\\\\&%$#_~^<>,\"|@\u202e\n") | st.characters(), max_size=8
)
_name = st.lists(
    _word | st.sampled_from(["van", "der", "de", "and", "Jr.", "III", "Kang", "others", "Team"]),
    min_size=1,
    max_size=5,
).map(" ".join)


@settings(max_examples=40)  # the parser of BibTeX takes its time
@given(st.lists(st.tuples(_name, st.lists(_name, max_size=4)), max_size=3))
def test_whatever_names_and_titles_are_made_of_they_are_read_back(
    papers: list[tuple[str, list[str]]],
) -> None:
    entries = [
        _entry(Paper(title, tuple(names), ArxivId(f"2310.0{number:04}")), title)
        for number, (title, names) in enumerate(papers)
    ]

    for form, (write, read) in READERS.items():
        assert list(read(write(entries))) == expected(entries, form)


def _entry(paper: Paper, *paragraphs: str) -> Entry:
    commentary = (Commentary(Language.EN, paragraphs),)
    return Entry(paper, Source(SourceKind.VAULT_NOTE, "note.md"), commentary=commentary)
