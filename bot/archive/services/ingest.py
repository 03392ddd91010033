"""Import: files, vaults and standard input become entries, or nothing changes."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from bot.archive.domain.entry import Problem, Severity
from bot.archive.domain.link_names import leads_to
from bot.archive.services import import_parser, input_files
from bot.archive.services.import_report import Report, Tally
from bot.archive.services.import_writer import Batch, keep, relocate
from bot.archive.services.input_files import Findings, FoundFile, ReadBatch
from bot.archive.services.source_matching import identify, which_is_there
from bot.archive.store import census, entries, entry_changes, links, sources
from bot.core.database.database import Database

STDIN = Path("-")

Progress = Callable[[int, int], None]
"""Is told how many files of how many are done."""


async def ingest(
    db: Database,
    paths: Sequence[Path],
    *,
    now: datetime,
    stdin: bytes = b"",
    dry_run: bool = False,
    withdraw_missing: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Import files, folders of notes, and `stdin` where a path is `-`.

    Repeating it changes nothing: a file that holds what it held is not even parsed, a changed one
    changes its entries, which keep their ids. `withdraw_missing` is for a watched vault: entries
    whose files are gone from the folders given are withdrawn. `dry_run` writes nothing.

    What is wrong with a file becomes a problem, and the rest goes on. Raises `StorageError`; what
    was imported until then stays.
    """
    found = await asyncio.to_thread(input_files.find_files, [p for p in paths if p != STDIN])
    tally = Tally(problems=list(found.problems))
    total = len(found.files) + (STDIN in paths)
    if STDIN in paths:
        content_hash = input_files.content_hash(stdin)
        parsed = await asyncio.to_thread(import_parser.parse_stream, stdin, content_hash)
        await keep(db, Batch((parsed,)), tally, now=now, dry_run=dry_run)
    try:
        await _import_files(db, found.files, tally, now=now, dry_run=dry_run, progress=progress)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    if progress is not None:
        progress(len(found.files), len(found.files))
    if withdraw_missing:
        await _withdraw_missing(db, found, tally, now=now, dry_run=dry_run)
    await _report_ambiguous_links(db, tally)
    return tally.report(files=total)


async def _import_files(
    db: Database,
    files: Sequence[FoundFile],
    tally: Tally,
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
            some = files[done : done + input_files.FILES_AT_ONCE]
            read = await asyncio.to_thread(input_files.read_batch, some)
            batch = await _parsed(db, read, tally, dry_run=dry_run)
            if writing is not None:
                await writing
            if progress is not None:
                progress(done, len(files))
            writing = group.create_task(keep(db, batch, tally, now=now, dry_run=dry_run))
            done += read.count


async def _parsed(db: Database, read: ReadBatch, tally: Tally, *, dry_run: bool) -> Batch:
    """The files that do not hold what they held, parsed; what the others hold is counted."""
    async with db.reading() as tx:
        known = await identify(tx, [file.input for file in read.files], tally.sources)
        pairs = list(zip(read.files, known, strict=True))
        same = [(s, file.input) for file, s in pairs if s is not None and s.holds(file.input)]
        rows = {source.id for source, _ in same}
        tally.count_unchanged(await census.count(tx, rows))
    changed = {source.id for source in known if source is not None} - rows
    tally.sources |= rows | changed
    await relocate(db, same, dry_run=dry_run)
    others = [file for file, source in pairs if source is None or source.id not in rows]
    parsed = await asyncio.to_thread(import_parser.parse_files, others) if others else []
    return Batch(tuple(parsed), read.problems, frozenset(changed))


async def _withdraw_missing(
    db: Database, found: Findings, tally: Tally, *, now: datetime, dry_run: bool
) -> None:
    """Withdraw the entries of files that are no longer in the folders."""
    seen = {file.location for file in found.files}
    folders = [folder for folder in found.folders if any(f.root == folder for f in found.files)]
    async with db.reading() if dry_run else db.transaction() as tx:
        known = [source for folder in folders for source in await sources.list_within(tx, folder)]
        missing = [s for s in known if not s.is_gone and s.location not in seen]
        there = await which_is_there(missing)
        gone = [source.id for source in missing if source.location not in there]
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


async def _report_ambiguous_links(db: Database, tally: Tally) -> None:
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
