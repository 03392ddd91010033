"""Copies of the database, and the mark by which a bot knows that it runs on one."""

import os
import shutil
import sqlite3
from datetime import datetime
from pathlib import Path

from bot.core.database.database import Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.database.sqlite import leftovers
from bot.core.database.sqlite.errors import explained
from bot.core.database.sqlite.migrate import applied
from bot.core.database.sqlite.statements import SqliteStatements
from bot.core.domain.errors import StorageError
from bot.core.store import leases
from bot.outbox.store import deliveries


def copy(source: Path, target: Path, made_at: datetime) -> None:
    """Copy the database as it is at one instant, mark the copy and check it.

    Blocking: it belongs into a thread. `target` must not exist. Raises `StorageError`.
    """
    try:
        reader = _reading(source)
        try:
            writer = sqlite3.connect(target, isolation_level=None)
            try:
                # In one step: a snapshot, beside which others go on writing (WAL).
                reader.backup(writer)
                writer.execute("PRAGMA journal_mode = DELETE")  # one file, whole in itself
                leases.release_all(_statements(writer))
                # A backup that no bot was started on knows no more than when it was made.
                writer.execute(
                    "INSERT INTO backup_mark (made_at)"
                    " SELECT ? WHERE NOT EXISTS (SELECT 1 FROM backup_mark)",
                    (to_text(made_at),),
                )
                _check(writer, target)
            finally:
                writer.close()
        finally:
            reader.close()
    except sqlite3.DatabaseError as error:
        raise explained(error, target) from error
    _flush(target)


def _reading(source: Path) -> sqlite3.Connection:
    """The database, opened to be read alone; raises `StorageError` about itself."""
    try:
        # As a path within a URI: its “#”, “?” and “%” would otherwise end or change it.
        reader = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
        try:
            reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except BaseException:
            reader.close()
            raise
    except sqlite3.DatabaseError as error:
        raise explained(error, source) from error
    return reader


def _statements(connection: sqlite3.Connection) -> SqliteStatements:
    """The connection as the stores take it."""
    connection.row_factory = sqlite3.Row
    return SqliteStatements(connection)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if (found := _damage(connection)) is not None:
        raise StorageError(
            "The copy is damaged ({found}), and the database may be too: check the disk",
            path=str(path),
            found=found,
        )


def _damage(connection: sqlite3.Connection) -> str | None:
    found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    return None if found == "ok" else found


def prepare(source: Path, target: Path, now: datetime) -> datetime:
    """Copy a backup to `target`, check it, and mark it as one; returns when it was made.

    A plain copy of a database carries no mark: it is as old as the newest row of its outbox.
    Blocking: it belongs into a thread. Raises `StorageError`.
    """
    try:
        _copy_files(source, target)
        connection = sqlite3.connect(target, isolation_level=None)
        try:
            _refuse_foreign(connection, source)
            version = applied(connection, path=str(source))
            if (found := _damage(connection)) is not None:
                raise StorageError(
                    "This backup is damaged ({found}): use another", path=str(source), found=found
                )
            connection.execute("PRAGMA journal_mode = DELETE")
            if version < _FIRST_WITH_MARKS:
                made_at = now
            else:
                made_at = _made_at(connection) or now
                leases.release_all(_statements(connection))
                connection.execute("DELETE FROM backup_mark")
                connection.execute(
                    "INSERT INTO backup_mark (made_at) VALUES (?)", (to_text(made_at),)
                )
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise explained(error, source) from error
    _flush(target)
    return made_at


def _refuse_foreign(connection: sqlite3.Connection, source: Path) -> None:
    """Raise `StorageError` unless the bot wrote it. SQLite opens an empty file as a database."""
    try:
        ours = connection.execute(
            "SELECT 1 FROM sqlite_schema WHERE name = 'schema_migration'"
        ).fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_NOTADB:
            raise
        ours = None
    if ours is None:
        raise StorageError("This is not a backup of the bot: name another file", path=str(source))


_FIRST_WITH_MARKS = 3
"""The migration that brought `backup_mark`."""


def _copy_files(source: Path, target: Path) -> None:
    """The file, with its own write-ahead log where it was copied together with one."""
    shutil.copyfile(source, target)
    target.chmod(0o600)  # it holds what people said in private channels
    for file in leftovers.own_log(source):
        shutil.copyfile(file, target.with_name(target.name + file.name.removeprefix(source.name)))


def _made_at(connection: sqlite3.Connection) -> datetime | None:
    [(marked,)] = connection.execute("SELECT max(made_at) FROM backup_mark")
    made_at = marked or deliveries.newest_instant(_statements(connection))
    return from_text(made_at) if made_at else None


def put_in_place(prepared: Path, path: Path) -> Path | None:
    """Replace the database by a prepared file; returns where the previous one is kept, if any.

    Killed anywhere, the database is the one before, with its log, or the new one, whose next start
    sets that log aside. Raises `UsageError` where a process has it open. Blocking.
    """
    with leftovers.opened_by_nobody(path):
        aside = leftovers.free_name(path)
        was_there = path.exists()
        if was_there:
            _keep(path, aside)
        leftovers.set_aside(path, aside, ("-journal",))
        prepared.replace(path)
        _flush(path.parent)
        leftovers.set_aside(path, aside)
        _flush(path.parent)
    return aside if was_there else None


def _keep(path: Path, aside: Path) -> None:
    """Give the file a second name; where the file system has no hard links (FAT, SMB), a copy has it."""
    try:
        aside.hardlink_to(path)
    except FileExistsError:
        raise
    except OSError:
        try:
            shutil.copyfile(path, aside)
            aside.chmod(0o600)
            _flush(aside)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise


def _flush(path: Path) -> None:
    """Fsync a file or folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def find_mark(tx: Transaction) -> datetime | None:
    """When this database was made as a backup; `None` if it is none."""
    row = await tx.one("SELECT max(made_at) AS made_at FROM backup_mark")
    return from_text(row["made_at"]) if row and row["made_at"] else None


async def mark(tx: Transaction, made_at: datetime) -> None:
    """This database is a backup that was made then."""
    await tx.run("INSERT INTO backup_mark (made_at) VALUES (:at)", {"at": to_text(made_at)})


async def clear_mark(tx: Transaction) -> None:
    """Delete the mark: this database is in use now."""
    await tx.run("DELETE FROM backup_mark")
