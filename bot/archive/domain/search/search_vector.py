"""The words of a text as PostgreSQL's `tsvector`, so that it finds what SQLite's index finds.

A vector has every word with its positions; no phrase reaches from one field into the next. Words of
the title, the tags and the authors stand there once more, behind a sign of their field, so that a
search within these reads nothing else. Positions in the abstract have a label, the others have none.

A vector is limited (postgresql.org/docs, "Limitations" of text search): positions to 16,383, 256 of
them for one word, a megabyte for all. Where a text does not fit, its vector says only which words
there are (`LONG`), or not even that (`HUGE`); then its fields are kept as text in which a phrase is
a substring.

An entry's vector also has marks of its day, and of the spans of 8, 64 … days in which it lies: the
entries of a few months are found among a million by a few marks, whatever else a search asks.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.archive.domain.search.segment import BREAK, MARK, NAME
from bot.core.domain.dataclass import dataclass

TITLE, TAGS, AUTHORS = "\ue003", "\ue004", "\ue005"
"""Begin the words of these fields where they stand once more."""
LONG, HUGE = "\ue006", "\ue007"
"""Words of a vector that does not tell positions, and of one that does not tell words."""
_DAY = "\ue008"
_LEVELS = 8
_BITS = 3

FIELDS = (TITLE, TAGS, AUTHORS, "", "")
"""The signs of the fields of an entry: title, tags, authors, commentary, abstract."""
_ABSTRACT = 4
_MOST_POSITIONS = 16_382
_MOST_OF_ONE = 255
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Vector:
    """A `tsvector` as PostgreSQL reads it; `fields` are the texts of one that is not exact."""

    literal: str
    fields: list[str] | None = None


def vector(fields: Sequence[Sequence[str]], *, day: int | None = None) -> Vector:
    """The vector of the words of each field, in the order of `FIELDS`, and of an entry's day.

    Days are counted as `date.toordinal` does; 0 has none.
    """
    made = _vector(fields)
    if day is None:
        return made
    marks = " ".join(quoted(_mark(level, day)) for level in range(_LEVELS))
    return replace(made, literal=f"{made.literal} {marks}")


def _vector(fields: Sequence[Sequence[str]]) -> Vector:
    places = _places(fields)
    last = max((found[-1][0] for found in places.values()), default=0)
    most = max(map(len, places.values()), default=0)
    if last <= _MOST_POSITIONS and most <= _MOST_OF_ONE and _size(places) <= _MOST_BYTES:
        return Vector(_literal(places))
    # Places that are never next to each other: no phrase matches by chance.
    places = {word: sorted({(3 if label else 1, label) for _, label in found})
              for word, found in places.items()}  # fmt: skip
    places[LONG] = [(1, "")]
    if _size(places) > _MOST_BYTES:
        places = {LONG: [(1, "")], HUGE: [(1, "")]}
    return Vector(_literal(places), [f" {' '.join(words)} " for words in fields])


_Places = dict[str, list[tuple[int, str]]]
"""Position and label of each place of a word."""


def _places(fields: Sequence[Sequence[str]]) -> _Places:
    places: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    at = 0
    for number, (sign, words) in enumerate(zip(FIELDS, fields, strict=False)):
        label = "A" if number == _ABSTRACT else ""
        for word in words:
            at += 1
            if word == BREAK:
                continue
            places[word].append((at, label))
            if sign and not is_mark(word):
                places[sign + word].append((at, label))
        at += 1
    return dict(places)


def is_mark(word: str) -> bool:
    """Whether the index added the word: it stands in one field only, and needs no sign of it."""
    return word[0] in (MARK, NAME)


def _size(places: _Places) -> int:
    return sum(len(word.encode()) + 4 + 2 * len(found) for word, found in places.items())


def _literal(places: _Places) -> str:
    return " ".join(
        f"{quoted(word)}:{','.join(f'{at}{label}' for at, label in found)}"
        for word, found in places.items()
    )


def quoted(word: str) -> str:
    """A word as it is written in a vector and in a query."""
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _mark(level: int, day: int) -> str:
    return f"{_DAY}{level}.{day >> level * _BITS}"


def day_marks(first: int, last: int) -> Iterator[str]:
    """Marks that the days from `first` to `last` have, and no others: a few dozen at most."""
    width = 1 << _BITS
    for level in range(_LEVELS):
        is_last = level == _LEVELS - 1
        while first <= last and (is_last or first % width):
            yield f"{_DAY}{level}.{first}"
            first += 1
        while first <= last and last % width != width - 1:
            yield f"{_DAY}{level}.{last}"
            last -= 1
        if first > last:
            return
        first, last = first // width, last // width
