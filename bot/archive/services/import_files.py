"""Imports files, vaults and standard input into the archive."""

import asyncio
import gzip
import os
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from bot.archive.domain.checks.facts import Facts
from bot.archive.domain.entry import Problem, Severity
from bot.archive.domain.files.file_names import is_imported
from bot.archive.domain.files.found_file import FoundFile
from bot.archive.domain.files.source_match import KnownSource, path_of
from bot.archive.domain.files.stable_files import StableFiles
from bot.archive.domain.formats.decode import GZIP
from bot.archive.services import import_parser
from bot.archive.services import restore as restoring
from bot.archive.services.check_archive import check_archive
from bot.archive.services.files import read_files
from bot.archive.services.files.find_files import find_files
from bot.archive.services.files.read_files import ReadBatch, ReadFile
from bot.archive.services.files.regular_files import NotRegularError, open_regular
from bot.archive.services.import_report import ImportCounter, ImportReport
from bot.archive.services.import_writer import Batch, update_locations, write_batch
from bot.archive.services.match_sources import match_sources
from bot.archive.services.withdraw_missing import withdraw_missing_entries
from bot.archive.store import entries, source_counts
from bot.core.database.database import Database, Transaction
from bot.core.domain.i18n import worded
from bot.core.turns import short_turns

STDIN = Path("-")

_DAMAGED = (EOFError, zlib.error)

Progress = Callable[[int, int], None]
"""Called with what is done and with all: files, or kilobytes of an export."""


async def import_files(
    db: Database,
    paths: Sequence[Path],
    *,
    now: datetime,
    stdin: bytes | BinaryIO = b"",
    dry_run: bool = False,
    withdraw_missing: bool = False,
    stable: StableFiles | None = None,
    progress: Progress | None = None,
    facts: Facts | None = None,
    archive: Database | None = None,
    within: Path | None = None,
) -> ImportReport:
    """Import files, all notes and pages of folders, exports, and `stdin` where a path is `-`.

    `stdin` is a page or a note, or, opened, an export.

    Safe to repeat: unchanged files are not parsed; the entries of changed files are updated and keep
    their ids. `dry_run` writes nothing.

    The watched vault uses two options. `withdraw_missing` withdraws the entries of files that are
    no longer in the given folders. `stable` limits the import to files in the state listed there;
    other files are left for a later import and their entries stay unchanged.

    New and changed entries are checked against `facts`; without them, against the date of `now`;
    and against the tags and papers of `archive`, if that is another database than `db`.

    `within` is the folder whose folders' names count for files that are given by their own paths.

    A file that cannot be read becomes a problem in the report, and the import continues. Raises
    `StorageError`; batches written before the error stay.
    """
    found = await asyncio.to_thread(find_files, [p for p in paths if p != STDIN], within)
    counter = ImportCounter(facts or Facts(now.date()), problems=list(found.problems))
    total = len(found.files) + (STDIN in paths)
    given, files = await asyncio.to_thread(_exports, found.files)
    for export in given:
        counter.problems += await _restore(
            db, export, counter, now=now, dry_run=dry_run, progress=progress
        )
    if not isinstance(stdin, bytes):
        shown = import_parser.STDIN_NAME
        await restoring.restore(db, stdin, shown, counter, now=now, dry_run=dry_run)
    elif STDIN in paths:
        parsed = await asyncio.to_thread(import_parser.parse_stream, stdin)
        await write_batch(db, Batch((parsed,)), counter, now=now, dry_run=dry_run)
    read = partial(read_files.read_batch, stable=stable.files if stable is not None else None)
    try:
        with short_turns():  # files are parsed beside the database's thread
            await _import_files(
                db, files, read, counter, now=now, dry_run=dry_run, progress=progress
            )
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    if progress is not None:
        progress(len(found.files), len(found.files))
    if withdraw_missing:
        counter.count_withdrawn(
            await withdraw_missing_entries(db, found, stable, now=now, dry_run=dry_run)
        )
    await check_archive(db, counter, dry_run=dry_run, archive=archive)
    return counter.report(files=total)


def _exports(found: Sequence[FoundFile]) -> tuple[list[FoundFile], list[FoundFile]]:
    """The files that an export wrote, and the others. A folder's files are notes and pages."""
    exports: list[FoundFile] = []
    others: list[FoundFile] = []
    for file in found:
        (exports if _is_export(file) else others).append(file)
    return exports, others


