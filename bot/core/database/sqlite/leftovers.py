"""Files beside a database that belong to another one: the write-ahead log of a crash.

SQLite replays `NAME-wal` into `NAME` whatever it belongs to (issue 12, item 11): a backup that was
copied over a killed bot's database would be damaged or undone by it. A backup says in its header
that it keeps no write-ahead log, so one that lies beside it is foreign.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.core.domain.errors import UsageError

SUFFIXES = ("-wal", "-shm", "-journal")

# Where SQLite locks a database file: https://www.sqlite.org/src/file/src/os.h
_SHARED_FIRST, _SHARED_SIZE = 0x40000002, 510
# The header's write and read version: https://www.sqlite.org/fileformat.html
_VERSIONS, _ROLLBACK_JOURNAL = slice(18, 20), b"\x01\x01"


def real_path(path: Path) -> Path:
    """The database's file itself where the path is a symlink: SQLite keeps the log beside that."""
    return path.resolve() if path.is_symlink() else path


def found(path: Path, suffixes: tuple[str, ...] = SUFFIXES) -> tuple[Path, ...]:
    """The files of these kinds beside the database."""
    every = (path.with_name(path.name + suffix) for suffix in suffixes)
    return tuple(file for file in every if file.exists())


@contextmanager
def opened_by_nobody(path: Path) -> Iterator[None]:
    """No other process has the database open or can open it; raises `UsageError` where one has.

    Every connection holds a shared lock on the file for as long as it is open.
    """
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield
        return
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST)
        except OSError as error:
            raise UsageError(
                "A bot or a command has this database open: stop it, then try again",
                path=str(path),
            ) from error
        yield
    finally:
        os.close(descriptor)


def free_name(path: Path) -> Path:
    """`bot.db.aside-1`, or the next number that is free."""
    number = 1
    while True:
        name = path.with_name(f"{path.name}.aside-{number}")
        if not name.exists() and not found(name):
            return name
        number += 1


def set_aside(path: Path, aside: Path, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """Rename the files beside the database so that they lie beside `aside`."""
    for file in found(path, suffixes):
        file.rename(aside.with_name(aside.name + file.name.removeprefix(path.name)))


def set_aside_foreign(path: Path) -> Path | None:
    """Before the database is opened: rename a log that is not its own; where it is kept."""
    if not (path.with_name(path.name + "-wal").exists() and _keeps_no_log(path)):
        return None
    try:
        with opened_by_nobody(path):
            if not _keeps_no_log(path):
                return None  # another process has opened it meanwhile, and the log is its own
            aside = free_name(path)
            set_aside(path, aside)
            return aside
    except UsageError:
        return None  # likewise


def own_log(path: Path) -> tuple[Path, ...]:
    """The write-ahead log of a database that keeps one."""
    return () if _keeps_no_log(path) else found(path, ("-wal",))


def _keeps_no_log(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(_VERSIONS.stop)[_VERSIONS] == _ROLLBACK_JOURNAL
    except OSError:
        return False
