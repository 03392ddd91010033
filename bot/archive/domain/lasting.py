"""What lasts of an entry: the key by which feeds know it, and whether its content was changed.

Feed readers take an item with a new id for a new item. So the key is that of the entry as it first
stood, and no id of the database: corrections do not change it, and an import of the same notes into a
new database gives it again (issue 18, item 3).
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping

from bot.archive.domain.entry import Entry, EntryId


def first_key(entry: Entry) -> str:
    """`2025-02-04 arxiv:2502.01456`: date and paper, as the curator wrote them.

    Give the entry as it was read: an arXiv id that was found by a search for the title may come later.
    """
    return f"{entry.date.isoformat() if entry.date is not None else ''} {entry.paper.key}"


def ordinals(
    standing: Iterable[tuple[str, EntryId, int]], new: Collection[EntryId]
) -> Mapping[EntryId, int]:
    """Which of the entries with its key each new one is, from 0, where its stored number is not right.

    `standing` has the key, id and stored number of every entry that is not withdrawn. Others keep theirs:
    a new entry gets the one that it had if that is free (0 if it had none), else the lowest free one. So a
    note that takes the place of a withdrawn one is the same to a feed reader.
    """
    rows = list(standing)
    taken: defaultdict[str, set[int]] = defaultdict(set)
    for key, entry_id, ordinal in rows:
        if entry_id not in new:
            taken[key].add(ordinal)
    found: dict[EntryId, int] = {}
    for key, entry_id, ordinal in rows:
        if entry_id not in new:
            continue
        given = ordinal
        if given in taken[key]:
            given = next(
                number for number in range(len(taken[key]) + 1) if number not in taken[key]
            )
            found[entry_id] = given
        taken[key].add(given)
    return found


def is_changed(old: Entry, new: Entry) -> bool:
    """Whether a reader of the entry sees another content: not for hidden text or another file."""
    return _content(old) != _content(new)


def _content(entry: Entry) -> Hashable:
    paper = entry.paper
    number = paper.arxiv_id.number if paper.arxiv_id is not None else None
    return paper.title, paper.authors, number, paper.url, entry.date, entry.commentary, entry.tags
