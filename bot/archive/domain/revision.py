"""Compares the entries of a changed file with those stored, so that the same entry keeps its id."""

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import replace

from bot.archive.domain.entry import Entry, EntryId, SourceKind, StoredEntry
from bot.archive.domain.note_links import note_name
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Revision:
    """The difference between the stored entries of a source and the parsed ones, given by index.

    `changed` have another content, or were withdrawn and are in the file again; `moved` have only
    another place in the source; `vanished` are no longer in it.
    """

    added: tuple[int, ...]
    changed: tuple[tuple[EntryId, int], ...]
    moved: tuple[tuple[EntryId, int], ...]
    unchanged: tuple[EntryId, ...]
    vanished: tuple[EntryId, ...]


def revise(kept: Sequence[StoredEntry], read: Sequence[Entry]) -> Revision:
    """Match the parsed entries of a source to the stored ones.

    An entry matches by its paper, else by its commentary, else by its authors, else by its place if
    the number of entries is unchanged. Entries that are not withdrawn are matched first.
    """
    if not kept:
        return Revision(tuple(range(len(read))), (), (), (), ())
    pairs = _pairs(sorted(kept, key=lambda stored: stored.withdrawn_at is not None), read)
    changed, moved, unchanged = [], [], []
    for place, stored in pairs.items():
        new, old = _written(read[place]), _written(stored.entry)
        if stored.withdrawn_at is not None or new != old:
            changed.append((stored.id, place))
        elif read[place].source.part != stored.entry.source.part:
            moved.append((stored.id, place))
        else:
            unchanged.append(stored.id)
    met = {stored.id for stored in pairs.values()}
    return Revision(
        added=tuple(place for place in range(len(read)) if place not in pairs),
        changed=tuple(changed),
        moved=tuple(moved),
        unchanged=tuple(unchanged),
        vanished=tuple(
            stored.id for stored in kept if stored.id not in met and stored.withdrawn_at is None
        ),
    )


def without(revision: Revision, ids: Collection[EntryId]) -> Revision:
    """The revision without what the file says of these entries: a form took their place."""
    if not ids:
        return revision
    return replace(
        revision,
        changed=tuple(each for each in revision.changed if each[0] not in ids),
        moved=tuple(each for each in revision.moved if each[0] not in ids),
        unchanged=tuple(each for each in revision.unchanged if each not in ids),
        vanished=tuple(each for each in revision.vanished if each not in ids),
    )


def _pairs(kept: Sequence[StoredEntry], read: Sequence[Entry]) -> dict[int, StoredEntry]:
    pairs: dict[int, StoredEntry] = {}
    for sign in _SIGNS:
        met = {stored.id for stored in pairs.values()}
        waiting: dict[Hashable, list[StoredEntry]] = {}
        for stored in kept:
            if stored.id not in met:
                waiting.setdefault(sign(stored.entry), []).append(stored)
        for place, entry in enumerate(read):
            found = waiting.get(sign(entry), []) if place not in pairs else []
            if found and sign(entry) != ():
                pairs[place] = found.pop(0)
    return pairs if len(pairs) == len(read) else _with_places(pairs, kept, read)


_SIGNS: tuple[Callable[[Entry], Hashable], ...] = (
    lambda entry: (entry.paper.key, entry.date),
    lambda entry: entry.paper.key,
    lambda entry: entry.commentary,
    lambda entry: entry.paper.authors,
)


def _with_places(
    pairs: dict[int, StoredEntry], kept: Sequence[StoredEntry], read: Sequence[Entry]
) -> dict[int, StoredEntry]:
    """The pairs, with entries paired by their place if the number of entries is unchanged."""
    met = {stored.id for stored in pairs.values()}
    left = {stored.entry.source.part: stored for stored in kept if stored.id not in met}
    if len(left) != len(read) - len(pairs):
        return pairs
    return pairs | {
        place: left[entry.source.part]
        for place, entry in enumerate(read)
        if place not in pairs and entry.source.part in left
    }


def _written(entry: Entry) -> Entry:
    """The entry without its place and without what the store adds, for comparison.

    The file name of a note stays: links use it.
    """
    is_note = entry.source.kind is SourceKind.VAULT_NOTE
    name = note_name(entry.source.path) if is_note else ""
    references = {reference.key: replace(reference, title=None) for reference in entry.references}
    return replace(
        entry,
        source=replace(entry.source, path=name, part=0),
        references=tuple(references.values()),
    )
