"""Writes parsed files to the archive: compares them with the stored entries, stores the changes."""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Entry, Problem, Severity
from bot.archive.domain.files.source_match import InputFile, KnownSource, other_paths, path_of
from bot.archive.domain.lasting import first_key
from bot.archive.domain.revision import Revision, revise, without
from bot.archive.services.import_parser import ParsedFile
from bot.archive.services.import_report import ImportCounter
from bot.archive.services.match_sources import match_sources
from bot.archive.store import entries, entry_changes, sources, title_matches
from bot.archive.store.entry_changes import IndexedEntry
from bot.archive.store.guards import ARCHIVE
from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import worded


@dataclass(frozen=True, slots=True)
class _FileChange:
    """What the import of one file changes: its source (`None`: a new one), path and entries.

    `first_keys` are those of its entries as they were read. `ignored` counts entries whose place a form took: what the file says of them is not used.
    """

    file: ParsedFile
    known: KnownSource | None
    path: str
    revision: Revision
    first_keys: tuple[str, ...]
    ignored: int = 0

    @property
    def input(self) -> InputFile:
        """The file with the path and the location to store."""
        location = self.file.input.location
        if location is None and self.known is not None:
            location = self.known.location
        if (self.path, location) == (self.file.input.path, self.file.input.location):
            return self.file.input
        return replace(self.file.input, path=self.path, location=location)

    def indexed_entry(self, place: int, source_id: int) -> IndexedEntry:
        """The entry at a place of the file (from 0), as a part of that source."""
        entry, indexed = self.file.entries[place]
        if entry.source.path != self.path:
            entry = replace(entry, source=replace(entry.source, path=self.path))
        return IndexedEntry(entry, indexed, source_id, self.first_keys[place])


@dataclass(frozen=True, slots=True)
class Batch:
    """Parsed files, and the problems of files that could not be parsed.

    `sources` are the ids of the sources that the files matched when they were read.
    """

    files: tuple[ParsedFile, ...]
    problems: tuple[Problem, ...] = ()
    sources: frozenset[int] = frozenset()


async def write_batch(
    db: Database, batch: Batch, counter: ImportCounter, *, now: datetime, dry_run: bool
) -> None:
    """Store the entries of a batch in one transaction and count them; `dry_run` only counts."""
    counter.problems += batch.problems
    for file in batch.files:
        counter.problems += file.problems
    readable = [file for file in batch.files if file.entries]
    if not readable:
        return
    async with _transaction(db, dry_run=dry_run) as tx:
        if not dry_run:
            await tx.guard(ARCHIVE)
        # Match again inside the transaction: another process may have imported the same files.
        changed_files = await _compare(tx, readable, counter.sources - batch.sources)
        rows = [] if dry_run else await _write(tx, changed_files, now=now)
    counter.sources.update(rows)
    for change in changed_files:
        _count(change, counter)


async def update_locations(
    db: Database, moves: Sequence[tuple[KnownSource, InputFile]], *, dry_run: bool
) -> None:
    """Store the new path and location of sources whose content is unchanged."""
    moved = [
        (known, file, path_of(file, known))
        for known, file in moves
        if file.location is not None
        and (file.location, path_of(file, known)) != (known.location, known.path)
    ]
    if not moved or dry_run:
        return
    async with db.transaction() as tx:
        await tx.guard(ARCHIVE)
        taken = await sources.list_taken_paths(tx, [path for _, _, path in moved])
        free = [(known.id, known.path if path in taken else path, f) for known, f, path in moved]
        await sources.relocate(tx, free)


def _transaction(db: Database, *, dry_run: bool) -> AbstractAsyncContextManager[Transaction]:
    return db.reading() if dry_run else db.transaction()


async def _compare(
    tx: Transaction, files: Sequence[ParsedFile], taken: Collection[int]
) -> tuple[_FileChange, ...]:
    parsed = await _with_found_papers(tx, files)
    known = await match_sources(tx, [file.input for file in parsed], taken)
    ids = [source.id for source in known if source is not None]
    kept = await entries.list_of_sources(tx, ids) if ids else {}
    replaced = await entries.list_replacing(tx, ids) if ids else {}
    paths = await _paths(tx, [file.input for file in parsed], known)
    changed_files = []
    for read, file, source, path in zip(files, parsed, known, paths, strict=True):
        of_source = kept.get(source.id, ()) if source is not None else ()
        of_forms = replaced.get(source.id, ()) if source is not None else ()
        revision = revise((*of_source, *of_forms), [entry for entry, _ in file.entries])
        ids_of_forms = {stored.id for stored in of_forms}
        ignored = sum(entry_id in ids_of_forms for entry_id, _ in revision.changed)
        revision = without(revision, ids_of_forms)
        if file.input.location is None:
            # Standard input is not the whole source: an entry that it lacks is not deleted.
            revision = replace(revision, vanished=())
        first_keys = tuple(first_key(entry) for entry, _ in read.entries)
        changed_files.append(_FileChange(file, source, path, revision, first_keys, ignored))
    return tuple(changed_files)


