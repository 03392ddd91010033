"""Write papers as CSL-JSON 1.0.2: what Zotero, pandoc and citeproc read.

https://github.com/citation-style-language/schema, `csl-data.json`.
"""

import json
from collections.abc import Iterable, Iterator
from textwrap import indent

from bot.archive.domain.citations.citation import Author, Citation, cite
from bot.archive.domain.entry import Entry

OPENING, BETWEEN, CLOSING = "[\n", ",\n", "\n]\n"


def write(entries: Iterable[Entry]) -> str:
    """The papers of these entries, as `cite` joins them, as one JSON list."""
    return OPENING + BETWEEN.join(items(entries)) + CLOSING


def items(entries: Iterable[Entry]) -> Iterator[str]:
    """The JSON of each paper."""
    for each in cite(entries):
        yield indent(json.dumps(dict(_fields(each)), ensure_ascii=False, indent=2), "  ")


def _fields(citation: Citation) -> Iterator[tuple[str, object]]:
    yield "id", citation.key
    # The schema's type for preprints.
    yield "type", "article" if citation.arxiv_id is not None else "webpage"
    yield "title", citation.title
    authors = [_author(each) for each in citation.authors]
    if authors:
        yield "author", [*authors, {"literal": "et al."}] if citation.has_others else authors
    if citation.year is not None:
        parts = [citation.year] if citation.month is None else [citation.year, citation.month]
        yield "issued", {"date-parts": [parts]}
    if citation.arxiv_id is not None:
        yield "publisher", "arXiv"
        yield "number", f"arXiv:{citation.arxiv_id}"
        yield "DOI", citation.doi
    texts = {
        "URL": citation.url,
        "abstract": citation.abstract,
        "keyword": ", ".join(citation.tags),
        "annote": citation.note,  # `note` may set other fields: citeproc-js reads lines of it
    }
    yield from ((name, text) for name, text in texts.items() if text)


def _author(author: Author) -> dict[str, str]:
    if not author.family:
        return {"literal": author.name}
    parts = {"family": author.family, "given": author.given, "suffix": author.suffix}
    return {name: text for name, text in parts.items() if text}
