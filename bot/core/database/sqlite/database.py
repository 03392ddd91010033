"""The SQLite file: one writer behind a lock, a reader beside it, migrations at start.

A write transaction is BEGIN IMMEDIATE with its first statement; a reading one has a connection of
its own. What SQLite says about the disk and the file (full, read-only, damaged, locked) is raised
as `StorageError`, one line for the operator; whatever happens, the database stays whole.

Each connection lives in a thread that runs what it is given in order, even when whoever waits
for the result is cancelled. So a rollback needs not be waited for: it is in the queue before
any statement of the next transaction. So do snapshots that are one function: many may be in the
queue, and the thread takes one after the other without asking the event loop.
"""

import asyncio
import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from bot.core.database.database import BUSY_SECONDS, Engine, Parameters, Row, Statements
from bot.core.database.migrations import Migration, bundled_migrations
from bot.core.database.revision import COUNT
from bot.core.database.sqlite import leftovers
from bot.core.database.sqlite.errors import explained
from bot.core.database.sqlite.migrate import apply_migrations, check_current
from bot.core.database.sqlite.statements import Connection, Queue, SqliteStatements
from bot.core.domain.errors import StorageBusyError, StorageError

log = logging.getLogger(__name__)

T = TypeVar("T")


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
        glancer: sqlite3.Connection,
        *,
        throw_away: bool,
    ) -> None:
        self.path = path
        self.location = path
        self._writer = writer
        self._reader = reader
        self._glancer = glancer
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

    def glance(self, function: Callable[[Statements], T]) -> T | None:
        """What a function reads with one statement, in this thread; `None` where it cannot."""
        try:
            return function(SqliteStatements(self._glancer))
        except sqlite3.DatabaseError:
            return None

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
        self._glancer.close()
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
    connection.execute(_SHRINKABLE)
    connection.execute("PRAGMA temp_store = FILE")  # the copy may not fit into memory
    try:
        connection.execute("VACUUM")
    finally:
        connection.execute("PRAGMA temp_store = MEMORY")
    return True


def _number(connection: sqlite3.Connection, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])


async def open_sqlite(
    path: Path | None,
    *,
    migrations: Sequence[Migration] | None = None,
    busy_seconds: float = BUSY_SECONDS,
    template: bytes | None = None,
) -> SqliteDatabase:
    """The database in that file, made and migrated if need be; raises `StorageError`.

    `None` is a throw-away database, in a folder that `close` removes; with a `template` it begins
    as these bytes of `migrated_file`, which takes a tenth of the time that migrations take. Several
    processes may have the same file open; a statement waits for `busy_seconds` for another to commit.
    """
    throw_away = path is None
    folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="paperbot-") if path is None else ""
    file = leftovers.real_path(path) if path is not None else Path(folder) / "paperbot.db"
    opened: list[Connection] = []
    try:
        await asyncio.to_thread(_make_folder, file)
        foreign = await asyncio.to_thread(leftovers.set_aside_foreign, file)
        if foreign is not None:
            log.warning(
                "%s: a crash's leftovers beside this backup are kept as %s-*", file, foreign
            )
        await asyncio.to_thread(_make_private, file)
        if throw_away and template is not None:
            await asyncio.to_thread(file.write_bytes, template)
        chosen = migrations if migrations is not None else bundled_migrations()
        connector = partial(_connector, file, busy_seconds)
        is_new = await asyncio.to_thread(_is_empty, file)
        pragmas = _writer_pragmas(throw_away=throw_away, is_new=is_new)
        writer = await _connect(connector, opened, pragmas)
        await writer.call(partial(apply_migrations, migrations=chosen, path=str(file)))
        reader = await _connect(connector, opened, _READER_PRAGMAS)
        glancer = await asyncio.to_thread(_glancer, file)
    except BaseException as error:
        for connection in opened:
            await connection.close()
        if throw_away:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if isinstance(error, sqlite3.DatabaseError):
            raise explained(error, file) from error
        raise
    return SqliteDatabase(file, writer, reader, glancer, throw_away=throw_away)


