"""Reads the lines of `export --format jsonl` back into the archive.

What is in the archive already stays as it is: an export may be older than the archive. An entry gets its
number back where that is free.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import field, replace
from datetime import datetime
from itertools import count, islice
from typing import BinaryIO

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Entry, EntryId, Problem, Severity, SourceKind, StoredEntry
from bot.archive.domain.files.source_match import InputFile
from bot.archive.domain.formats import export_line
from bot.archive.domain.formats.export_line import Restored
from bot.archive.domain.lasting import is_changed
from bot.archive.domain.search.search_text import IndexedText, indexed_text
from bot.archive.services.files.read_files import LARGEST_NOTE, content_hash, too_large
from bot.archive.services.import_report import ImportCounter
from bot.archive.store import (
    arxiv_records,
    entries,
    entry_changes,
    papers,
    sources,
    title_matches,
)
from bot.archive.store.entry_changes import IndexedEntry
from bot.archive.store.guards import ARCHIVE
from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UnreadableError
from bot.core.domain.i18n import worded
from bot.core.latex import readable

_LINES_AT_ONCE = 250
_LONGEST_LINE = 32_000_000
"""In bytes: an entry and everything that was said of it."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    restored: Restored
    indexed: IndexedText

    @property
    def path(self) -> str:
        return self.restored.entry.source.path


@dataclass(slots=True)
class _State:
    """What the batches of one file know of each other.

    `met` are the entries that are added already, or that a line was found to be; `numbers` are those of
    the lines, with their lines.
    """

    shown: str
    met: set[EntryId] = field(default_factory=set)
    numbers: dict[EntryId, int] = field(default_factory=dict)
    replies: int = 0
    reactions: int = 0
    in_another_version: int = 0
    in_part: int = 0


def looks_like(data: bytes) -> bool:
    """Whether a file that begins so is an export, and no note or page."""
    if data.startswith(_UTF_16):
        return data[2:4].strip(b"\0") == b"{"
    return data.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1] == b"{"


async def restore(
    db: Database,
    file: BinaryIO,
    shown: str,
    counter: ImportCounter,
    *,
    now: datetime,
    dry_run: bool,
    advance: Callable[[], None] = lambda: None,
) -> None:
    """Add the entries of an export that the archive lacks; those that were withdrawn are back.

    Safe to repeat. A line that cannot be read becomes a problem with its number, and the rest goes on.
    Raises `StorageError`, and what reading `file` raises; batches written before it stay. `advance` is
    called after each batch.
    """
    state = _State(shown)
    first = 1
    while True:
        lines, problems, read = await asyncio.to_thread(_read, file, first, state)
        counter.problems += problems
        if not read:
            break
        first += read
        if lines:
            await _write(db, lines, state, counter, now=now, dry_run=dry_run)
        advance()
    counter.problems += _remarks(state)


def _remarks(state: _State) -> list[Problem]:
    remarks = []
    if state.in_another_version:
        message = worded(
            "entries that are in the archive in another version, and stay as they are there: {n}",
            n=state.in_another_version,
        )
        remarks.append(Problem(state.shown, None, Severity.WARNING, message))
    if state.in_part:
        message = worded(
            "entries without their source text, whose authors and abstracts from arXiv count as the "
            "curator's (an export --with discussion has both): {n}",
            n=state.in_part,
        )
        remarks.append(Problem(state.shown, None, Severity.WARNING, message))
    if state.replies or state.reactions:
        message = worded(
            "replies left out: {replies}, reactions left out: {reactions}; they belong to their channels",
            replies=state.replies,
            reactions=state.reactions,
        )
        remarks.append(Problem(state.shown, None, Severity.WARNING, message))
    return remarks


def _read(file: BinaryIO, first: int, state: _State) -> tuple[list[_Line], list[Problem], int]:
    """The entries of the next lines, the problems, and how many lines were read. Blocking."""
    lines: list[_Line] = []
    problems: list[Problem] = []
    read = 0
    for number in islice(count(first), _LINES_AT_ONCE):
        data = file.readline(_LONGEST_LINE + 1)
        if not data:
            break
        read += 1
        try:
            line = _line(file, data, number, state)
        except UnreadableError as error:
            message = worded(error.message, **error.values)
            problems.append(Problem(state.shown, number, Severity.ERROR, message))
        else:
            lines += [line] if line is not None else []
    return lines, problems, read


