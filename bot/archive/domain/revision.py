"""What became of a source's entries when it was read again: pure, so that ids stay true."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from bot.archive.domain.entry import Entry, EntryId, SourceKind, StoredEntry
from bot.archive.domain.link_names import note_name


@dataclass(frozen=True, slots=True)
class Revision:
    """The entries of one source, compared with what was kept of it; indices are into the new ones.

    `changed` say something else now, or were withdrawn and are back; `moved` only stand
    elsewhere in the source; `vanished` are no longer in it.
    """

    added: tuple[int, ...]
    changed: tuple[tuple[EntryId, int], ...]
    moved: tuple[tuple[EntryId, int], ...]
    unchanged: tuple[EntryId, ...]
    vanished: tuple[EntryId, ...]


def revise(kept: Sequence[StoredEntry], read: Sequence[Entry]) -> Revision:
    """Which entry of a source is which.

    The same paper is the same entry; else the same commentary, the same authors, and at last the
    same place if the source has as many entries as before. Entries not withdrawn come first.
    """
    pairs = _pairs(sorted(kept, key=lambda stored: stored.withdrawn_at is not None), read)
    changed, moved, unchanged = [], [], []
    for place, stored in pairs.items():
        new, old = _said(read[place]), _said(stored.entry)
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
    """The pairs, and those that stand in the same place, if no entry came or went."""
    met = {stored.id for stored in pairs.values()}
    left = {stored.entry.source.part: stored for stored in kept if stored.id not in met}
    if len(left) != len(read) - len(pairs):
        return pairs
    return pairs | {
        place: left[entry.source.part]
        for place, entry in enumerate(read)
        if place not in pairs and entry.source.part in left
    }


def _said(entry: Entry) -> Entry:
    """The entry as far as it was written: without where it stands and what the store adds.

    A note's file name counts: it is what links call it.
    """
    is_note = entry.source.kind is SourceKind.VAULT_NOTE
    name = note_name(entry.source.path) if is_note else ""
    references = {reference.key: replace(reference, title=None) for reference in entry.references}
    return replace(
        entry,
        source=replace(entry.source, path=name, part=0),
        references=tuple(references.values()),
    )
