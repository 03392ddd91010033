"""Opening a PostgreSQL database: it is migrated, and connections to it are kept in a pool."""

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg
import psycopg_pool

from bot.core.database.address import PostgresAddress
from bot.core.database.database import BUSY_SECONDS, Engine, Row
from bot.core.database.migrations import Migration, bundled_migrations
from bot.core.database.postgresql.database import (
    AWAY_SECONDS,
    CONNECTION_SETTINGS,
    READERS,
    WRITERS,
    PostgresDatabase,
)
from bot.core.database.postgresql.errors import explained, not_understood
from bot.core.database.postgresql.migrate import apply_migrations
from bot.core.database.postgresql.statements import Connection, row_factory
from bot.core.domain.errors import StorageBusyError, StorageError, WrongDatabaseError


async def open_postgresql(
    location: PostgresAddress,
    *,
    migrations: Sequence[Migration] | None = None,
    busy_seconds: float = BUSY_SECONDS,
) -> PostgresDatabase:
    """The database at that address, migrated if need be.

    Raises `StorageBusyError` while the server cannot be reached, and `WrongDatabaseError`. A
    statement that waits for a lock gives up after `busy_seconds`.
    """
    chosen = migrations if migrations is not None else bundled_migrations(Engine.POSTGRESQL)
    try:
        pool, is_pooled = await asyncio.to_thread(_open_pool, location, chosen)
    except StorageBusyError:
        raise
    except StorageError as error:
        raise WrongDatabaseError.of(error) from error
    return PostgresDatabase(location, pool, busy_seconds, is_pooled=is_pooled)


def _open_pool(
    location: PostgresAddress, migrations: Sequence[Migration]
) -> tuple[psycopg_pool.ConnectionPool[Connection], bool]:
    name, address = str(location), location.secret.get_secret_value()
    settings = dict(CONNECTION_SETTINGS)
    try:
        # At first without the pool, which would only say that there is no connection in time.
        with psycopg.connect(address, **settings) as connection:
            apply_migrations(connection, migrations=migrations, path=name)
            if is_pooled := _is_pooled(connection):
                settings["prepare_threshold"] = None
    except psycopg.ProgrammingError as error:
        if error.sqlstate is None:
            raise not_understood(error, name) from None  # its words may hold the password
        raise explained(error, name) from error
    except UnicodeError as error:  # a host that cannot be written in IDNA; bytes that are no UTF-8
        raise not_understood(error, name) from None
    except psycopg.Error as error:
        raise explained(error, name) from error
    pool = psycopg_pool.ConnectionPool(
        address,
        connection_class=psycopg.Connection[Row],
        kwargs=settings | {"row_factory": row_factory},
        min_size=1,
        max_size=WRITERS + READERS,
        # Fewer transactions run at a time than there are connections: only a server that is away
        # makes one wait.
        timeout=AWAY_SECONDS,
        reconnect_timeout=AWAY_SECONDS,
        open=True,
        name="paperbot",
    )
    return pool, is_pooled


def _is_pooled(connection: psycopg.Connection[Any]) -> bool:
    """Whether a pooler (pgbouncer) stands between: the server's process is not the one it named.

    Its sessions are shared, so that nothing may be prepared or set on them.
    """
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return row is None or row[0] != connection.info.backend_pid
