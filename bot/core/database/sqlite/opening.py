"""Opening the SQLite file: it is made and migrated, and its connections get their settings."""

import asyncio
import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from bot.core.database.database import BUSY_SECONDS
from bot.core.database.migrations import Migration, bundled_migrations
from bot.core.database.sqlite import leftovers
from bot.core.database.sqlite.database import SHRINKABLE, SqliteDatabase
from bot.core.database.sqlite.errors import explained
from bot.core.database.sqlite.migrate import apply_migrations, bundled_schema, check_current
from bot.core.database.sqlite.statements import Connection
from bot.core.domain.errors import StorageError

log = logging.getLogger(__name__)


async def open_sqlite(
    path: Path | None,
    *,
    migrations: Sequence[Migration] | None = None,
    busy_seconds: float = BUSY_SECONDS,
) -> SqliteDatabase:
    """The database in that file, made and migrated if need be; raises `StorageError`.

    `None` is a throw-away database, in a folder that `close` removes. Several processes may have the
    same file open; a statement waits for `busy_seconds` for another to commit.
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
        connector = partial(_connector, file, busy_seconds)
        is_new = await asyncio.to_thread(_is_empty, file)
        pragmas = _writer_pragmas(throw_away=throw_away, is_new=is_new)
        writer = await _connect(connector, opened, pragmas)
        await writer.call(partial(_migrate, migrations=migrations, path=str(file)))
        reader = await _connect(connector, opened, _READER_PRAGMAS)
        row_reader = await asyncio.to_thread(_row_reader, file)
    except BaseException as error:
        for connection in opened:
            await connection.close()
        if throw_away:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if isinstance(error, sqlite3.DatabaseError):
            raise explained(error, file) from error
        raise
    return SqliteDatabase(file, writer, reader, row_reader, throw_away=throw_away)


def _migrate(
    connection: sqlite3.Connection, migrations: Sequence[Migration] | None, path: str
) -> None:
    if migrations is not None:
        apply_migrations(connection, migrations=migrations, path=path)
    else:
        bundled = bundled_migrations()
        apply_migrations(connection, migrations=bundled, path=path, schema=bundled_schema)


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
        row_reader = await asyncio.to_thread(_row_reader, file, read_only=True)
    except BaseException as error:
        for connection in opened:
            await connection.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise explained(error, file) from error
        raise
    return SqliteDatabase(file, writer, reader, row_reader, throw_away=False)


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
_ROW_PRAGMAS = ("PRAGMA query_only = ON", "PRAGMA cache_size = -256")  # 256 KiB


def _writer_pragmas(*, throw_away: bool, is_new: bool) -> tuple[str, ...]:
    return (
        *((SHRINKABLE,) if is_new else ()),
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


def _row_reader(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection for `read_row`: it waits for nobody. It is made in a thread, and used in another."""
    connection = _connector(path, 0, read_only=read_only, any_thread=True)
    _run_all(connection, _ROW_PRAGMAS)
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
