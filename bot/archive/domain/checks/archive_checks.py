"""Checks of entries against each other: misspelt tags, one paper in notes of neighbouring days.

Both go by indexes, so that their time grows with the number of entries only.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

KNOWN_FROM = 3
"""A tag that so many entries have is known."""
NEIGHBOURING = timedelta(days=3)
"""The same paper within so many days is posted twice by mistake, rather than again on purpose."""

_SHORTEST_WORD = 5
_PARTS = late_pattern(r"[-/]")
_DIGITS = late_pattern(r"\d+")


def find_misspelt(tags: Iterable[str], known: Iterable[str]) -> Mapping[str, str]:
    """The tags that are probably misspelt, each with the known tag that was meant.

    Two letters swapped, or one letter too many, too few or wrong, inside a word of five letters or
    more. Singular and plural, numbers, and words that differ where words begin or end are different
    tags: `model` and `models`, `llama-2` and `llama-3`, `encode` and `encoder`.
    """
    wanted = tuple(tags)
    if not wanted:
        return {}
    by_deletion: defaultdict[str, list[str]] = defaultdict(list)
    for tag in known:
        for shorter in _deletions(tag):
            by_deletion[shorter].append(tag)
    found = {}
    for tag in wanted:
        near = {other for shorter in _deletions(tag) for other in by_deletion.get(shorter, ())}
        meant = sorted(other for other in near - {tag} if is_misspelling(tag, other))
        if meant:
            found[tag] = meant[0]
    return found


def _deletions(tag: str) -> Iterator[str]:
    yield tag
    for at in range(len(tag)):
        yield tag[:at] + tag[at + 1 :]


def is_misspelling(tag: str, other: str) -> bool:
    """Whether one tag is the other with a typing error, by the rules of `find_misspelt`."""
    if _DIGITS.findall(tag) != _DIGITS.findall(other):
        return False
    ours, theirs = _PARTS.split(tag), _PARTS.split(other)
    if len(ours) != len(theirs):
        joined = "".join(ours)
        return joined == "".join(theirs) and len(joined) > _SHORTEST_WORD
    different = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
    return len(different) == 1 and _is_slip(*different[0])


def _is_slip(word: str, other: str) -> bool:
    shorter, longer = sorted((word, other), key=len)
    if len(shorter) < _SHORTEST_WORD:
        return False
    same = next(
        (at for at, pair in enumerate(zip(shorter, longer, strict=False)) if len(set(pair)) > 1),
        len(shorter),
    )
    if same == 0 or same == len(shorter):  # another first letter; another ending
        return False
    rest, longer_rest = shorter[same:], longer[same:]
    if len(longer) > len(shorter):
        return rest == longer_rest[1:]
    is_swapped = rest[:2] == longer_rest[1::-1] and rest[2:] == longer_rest[2:]
    return is_swapped or (len(rest) > 1 and rest[1:] == longer_rest[1:])


@dataclass(frozen=True, slots=True)
class Dated:
    """An entry about a paper: its date, its source's path, and whether it was just imported."""

    on: date
    path: str
    is_new: bool


def find_neighbours(entries: Iterable[Dated]) -> Iterator[tuple[Dated, Dated]]:
    """Of entries about one paper: the pairs on neighbouring days with a new one, later one second."""
    ordered = sorted(entries, key=lambda entry: (entry.on, entry.path))
    for earlier, later in pairwise(ordered):
        if later.on - earlier.on <= NEIGHBOURING and (earlier.is_new or later.is_new):
            yield earlier, later
