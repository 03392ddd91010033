"""Applies the migrations to an SQLite file."""

import sqlite3
from collections.abc import Iterator, Sequence

from bot.core.database.migrations import (
    ADD,
    LIST,
    TABLE,
    Migration,
    bundled_migrations,
    check_complete,
    check_history,
)
from bot.core.domain.errors import StorageError


def apply_migrations(
    connection: sqlite3.Connection, *, migrations: Sequence[Migration], path: str
) -> None:
    """Bring the schema up to date; `path` is named in errors.

    Each migration is whole or absent, whatever is killed when; several processes may start at
    once. A new database gets all of them in one transaction, which takes half the time. Raises
    `StorageError` for a database of a newer version, one that belongs to something else, or one
    whose history differs from these files.
    """
    check_complete(migrations, path)
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


def check_current(connection: sqlite3.Connection, *, path: str) -> None:
    """Raise `StorageError` for a database that lacks migrations; nothing is written."""
    if applied(connection, path=path) < len(bundled_migrations()):
        raise StorageError(
            "The database is of an earlier version: “paperbot tags” brings it up to date", path=path
        )


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
    return check_history(connection.execute(LIST).fetchall(), migrations, path)


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
    connection.execute(TABLE)
    for statement in statements(migration.sql):
        connection.execute(statement)
    connection.execute(ADD, migration.row)


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