def migrated_file() -> bytes:
    """A new database with every migration, as the bytes of its file. Takes 0.1 s: call it in a thread."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        _run_all(connection, (_SHRINKABLE,))
        apply_migrations(connection, migrations=bundled_migrations(), path=":memory:")
        return connection.serialize()


async def open_sqlite_to_read(path: Path) -> SqliteDatabase:
    """The database in that file, of which no byte is changed; raises `StorageError`.

    It is not made and not migrated: another command has to do that. A write transaction fails.
    """
    file = leftovers.real_path(path)
    opened: list[Connection] = []
    try:
        connector = partial(_connector, file, BUSY_SECONDS, read_only=True)
        writer, reader = [await _connect(connector, opened, _READER_PRAGMAS) for _ in range(2)]
        await writer.call(partial(check_current, path=str(file)))
        glancer = await asyncio.to_thread(_glancer, file, read_only=True)
    except BaseException as error:
        for connection in opened:
            await connection.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise explained(error, file) from error
        raise
    return SqliteDatabase(file, writer, reader, glancer, throw_away=False)


_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16384",  # 16 MiB
)
_READER_PRAGMAS = (
    *_PRAGMAS,
    "PRAGMA query_only = ON",
    # 128 MiB: an index of a million entries is read in place. Not for the writer, which may read all
    # of a file that fits (VACUUM, a merge of the index), and what is mapped counts as memory.
    "PRAGMA mmap_size = 134217728",
)
_GLANCER_PRAGMAS = ("PRAGMA query_only = ON", "PRAGMA cache_size = -256")  # 256 KiB


_INCREMENTAL = 2
"""SQLite's number for `auto_vacuum = INCREMENTAL`."""
# Only before the first table: then free pages can be given back in small steps. Later it would change
# nothing, but write the first page each time.
_SHRINKABLE = f"PRAGMA auto_vacuum = {_INCREMENTAL}"


def _writer_pragmas(*, throw_away: bool, is_new: bool) -> tuple[str, ...]:
    return (
        *((_SHRINKABLE,) if is_new else ()),
        "PRAGMA journal_mode = WAL",
        # FULL: what the outbox has committed survives a power cut (NORMAL may lose the last).
        "PRAGMA synchronous = OFF" if throw_away else "PRAGMA synchronous = FULL",
        "PRAGMA journal_size_limit = 67108864",
        *_PRAGMAS,
    )


async def _connect(
    connector: Callable[[], sqlite3.Connection],
    opened_so_far: list[Connection],
    pragmas: tuple[str, ...],
) -> Connection:
    connection = Connection(connector)
    try:
        await connection
    except BaseException:
        await connection.ended()
        raise
    opened_so_far.append(connection)
    await connection.call(partial(_run_all, statements=pragmas))
    return connection


def _run_all(connection: sqlite3.Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.execute(statement).close()


def _connector(
    path: Path, busy_seconds: float, *, read_only: bool = False, any_thread: bool = False
) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro" if read_only else path,
        uri=read_only,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=not any_thread,
        cached_statements=512,
    )
    connection.row_factory = sqlite3.Row
    return connection


def _glancer(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection for `glance`: it waits for nobody. It is made in a thread, and used in another."""
    connection = _connector(path, 0, read_only=read_only, any_thread=True)
    _run_all(connection, _GLANCER_PRAGMAS)
    return connection


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            "The database's folder cannot be created ({reason}): choose another place with "
            "PAPERBOT_DATABASE, or correct the permissions",
            path=str(path),
            reason=error.strerror or type(error).__name__,
        ) from error


def _make_private(path: Path) -> None:
    """Make a new database readable by its owner only; SQLite gives its log the same mode."""
    # Where the file cannot be made, opening it says why.
    with suppress(OSError):
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0
