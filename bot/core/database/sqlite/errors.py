"""SQLite's errors as errors that a person can act on."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from bot.core.database.sqlite import leftovers
from bot.core.domain.errors import StorageBusyError, StorageError
from bot.core.domain.i18n import translatable

_LOCKED = translatable("Another process keeps the database locked: try again when it is done")


_EXPLANATIONS: Mapping[int, str] = {
    sqlite3.SQLITE_FULL: translatable(
        "The disk is full. Nothing was changed: free some space, then try again"
    ),
    sqlite3.SQLITE_READONLY: translatable(
        "The database or its folder is read-only: the bot must be able to write both"
    ),
    sqlite3.SQLITE_CANTOPEN: translatable(
        "The database cannot be opened: the bot must be able to read and write the file and its "
        "folder"
    ),
    sqlite3.SQLITE_PERM: translatable(
        "The database cannot be opened: check the permissions of the file and its folder"
    ),
    sqlite3.SQLITE_NOTADB: translatable(
        "This file is not an SQLite database: choose another with PAPERBOT_DATABASE, or restore "
        "a backup with “paperbot restore FILE”"
    ),
    sqlite3.SQLITE_CORRUPT: translatable(
        "The database is damaged: restore a backup with “paperbot restore FILE”"
    ),
    sqlite3.SQLITE_IOERR: translatable(
        "The disk cannot be read or written. Nothing was changed: check the disk, then try again"
    ),
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
}


_PASSING = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
}
"""Errors that may end by themselves."""


def explained(error: sqlite3.DatabaseError, path: Path) -> Exception:
    """The error in words if it is about the disk or the file, else the error itself."""
    code = getattr(error, "sqlite_errorcode", None)
    message = _EXPLANATIONS.get(code & 0xFF) if isinstance(code, int) else None
    if message is None or code is None:
        return error
    if code & 0xFF == sqlite3.SQLITE_CORRUPT and (beside := leftovers.found(path)):
        return StorageError(
            "The database is damaged, or {files} beside it belong to another one: restore a backup "
            "with “paperbot restore FILE”, which sets them aside",
            path=str(path),
            files=", ".join(file.name for file in beside),
        )
    kind = StorageBusyError if code & 0xFF in _PASSING else StorageError
    return kind(message, path=str(path))
