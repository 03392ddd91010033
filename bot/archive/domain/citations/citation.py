"""What a bibliography says of a paper, whatever its format: key, names, year, identifiers.

`bibtex`, `csl` and `ris` write it. Text is plain Unicode here, with LaTeX's accents as letters.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Entry, Language, Paper
from bot.archive.domain.markup.author_names import is_group, turned, without_others
from bot.core.domain.characters import HANGUL_SYLLABLE
from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern
from bot.core.domain.latex_accents import accents
from bot.core.domain.untrusted.incoming_text import well_formed

_SCHEME = late_pattern(r"^[a-z]+://(?:www\.)?", re.IGNORECASE)
_AFFILIATION = late_pattern(r"\s*[(（](?:[^()（）]|[(（][^()（）]*[)）])*[)）]\s*$")
_LETTER = late_pattern(r"[^\W\d_]")
_AND = late_pattern(r"\band\b", re.IGNORECASE)
_SUFFIX = late_pattern(r"(?:jr|sr)\.?|i{2,3}|iv", re.IGNORECASE)
_DIRECTION = late_pattern("[\u202a-\u202e\u2066-\u2069]")
"""Signs that turn the direction of the text behind them, in a file the names of fields too."""
_NOT_IN_KEY = late_pattern(r"[^a-z0-9]+")
_LONGEST_SLUG = 40
_DOI_PREFIX = "10.48550/arXiv."
"""arXiv registers a DOI for every paper (DataCite); https://info.arxiv.org/help/doi.html."""


@dataclass(frozen=True, slots=True)
class Author:
    """One author as written; the name of a group, or one that may not be split, has no `family`."""

    name: str
    family: str = ""
    given: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """A paper as a bibliography cites it; `has_others` says that the list of authors goes on."""

    key: str
    paper: Paper
    title: str
    authors: tuple[Author, ...]
    has_others: bool
    year: int | None
    month: int | None
    url: str
    primary_class: str
    abstract: str
    tags: tuple[str, ...]
    note: str

    @property
    def arxiv_id(self) -> ArxivId | None:
        """The paper's number at arXiv, if it is there."""
        return self.paper.arxiv_id

    @property
    def doi(self) -> str:
        """The DOI that arXiv registered for the paper; empty for any other paper."""
        return f"{_DOI_PREFIX}{self.paper.arxiv_id.number}" if self.paper.arxiv_id else ""


def cite(entries: Iterable[Entry]) -> Iterator[Citation]:
    """The papers of these entries, in order of first appearance.

    Entries of one paper share a citation, with their notes and tags joined.
    """
    papers: dict[str, list[Entry]] = {}
    for entry in entries:
        papers.setdefault(entry.paper.key, []).append(entry)
    return map(_citation, papers.values())


def key(paper: Paper) -> str:
    """The citation key of a paper. It depends only on the identity of the paper.

    `arxiv:2310.07831`, else words of the address or title and a hash of the whole identity.
    """
    if paper.arxiv_id is not None:
        return f"arxiv:{paper.arxiv_id.number}"
    words = _SCHEME.sub("", paper.url) if paper.url else paper.title
    plain = unicodedata.normalize("NFKD", words).casefold()
    slug = _NOT_IN_KEY.sub("-", plain)[:_LONGEST_SLUG].strip("-")
    identity = paper.key.encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(identity, digest_size=8).hexdigest()
    return f"{slug}-{digest}" if slug else f"paper-{digest}"


def _citation(entries: list[Entry]) -> Citation:
    paper = entries[0].paper
    names, has_others = _names(paper.authors)
    year, month = _published(entries)
    return Citation(
        key=key(paper),
        paper=paper,
        title=one_line(paper.title),
        authors=tuple(map(_author, names)),
        has_others=has_others,
        year=year,
        month=month,
        url="".join(one_line(paper.url or (paper.arxiv_id.url if paper.arxiv_id else "")).split()),
        primary_class=_primary_class(entries),
        abstract=one_line(paper.abstract or ""),
        tags=tuple(dict.fromkeys(one_line(tag) for entry in entries for tag in entry.tags)),
        note=one_line("\n".join(text for entry in entries for text in _note(entry))),
    )


def one_line(text: str) -> str:
    """The text with accents as letters, on one line, without signs that no file should have."""
    return " ".join(accents(_DIRECTION.sub("", well_formed(text))).split())


def _note(entry: Entry) -> tuple[str, ...]:
    """The English commentary, since bibliographies usually are English, else the Korean one."""
    return entry.paragraphs(Language.EN) or entry.paragraphs(Language.KO)


def _names(written: Iterable[str]) -> tuple[list[str], bool]:
    """The names without affiliations and marks, and whether others were left out."""
    names, has_others = [], False
    for each in written:
        name, and_others = without_others(each)
        has_others = has_others or and_others
        bare = _AFFILIATION.sub("", name).strip(" *†‡§¹²³")
        if _LETTER.search(name):  # arXiv writes `NVIDIA, :, Al Bo`
            names.append(one_line(bare or name))
    return names, has_others and bool(names)


def _author(name: str) -> Author:
    """The parts of a name: `Laurens van der Maaten` has the family name `van der Maaten`."""
    if (parts := turned(name)) is not None:
        return Author(name, *parts)
    if "," in name or is_group(name) or _AND.search(name) is not None:
        return Author(name)
    words = name.split()
    suffix = words.pop() if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) else ""
    if len(words) < 2:
        return Author(name, name)
    if all(map(HANGUL_SYLLABLE.match, "".join(words))):  # 홍 길동: the family name is first
        return Author(name, words[0], " ".join(words[1:]))
    start = len(words) - 1
    while start > 1 and is_particle(words[start - 1]):
        start -= 1
    return Author(name, " ".join(words[start:]), " ".join(words[:start]), suffix)


def is_particle(word: str) -> bool:
    """Whether a word of a name is one like `van` or `’t`: its first letter is in lower case."""
    return next((letter for letter in word if letter.isalpha()), "A").islower()


def _primary_class(entries: list[Entry]) -> str:
    """The primary category at arXiv, if known; else the archive in an old-style number."""
    arxiv_id = entries[0].paper.arxiv_id
    if arxiv_id is None:
        return ""
    known = (entry.paper.at_arxiv.category for entry in entries if entry.paper.at_arxiv)
    return next(filter(None, known), arxiv_id.number.rpartition("/")[0])


def _published(entries: list[Entry]) -> tuple[int | None, int | None]:
    """Year and month: of the arXiv number, whose first ones are of 1991; else of the first entry."""
    arxiv_id = entries[0].paper.arxiv_id
    if arxiv_id is not None:
        digits = arxiv_id.number.rpartition("/")[2]
        year = int(digits[:2])
        return 1900 + year if "/" in arxiv_id.number and year > 90 else 2000 + year, int(
            digits[2:4]
        )
    dates = [entry.date for entry in entries if entry.date is not None]
    return (min(dates).year, None) if dates else (None, None)