def _line(file: BinaryIO, data: bytes, number: int, state: _State) -> _Line | None:
    if len(data) > _LONGEST_LINE:
        while data and not data.endswith(b"\n"):
            data = file.readline(_LONGEST_LINE)
        raise UnreadableError("this line is too long")
    if number == 1:
        data = data.removeprefix(_BYTE_ORDER_MARK)
        if data.startswith(_UTF_16):
            file.read()  # its bytes are no lines
            raise UnreadableError("this file is UTF-16: save it as UTF-8")
    if not data.strip():
        return None
    try:
        restored = export_line.parse(data.decode().strip())
    except UnicodeDecodeError as error:
        raise UnreadableError("this line is not UTF-8 text") from error
    entry = restored.entry
    if max(map(len, (entry.source.text, *_texts(entry)))) > LARGEST_NOTE:
        raise UnreadableError("this entry is too long: {reason}", reason=too_large(LARGEST_NOTE))
    if restored.id is not None:
        before = state.numbers.setdefault(restored.id, number)
        if before != number:
            raise UnreadableError(
                "entry {id} is in line {line_before} already", id=restored.id, line_before=before
            )
    state.in_part += not restored.is_whole and restored.id is not None
    state.replies += restored.replies
    state.reactions += restored.reactions
    return _Line(number, restored, indexed_text(entry, readable))


def _texts(entry: Entry) -> tuple[str, ...]:
    return (
        entry.paper.title,
        entry.paper.abstract or "",
        "".join(entry.paper.authors),
        "".join(each.text for each in entry.commentary),
    )


@dataclass(frozen=True, slots=True)
class _Batch:
    """Lines, sorted by what happens to them: `back` are those of withdrawn entries."""

    new: tuple[_Line, ...]
    back: tuple[tuple[EntryId, _Line], ...]
    same: int


async def _write(
    db: Database,
    lines: Sequence[_Line],
    state: _State,
    counter: ImportCounter,
    *,
    now: datetime,
    dry_run: bool,
) -> None:
    async with _transaction(db, dry_run=dry_run) as tx:
        if not dry_run:
            await tx.guard(ARCHIVE)
        lines = await _with_found_papers(tx, lines)
        known = await sources.list_taken_paths(tx, [line.path for line in lines])
        kept = await entries.list_of_sources(tx, known.values())
        batch = _sorted(lines, known, kept, await _by_number(tx, lines), state)
        if not dry_run:
            await _store(tx, batch, known, kept, state, now=now)
    counter.new += len(batch.new)
    counter.updated += len(batch.back)
    counter.unchanged += batch.same
    counter.changed += [entry_id for entry_id, _ in batch.back]
    counter.count_read(line.restored.entry for line in lines)
    for line in batch.new:
        counter.note_written(line.restored.entry, line.path, is_new=True)
    for _, line in batch.back:
        counter.note_written(line.restored.entry, line.path, is_new=False)


def _transaction(db: Database, *, dry_run: bool) -> AbstractAsyncContextManager[Transaction]:
    return db.reading() if dry_run else db.transaction()


async def _with_found_papers(tx: Transaction, lines: Sequence[_Line]) -> Sequence[_Line]:
    """The lines, with the arXiv ids that a search found here for papers without a link."""
    found = await title_matches.list_numbers(tx, [e.restored.entry.paper.key for e in lines])
    if not found:
        return lines

    def completed(line: _Line) -> _Line:
        entry = line.restored.entry
        number = found.get(entry.paper.key)
        if number is None:
            return line
        entry = replace(entry, paper=replace(entry.paper, arxiv_id=ArxivId(number)))
        return replace(line, restored=replace(line.restored, entry=entry))

    return tuple(map(completed, lines))


async def _by_number(tx: Transaction, lines: Sequence[_Line]) -> Mapping[EntryId, StoredEntry]:
    wanted = [line.restored.id for line in lines if line.restored.id is not None]
    found = await entries.list_by_id(tx, wanted, as_written=True)
    return {stored.id: stored for stored in found}


def _sorted(
    lines: Sequence[_Line],
    known: Mapping[str, int],
    kept: Mapping[int, Sequence[StoredEntry]],
    by_number: Mapping[EntryId, StoredEntry],
    state: _State,
) -> _Batch:
    new, back, same = [], [], 0
    for line in lines:
        of_source = kept.get(known.get(line.path, -1), ())
        found = _same(line, of_source, by_number, state.met)
        if found is None:
            new.append(line)
            continue
        state.met.add(found.id)
        if found.withdrawn_at is not None:
            back.append((found.id, line))
            continue
        same += 1
        state.in_another_version += is_changed(found.entry, line.restored.entry)
    return _Batch(tuple(new), tuple(back), same)


