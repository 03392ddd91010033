"""Applies the migrations to a PostgreSQL database."""

from collections.abc import Sequence
from typing import Any

import psycopg

from bot.core.database.dialect import for_postgresql
from bot.core.database.migrations import (
    ADD,
    LIST,
    TABLE,
    Migration,
    check_complete,
    check_history,
)
from bot.core.domain.errors import StorageError

OLDEST_SERVER = 14
"""The oldest major version of PostgreSQL that still gets corrections."""


def apply_migrations(
    connection: psycopg.Connection[Any], *, migrations: Sequence[Migration], path: str
) -> None:
    """Bring the schema up to date; `path` is named in errors.

    All of them are one transaction, under a lock, so that several processes may start at once.
    Raises `StorageError` for an old server, a standby, a database of a newer version, one that
    belongs to something else, or one whose history differs from these files.
    """
    check_complete(migrations, path)
    major = connection.info.server_version // 10_000
    if major < OLDEST_SERVER:
        raise StorageError(
            "This is PostgreSQL {found}: the bot needs {needed} or newer",
            path=path,
            found=major,
            needed=OLDEST_SERVER,
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StorageError(
            "This database keeps its text in {encoding}: make one with --encoding=UTF8",
            path=path,
            encoding=encoding,
        )
    # A database that is up to date is opened without a lock, and by a user who may make no table.
    if _applied(connection, migrations, path) == len(migrations):
        _refuse_standby(connection, path)
        return
    _refuse_standby(connection, path)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('schema', 0))")
        known = _applied(connection, migrations, path)
        connection.execute(TABLE)
        for migration in migrations[known:]:
            # Without parameters a script of several statements is sent as it is.
            connection.execute(migration.sql.encode())
            connection.execute(for_postgresql(ADD).encode(), migration.row)


def _applied(
    connection: psycopg.Connection[Any], migrations: Sequence[Migration], path: str
) -> int:
    tables = {
        name
        for (name,) in connection.execute(
            "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"
        )
    }
    if "schema_migration" not in tables:
        if tables:
            raise StorageError(
                "This PostgreSQL database belongs to another program: make one for the bot, and "
                "name it in PAPERBOT_DATABASE",
                path=path,
            )
        return 0
    return check_history(connection.execute(LIST).fetchall(), migrations, path)


def _refuse_standby(connection: psycopg.Connection[Any], path: str) -> None:
    row = connection.execute(
        "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'"
    ).fetchone()
    if row is not None and row[0]:
        raise StorageError(
            "This PostgreSQL server is read-only (a standby?): name the primary in "
            "PAPERBOT_DATABASE",
            path=path,
        )
