"""Migrations: each whole or absent, whatever is killed when."""

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.database.database import Database, opened
from bot.core.database.migrations import Migration, bundled_migrations
from bot.core.database.sqlite.migrate import statements
from bot.core.database.sqlite.opening import open_sqlite
from bot.core.domain.errors import StorageError
from tests.schema import SCHEMA, script
from tests.waiting import until

FIRST = Migration(1, "0001_first.sql", "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\n")
SECOND = Migration(
    2,
    "0002_second.sql",
    """
    -- A trigger has semicolons of its own; so does 'this; text'.
    CREATE TABLE b (x);
    CREATE TRIGGER copied AFTER INSERT ON a BEGIN
        INSERT INTO b VALUES (new.x);
        INSERT INTO b VALUES (';');
    END;
    INSERT INTO a VALUES (2);
    -- The end.
    """,
)
ENDLESS = """
    CREATE TABLE b (x);
    INSERT INTO b WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n;
"""


def schema(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


async def migrate(path: Path, *migrations: Migration) -> None:
    db = await open_sqlite(path, migrations=migrations)
    await db.close()


def test_a_script_is_split_into_its_statements():
    *_, trigger, insert = statements(SECOND.sql)

    assert trigger.startswith("CREATE TRIGGER")
    assert trigger.endswith("END;")
    assert insert == "INSERT INTO a VALUES (2);"


async def test_migrations_are_applied_once_and_in_order(tmp_path):
    path = tmp_path / "t.db"
    await migrate(path, FIRST)
    await migrate(path, FIRST, SECOND)
    await migrate(path, FIRST, SECOND)

    assert query(path, "SELECT x FROM a") == [(1,), (2,)]
    assert query(path, "SELECT x FROM b") == [(2,), (";",)]
    assert query(path, "SELECT version, name FROM schema_migration") == [
        (1, "0001_first.sql"),
        (2, "0002_second.sql"),
    ]


async def test_a_database_migrated_step_by_step_equals_a_new_one(tmp_path):
    bundled = bundled_migrations()
    for count in range(1, len(bundled) + 1):
        await migrate(tmp_path / "old.db", *bundled[:count])
    await migrate(tmp_path / "at_once.db", *bundled)

    async with opened(tmp_path / "old.db") as old, opened(tmp_path / "at_once.db") as at_once:
        made_at_once = await whole(at_once)
        assert await whole(old) == made_at_once
    async with opened(tmp_path / "new.db") as new:
        assert await whole(new) == made_at_once


async def whole(db: Database) -> list[list[tuple[object, ...]]]:
    """Every table as it was made, every row, and how the file is kept."""
    async with db.reading() as tx:
        schema = [tuple(row) for row in await tx.all("SELECT type, name, sql FROM sqlite_schema")]
        tables = [name for kind, name, sql in schema if kind == "table" and sql is not None]
        # The averages of an index without a row (id 1) are zeros, or absent where it never had one.
        others = {name: " WHERE id > 1" for name in tables if name.endswith("search_data")}
        kept = [f'SELECT * FROM "{name}"{others.get(name, "")}' for name in tables]
        kept += ["PRAGMA auto_vacuum", "PRAGMA journal_mode", "PRAGMA page_size"]
        return [schema, *[[tuple(row) for row in await tx.all(sql)] for sql in kept]]


def test_the_schema_of_new_databases_is_what_the_migrations_make():
    assert SCHEMA.read_text(encoding="utf-8") == script(), "run `make schema`"


def test_the_bundled_migrations_have_no_gap():
    versions = [migration.version for migration in bundled_migrations()]

    assert versions == list(range(1, len(versions) + 1))


@pytest.mark.parametrize(
    ("installed", "says"),
    [
        ((FIRST,), "newer version"),
        ((FIRST, Migration(2, "0002_second.sql", "SELECT 1;")), "a 0002_second.sql that differs"),
        ((FIRST, Migration(3, "0003_third.sql", "SELECT 1;")), "Migration 2 is missing"),
    ],
)
async def test_a_history_that_does_not_fit_is_refused_and_left_alone(tmp_path, installed, says):
    path = tmp_path / "t.db"
    await migrate(path, FIRST, SECOND)
    before = schema(path)

    with pytest.raises(StorageError, match=says):
        await migrate(path, *installed)

    assert schema(path) == before


async def test_another_checkout_s_newlines_make_no_other_migration(tmp_path):
    await migrate(tmp_path / "t.db", FIRST)

    await migrate(tmp_path / "t.db", Migration(1, FIRST.name, FIRST.sql.replace("\n", "\r\n")))


async def test_a_migration_that_fails_leaves_nothing_of_itself(tmp_path):
    path = tmp_path / "t.db"
    broken = Migration(2, "0002_second.sql", "CREATE TABLE b (x);\nINSERT INTO nowhere VALUES (1);")
    await migrate(path, FIRST)

    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        await migrate(path, FIRST, broken)

    await migrate(path, FIRST, SECOND)
    assert query(path, "SELECT x FROM b") == [(2,), (";",)]


async def test_a_new_database_gets_every_migration_or_none(tmp_path):
    path = tmp_path / "t.db"
    broken = Migration(2, "0002_second.sql", "INSERT INTO nowhere VALUES (1);")

    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        await migrate(path, FIRST, broken)

    assert query(path, "SELECT name FROM sqlite_schema") == []


async def test_a_migration_that_is_killed_leaves_nothing_of_itself(tmp_path):
    path = tmp_path / "t.db"
    await migrate(path, FIRST)
    program = (
        "import sqlite3, sys\n"
        "from bot.core.database.migrations import Migration\n"
        "from bot.core.database.sqlite.migrate import apply_migrations\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('PRAGMA journal_mode = WAL')\n"
        f"steps = ({FIRST!r}, Migration(2, '0002_second.sql', sys.argv[2]))\n"
        "apply_migrations(connection, migrations=steps, path='')\n"
    )
    migrating = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, path, ENDLESS, cwd=Path(__file__).parents[3]
    )
    await until(lambda: path.with_name("t.db-wal").exists() and spills(path))

    migrating.kill()
    await migrating.wait()

    assert query(path, "SELECT version FROM schema_migration") == [(1,)]
    await migrate(path, FIRST, SECOND)
    assert query(path, "SELECT x FROM b") == [(2,), (";",)]


