"""The words of an entry for the full-text index: its texts as they are shown, segmented.

`readable` turns LaTeX into text (`bot.core.latex`), so that `Fréchet` and `αₜ` are found as they
are shown. The source of a formula is indexed as well, since `alpha` is easier to type.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from bot.archive.domain.entry import Entry
from bot.archive.domain.markup.author_names import in_each_order
from bot.archive.domain.search.segment import (
    BREAK,
    INDEXED_CHARACTERS,
    MARK,
    name_marks,
    segment,
    segment_each,
)
from bot.core.domain.latex_accents import accents


class IndexedText(NamedTuple):
    """An entry's words for the full-text index, field by field."""

    title: str
    authors: str
    abstract: str
    commentary: str
    tags: str


VERSION = 6
"""The version of the index. Raise it when the words of a text change: databases are reindexed."""

Readable: TypeAlias = Callable[[str], str]
_FORMULA_SIGNS = ("$", r"\(", r"\[")


def indexed_text(entry: Entry, readable: Readable) -> IndexedText:
    """The words of an entry. No phrase reaches from one author or tag into the next."""
    paper = entry.paper
    return IndexedText(
        title=_titled(paper.title, readable),
        authors=indexed_authors(paper.authors, readable),
        abstract=indexed(paper.abstract or "", readable),
        commentary=indexed("\n\n".join(written.text for written in entry.commentary), readable),
        tags=_apart(entry.tags),
    )


def _titled(title: str, readable: Readable) -> str:
    marks = name_marks(readable(title[:INDEXED_CHARACTERS]))
    return f" {BREAK} ".join((indexed(title, readable), *marks))


def indexed_authors(authors: tuple[str, ...], readable: Readable) -> str:
    """The words of the authors' names; `Choi, Yejin` is also found as Yejin Choi."""
    return _apart(tuple(name for each in authors for name in in_each_order(readable(each))))


def indexed(text: str, readable: Readable) -> str:
    """The words of a text."""
    kept = text[:INDEXED_CHARACTERS]
    written, shown = accents(kept), readable(kept)
    if shown == written or not any(sign in written for sign in _FORMULA_SIGNS):
        return segment(shown)
    return f"{segment(shown)} {BREAK} {segment(written)}"


def _apart(texts: tuple[str, ...]) -> str:
    return segment_each(texts, between=f" {BREAK} ")


def tag_mark(tag_id: int) -> str:
    """The word that stands for a tag in the field of tags."""
    return f"{MARK}{tag_id}"
