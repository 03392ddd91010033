"""The SQLite file: one writer behind a lock, a reader beside it, a second one for single rows.

A write transaction is BEGIN IMMEDIATE with its first statement; a reading one has a connection of
its own. What SQLite says about the disk and the file (full, read-only, damaged, locked) is raised
as `StorageError`, one line for the operator; whatever happens, the database stays whole.

The writer and the first reader each live in a thread that runs what it is given in order, even when whoever waits
for the result is cancelled. So a rollback needs not be waited for: it is in the queue before
any statement of the next transaction. So do snapshots that are one function: many may be in the
queue, and the thread takes one after the other without asking the event loop.
"""

import asyncio
import logging
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from bot.core.database.database import Engine, Parameters, Row, Statements
from bot.core.database.revision import COUNT
from bot.core.database.sqlite.errors import explained
from bot.core.database.sqlite.statements import Connection, Queue, SqliteStatements
from bot.core.domain.errors import StorageBusyError

log = logging.getLogger(__name__)

T = TypeVar("T")


_INCREMENTAL = 2
"""SQLite's number for `auto_vacuum = INCREMENTAL`."""
SHRINKABLE = f"PRAGMA auto_vacuum = {_INCREMENTAL}"
"""Set before the first table is made, it lets free pages be given back in small steps.

Later it changes nothing until VACUUM, but writes the first page each time.
"""


class SqliteTransaction:
    """A `Transaction` on one of the file's connections."""

    engine: Final = Engine.SQLITE

    def __init__(self, queue: Queue, begin: str, path: Path) -> None:
        self._queue = queue
        self._begin = begin
        self._path = path
        self._begun = False
        self.has_changed_archive = False

    async def all(self, sql: str, parameters: Parameters | None = None) -> Sequence[Row]:
        """Every row of a statement (also of one with RETURNING)."""
        return await self.call(lambda statements: statements.all(sql, parameters))

    async def one(self, sql: str, parameters: Parameters | None = None) -> Row | None:
        """The first row, or `None`."""
        rows = await self.all(sql, parameters)
        return rows[0] if rows else None

    async def run(self, sql: str, parameters: Parameters | None = None) -> int:
        """How many rows the statement changed."""
        return await self.call(lambda statements: statements.run(sql, parameters))

    async def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run the statement for each row of parameters, in one hop to the thread."""
        await self.call(lambda statements: statements.run_many(sql, rows))

    async def call(self, function: Callable[[Statements], T]) -> T:
        """Several statements in one hop: the function runs in the connection's thread."""
        return await self._queue(partial(self._within, function))

    async def guard(self, *names: str) -> None:
        """Nothing: a write transaction is the file's only one."""

    def _within(self, function: Callable[[Statements], T], connection: sqlite3.Connection) -> T:
        try:
            if not self._begun:
                connection.execute(self._begin)
                self._begun = True
            elif not connection.in_transaction:
                # A full disk makes SQLite roll back by itself; going on would commit a part.
                raise StorageBusyError("The transaction was rolled back", path=str(self._path))
            statements = SqliteStatements(connection)
            try:
                return function(statements)
            finally:
                self.has_changed_archive |= statements.has_changed_archive
        except sqlite3.DatabaseError as error:
            raise explained(error, self._path) from error


