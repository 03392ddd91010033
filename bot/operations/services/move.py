"""Carry a database to another engine, whole or not at all, while no bot runs (issue 15, item 2)."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.archive.services.export import entry_json
from bot.archive.store import entries
from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, Statements, Transaction, opened
from bot.core.database.sqlite import leftovers
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import StorageError, UsageError
from bot.core.domain.i18n import translatable
from bot.core.store import leases, processes
from bot.operations.services import reindex
from bot.operations.store import restored, tables
from bot.operations.store.tables import Table

_PAGE = 500
_DAMAGED = translatable("The database is damaged ({reason}): restore a backup")


@contextmanager
def new_or_not_at_all(target: Path | PostgresAddress) -> Iterator[None]:
    """Around opening the target and the move: one that fails leaves no file or folder of its own.

    What was there before stays, and so does a file that another process uses meanwhile.
    """
    file = leftovers.real_path(target) if isinstance(target, Path) else None
    new_folders = [each for each in file.parents if not each.exists()] if file is not None else []
    is_made = file is not None and _make(file)
    try:
        yield
    except BaseException as error:
        refused = isinstance(error, UsageError) and error.path == str(file)  # others wrote into it
        if file is not None and is_made and not refused:
            with suppress(OSError, UsageError), leftovers.opened_by_nobody(file):
                for each in (file, *leftovers.found(file)):
                    each.unlink(missing_ok=True)
        with suppress(OSError):  # one that is not empty stays, and so do those around it
            for folder in new_folders:
                folder.rmdir()
        raise


def _make(file: Path) -> bool:
    """Make the file, for its owner only, unless it is there; where that fails, opening it says why."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        return True
    return False


@dataclass(frozen=True, slots=True)
class Moved:
    """What was carried over: rows in all, and entries whose export was compared."""

    rows: int
    entries: int


async def move(
    source: Database,
    target: Database,
    *,
    now: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Moved:
    """Copy every row of `source` into the empty `target`; `progress` gets rows done and in all.

    The target is written in one transaction, and committed once counts and the export of all entries
    agree. A restored backup on which no bot was started since is one there, too. Raises `UsageError`
    where a bot runs on one of them, or begins to run on the source meanwhile, or the target is not
    empty, and `StorageError`. Whoever writes to the target waits.
    """
    for db in (source, target):
        await _refuse_running(db, now)
    async with target.transaction() as new:
        await new.call(tables.lock)
        await _refuse_running(target, now)
        async with source.reading() as old:
            if orphan := await old.call(tables.find_orphan):
                raise StorageError(_DAMAGED, path=str(source.location), reason=orphan)
            moved = await _copy(old, new, str(target.location), progress)
            made_at = await restored.find_restored(old)
        await restored.settle(new, made_at)
        await _refuse_running(source, now)  # what a bot wrote meanwhile would be missing
    return moved


async def _copy(
    old: Transaction, new: Transaction, path: str, progress: Callable[[int, int], None]
) -> Moved:
    seeds = await _rows_of_a_new_database()
    theirs = {table.name: table for table in await new.call(tables.list_tables)}
    pairs = [(table, _counterpart(table, theirs)) for table in await old.call(tables.list_tables)]
    held = await new.call(partial(_counts, of=tuple(theirs.values())))
    if held != seeds:
        raise UsageError("The target is not empty: name a new one", path=path)
    counts = await old.call(partial(_counts, of=tuple(table for table, _ in pairs)))
    await new.call(partial(_prepare, clear=tuple(theirs.values())))
    total, done = sum(counts.values()), 0
    for table, counterpart in pairs:
        last = None
        while rows := await old.call(partial(tables.read, table=table, after=last)):
            await new.call(
                partial(tables.write, table=counterpart, columns=table.columns, rows=rows)
            )
            last = tables.key_of(table, rows[-1])
            done += len(rows)
            progress(done, total)
    await _settle(old, new, tuple(theirs.values()))
    await reindex.index_anew(new)
    copied = await new.call(partial(_counts, of=tuple(counterpart for _, counterpart in pairs)))
    if copied != counts:
        raise StorageError("The copy has other rows than the original", path=path)
    return Moved(total, await _compare_exports(old, new, path))


async def _refuse_running(db: Database, now: datetime) -> None:
    async with db.reading() as tx:
        held = await leases.list_held(tx, now)
        there = await processes.count_parts(tx, now)
    if held or there:
        raise UsageError(
            "A bot runs on this database, or was killed less than a minute ago: stop it, then try "
            "again",
            path=str(db.location),
        )


async def _rows_of_a_new_database() -> dict[str, int]:
    async with opened(None) as db, db.reading() as tx:
        every = await tx.call(tables.list_tables)
        return await tx.call(partial(_counts, of=every))


def _counts(statements: Statements, of: Sequence[Table]) -> dict[str, int]:
    return {table.name: tables.count(statements, table) for table in of}


def _counterpart(table: Table, theirs: dict[str, Table]) -> Table:
    found = theirs.get(table.name)
    if found is None or set(found.columns) != set(table.columns):
        raise StorageError("The two databases differ in the table {table}", table=table.name)
    return found


def _prepare(statements: Statements, clear: Sequence[Table]) -> None:
    tables.defer_foreign_keys(statements)
    tables.clear(statements, clear)


async def _settle(old: Transaction, new: Transaction, every: Sequence[Table]) -> None:
    """What is not simply a row: counts of tags that triggers keep, and the counters of ids."""
    uses = [(row["id"], row["uses"]) for row in await old.all("SELECT id, uses FROM tag")]
    await new.call(partial(tables.set_tag_uses, uses=uses))
    last = await old.call(tables.read_counters)
    await new.call(partial(tables.set_counters, last=last, tables=every))


async def _compare_exports(old: Transaction, new: Transaction, path: str) -> int:
    """Compare the export of all entries; how many there are. Raises `StorageError`."""
    ids = await entries.list_in_order(old)
    if await entries.list_in_order(new) != ids:
        raise StorageError("The copy's entries are not those of the original", path=path)
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE]
        hashes = []
        for tx in (old, new):
            stored = await entries.list_by_id(tx, page)
            text = "".join(json.dumps(entry_json(each)) + each.entry.source.text for each in stored)
            hashes.append(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
        if hashes[0] != hashes[1]:
            raise StorageError("The copy's export differs from the original's", path=path)
    return len(ids)
