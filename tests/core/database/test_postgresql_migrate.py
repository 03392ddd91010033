"""PostgreSQL's migrations: each whole or absent, by one process of several."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from bot.core.database.address import PostgresAddress
from bot.core.database.database import open_database
from bot.core.database.migrations import Migration
from bot.core.database.postgresql.opening import open_postgresql
from bot.core.domain.errors import WrongDatabaseError
from tests.databases import empty_database

FIRST = Migration(26, "0026_first.sql", "CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1);")
SECOND = Migration(27, "0027_second.sql", "INSERT INTO a VALUES (2); -- 100 %, :not a parameter")
BROKEN = Migration(27, "0027_second.sql", "INSERT INTO a VALUES (2); INSERT INTO b VALUES (1);")


@pytest.fixture
def address(postgresql: str) -> Iterator[PostgresAddress]:
    with empty_database(postgresql) as empty:
        yield empty


async def migrate(address: PostgresAddress, *migrations: Migration) -> None:
    db = await open_postgresql(address, migrations=migrations)
    await db.close()


def query(address: PostgresAddress, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address.secret.get_secret_value()) as connection:
        return connection.execute(sql.encode()).fetchall()


async def test_migrations_are_applied_once_and_in_order(address: PostgresAddress):
    await migrate(address, FIRST)
    await migrate(address, FIRST, SECOND)
    await migrate(address, FIRST, SECOND)

    assert query(address, "SELECT x FROM a ORDER BY x") == [(1,), (2,)]
    assert query(address, "SELECT version, name FROM schema_migration ORDER BY version") == [
        (26, "0026_first.sql"),
        (27, "0027_second.sql"),
    ]


async def test_several_processes_that_start_at_once_make_the_tables_once(address: PostgresAddress):
    opened = await asyncio.gather(*(open_database(address) for _ in range(4)))
    for db in opened:
        await db.close()

    assert query(address, "SELECT count(*) FROM board_channel") == [(1,)]


async def test_a_migration_that_fails_leaves_nothing_of_itself(address: PostgresAddress):
    await migrate(address, FIRST)
    with pytest.raises(psycopg.errors.UndefinedTable):
        await migrate(address, FIRST, BROKEN)
    await migrate(address, FIRST, SECOND)

    assert query(address, "SELECT x FROM a ORDER BY x") == [(1,), (2,)]


async def test_a_new_database_gets_every_migration_or_none(address: PostgresAddress):
    with pytest.raises(psycopg.errors.UndefinedTable):
        await migrate(address, FIRST, BROKEN)

    assert query(address, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []


@pytest.mark.parametrize(
    ("installed", "says"),
    [
        ((FIRST,), "newer version"),
        ((FIRST, BROKEN), "a 0027_second.sql that differs"),
        ((FIRST, Migration(28, "0028_third.sql", "SELECT 1;")), "Migration 27 is missing"),
    ],
)
async def test_a_history_that_does_not_fit_is_refused(
    address: PostgresAddress, installed: tuple[Migration, ...], says: str
):
    await migrate(address, FIRST, SECOND)

    with pytest.raises(WrongDatabaseError, match=says):
        await migrate(address, *installed)
