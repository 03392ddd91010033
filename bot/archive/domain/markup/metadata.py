"""Interpret fields of front matter and Dataview: title, authors, date, link, tags."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bot.archive.domain.arxiv_id import parse_arxiv_id
from bot.archive.domain.dates import parse_date_line
from bot.archive.domain.entry import Problem, Severity
from bot.archive.domain.markup.heading import split_authors
from bot.archive.domain.markup.mentions import Address, address_of, parse_address_line
from bot.archive.domain.markup.tags import is_tag
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import worded
from bot.core.domain.late import late_pattern

Value = str | tuple[str, ...]

_TITLE, _AUTHORS = ("title", "제목"), ("authors", "author", "저자")
_TAGS = ("tags", "tag", "keywords", "태그", "키워드")
DATE_KEYS = ("date", "created", "날짜")
"""In the order in which they count."""
_URL = ("url", "link", "source", "arxiv", "arxiv_id", "eprint", "doi", "링크")

_MARKDOWN_LINK = late_pattern(r"\[[^\[\]\n]*\]\(\s*(<[^<>\n]*>|[^\s<>]+)\s*\)")
_WIKILINK = late_pattern(r"\[\[(?:[^\[\]\n|]*\|)?([^\[\]\n|]*)\]\]")
_DAY = late_pattern(r"([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2})(?:[T\s].*)?", re.DOTALL)
_COMPACT_DAY = late_pattern(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})")
KEYS = frozenset((*_TITLE, *_AUTHORS, *_TAGS, *DATE_KEYS, *_URL))
"""The keys that say something here; all others are kept in the source only."""

_LONGEST = 2_000
_MOST_VALUES = 200


@dataclass(frozen=True, slots=True)
class Field:
    """A key with its value or values, and its line, counted from 1."""

    key: str
    value: Value
    line: int


@dataclass(frozen=True, slots=True)
class Metadata:
    """What fields say. Each part is used only if the note itself does not say it."""

    title: str = ""
    authors: tuple[str, ...] = ()
    date: dt.date | None = None
    address: Address | None = None
    tags: tuple[str, ...] = ()


def read_fields(fields: Iterable[Field], path: str) -> tuple[Metadata, tuple[Problem, ...]]:
    """Interpret fields; the first valid one of a kind counts. Invalid values are problems."""
    known: dict[str, list[Field]] = {}
    for each in fields:
        known.setdefault(_folded(each.key), []).append(each)
    problems: list[Problem] = []
    return (
        Metadata(
            title=next((" ".join(v.split()) for v, _ in _texts(known, _TITLE)), ""),
            authors=_authors(known),
            date=_date(known, path, problems),
            address=_address(known, path, problems),
            tags=_tags(known, path, problems),
        ),
        tuple(problems),
    )


def is_known(key: str) -> bool:
    """Whether a key says something here."""
    return _folded(key) in KEYS


def is_tags_key(key: str) -> bool:
    """Whether the value of a key is tags."""
    return _folded(key) in _TAGS


def _folded(key: str) -> str:
    return unicodedata.normalize("NFC", key).strip().casefold().replace(" ", "_")


def _fields(known: Mapping[str, list[Field]], keys: Iterable[str]) -> Iterator[Field]:
    return (each for key in keys for each in known.get(key, ()))


def _texts(known: Mapping[str, list[Field]], keys: Iterable[str]) -> Iterator[tuple[str, int]]:
    """The values of some keys one by one, with their lines; links are replaced by their text."""
    for each in _fields(known, keys):
        values = (each.value,) if isinstance(each.value, str) else each.value
        for value in values[:_MOST_VALUES]:
            text = _WIKILINK.sub(r"\1", value[:_LONGEST]).strip()
            if text:
                yield text, each.line


def _authors(known: Mapping[str, list[Field]]) -> tuple[str, ...]:
    """A list has one author per item; a text is split like the authors of a heading."""
    for each in _fields(known, _AUTHORS):
        texts = [text for text, _ in _texts({each.key: [each]}, (each.key,))]
        if isinstance(each.value, str):
            texts = [name for text in texts for name in split_authors(text)]
        if texts:
            return tuple(dict.fromkeys(" ".join(text.split()) for text in texts))
    return ()


def _date(known: Mapping[str, list[Field]], path: str, problems: list[Problem]) -> dt.date | None:
    for text, line in _texts(known, DATE_KEYS):
        on = _day(text)
        if on is not None:
            return on
        problems.append(_problem(path, line, worded("“{text}” is not a date", text=text[:60])))
    return None


def _day(text: str) -> dt.date | None:
    day = _DAY.fullmatch(text)
    compact = _COMPACT_DAY.fullmatch(text)
    said = parse_date_line(day[1] if day else "-".join(compact.groups()) if compact else text)
    return said.on if said is not None else None


def _address(
    known: Mapping[str, list[Field]], path: str, problems: list[Problem]
) -> Address | None:
    for each in _fields(known, _URL):
        key = each.key.strip().casefold()
        for text, line in _texts({key: [each]}, (key,)):
            address = _address_of(key, text)
            if address is not None:
                return address
            if key in {"url", "arxiv"}:
                problems.append(
                    _problem(path, line, worded("“{text}” is not an address", text=text[:60]))
                )
    return None


def _address_of(key: str, text: str) -> Address | None:
    link = _MARKDOWN_LINK.fullmatch(text)
    text = link[1] if link is not None else text
    found = parse_address_line(text)
    if found is None and key == "doi" and text.startswith("10."):
        return address_of(f"https://doi.org/{text}")
    arxiv_id = parse_arxiv_id(text) if found is None and key != "doi" else None
    return Address(arxiv_id.url, arxiv_id) if arxiv_id is not None else found


def _tags(known: Mapping[str, list[Field]], path: str, problems: list[Problem]) -> tuple[str, ...]:
    """A list has one tag per item; a text is split at commas, else at spaces."""
    spellings: dict[str, None] = {}
    for each in _fields(known, _TAGS):
        if isinstance(each.value, str):  # a link is one tag: `#[[mixture of experts]]`
            one_word = _WIKILINK.sub(
                lambda found: "-".join(found[1].split()), each.value[:_LONGEST]
            )
            each = replace(each, value=one_word)  # noqa: PLW2901
        for text, line in _texts({"tags": [each]}, ("tags",)):
            parts = [text]
            if isinstance(each.value, str):
                parts = re.split(r"[,;，、]" if re.search(r"[,;，、]", text) else r"\s+", text)
            for part in parts:
                spelling = "-".join(part.strip().lstrip("#＃").split())
                if is_tag(spelling):
                    spellings.setdefault(spelling)
                elif spelling:
                    problems.append(
                        _problem(path, line, worded("“{text}” is not a tag", text=spelling[:60]))
                    )
    return tuple(spellings)


def _problem(path: str, line: int, message: str) -> Problem:
    return Problem(path, line, Severity.WARNING, message)
