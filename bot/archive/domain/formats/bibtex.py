"""Write entries as BibTeX: one `@misc` for each paper, with the commentary as its note.

The output is UTF-8 (biber, or BibTeX with a Unicode style). Characters that are special in TeX are
escaped, so that titles print as they are. We only write BibTeX, so no library is used.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Entry, Language, Paper
from bot.archive.domain.markup.author_names import is_group, without_others
from bot.core.domain.latex_accents import accents

_ESCAPED = str.maketrans(
    {
        **{character: f"\\{character}" for character in "&%$#_"},
        "{": r"\textbraceleft{}",  # \{ would not count as balanced
        "}": r"\textbraceright{}",
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
    }
)
_IN_URL = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C", " ": "%20", "\n": ""})
_SCHEME = re.compile(r"^[a-z]+://(?:www\.)?", re.IGNORECASE)
_AFFILIATION = re.compile(r"\s*[(（](?:[^()（）]|[(（][^()（）]*[)）])*[)）]\s*$")
_LETTER = re.compile(r"[^\W\d_]")
_AND = re.compile(r"\band\b", re.IGNORECASE)
_GIVEN = re.compile(
    r"(?!(?:jr|sr|i+v?|inc|ltd)\b)[^\W\d_][\w.'’-]*(?:[ .-]+[^\W\d_][\w.'’-]*){0,3}", re.IGNORECASE
)
_NOT_IN_KEY = re.compile(r"[^a-z0-9]+")
_LONGEST_SLUG = 40


def write(entries: Iterable[Entry]) -> str:
    """The bibliography of the papers of these entries, in order of first appearance.

    Entries of one paper share an item, with their notes and tags joined.
    """
    papers: dict[str, list[Entry]] = {}
    for entry in entries:
        papers.setdefault(entry.paper.key, []).append(entry)
    return "\n".join(_item(group) for group in papers.values())


def write_brief(entry: Entry) -> str:
    """The item of one paper without abstract and note: what a reader pastes into a bibliography."""
    return _item([entry], leave_out=frozenset({"abstract", "note"}))


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


def _item(entries: list[Entry], *, leave_out: frozenset[str] = frozenset()) -> str:
    fields = _fields(entries)
    lines = [f"  {name} = {{{text}}}," for name, text in fields if text and name not in leave_out]
    return "\n".join([f"@misc{{{key(entries[0].paper)},", *lines, "}\n"])


def _fields(entries: list[Entry]) -> Iterator[tuple[str, str]]:
    paper = entries[0].paper
    arxiv_id = paper.arxiv_id
    yield "title", f"{{{_escaped(paper.title)}}}"
    yield "author", " and ".join(_authors(paper.authors))
    yield "year", _year(entries)
    if arxiv_id is not None:
        yield "eprint", str(arxiv_id)
        yield "archivePrefix", "arXiv"
        yield "primaryClass", _escaped(_primary_class(entries, arxiv_id))
    url = paper.url or (arxiv_id.url if arxiv_id is not None else "")
    yield "url", url.translate(_IN_URL)
    yield "abstract", _escaped(paper.abstract or "")
    yield (
        "keywords",
        ", ".join(dict.fromkeys(_escaped(tag) for entry in entries for tag in entry.tags)),
    )
    yield "note", _escaped("\n".join(text for entry in entries for text in _note(entry)))


def _note(entry: Entry) -> tuple[str, ...]:
    """The English commentary, since bibliographies usually are English, else the Korean one."""
    return entry.paragraphs(Language.EN) or entry.paragraphs(Language.KO)


def _authors(names: Iterable[str]) -> Iterator[str]:
    """The names in BibTeX form; `others` once, at the end."""
    has_others = False
    for written in names:
        name, and_others = without_others(written)
        has_others = has_others or and_others
        bare = _AFFILIATION.sub("", name).strip(" *†‡§¹²³")
        if _LETTER.search(name):  # arXiv writes `NVIDIA, :, Al Bo`
            yield _author(bare or name)
    if has_others:
        yield "others"


def _author(name: str) -> str:
    """One name; in braces if BibTeX would split it wrongly.

    BibTeX reads text before and after a comma as family name and given names.
    """
    escaped = _escaped(name)
    family, comma, given = name.partition(",")
    is_turned = family.strip() and _GIVEN.fullmatch(given.strip()) is not None
    if is_group(name) or _AND.search(name) is not None or (comma and not is_turned):
        return f"{{{escaped}}}"
    return escaped


def _primary_class(entries: list[Entry], arxiv_id: ArxivId) -> str:
    """The primary category at arXiv, if known; else the archive in an old-style number."""
    known = (entry.paper.at_arxiv.category for entry in entries if entry.paper.at_arxiv)
    return next(filter(None, known), arxiv_id.number.rpartition("/")[0])


def _year(entries: list[Entry]) -> str:
    arxiv_id = entries[0].paper.arxiv_id
    if arxiv_id is not None:
        return str(_year_of(arxiv_id))
    dates = [entry.date for entry in entries if entry.date is not None]
    return str(min(dates).year) if dates else ""


def _year_of(arxiv_id: ArxivId) -> int:
    """The year in an arXiv number; the first ones are of 1991."""
    year = int(arxiv_id.number.rpartition("/")[2][:2])
    return 1900 + year if "/" in arxiv_id.number and year > 90 else 2000 + year


def _escaped(text: str) -> str:
    return " ".join(accents(text).split()).translate(_ESCAPED)