def _same(
    line: _Line,
    of_source: Sequence[StoredEntry],
    by_number: Mapping[EntryId, StoredEntry],
    met: set[EntryId],
) -> StoredEntry | None:
    """The stored entry that the line is of, if any.

    In its source: the one of its number, of its paper and day, or of the note, which has one entry. Else
    the one of its number, if that is of its paper.
    """
    entry = line.restored.entry
    left = [stored for stored in of_source if stored.id not in met]
    alike = [s for s in left if (s.entry.paper.key, s.entry.date) == (entry.paper.key, entry.date)]
    numbered = by_number.get(line.restored.id) if line.restored.id is not None else None
    is_it = numbered in left or (
        numbered is not None
        and numbered.id not in met
        and numbered.entry.paper.key == entry.paper.key
    )
    if is_it:
        return numbered
    if not alike and entry.source.kind is SourceKind.VAULT_NOTE:
        alike = left
    return min(alike, key=lambda stored: stored.withdrawn_at is not None, default=None)


async def _store(
    tx: Transaction,
    batch: _Batch,
    known: Mapping[str, int],
    kept: Mapping[int, Sequence[StoredEntry]],
    state: _State,
    *,
    now: datetime,
) -> None:
    rows = dict(known) | await _add_sources(tx, batch.new, known, now=now)
    parts = {
        row: Counter(stored.entry.source.part for stored in of_source)
        for row, of_source in kept.items()
    }
    drafts = [_draft(line, rows[line.path], parts) for line in batch.new]
    if drafts:
        state.met |= set(await entry_changes.add(tx, drafts, now=now))
    if batch.back:
        await _bring_back(tx, batch.back, now=now)
    written = [line.restored for line in (*batch.new, *(line for _, line in batch.back))]
    await papers.fill_titles(
        tx, (reference for each in written for reference in each.entry.references)
    )
    records = {each.record.id.number: each.record for each in written if each.record is not None}
    there = await arxiv_records.find(tx, records)
    missing = [record for number, record in records.items() if number not in there]
    if missing:
        await arxiv_records.put(tx, missing)


async def _add_sources(
    tx: Transaction, lines: Sequence[_Line], known: Mapping[str, int], *, now: datetime
) -> dict[str, int]:
    by_path: dict[str, list[Entry]] = {}
    for line in lines:
        if line.path not in known:
            by_path.setdefault(line.path, []).append(line.restored.entry)
    files = [
        # The hash of a note is that of its file, so that the file changes nothing when it is imported.
        (
            InputFile(path, None, None, content_hash("".join(e.source.text for e in of).encode())),
            of[0].source.kind,
        )
        for path, of in by_path.items()
    ]
    ids = await sources.add(tx, files, now=now) if files else ()
    return dict(zip(by_path, ids, strict=True))


def _draft(line: _Line, source_id: int, parts: dict[int, Counter[int]]) -> IndexedEntry:
    """The entry to store, at its place in its source, or behind all others if that is taken."""
    restored, taken = line.restored, parts.setdefault(source_id, Counter())
    part = restored.entry.source.part
    if not restored.is_whole or part in taken:
        part = max(taken, default=-1) + 1
    taken[part] += 1
    entry = restored.entry
    return IndexedEntry(
        replace(entry, source=replace(entry.source, part=part)),
        line.indexed,
        source_id,
        restored.first_key,
        restored.id,
        restored.changed_at,
    )


async def _bring_back(
    tx: Transaction, back: Sequence[tuple[EntryId, _Line]], *, now: datetime
) -> None:
    changes, files = [], {}
    for entry_id, line in back:
        source = await sources.find_of_entry(tx, entry_id)
        assert source is not None  # noqa: S101 - every entry has one
        entry = line.restored.entry
        entry = replace(entry, source=replace(entry.source, path=source.path))
        changes.append((entry_id, IndexedEntry(entry, line.indexed, source.id)))
        # Without a location: the file is gone, and the watched vault must not withdraw it again.
        file = InputFile(source.path, None, None, content_hash(entry.source.text.encode()))
        files[source.id] = (source.id, file, entry.source.kind)
    await sources.update(tx, list(files.values()), now=now)
    await entry_changes.update(tx, changes, now=now)
