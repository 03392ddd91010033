"""The write half of an import: what was parsed is compared with what is kept, and kept."""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Entry, Problem
from bot.archive.domain.files.source_match import InputFile, KnownSource, other_paths, path_of
from bot.archive.domain.revision import Revision, revise
from bot.archive.services.import_parser import ParsedFile
from bot.archive.services.import_report import ImportCounter
from bot.archive.services.match_sources import match_sources
from bot.archive.store import entries, entry_changes, sources, title_matches
from bot.archive.store.entry_changes import IndexedEntry
from bot.core.database.database import Database, Transaction


@dataclass(frozen=True, slots=True)
class _Plan:
    """One file: which source it is, if known, under which path, and what becomes of its entries."""

    file: ParsedFile
    known: KnownSource | None
    path: str
    revision: Revision

    @property
    def input(self) -> InputFile:
        """The file as its source is kept."""
        location = self.file.input.location
        if location is None and self.known is not None:
            location = self.known.location
        return replace(self.file.input, path=self.path, location=location)

    def draft(self, place: int, source_id: int) -> IndexedEntry:
        """The entry at that place of the file, to be kept as a part of that source."""
        entry, indexed = self.file.entries[place]
        source = replace(entry.source, path=self.path)
        return IndexedEntry(replace(entry, source=source), indexed, source_id)


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that were parsed, and what was wrong with others that should have been.

    `sources` are the rows of the sources that the files were taken for while they were read.
    """

    files: tuple[ParsedFile, ...]
    problems: tuple[Problem, ...] = ()
    sources: frozenset[int] = frozenset()


async def write_batch(
    db: Database, batch: Batch, tally: ImportCounter, *, now: datetime, dry_run: bool
) -> None:
    """Keep the entries of a batch in one transaction, and count them; dry, only count."""
    tally.problems += batch.problems
    for file in batch.files:
        tally.problems += file.problems
    readable = [file for file in batch.files if file.entries]
    if not readable:
        return
    async with _transaction(db, dry_run=dry_run) as tx:
        # Another process may have imported the same meanwhile: look again, now that it cannot.
        plans = await _plans(tx, readable, tally.sources - batch.sources)
        rows = [] if dry_run else await _write(tx, plans, now=now)
    tally.sources.update(rows)
    for plan in plans:
        _count(plan, tally)


async def update_locations(
    db: Database, moves: Sequence[tuple[KnownSource, InputFile]], *, dry_run: bool
) -> None:
    """Note where sources are found now whose content is what it was."""
    moved = [
        (known, file, path_of(file, known))
        for known, file in moves
        if file.location is not None
        and (file.location, path_of(file, known)) != (known.location, known.path)
    ]
    if not moved or dry_run:
        return
    async with db.transaction() as tx:
        taken = await sources.list_taken_paths(tx, [path for _, _, path in moved])
        free = [(known.id, known.path if path in taken else path, f) for known, f, path in moved]
        await sources.relocate(tx, free)


def _transaction(db: Database, *, dry_run: bool) -> AbstractAsyncContextManager[Transaction]:
    return db.reading() if dry_run else db.transaction()


async def _plans(
    tx: Transaction, files: Sequence[ParsedFile], taken: Collection[int]
) -> tuple[_Plan, ...]:
    parsed = await _with_found_papers(tx, files)
    known = await match_sources(tx, [file.input for file in parsed], taken)
    kept = await entries.list_of_sources(tx, [source.id for source in known if source is not None])
    paths = await _paths(tx, [file.input for file in parsed], known)
    plans = []
    for file, source, path in zip(parsed, known, paths, strict=True):
        of_source = kept.get(source.id, ()) if source is not None else ()
        revision = revise(of_source, [entry for entry, _ in file.entries])
        if file.input.location is None:
            # A stream says what is in it, not what no longer is.
            revision = replace(revision, vanished=())
        plans.append(_Plan(file, source, path, revision))
    return tuple(plans)


async def _with_found_papers(
    tx: Transaction, files: Sequence[ParsedFile]
) -> tuple[ParsedFile, ...]:
    """The files with the arXiv ids that were found for papers that they know by title only."""
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
    """A path for each source that no other has."""
    wanted = [path_of(file, source) for file, source in zip(files, known, strict=True)]
    taken = await sources.list_taken_paths(tx, wanted)
    chosen: list[str] = []
    for file, source, path in zip(files, known, wanted, strict=True):
        mine = source.id if source is not None else None
        others = other_paths(file)
        free = path
        while taken.get(free, mine) != mine or free in chosen:
            free = next(others)
            taken |= await sources.list_taken_paths(tx, [free])
        chosen.append(free)
    return tuple(chosen)


async def _write(tx: Transaction, plans: Sequence[_Plan], *, now: datetime) -> list[int]:
    """Write what the plans say; the rows of their sources."""
    new = [plan for plan in plans if plan.known is None]
    added = iter(await sources.add(tx, [(p.input, p.file.kind) for p in new], now=now))
    rows = [plan.known.id if plan.known is not None else next(added) for plan in plans]
    old = [(row, p.input, p.file.kind) for row, p in zip(rows, plans, strict=True) if p.known]
    await sources.update(tx, old, now=now)
    planned = list(zip(rows, plans, strict=True))
    gone = [entry_id for plan in plans for entry_id in plan.revision.vanished]
    moved = [(entry_id, place) for plan in plans for entry_id, place in plan.revision.moved]
    changes = [
        (entry_id, plan.draft(place, row))
        for row, plan in planned
        for entry_id, place in plan.revision.changed
    ]
    drafts = [plan.draft(place, row) for row, plan in planned for place in plan.revision.added]
    await entry_changes.withdraw(tx, gone, now=now)
    await entry_changes.move(tx, moved)
    if changes:
        await entry_changes.update(tx, changes, now=now)
    if drafts:
        await entry_changes.add(tx, drafts, now=now)
    return rows


def _count(plan: _Plan, tally: ImportCounter) -> None:
    revision = plan.revision
    tally.new += len(revision.added)
    tally.updated += len(revision.changed)
    tally.unchanged += len(revision.moved) + len(revision.unchanged)
    tally.count_withdrawn(revision.vanished)
    tally.changed += [entry_id for entry_id, _ in revision.changed]
    tally.count_read(entry for entry, _ in plan.file.entries)
    tally.shown[plan.path] = plan.file.shown
    places = (*revision.added, *(place for _, place in revision.changed))
    for place in places:
        tally.note_names(plan.file.entries[place][0])
