"""Write papers as RIS, which reference managers read: a tag, two spaces, a hyphen, a value a line.

RIS has no type for preprints and no field for arXiv's number: the number stands in `AN` and, as
arXiv's own DOI, in `DO`, which survives an import into Zotero.
"""

from collections.abc import Iterable, Iterator

from bot.archive.domain.citations.citation import Author, Citation, cite
from bot.archive.domain.entry import Entry


def write(entries: Iterable[Entry]) -> str:
    """The papers of these entries, as `cite` joins them."""
    return "\n".join(items(entries))


def items(entries: Iterable[Entry]) -> Iterator[str]:
    """The record of each paper."""
    return map(_record, cite(entries))


def _record(citation: Citation) -> str:
    lines = [f"{tag}  - {text}" for tag, text in _fields(citation) if text]
    return "\n".join([*lines, "ER  - \n"])


def _fields(citation: Citation) -> Iterator[tuple[str, str]]:
    yield "TY", "UNPB" if citation.arxiv_id is not None else "ELEC"
    yield "ID", citation.key
    yield "TI", citation.title
    for author in citation.authors:
        yield "AU", _author(author)
    if citation.has_others:
        yield "AU", "et al."
    yield "PY", str(citation.year or "")
    if citation.arxiv_id is not None:
        yield "PB", "arXiv"
        yield "AN", f"arXiv:{citation.arxiv_id}"
        yield "DO", citation.doi
    yield "UR", citation.url
    yield "AB", citation.abstract
    for tag in citation.tags:
        yield "KW", tag
    yield "N1", citation.note


def _author(author: Author) -> str:
    """`Family, Given, Suffix`; the name of a group as it is, with no comma that would split it."""
    if not author.family:
        return " ".join(author.name.replace(",", " ").split())
    return ", ".join(filter(None, (author.family, author.given, author.suffix)))
