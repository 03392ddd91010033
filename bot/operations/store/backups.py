"""A consistent copy of the database, and how a bot knows that it runs on one."""

import os
import sqlite3
from datetime import datetime
from pathlib import Path

from bot.core.database.database import Transaction, explained
from bot.core.database.instants import from_text, to_text
from bot.core.domain.errors import StorageError


def copy(source: Path, target: Path, made_at: datetime) -> None:
    """Copy the database as it is at one instant, mark the copy and check it.

    Blocking: it belongs into a thread. `target` must not exist. Raises `StorageError`.
    """
    try:
        reader = sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=10)
        try:
            writer = sqlite3.connect(target, isolation_level=None)
            try:
                # In one step: a snapshot, beside which others go on writing (WAL).
                reader.backup(writer)
                writer.execute("PRAGMA journal_mode = DELETE")  # one file, whole in itself
                writer.execute("DELETE FROM backup_mark")
                writer.execute("DELETE FROM ownership")
                writer.execute("INSERT INTO backup_mark (made_at) VALUES (?)", (to_text(made_at),))
                _check(writer, target)
            finally:
                writer.close()
        finally:
            reader.close()
    except sqlite3.DatabaseError as error:
        raise explained(error, target) from error
    _flush(target)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise StorageError(
            "The copy is damaged ({found}), and so may be the database: check the disk",
            path=str(path),
            found=found,
        )


def _flush(path: Path) -> None:
    """Have the file on the disk before anything says that it is there."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def find_mark(tx: Transaction) -> datetime | None:
    """When the backup was made that this database is, if it is one."""
    row = await tx.one("SELECT max(made_at) AS made_at FROM backup_mark")
    return from_text(row["made_at"]) if row and row["made_at"] else None


async def clear_mark(tx: Transaction) -> None:
    """This database is in use: it is a backup no more."""
    await tx.run("DELETE FROM backup_mark")