def _is_export(found: FoundFile) -> bool:
    if found.root is not None or is_imported(found.path):
        return False
    try:
        with open_regular(found.file) as file:
            return restoring.looks_like(_unpacked(file).read(4096))
    except (OSError, NotRegularError, *_DAMAGED):
        return False  # it is read again, and that says why not


def _unpacked(file: BinaryIO) -> BinaryIO:
    """The file, or what is in it if gzip packed it. It is not read yet."""
    is_packed = file.read(len(GZIP)) == GZIP
    file.seek(0)
    return cast("BinaryIO", gzip.GzipFile(fileobj=file)) if is_packed else file


async def _restore(
    db: Database,
    found: FoundFile,
    counter: ImportCounter,
    *,
    now: datetime,
    dry_run: bool,
    progress: Progress | None,
) -> list[Problem]:
    try:
        with open_regular(found.file) as file:
            size = os.fstat(file.fileno()).st_size

            def advance() -> None:
                if progress is not None:
                    progress(file.tell() // 1000, size // 1000)

            await restoring.restore(
                db,
                _unpacked(file),
                found.shown,
                counter,
                now=now,
                dry_run=dry_run,
                advance=advance,
            )
    except (OSError, *_DAMAGED) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        if isinstance(error, (gzip.BadGzipFile, *_DAMAGED)):
            reason = worded("the packed file is damaged or not complete")
        message = worded("this cannot be read: {reason}", reason=reason)
        return [Problem(found.shown, None, Severity.ERROR, message)]
    return []


async def _import_files(
    db: Database,
    files: Sequence[FoundFile],
    read_batch: Callable[[Sequence[FoundFile]], ReadBatch],
    counter: ImportCounter,
    *,
    now: datetime,
    dry_run: bool,
    progress: Progress | None,
) -> None:
    async def read_from(place: int) -> ReadBatch:
        return await asyncio.to_thread(read_batch, files[place : place + read_files.FILES_AT_ONCE])

    async with asyncio.TaskGroup() as group:
        writing: asyncio.Task[None] | None = None
        done = 0
        read = await read_from(done)
        while done < len(files):
            # A batch is parsed while the one before is written. The next one is read before this one's
            # writing begins: beside it, reading waits for the GIL behind each step.
            batch = await _parse_changed(db, read, counter, dry_run=dry_run)
            before, done = done, done + read.count
            read = await read_from(done)
            if writing is not None:
                await writing
            if progress is not None:
                progress(before, len(files))
            writing = group.create_task(write_batch(db, batch, counter, now=now, dry_run=dry_run))


async def _parse_changed(
    db: Database, read: ReadBatch, counter: ImportCounter, *, dry_run: bool
) -> Batch:
    """Parse the new and the changed files; count the entries of the unchanged ones."""
    async with db.reading() as tx:
        known = await match_sources(tx, [file.input for file in read.files], counter.sources)
        pairs = list(zip(read.files, known, strict=True))
        same = [
            (s, file.input) for file, s in pairs if s is not None and s.is_unchanged_by(file.input)
        ]
        emptied = await _emptied_sources(tx, pairs)
        rows = {source.id for source, _ in same} | emptied.keys()
        if rows:
            counter.count_unchanged(await source_counts.count(tx, rows))
    changed = {source.id for source in known if source is not None} - rows
    counter.sources |= rows | changed
    await update_locations(db, same, dry_run=dry_run)
    # The folders that are known of a file say its date, also where it is imported by its own path.
    others = [
        replace(file, input=replace(file.input, path=path_of(file.input, source)))
        for file, source in pairs
        if source is None or source.id not in rows
    ]
    parsed = await asyncio.to_thread(import_parser.parse_files, others) if others else []
    return Batch(tuple(parsed), (*read.problems, *emptied.values()), frozenset(changed))


async def _emptied_sources(
    tx: Transaction, files: Sequence[tuple[ReadFile, KnownSource | None]]
) -> dict[int, Problem]:
    """A problem for each source whose file became empty, by source id.

    A sync tool empties a file before it writes it, so an empty file never changes its entry.
    """
    blank = {
        source.id: file
        for file, source in files
        if source is not None and file.is_blank and not source.is_unchanged_by(file.input)
    }
    kept = await entries.list_of_sources(tx, blank) if blank else {}
    message = worded(
        "this file is empty; its entry stays as it was: delete the file to take it back"
    )
    return {
        row: Problem(blank[row].shown, None, Severity.ERROR, message)
        for row, of_source in kept.items()
        if any(stored.entry.source.text.strip() for stored in of_source)
    }
