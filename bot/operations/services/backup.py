"""Backups: write one while the bot runs, restore one, and reconcile after a restore.

A backup says in itself that it is one. The bot that opens it does not know what was posted
since it was made, so whatever may have been is searched for before anything is sent: what
waited in the outbox, every day since then, each as the slot it would have been, and for a day
whatever else is planned, such as copies of replies that are read again.
"""

import asyncio
import os
import tempfile
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.core.database.database import Database
from bot.core.database.sqlite import leftovers
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError
from bot.digest.services import plan
from bot.follow.store import readers
from bot.mail.store import handovers
from bot.operations.store import backups
from bot.operations.store.restored import find_restored, settle
from bot.outbox.store.waiting import restored

NO_COPY_OF_A_SERVER = UsageError(
    "A PostgreSQL database is backed up with pg_dump and restored with pg_restore: see "
    "docs/postgresql.md"
)


async def backup(db: Database, target: Path, *, now: datetime) -> int:
    """Write a consistent, checked copy of the database; returns its size in bytes.

    `target` appears when it is whole; a file that is there already is an error. Raises `UserError`.
    """
    if not isinstance(db.location, Path):
        raise NO_COPY_OF_A_SERVER
    return await asyncio.to_thread(partial(_backup, db.location, target, now))


def _backup(source: Path, target: Path, now: datetime) -> int:
    if target.is_dir():
        raise UsageError("This is a folder: give a file name", path=str(target))
    if target.exists() and target.samefile(source):
        raise UsageError("This is the database itself: give another file name", path=str(target))
    if os.path.lexists(target):
        raise _is_there(target)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(descriptor)
        temporary = Path(name)
        try:
            backups.copy(source, temporary, now)
            size = temporary.stat().st_size
            _put(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        _flush_folder(target.parent)
    except OSError as error:
        raise UsageError(
            "The backup cannot be written ({reason})",
            path=str(target),
            reason=error.strerror or type(error).__name__,
        ) from error
    return size


def _put(temporary: Path, target: Path) -> None:
    """Give the file its name, unless another has taken it meanwhile."""
    try:
        target.hardlink_to(temporary)
    except FileExistsError as error:
        raise _is_there(target) from error
    except OSError:
        # Some file systems (FAT, SMB) have no hard links.
        if os.path.lexists(target):
            raise _is_there(target) from None
        temporary.rename(target)


def _is_there(target: Path) -> UsageError:
    return UsageError(
        "A file of that name exists already: give another name, or remove it first",
        path=str(target),
    )


@dataclass(frozen=True, slots=True)
class Restored:
    """The restored backup; `kept_as` is the path of the previous database, if there was one."""

    made_at: datetime
    kept_as: Path | None


async def restore(source: Path, database: Path, *, now: datetime) -> Restored:
    """Put a backup in the place of the database, checked and whole; raises `UserError`.

    What was there is kept beside it, a crash's leftovers included. Nothing changes where the backup
    is damaged or a process has the database open.
    """
    return await asyncio.to_thread(_restore, source, database, now)


def _restore(source: Path, database: Path, now: datetime) -> Restored:
    if not source.is_file():
        raise UsageError("There is no such file: check the path of the backup", path=str(source))
    database = leftovers.real_path(database)
    if database.exists() and database.samefile(source):
        raise UsageError("This is the database itself: name a backup file", path=str(source))
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{database.name}.", dir=database.parent
        ) as folder:
            prepared = Path(folder) / "restored"
            made_at = backups.prepare(source, prepared, now)
            kept_as = backups.put_in_place(prepared, database)
    except OSError as error:
        raise UsageError(
            "The backup cannot be restored ({reason})",
            path=str(source),
            reason=error.strerror or type(error).__name__,
        ) from error
    return Restored(made_at, kept_as)


def _flush_folder(folder: Path) -> None:
    """Fsync the folder, so that the new name survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def after_restore(db: Database, *, now: datetime) -> datetime | None:
    """To be called by the bot that owns the database, before it plans or delivers.

    Returns when the backup was made that this database was restored from, or `None`. PostgreSQL's
    backups carry no mark: there, it is the newest instant that the database knows of.
    """
    async with db.transaction() as tx:
        await tx.guard("start")
        made_at = await find_restored(tx)
        await settle(tx)
        if made_at is not None:
            await restored.note(tx, made_at, now)
            await plan.doubt_since(tx, made_at, now)
            await readers.doubt_since(tx, made_at, now)
            await handovers.note_restore(tx, now)
    return made_at
