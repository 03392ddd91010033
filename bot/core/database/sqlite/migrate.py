"""Applies the migrations to an SQLite file; a new one gets the schema that they make, at once."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from importlib import resources

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


def bundled_schema() -> str:
    """The script that makes what all bundled migrations make, except their rows in `schema_migration`.

    `make schema` writes it. SQLite reads the whole schema again for each column that a migration
    renames or drops, so that all of them take ten times as long (issue 19).
    """
    file = resources.files("bot.core.database.sqlite").joinpath("schema.sql")
    return file.read_text(encoding="utf-8")


def apply_migrations(
    connection: sqlite3.Connection,
    *,
    migrations: Sequence[Migration],
    path: str,
    schema: Callable[[], str] | None = None,
) -> None:
    """Bring the schema up to date; `path` is named in errors.

    Each migration is whole or absent, whatever is killed when; several processes may start at
    once. A new database gets all of them in one transaction, or what `schema` returns, a script that
    makes the same. Raises `StorageError` for a database of a newer version, one that belongs to something
    else, or one whose history differs from these files.
    """
    check_complete(migrations, path)
    known = _applied(connection, migrations, path)
    if known == 0:
        _apply(connection, migrations, migrations, path, schema)
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
    schema: Callable[[], str] | None = None,
) -> None:
    """Apply these in one transaction, or run `schema` where none has been applied."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Check again under the lock: another process may have applied some meanwhile.
        known = _applied(connection, migrations, path)
        missing = [migration for migration in wanted if migration.version > known]
        connection.execute(TABLE)
        if known == 0 and schema is not None:
            _run_script(connection, schema())
        else:
            for migration in missing:
                _run_script(connection, migration.sql)
        connection.executemany(ADD, [migration.row for migration in missing])
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _run_script(connection: sqlite3.Connection, script: str) -> None:
    for statement in statements(script):
        connection.execute(statement)


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