def spills(path: Path) -> bool:
    """Whether an uncommitted transaction is already larger than SQLite's cache."""
    return path.with_name("t.db-wal").stat().st_size > 1_000_000


async def test_processes_that_start_at_once_migrate_once(tmp_path):
    path = tmp_path / "t.db"
    program = (
        "import asyncio, pathlib, sys\n"
        "from bot.core.database.database import open_database\n"
        "async def main():\n"
        "    db = await open_database(pathlib.Path(sys.argv[1]))\n"
        "    await db.close()\n"
        "asyncio.run(main())\n"
    )

    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, path, cwd=Path(__file__).parents[3]
        )
        for _ in range(6)
    ]

    assert [await process.wait() for process in started] == [0] * 6
    assert query(path, "SELECT count(*) FROM schema_migration") == [(len(bundled_migrations()),)]


async def test_batches_of_an_older_schema_are_neither_lost_nor_taken_for_holidays(tmp_path):
    path = tmp_path / "t.db"
    every = bundled_migrations()
    mine = next(at for at, each in enumerate(every) if each.name.endswith("_missed_batches.sql"))
    await migrate(path, *every[:mine])
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            INSERT INTO arxiv_batch (category, day, items, is_cut, tries, recovered) VALUES
                ('cs.LG', '2026-11-16', 12, 0, 0, NULL), ('cs.LG', '2026-11-17', 0, 0, 1, 0);
            """
        )

    await migrate(path, *every)

    rows = query(path, "SELECT is_looked_for, is_whole FROM arxiv_batch ORDER BY day")
    assert rows == [(1, 0), (0, 1)]


async def test_messages_given_up_in_an_outage_are_retried(tmp_path):
    path, every = tmp_path / "t.db", bundled_migrations()
    place = next(n for n, each in enumerate(every) if each.name.endswith("_outages.sql"))
    await migrate(path, *every[:place])
    columns = "id, key, channel, state, not_before, part, wanted, planned_at, document"
    with closing(sqlite3.connect(path)) as connection, connection:
        for number, waits_for in enumerate([None, "root", "resume", None, None], start=1):
            state = "held" if waits_for else "sent"
            values = (number, f"k{number}", "c", state, "", "p", "w", "", "{}", waits_for)
            connection.execute(
                f"INSERT INTO delivery ({columns}, waits_for) VALUES ({'?,' * 9}?)", values
            )
        connection.execute(
            "UPDATE delivery SET unwanted = 1, removed_at = 'then', shown = 'w',"
            " reason = 'The message could not be removed' WHERE id = 4"
        )
        connection.execute(
            "UPDATE delivery SET shown = 'w',"
            " reason = 'The message could not be edited; it shows an older version' WHERE id = 5"
        )

    await migrate(path, *every)

    sql = "SELECT id, waits_for, removed_at, shown, reason FROM delivery ORDER BY id"
    assert query(path, sql) == [
        (1, None, None, None, ""),
        (2, "root", None, None, ""),
        (3, "resume", None, None, ""),
        (4, None, None, "w", ""),
        (5, None, None, "", ""),
    ]


async def test_older_subscriptions_and_slots_keep_the_language_they_had(tmp_path):
    path, every = tmp_path / "t.db", bundled_migrations()
    place = next(n for n, each in enumerate(every) if each.name.endswith("_interface.sql"))
    await migrate(path, *every[:place])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(
            """
            INSERT INTO subscription (id, channel, standing, at, zone, weekdays, languages, tags,
                                      layout, most, since, created_at, changed_at)
            VALUES (1, 'web:general', 'active', '09:00', 'UTC', '0', 'en,ko', '', 'papers', 10,
                    '2026-01-01', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00');
            INSERT INTO slot (subscription_id, on_date, round, languages, layout, left_out, missed,
                              closed_at)
            VALUES (1, '2026-01-02', 0, 'ko,en', 'papers', 0, '', '2026-01-02T00:00:00+00:00');
            """
        )

    await migrate(path, *every)

    assert query(path, "SELECT interface FROM subscription") == [(None,)]
    assert query(path, "SELECT interface FROM slot") == [(None,)]


async def test_older_subscriptions_keep_their_layout_and_get_intros(tmp_path):
    path, every = tmp_path / "t.db", bundled_migrations()
    place = next(n for n, each in enumerate(every) if each.name.endswith("_layouts.sql"))
    await migrate(path, *every[:place])
    with closing(sqlite3.connect(path)) as connection, connection:
        for channel, layout in (("web:a", "papers"), ("web:b", "compact")):
            connection.execute(
                """
                INSERT INTO subscription (channel, standing, at, zone, weekdays, languages, tags,
                                          layout, most, since, created_at, changed_at)
                VALUES (?, 'active', '09:00', 'UTC', '0', 'en', '', ?, 10, '2026-01-01', '', '')
                """,
                (channel, layout),
            )

    await migrate(path, *every)

    found = query(path, "SELECT channel, layout, intro FROM subscription ORDER BY channel")
    assert found == [("web:a", "papers", "on"), ("web:b", "compact", "on")]
