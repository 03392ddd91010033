"""Which arXiv paper an entry without a link means: by its title and authors, never by a guess.

Confidence runs from 0 to 1 and is the product of two shares:

- the title's: 1 when the words are the same, a little less for each slip of the pen and each
  small word more or less; any other difference, a number above all ("Part II"), makes it another
  paper and at most 0.85;
- the authors': the share of the curator's authors who are among the paper's, by surname, with
  one in ten forgiven. Where the curator names none, only a title of five words or more, the
  same word by word, can stand alone, at 0.95.

From 0.9 on a match counts, if it is the only one: two papers of one title are left open.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.record import ArxivRecord

CERTAIN = 0.9
"""From this confidence on an entry is said to be about the paper."""

LONG_TITLE = 5
"""So many words identify a paper without its authors."""

_ALONE = 0.95
_ANOTHER = 0.85
_PER_SLIP = 0.02
_SLIP_LENGTH = 5
_SLIP_LIKENESS = 0.8
_WORD = re.compile(r"[^\W_]+")
# Accents (\'e, \v{s}) and looks (\textbf, \rm) vanish; what stands for a sign (\alpha) is a word.
_COMMAND = re.compile(
    r"\\(?:[^a-zA-Z]|[uvHckrtbd](?=[\s{])\s?|(?:(?:text|math)[a-z]*|emph|rm|bf|it)(?![a-zA-Z]))|\\"
)
_PARTICLES = frozenset({"jr", "sr", "ii", "iii", "iv", "et", "al"})
_SMALL = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "is",
        "of",
        "on",
        "or",
        "the",
        "to",
        "via",
        "with",
    ]
)


@dataclass(frozen=True, slots=True)
class Match:
    """A paper of arXiv's, and how sure it is that the entry means it."""

    record: ArxivRecord
    confidence: float


def title_words(title: str) -> tuple[str, ...]:
    """The words of a title, as two spellings of it share them: no case, accents or markup."""
    plain = _COMMAND.sub("", title.replace("$", " ")).replace("{", "").replace("}", "")
    # Accents come off; Hangul, which decomposes as well, is put together again.
    folded = unicodedata.normalize("NFKD", plain).casefold()
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    return tuple(_WORD.findall(unicodedata.normalize("NFC", bare)))


def confidence(title: str, authors: Sequence[str], record: ArxivRecord) -> float:
    """How sure it is that a title and its authors are that paper."""
    ours, theirs = title_words(title), title_words(record.title)
    if not ours or not theirs:
        return 0.0
    same = "".join(ours) == "".join(theirs)
    alike = 1.0 if same else _likeness(ours, theirs)
    if not authors:
        return _ALONE if same and len(ours) >= LONG_TITLE else alike / 2
    return alike * _shared_authors(authors, record.authors)


def _likeness(ours: Sequence[str], theirs: Sequence[str]) -> float:
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    slips = 0
    for verb, a, b, c, d in matcher.get_opcodes():
        if verb == "equal":
            continue
        left, right = ours[a:b], theirs[c:d]
        if not (_SMALL.issuperset((*left, *right)) or _is_slip(left, right)):
            return min(_ANOTHER, matcher.ratio())
        slips += max(len(left), len(right))
    return max(_ANOTHER, 1 - _PER_SLIP * slips)


def _is_slip(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether two stretches are the same words, misspelt or parted otherwise."""
    one, other = "".join(left), "".join(right)
    if one == other:
        return True
    if min(len(one), len(other)) < _SLIP_LENGTH or any(c.isdigit() for c in one + other):
        return False
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= _SLIP_LIKENESS


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
    """The one paper that is certain, or `None`; and the highest confidence there was."""
    matches = sorted(
        (Match(record, confidence(title, authors, record)) for record in records),
        key=lambda match: -match.confidence,
    )
    if not matches:
        return None, 0.0
    certain = [match for match in matches if match.confidence >= CERTAIN]
    if len(certain) == 1 or (certain and certain[0].confidence > certain[1].confidence):
        return certain[0], certain[0].confidence
    return None, matches[0].confidence


def is_searchable(title: str, authors: Sequence[str]) -> bool:
    """Whether a search could ever identify the paper, so that asking is worth a request."""
    words = title_words(title)
    return (
        bool(words)
        and any(c.isascii() for c in "".join(words))
        and (bool(authors) or len(words) >= LONG_TITLE)
    )
