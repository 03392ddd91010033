"""What lasts of an entry: the key by which feeds know it, and whether its content was changed.

Feed readers take an item with a new id for a new item. So the key is that of the entry as it first
stood, and no id of the database: corrections do not change it, and an import of the same notes into a
new database gives it again (issue 18, item 3).
"""

from collections.abc import Hashable

from bot.archive.domain.entry import Entry


def first_key(entry: Entry) -> str:
    """`2025-02-04 arxiv:2502.01456`: date and paper, as the curator wrote them.

    Give the entry as it was read: an arXiv id that was found by a search for the title may come later.
    """
    return f"{entry.date.isoformat() if entry.date is not None else ''} {entry.paper.key}"


def is_changed(old: Entry, new: Entry) -> bool:
    """Whether a reader of the entry sees another content: not for hidden text or another file."""
    return _content(old) != _content(new)


def _content(entry: Entry) -> Hashable:
    paper = entry.paper
    number = paper.arxiv_id.number if paper.arxiv_id is not None else None
    return paper.title, paper.authors, number, paper.url, entry.date, entry.commentary, entry.tags