async def _with_found_papers(
    tx: Transaction, files: Sequence[ParsedFile]
) -> tuple[ParsedFile, ...]:
    """The files, with the arXiv ids that a title search found for papers without a link."""
    keys = {entry.paper.key for file in files for entry, _ in file.entries}
    found = await title_matches.list_numbers(tx, keys)
    if not found:
        return tuple(files)

    def completed(entry: Entry) -> Entry:
        number = found.get(entry.paper.key)
        if number is None:
            return entry
        return replace(entry, paper=replace(entry.paper, arxiv_id=ArxivId(number)))

    return tuple(
        replace(file, entries=tuple((completed(entry), words) for entry, words in file.entries))
        for file in files
    )


async def _paths(
    tx: Transaction, files: Sequence[InputFile], known: Sequence[KnownSource | None]
) -> tuple[str, ...]:
    """A unique path for each source."""
    wanted = [path_of(file, source) for file, source in zip(files, known, strict=True)]
    taken = await sources.list_taken_paths(tx, wanted)
    chosen: dict[str, None] = {}
    for file, source, path in zip(files, known, wanted, strict=True):
        mine = source.id if source is not None else None
        others = other_paths(file)
        free = path
        while taken.get(free, mine) != mine or free in chosen:
            free = next(others)
            taken |= await sources.list_taken_paths(tx, [free])
        chosen[free] = None
    return tuple(chosen)


async def _write(
    tx: Transaction, changed_files: Sequence[_FileChange], *, now: datetime
) -> list[int]:
    """Store the changes; the ids of the sources, in order."""
    new = [change for change in changed_files if change.known is None]
    added = iter(await sources.add(tx, [(c.input, c.file.kind) for c in new], now=now))
    rows = [
        change.known.id if change.known is not None else next(added) for change in changed_files
    ]
    old = [
        (row, c.input, c.file.kind) for row, c in zip(rows, changed_files, strict=True) if c.known
    ]
    if old:
        await sources.update(tx, old, now=now)
    with_rows = list(zip(rows, changed_files, strict=True))
    gone = [entry_id for change in changed_files for entry_id in change.revision.vanished]
    moved = [
        (entry_id, place) for change in changed_files for entry_id, place in change.revision.moved
    ]
    changes = [
        (entry_id, change.indexed_entry(place, row))
        for row, change in with_rows
        for entry_id, place in change.revision.changed
    ]
    new_entries = [
        change.indexed_entry(place, row)
        for row, change in with_rows
        for place in change.revision.added
    ]
    if gone:
        await entry_changes.withdraw(tx, gone, now=now)
    if moved:
        await entry_changes.set_parts(tx, moved)
    if changes:
        await entry_changes.update(tx, changes, now=now)
    if new_entries:
        await entry_changes.add(tx, new_entries, now=now)
    return rows


def _count(change: _FileChange, counter: ImportCounter) -> None:
    revision = change.revision
    if change.ignored:
        message = worded(
            "entries of this file that were changed with /note since, and stay so: {n}",
            n=change.ignored,
        )
        counter.problems.append(Problem(change.file.shown, None, Severity.WARNING, message))
    counter.new += len(revision.added)
    counter.updated += len(revision.changed)
    counter.unchanged += len(revision.moved) + len(revision.unchanged)
    counter.count_withdrawn(revision.vanished)
    counter.changed += [entry_id for entry_id, _ in revision.changed]
    counter.count_read(entry for entry, _ in change.file.entries)
    counter.shown[change.path] = change.file.shown
    for place in revision.added:
        counter.note_written(change.file.entries[place][0], change.path, is_new=True)
    for _, place in revision.changed:
        counter.note_written(change.file.entries[place][0], change.path, is_new=False)
