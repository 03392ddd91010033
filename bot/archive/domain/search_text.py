"""What of an entry is searched: its texts, as the segmenter makes them."""

from dataclasses import dataclass

from bot.archive.domain.entry import Entry
from bot.archive.domain.segment import BREAK, MARK, segment


@dataclass(frozen=True, slots=True)
class IndexedText:
    """An entry's words for the full-text index, field by field."""

    title: str
    authors: str
    abstract: str
    commentary: str
    tags: str


def indexed_text(entry: Entry) -> IndexedText:
    """The words of an entry. No phrase reaches from one author or tag into the next."""
    paper = entry.paper
    return IndexedText(
        title=segment(paper.title),
        authors=indexed_authors(paper.authors),
        abstract=indexed_abstract(paper.abstract),
        commentary=segment("\n\n".join(written.text for written in entry.commentary)),
        tags=_apart(entry.tags),
    )


def indexed_authors(authors: tuple[str, ...]) -> str:
    """The words of the authors' names."""
    return _apart(authors)


def indexed_abstract(abstract: str | None) -> str:
    """The words of an abstract, if there is one."""
    return segment(abstract or "")


def _apart(texts: tuple[str, ...]) -> str:
    return f" {BREAK} ".join(map(segment, texts))


def tag_mark(tag_id: int) -> str:
    """The index's own word for a tag, in the field of the tags."""
    return f"{MARK}{tag_id}"
