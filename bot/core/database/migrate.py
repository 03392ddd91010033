"""Migrations: numbered, append-only SQL files, applied in one transaction each at start.

A file `0007_outbox.sql` is migration 7. Once released a file never changes: its checksum is
kept with its number in `schema_migration`, and a difference is an error.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources

from bot.core.domain.errors import StorageError

_FILE_NAME = re.compile(r"(?P<version>[0-9]{4})_[a-z0-9_]+\.sql")
_TABLE = """
    CREATE TABLE IF NOT EXISTS schema_migration (
        version  INTEGER PRIMARY KEY,
        name     TEXT NOT NULL,
        checksum TEXT NOT NULL
    )
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Of the text, whatever newlines a checkout gave it."""
        text = self.sql.replace("\r\n", "\n")
        return hashlib.sha256(text.encode()).hexdigest()


def bundled_migrations() -> tuple[Migration, ...]:
    """The migrations that came with the program, in order."""
    found = []
    for file in resources.files("bot.core.database").joinpath("migrations").iterdir():
        match = _FILE_NAME.fullmatch(file.name)
        if match is not None:
            sql = file.read_text(encoding="utf-8")
            found.append(Migration(int(match["version"]), file.name, sql))
    return tuple(sorted(found, key=lambda migration: migration.version))


def apply_migrations(
    connection: sqlite3.Connection, *, migrations: Sequence[Migration], path: str
) -> None:
    """Bring the schema up to date; `path` is named in errors.

    Each migration is whole or absent, whatever is killed when; several processes may start at
    once. A new database gets all of them in one transaction, which takes half the time. Raises `StorageError` for a database of a newer version, one that belongs to something
    else, or one whose history differs from these files.
    """
    for place, migration in enumerate(migrations, start=1):
        if migration.version != place:
            raise StorageError(
                "Migration {missing} is missing: this installation is incomplete, reinstall it",
                path=path,
                missing=place,
            )
    known = _applied(connection, migrations, path)
    if known == 0:
        _apply(connection, migrations, migrations, path)
    elif known < len(migrations):
        for migration in migrations[known:]:
            _apply(connection, (migration,), migrations, path)


def applied(connection: sqlite3.Connection, *, path: str) -> int:
    """How many migrations a database has; 0 for an empty one.

    Raises `StorageError` where it is not ours, or of a newer version than this one.
    """
    return _applied(connection, bundled_migrations(), path)


def _applied(connection: sqlite3.Connection, migrations: Sequence[Migration], path: str) -> int:
    """How many of the migrations are in the database; raises where it does not fit them."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    if "schema_migration" not in tables:
        if tables:
            raise StorageError(
                "This SQLite database belongs to another program: choose another file with "
                "PAPERBOT_DATABASE",
                path=path,
            )
        return 0
    rows = connection.execute(
        "SELECT version, name, checksum FROM schema_migration ORDER BY version"
    ).fetchall()
    if len(rows) > len(migrations):
        raise StorageError(
            "The database was written by a newer version (schema {theirs}, this one knows "
            "{ours}): install that version",
            path=path,
            theirs=rows[-1][0],
            ours=len(migrations),
        )
    for (version, name, checksum), migration in zip(rows, migrations, strict=False):
        if (version, checksum) != (migration.version, migration.checksum):
            raise StorageError(
                "The database was made with a {name} that differs from the installed one: "
                "install the version that made it",
                path=path,
                name=name,
            )
    return len(rows)


def _apply(
    connection: sqlite3.Connection,
    wanted: Sequence[Migration],
    migrations: Sequence[Migration],
    path: str,
) -> None:
    """Apply these in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Check again under the lock: another process may have applied some meanwhile.
        known = _applied(connection, migrations, path)
        for migration in wanted:
            if migration.version > known:
                _apply_one(connection, migration)
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _apply_one(connection: sqlite3.Connection, migration: Migration) -> None:
    connection.execute(_TABLE)
    for statement in statements(migration.sql):
        connection.execute(statement)
    connection.execute(
        "INSERT INTO schema_migration (version, name, checksum) VALUES (:version, :name, :checksum)",
        {
            "version": migration.version,
            "name": migration.name,
            "checksum": migration.checksum,
        },
    )


def statements(sql: str) -> Iterator[str]:
    """The statements of a script one by one (`executescript` would commit on the way)."""
    pending = ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending.strip()
            pending = ""
    if any(line.strip() and not line.lstrip().startswith("--") for line in pending.splitlines()):
        yield pending.strip()  # SQLite itself says what is wrong with it
