"""Write papers as BibTeX: one `@misc` for each, with the commentary as its note.

The output is UTF-8 (biber, or BibTeX with a Unicode style). Characters that are special in TeX are
escaped, so that titles print as they are. We only write BibTeX, so no library is used.
"""

from collections.abc import Iterable, Iterator

from bot.archive.domain.citations.citation import Author, Citation, cite, is_particle
from bot.archive.domain.entry import Entry

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
_LONG = frozenset({"abstract", "note"})
IN_URL = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C", " ": "%20", "\n": ""})


def write(entries: Iterable[Entry]) -> str:
    """The bibliography of the papers of these entries, as `cite` joins them."""
    return "\n".join(items(entries))


def items(entries: Iterable[Entry]) -> Iterator[str]:
    """The text of each paper."""
    return map(_item, cite(entries))


def write_brief(entries: Iterable[Entry]) -> str:
    """The same without abstracts and notes: what a reader pastes into a bibliography."""
    return "\n".join(_item(each, leave_out=_LONG) for each in cite(entries)).strip()


def _item(citation: Citation, *, leave_out: frozenset[str] = frozenset()) -> str:
    fields = _fields(citation)
    lines = [f"  {name} = {{{text}}}," for name, text in fields if text and name not in leave_out]
    return "\n".join([f"@misc{{{citation.key},", *lines, "}\n"])


def _fields(citation: Citation) -> Iterator[tuple[str, str]]:
    yield "title", f"{{{_escaped(citation.title)}}}"
    authors = [_author(each) for each in citation.authors]
    yield "author", " and ".join([*authors, "others"] if citation.has_others else authors)
    yield "year", str(citation.year or "")
    if citation.arxiv_id is not None:
        yield "eprint", str(citation.arxiv_id)
        yield "archivePrefix", "arXiv"
        yield "primaryClass", _escaped(citation.primary_class)
    yield "url", citation.url.translate(IN_URL)
    yield "abstract", _escaped(citation.abstract)
    yield "keywords", ", ".join(map(_escaped, citation.tags))
    yield "note", _escaped(citation.note)


def _author(author: Author) -> str:
    """One name as BibTeX splits it the same: as written, else `Family, Given`, else in braces.

    BibTeX takes the words in lower case in the middle of a name for the beginning of the family
    name, what stands before a comma for the whole of it, and a suffix only between two commas.
    """
    if not author.family:
        return f"{{{_escaped(author.name)}}}"
    if author.suffix:
        return ", ".join(map(_escaped, (author.family, author.suffix, author.given)))
    if not author.given or "," in author.name or _is_split_alike(author):
        return _escaped(author.name)
    return f"{_escaped(author.family)}, {_escaped(author.given)}"


def _is_split_alike(author: Author) -> bool:
    """Whether readers split the name so; some take letters without case for lower case."""
    *particles, _ = author.family.split()
    is_plain = _escaped(author.name) == author.name  # macros are in lower case
    given = (next(filter(str.isalpha, word), "") for word in author.given.split())
    return is_plain and all(map(is_particle, particles)) and all(map(str.isupper, given))


def _escaped(text: str) -> str:
    return text.translate(_ESCAPED)
