"""Match an entry without a link to an arXiv paper by title and authors; ambiguous ones stay open.

Confidence runs from 0 to 1 and is the product of two shares:

- the title's: 1 when the words are the same, with or without hyphens and spaces ("pre-training");
  a little less for each typing error and each article or "and" that differs. Any other difference
  means another paper, at most 0.85: a number, "Part II", a prefix, "from" instead of "by".
- the authors': the share of the curator's authors who are among the paper's, by surname; one in
  ten may be missing. Without authors, only an identical title of five words or more matches, at
  0.95.

A match needs 0.9 and must be the only one: two papers of one title stay open.

A typing error is one letter too many, missing or swapped in a long word, s for z, or an s at the
end. A replaced letter is not one: max/min, on/off, inter/intra, micro/macro and
projection/protection are different words.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from bot.archive.domain.arxiv_record import ArxivRecord
from bot.archive.domain.search.folding import bare
from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern
from bot.core.domain.latex_accents import accents

CERTAIN = 0.9
"""The least confidence of a match."""

LONG_TITLE = 5
"""Words of a title that identify a paper without its authors."""

LONGEST_TITLE = 100
"""Words up to which titles are compared with typing errors; longer ones must be identical."""

_ALONE = 0.95
_ANOTHER = 0.85
_PER_SLIP = 0.03
_MOST_SLIPS = 3
# The least length of a word in which a typing error makes no other word.
_LONG_WORD = 8
_VARIED_WORD = 6
_PLURAL_WORD = 4
_MOST_PARTS = 4
_WORD = late_pattern(r"[^\W_]+")
# A plus at the end of a word counts (Net++), and so does a hyphen between two words.
_COMPARED = late_pattern(r"([^\W_]+(?:\+(?![^\W_]))*)([-\u2010\u2013](?=[^\W_]))?")
# Formatting commands (\textbf, \rm) and accents that `accents` left are removed; \alpha is a word.
_COMMAND = late_pattern(
    r"\\(?:[^a-zA-Z]|[uvHckrtbd](?=[\s{])\s?|(?:(?:text|math)[a-z]*|emph|rm|bf|it)(?![a-zA-Z]))|\\"
)
_PARTICLES = frozenset({"jr", "sr", "ii", "iii", "iv", "et", "al"})
_WITHOUT_MEANING = frozenset({"a", "an", "and", "the"})
# Joined with the next word, these make another word: "on line search", "a symmetric loss".
_SMALL = _WITHOUT_MEANING.union(
    ("as", "at", "be", "by", "for", "from", "in", "is", "of", "on", "or", "to", "with")
)


@dataclass(frozen=True, slots=True)
class Match:
    """An arXiv paper, and the confidence that the entry is about it.

    `is_exact`: the titles are the same words.
    """

    record: ArxivRecord
    confidence: float
    is_exact: bool


@dataclass(frozen=True, slots=True)
class _Title:
    """The words of a title; `hyphened` are the places of those that a hyphen joins to the next."""

    words: tuple[str, ...]
    hyphened: frozenset[int]


def title_words(title: str) -> tuple[str, ...]:
    """The words of a title, as two spellings of it share them: no case, accents or markup."""
    return tuple(_WORD.findall(_folded(title)))


def _folded(title: str) -> str:
    read = accents(title).replace("$", " ")
    return bare(_COMMAND.sub("", read).replace("{", "").replace("}", ""))


def _title(text: str) -> _Title:
    found = _COMPARED.findall(_folded(text))
    return _Title(
        tuple(word for word, _ in found),
        frozenset(place for place, (_, hyphen) in enumerate(found) if hyphen),
    )


def is_same_title(one: str, other: str) -> bool:
    """Whether two titles are the same words, apart from hyphens and spaces."""
    return _slips(_title(one), _title(other)) == 0


def confidence(title: str, authors: Sequence[str], record: ArxivRecord) -> float:
    """The confidence that a title and its authors are that paper."""
    return _match(_title(title), authors, record).confidence


def _match(ours: _Title, authors: Sequence[str], record: ArxivRecord) -> Match:
    theirs = _title(record.title)
    if not ours.words or not theirs.words:
        return Match(record, 0.0, is_exact=False)
    slips = _slips(ours, theirs)
    alike = 1 - _PER_SLIP * slips if slips is not None else _likeness(ours, theirs)
    if authors:
        sure = alike * _shared_authors(authors, record.authors)
    else:
        sure = _ALONE if slips == 0 and len(ours.words) >= LONG_TITLE else alike / 2
    return Match(record, sure, is_exact=slips == 0)


def _likeness(ours: _Title, theirs: _Title) -> float:
    """How much two titles of different papers have in common."""
    one, other = set(ours.words), set(theirs.words)
    return min(_ANOTHER, 2 * len(one & other) / (len(one) + len(other)))


def _slips(ours: _Title, theirs: _Title) -> int | None:
    """The least number of typing errors between two titles; `None` if they differ otherwise."""
    if max(len(ours.words), len(theirs.words)) > LONGEST_TITLE:
        return 0 if ours.words == theirs.words else None
    end = (len(ours.words), len(theirs.words))
    reached = {(0, 0)}
    for slips in range(_MOST_SLIPS + 1):
        reached = _along_equals(ours, theirs, reached)
        if end in reached:
            return slips
        reached = {place for at in reached for place in _after_a_slip(ours, theirs, *at)}
    return None


def _along_equals(
    ours: _Title, theirs: _Title, reached: Iterable[tuple[int, int]]
) -> set[tuple[int, int]]:
    """All positions that equal words reach from these positions, these included."""
    found, ahead = set(reached), list(reached)
    while ahead:
        i, j = ahead.pop()
        places = []
        if i < len(ours.words) and j < len(theirs.words):
            if ours.words[i] == theirs.words[j]:
                places.append((i + 1, j + 1))
            else:
                places += [(i + n, j + 1) for n in _parts(ours, i, theirs.words[j])]
                places += [(i + 1, j + n) for n in _parts(theirs, j, ours.words[i])]
        ahead += (place for place in places if place not in found)
        found.update(places)
    return found


def _parts(title: _Title, start: int, whole: str) -> Iterator[int]:
    """How many words from `start` joined are `whole`, if any."""
    words = title.words[start : start + _MOST_PARTS]
    if words[0] in _SMALL and start not in title.hyphened:
        return
    joined = words[0]
    for n, (before, word) in enumerate(pairwise(words), start=2):
        if before[-1].isdigit() and word[0].isdigit():
            return  # 2.5 is not 25
        joined += word
        if joined == whole:
            yield n
        if not whole.startswith(joined):
            return


def _after_a_slip(ours: _Title, theirs: _Title, i: int, j: int) -> Iterator[tuple[int, int]]:
    """The positions after one typing error, or after one word that may be missing."""
    left, right = ours.words[i : i + 1], theirs.words[j : j + 1]
    if _may_be_missing(ours, i):
        yield i + 1, j
    if _may_be_missing(theirs, j):
        yield i, j + 1
    if left and right and _is_slip(left[0], right[0]):
        yield i + 1, j + 1


def _may_be_missing(title: _Title, place: int) -> bool:
    """Whether the word there is an article or "and"; not the A of "Vitamin A" or "a-cyclic"."""
    return (
        place + 1 < len(title.words)
        and title.words[place] in _WITHOUT_MEANING
        and title.hyphened.isdisjoint((place - 1, place))
    )


def _is_slip(one: str, other: str) -> bool:
    """Whether two words differ by a typing error, and are surely not two real words."""
    both = one + other
    if one == other or one[0] != other[0] or not (both.isascii() and both.isalpha()):
        return False
    short, long = sorted((one, other), key=len)
    same = next((n for n, c in enumerate(short) if c != long[n]), len(short))
    rest, longer = short[same:], long[same:]
    if len(short) == len(long):
        if {rest[0], longer[0]} == {"s", "z"}:
            return len(short) >= _VARIED_WORD and rest[1:] == longer[1:]  # normalise, normalize
        swapped = rest[:2] == longer[1::-1] and rest[2:] == longer[2:]
        return swapped and len(short) >= _LONG_WORD
    if rest != longer[1:]:
        return False
    if not rest:
        return longer == "s" and len(short) >= _PLURAL_WORD  # any other ending makes another word
    doubled = longer[0] == long[same - 1]  # labelled, labeled
    return len(short) >= _LONG_WORD - doubled


def _shared_authors(ours: Sequence[str], theirs: Sequence[str]) -> float:
    listed = {surname for name in theirs for surname in surnames(name)}
    found = sum(1 for name in ours if any(part in listed for part in surnames(name)))
    return min(1.0, found / len(ours) / 0.9)


def surnames(name: str) -> tuple[str, ...]:
    """The words of a name that may be its surname: the last of them, or the part before a comma."""
    family, comma, _given = name.partition(",")
    words = [word for word in title_words(family if comma else name) if word not in _PARTICLES]
    return tuple(words) if comma else tuple(words[-1:])


def best_match(
    title: str, authors: Sequence[str], records: Iterable[ArxivRecord]
) -> tuple[Match | None, float]:
    """The only match, or `None`; and the highest confidence of all records.

    A paper with the identical title goes before those with a typing error in it.
    """
    ours = _title(title)
    papers = {record.id.number: record for record in records}
    matches = [_match(ours, authors, record) for record in papers.values()]
    highest = max((match.confidence for match in matches), default=0.0)
    certain = [match for match in matches if match.confidence >= CERTAIN]
    exact = [match for match in certain if match.is_exact]
    only = exact or certain
    return (only[0], only[0].confidence) if len(only) == 1 else (None, highest)


def may_take(title: str, match: Match, others: Iterable[str]) -> bool:
    """Whether an entry may be matched to a paper that entries with these titles match as well.

    With an identical title it may; with a typing error only where all have the same one.
    """
    return match.is_exact or all(is_same_title(title, other) for other in others)


def is_searchable(title: str, authors: Sequence[str]) -> bool:
    """Whether a search could identify the paper, so that it is worth a request."""
    words = title_words(title)
    return (
        bool(words)
        and any(c.isascii() for c in "".join(words))
        and (bool(authors) or len(words) >= LONG_TITLE)
    )
