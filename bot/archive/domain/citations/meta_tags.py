"""The `citation_*` meta tags of a page about one paper, from which reference managers fill an item.

Zotero's translator “Embedded Metadata” and Google Scholar read them: one tag an author, dates as
`2010/05`, no affiliations. https://scholar.google.com/intl/en/scholar/inclusion.html#indexing
"""

from collections.abc import Iterator

from bot.archive.domain.citations.citation import Author, Citation, cite
from bot.archive.domain.entry import Entry


def meta_tags(entry: Entry) -> tuple[tuple[str, str], ...]:
    """Names and contents, in their order; contents are plain text."""
    [citation] = cite([entry])
    return tuple((f"citation_{name}", text) for name, text in _tags(citation) if text)


def _tags(citation: Citation) -> Iterator[tuple[str, str]]:
    yield "title", citation.title
    for author in citation.authors:
        yield "author", _author(author)
    if citation.year is not None:
        month = f"/{citation.month:02}" if citation.month is not None else ""
        yield "publication_date", f"{citation.year}{month}"
    if citation.arxiv_id is not None:
        yield "publisher", "arXiv"
        yield "arxiv_id", citation.arxiv_id.number
        yield "doi", citation.doi
        yield "pdf_url", f"https://arxiv.org/pdf/{citation.arxiv_id.number}"
    if citation.url.startswith(("https://", "http://")):
        yield "public_url", citation.url
    yield "abstract", citation.abstract
    yield "keywords", "; ".join(citation.tags)


def _author(author: Author) -> str:
    """`Family, Given`, but where Zotero would read two people: a space on both sides of the comma.

    It also separates names at a semicolon.
    """
    is_two = " " in author.family and " " in author.given
    if not author.given or is_two or author.suffix:
        name = " ".join(author.name.replace(",", " ").split())
        if author.given and "," in author.name:
            name = f"{author.given} {author.family}"
    else:
        name = f"{author.family}, {author.given}"
    return " ".join(name.replace(";", " ").split())
