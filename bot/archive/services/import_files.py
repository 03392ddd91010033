"""Import: files, vaults and standard input become entries, or nothing changes."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.archive.domain.entry import Problem, Severity
from bot.archive.domain.files.source_match import KnownSource
from bot.archive.domain.files.stable_files import StableFiles
from bot.archive.domain.link_names import leads_to
from bot.archive.services import import_parser, read_files
from bot.archive.services.find_files import FoundFile, FoundFiles, find_files
from bot.archive.services.import_report import ImportCounter, ImportReport
from bot.archive.services.import_writer import Batch, update_locations, write_batch
from bot.archive.services.match_sources import existing_locations, match_sources
from bot.archive.services.read_files import ReadBatch, ReadFile
from bot.archive.store import entries, entry_changes, links, source_counts, sources
from bot.core.database.database import Database, Transaction

STDIN = Path("-")

Progress = Callable[[int, int], None]
"""Is told how many files of how many are done."""


async def import_files(
    db: Database,
    paths: Sequence[Path],
    *,
    now: datetime,
    stdin: bytes = b"",
    dry_run: bool = False,
    withdraw_missing: bool = False,
    settled: StableFiles | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import files, folders of notes, and `stdin` where a path is `-`.

    Repeating it changes nothing: a file that holds what it held is not even parsed, a changed one
    changes its entries, which keep their ids. `withdraw_missing` is for a watched vault: entries
    whose files are gone from the folders given are withdrawn. With `settled`, a file that is not
    in the state given there is left for a later import, and so are its entries. `dry_run` writes
    nothing.

    What is wrong with a file becomes a problem, and the rest goes on. Raises `StorageError`; what
    was imported until then stays.
    """
    found = await asyncio.to_thread(find_files, [p for p in paths if p != STDIN])
    tally = ImportCounter(problems=list(found.problems))
    total = len(found.files) + (STDIN in paths)
    if STDIN in paths:
        parsed = await asyncio.to_thread(import_parser.parse_stream, stdin)
        await write_batch(db, Batch((parsed,)), tally, now=now, dry_run=dry_run)
    read = partial(read_files.read_batch, settled=settled.files if settled is not None else None)
    try:
        await _import_files(
            db, found.files, read, tally, now=now, dry_run=dry_run, progress=progress
        )
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    if progress is not None:
        progress(len(found.files), len(found.files))
    if withdraw_missing:
        await _withdraw_missing(db, found, settled, tally, now=now, dry_run=dry_run)
    await _report_ambiguous_links(db, tally)
    return tally.report(files=total)


async def _import_files(
    db: Database,
    files: Sequence[FoundFile],
    read_batch: Callable[[Sequence[FoundFile]], ReadBatch],
    tally: ImportCounter,
    *,
    now: datetime,
    dry_run: bool,
    progress: Progress | None,
) -> None:
    async with asyncio.TaskGroup() as group:
        writing: asyncio.Task[None] | None = None
        done = 0
        while done < len(files):
            # While one batch is written, the next one is read.
            some = files[done : done + read_files.FILES_AT_ONCE]
            read = await asyncio.to_thread(read_batch, some)
            batch = await _parsed(db, read, tally, dry_run=dry_run)
            if writing is not None:
                await writing
            if progress is not None:
                progress(done, len(files))
            writing = group.create_task(write_batch(db, batch, tally, now=now, dry_run=dry_run))
            done += read.count


async def _parsed(db: Database, read: ReadBatch, tally: ImportCounter, *, dry_run: bool) -> Batch:
    """The files that do not hold what they held, parsed; what the others hold is counted."""
    async with db.reading() as tx:
        known = await match_sources(tx, [file.input for file in read.files], tally.sources)
        pairs = list(zip(read.files, known, strict=True))
        same = [(s, file.input) for file, s in pairs if s is not None and s.holds(file.input)]
        emptied = await _emptied(tx, pairs)
        rows = {source.id for source, _ in same} | emptied.keys()
        tally.count_unchanged(await source_counts.count(tx, rows))
    changed = {source.id for source in known if source is not None} - rows
    tally.sources |= rows | changed
    await update_locations(db, same, dry_run=dry_run)
    others = [file for file, source in pairs if source is None or source.id not in rows]
    parsed = await asyncio.to_thread(import_parser.parse_files, others) if others else []
    return Batch(tuple(parsed), (*read.problems, *emptied.values()), frozenset(changed))


async def _emptied(
    tx: Transaction, files: Sequence[tuple[ReadFile, KnownSource | None]]
) -> dict[int, Problem]:
    """The sources, by row, that held text and whose files hold none: most often half written."""
    blank = {
        source.id: file
        for file, source in files
        if source is not None and file.is_blank and not source.holds(file.input)
    }
    kept = await entries.list_of_sources(tx, blank) if blank else {}
    message = "this file is empty; its entry stays as it was: delete the file to take it back"
    return {
        row: Problem(blank[row].shown, None, Severity.ERROR, message)
        for row, of_source in kept.items()
        if any(stored.entry.source.text.strip() for stored in of_source)
    }


async def _withdraw_missing(
    db: Database,
    found: FoundFiles,
    settled: StableFiles | None,
    tally: ImportCounter,
    *,
    now: datetime,
    dry_run: bool,
) -> None:
    """Withdraw the entries of files that are no longer in the folders."""
    seen = {file.location for file in found.files}
    folders = [folder for folder in found.folders if any(f.root == folder for f in found.files)]
    async with db.reading() if dry_run else db.transaction() as tx:
        known = [source for folder in folders for source in await sources.list_within(tx, folder)]
        refused = await sources.list_at(tx, [location for _, location in found.refused])
        known += [source for source in refused if (source.path, source.location) in found.refused]
        missing = {s.id: s for s in known if not s.is_gone and s.location not in seen}.values()
        there = await existing_locations(missing)

        def is_gone(source: KnownSource) -> bool:
            location = source.location or ""
            if (source.path, location) in found.refused:
                return True
            is_settled = settled is None or settled.is_gone(location)
            return location not in there and is_settled and not found.may_hold(location)

        gone = [source.id for source in missing if is_gone(source)]
        kept = await entries.list_of_sources(tx, gone)
        withdrawn = [
            stored.id
            for of_source in kept.values()
            for stored in of_source
            if stored.withdrawn_at is None
        ]
        if not dry_run:
            await entry_changes.withdraw(tx, withdrawn, now=now)
            await sources.mark_gone(tx, gone, now=now)
    tally.count_withdrawn(withdrawn)


async def _report_ambiguous_links(db: Database, tally: ImportCounter) -> None:
    """Links that this import made or left ambiguous, as problems."""
    if not tally.names:
        return
    async with db.reading() as tx:
        ambiguous = await links.list_ambiguous(tx, tally.names)
    for link in ambiguous:
        if sum(leads_to(link.text, path) for path in link.targets) != 1:
            tally.problems.append(
                Problem(
                    path=tally.shown.get(link.path, link.path),
                    line=link.line,
                    severity=Severity.WARNING,
                    message=f"[[{link.text}]] may mean {' or '.join(link.targets)}: "
                    "write the folder too",
                )
            )