class SqliteDatabase:
    """A `Database` in one file."""

    engine: Final = Engine.SQLITE

    def __init__(
        self,
        path: Path,
        writer: Connection,
        reader: Connection,
        row_reader: sqlite3.Connection,
        *,
        throw_away: bool,
    ) -> None:
        self.path = path
        self.location = path
        self._writer = writer
        self._reader = reader
        self._row_reader = row_reader
        self._throw_away = throw_away
        self._write_lock = asyncio.Lock()
        self._read_lock = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteTransaction]:
        """A write transaction; only one at a time in this process, the rest wait in order.

        Raises `StorageError`. Cancelled while it commits, it may be committed or not.
        """
        async with self._write_lock:
            tx = SqliteTransaction(self._writer.call, "BEGIN IMMEDIATE", self.path)
            try:
                yield tx
                counts = tx.has_changed_archive
                await self._writer.call(partial(_commit, path=self.path, counts=counts))
            except BaseException:
                self._writer.post(sqlite3.Connection.rollback)
                raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqliteTransaction]:
        """A read snapshot, taken with the first statement. Raises `StorageError`."""
        async with self._read_lock:
            try:
                yield SqliteTransaction(self._reader.ask, "BEGIN", self.path)
            finally:
                self._reader.post(sqlite3.Connection.rollback)

    async def read(self, function: Callable[[Statements], T]) -> T:
        """A read snapshot of several statements. Raises `StorageError`."""
        async with self._read_lock:  # until the thread has it, behind what `reading` left there
            found = self._reader.ask(partial(_read, function, path=self.path))
        return await found

    async def read_row(self, function: Callable[[Statements], T]) -> T:
        """What a function reads with one statement, in the event loop unless that fails."""
        try:
            return function(SqliteStatements(self._row_reader))
        except sqlite3.DatabaseError:
            return await self.read(function)

    async def write(self, function: Callable[[Statements], T]) -> T:
        """A write transaction of several statements, in one hop. Raises `StorageError`."""
        async with self._write_lock:  # until the thread has it, as in `read`
            written = self._writer.call(partial(_write, function, path=self.path))
        return await written

    async def reclaim(self, pages: int) -> bool:
        """Give free pages of the file back to the file system; whether there are more.

        A database of an earlier version is rewritten once for it, if there is room for a copy:
        nothing else is written meanwhile. Raises `StorageError`.
        """
        async with self._write_lock:
            return await self._writer.call(partial(_reclaim, path=self.path, pages=pages))

    def connections(self) -> Mapping[str, int]:
        """None: there is no server."""
        return {}

    def hint(self, topic: str) -> None:
        """Nothing: one process does the work."""

    async def listen(self, heard: Callable[[str], object]) -> None:  # noqa: ARG002 - the port has it
        """Nothing is heard."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Close the connections; open transactions are rolled back."""
        self._row_reader.close()
        try:
            await self._reader.close()
        finally:
            await self._writer.close()  # last, so that it tidies the write-ahead log up
            if self._throw_away:
                await asyncio.to_thread(shutil.rmtree, self.path.parent, ignore_errors=True)


def _read(function: Callable[[Statements], T], connection: sqlite3.Connection, *, path: Path) -> T:
    try:
        connection.execute("BEGIN")
        return function(SqliteStatements(connection))
    except sqlite3.DatabaseError as error:
        raise explained(error, path) from error
    finally:
        connection.rollback()


def _write(function: Callable[[Statements], T], connection: sqlite3.Connection, *, path: Path) -> T:
    try:
        connection.execute("BEGIN IMMEDIATE")
        statements = SqliteStatements(connection)
        written = function(statements)
        if statements.has_changed_archive:
            connection.execute(COUNT)
        connection.commit()
    except BaseException as error:
        connection.rollback()
        if isinstance(error, sqlite3.DatabaseError):
            raise explained(error, path) from error
        raise
    return written


def _commit(connection: sqlite3.Connection, path: Path, *, counts: bool) -> None:
    """Commit; `counts` says that the archive has changed."""
    try:
        if counts:
            connection.execute(COUNT)
        connection.commit()
    except sqlite3.DatabaseError as error:
        connection.rollback()
        raise explained(error, path) from error


def _reclaim(connection: sqlite3.Connection, path: Path, pages: int) -> bool:
    try:
        if not _number(connection, "PRAGMA freelist_count"):
            return False
        if _number(connection, "PRAGMA auto_vacuum") == _INCREMENTAL:
            # Not `execute`: that takes one step of the statement, which is one page.
            connection.executescript(f"PRAGMA incremental_vacuum({pages:d})")
        elif not _rewrite(connection, path):
            return False
        # A checkpoint truncates the file.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        return _number(connection, "PRAGMA freelist_count") > 0
    except sqlite3.DatabaseError as error:
        raise explained(error, path) from error


def _rewrite(connection: sqlite3.Connection, path: Path) -> bool:
    """Turn incremental vacuum on, which takes a new file; whether there was room for it."""
    size = path.stat().st_size
    room = min(shutil.disk_usage(path.parent).free, shutil.disk_usage(tempfile.gettempdir()).free)
    if room < 3 * size:
        log.warning(
            "%s cannot be shrunk: that needs %d MB of free space", path, 3 * size // 1_000_000
        )
        return False
    log.info("%s is rewritten once, to allow shrinking it from now on", path)
    connection.execute(SHRINKABLE)
    connection.execute("PRAGMA temp_store = FILE")  # the copy may not fit into memory
    try:
        connection.execute("VACUUM")
    finally:
        connection.execute("PRAGMA temp_store = MEMORY")
    return True


def _number(connection: sqlite3.Connection, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])
