"""The archive's revision counts every change of what look-ups read, whoever makes it."""

import asyncio
import random
import re
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path

import psycopg
import pytest

from bot.core.database import revision
from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, Engine, Transaction, opened
from bot.core.database.revision import TABLES, changes_archive
from bot.core.database.sqlite.statements import SqliteStatements
from bot.core.domain.errors import QueryError, UsageError
from bot.discussion.store import person_locales
from bot.lookup.domain.query import parse
from bot.lookup.domain.query_terms import Query, hangs_on_archive_alone
from bot.lookup.store import search
from tests.archive_stage import an_entry, keep
from tests.databases import new_database
from tests.lookup import generated

SEED = 19


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """An SQLite archive with generated entries."""
    path = tmp_path / "paperbot.db"
    async with opened(path) as db:
        await keep(db, *generated.entries(random.Random(SEED), 60))
    return path


async def test_the_tables_that_look_ups_read_are_those_whose_changes_count(file: Path):
    connection = sqlite3.connect(file, isolation_level=None)
    connection.row_factory = sqlite3.Row
    read: set[str] = set()

    def note(action: int, table: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_READ and table is not None:
            read.add(table)
        return sqlite3.SQLITE_OK

    connection.set_authorizer(note)
    statements = SqliteStatements(connection)
    chance = random.Random(SEED)
    texts = [row["commentary"] for row in connection.execute("SELECT commentary FROM search_text")]
    asked = generated.look_ups(chance, [text[:20_000] for text in texts if text])
    found = 0
    for text in islice(asked, 1500):
        in_brief = chance.choice([True, False])
        query = parsed(text)
        if query is not None:
            with suppress(QueryError):
                hits = search.find(statements, query, page=1, per_page=7, in_brief=in_brief)
                found += len(hits.entries)
    connection.set_authorizer(None)

    connection.close()

    assert found > 1000
    # The indexes are filled by triggers of the table `search_text`.
    indexes = re.compile(r"(title_|label_)?search(_(?!text$)\w+)?|json_each|sqlite_\w+")
    tables = {table for table in read if not indexes.fullmatch(table)}
    assert {"entry", "paper", "entry_tag", "tag_merge", "arxiv_record", "reference"} < tables
    assert tables <= TABLES


async def test_what_is_written_elsewhere_writes_to_no_table_of_the_archive_behind_it(file: Path):
    connection = sqlite3.connect(file)
    made = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    triggers = [sql for kind, _, table, sql in made if kind == "trigger" and table not in TABLES]
    bound = [
        (name, target, on_update, on_delete)
        for kind, name, _, sql in made
        if kind == "table" and name in TABLES and "VIRTUAL" not in sql
        for _, _, target, _, _, on_update, on_delete, _ in connection.execute(
            f"PRAGMA foreign_key_list({name})"
        )
        if target not in TABLES
    ]
    connection.close()

    assert {name for kind, name, _, _ in made if kind == "table"} >= TABLES
    assert not [sql for sql in triggers if changes_archive(sql)]
    assert not [each for each in bound if each[2:] != ("NO ACTION", "NO ACTION")]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO entry (id) VALUES (:id)",
        "insert or ignore into tag (slug) values (:slug)",
        "REPLACE INTO paper (key) VALUES (:key)",
        "\n    UPDATE entry SET part = :part",
        "UPDATE OR IGNORE tag SET slug = :slug",
        "DELETE\nFROM tag_merge",
        "WITH a AS (SELECT 1) INSERT INTO link (newness) SELECT * FROM a RETURNING newness",
        "INSERT INTO key_value VALUES (1); DELETE FROM source",
    ],
)
def test_a_statement_that_changes_the_archive_is_known(sql: str):
    assert changes_archive(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM entry",
        "INSERT INTO slot_entry (id) SELECT id FROM entry",
        "UPDATE delivery SET state = 'sent' WHERE id IN (SELECT id FROM entry)",
        "INSERT INTO reader (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET tag = excluded.tag",
        "PRAGMA optimize",
    ],
)
def test_other_statements_do_not_change_it(sql: str):
    assert not changes_archive(sql)


async def test_on_postgresql_look_ups_read_the_same_tables(postgresql: str):
    with new_database(postgresql) as address:
        async with opened(address) as db:
            await keep(db, *generated.entries(random.Random(SEED), 60))
            async with db.reading() as tx:
                texts = [row["text"] for row in await tx.all("SELECT text FROM entry")]
        with psycopg.connect(address.secret.get_secret_value(), autocommit=True) as connection:
            connection.execute("SELECT pg_stat_reset()")
        async with opened(address) as db:
            chance = random.Random(SEED)
            found = 0
            for text in islice(generated.look_ups(chance, texts), 500):
                query = parsed(text)
                if query is not None:
                    find = partial(search.find, query=query, page=1, per_page=7, in_brief=True)
                    with suppress(QueryError):
                        found += len((await db.read(find)).entries)
        with psycopg.connect(address.secret.get_secret_value(), autocommit=True) as connection:
            rows = connection.execute(
                "SELECT relname FROM pg_stat_user_tables WHERE seq_scan + coalesce(idx_scan, 0) > 0"
            )
            read = {name for (name,) in rows}

    assert found > 500
    assert {"entry", "paper", "entry_tag", "reference", "search_text"} < read
    assert read - {"schema_migration", "key_value"} <= TABLES


def parsed(text: str) -> Query | None:
    """The query, if what it finds hangs on the archive alone."""
    try:
        query = parse(text)
    except QueryError:
        return None
    return query if hangs_on_archive_alone(query) else None


async def revision_of(db: Database) -> int:
    return await db.read(revision.find)


async def test_each_way_to_write_counts_once(location: Path | PostgresAddress):
    sql, at = "UPDATE entry SET part = :part WHERE id = 1", {"part": 3}
    counted = []
    async with opened(location) as db:
        await keep(db, an_entry())

        async def whole(write: Callable[[Transaction], Awaitable[object]]) -> None:
            async with db.transaction() as tx:
                await write(tx)

        for write in (
            lambda: whole(lambda tx: tx.run(sql, at)),
            lambda: whole(lambda tx: tx.run_many(sql, [at, at])),
            lambda: whole(lambda tx: tx.all(f"{sql} RETURNING id", at)),
            lambda: whole(lambda tx: tx.call(lambda s: s.tuples(f"{sql} RETURNING id", at))),
            lambda: whole(lambda tx: tx.call(lambda s: s.one_each(f"{sql} RETURNING id", [at]))),
            lambda: db.write(lambda s: s.run(sql, at)),
        ):
            before = await revision_of(db)
            await write()
            counted.append(await revision_of(db) - before)

    assert counted == [1] * 6


async def test_a_change_of_another_process_is_seen_at_once_and_one_rolled_back_is_none(
    location: Path | PostgresAddress,
):
    async with opened(location) as ours, opened(location) as other:
        await keep(ours, an_entry())
        before = await revision_of(ours)

        async with other.transaction() as tx:
            await tx.run("UPDATE entry SET commentary = '[]' WHERE id = 1")
            during = await revision_of(ours)
        after = await revision_of(ours)
        with suppress(UsageError):
            async with ours.transaction() as tx:
                await tx.run("UPDATE entry SET commentary = '[]' WHERE id = 1")
                raise UsageError("rolled back")

        assert before == during == after - 1
        assert await revision_of(ours) == after == await revision_of(other)


async def test_writers_of_the_archive_do_not_stop_each_other(location: Path | PostgresAddress):
    async with opened(location) as db, opened(location) as other:
        before = await revision_of(db)

        async def write(tag: int) -> None:
            async with (db if tag % 2 else other).transaction() as tx:
                await tx.run("INSERT INTO tag (slug) VALUES (:slug)", {"slug": f"tag-{tag}"})

        await asyncio.gather(*map(write, range(40)))

        assert await revision_of(db) == before + 40


async def test_one_row_is_read_as_it_is_committed(location: Path | PostgresAddress):
    async with opened(location) as db:
        async with db.transaction() as tx:
            await tx.run("UPDATE entry SET commentary = '[]' WHERE id = 1")
            before = await db.read_row(revision.find)
        after = await db.read_row(revision.find)
        thread = await db.read_row(lambda _: threading.get_ident())
        with pytest.raises((sqlite3.Error, psycopg.Error), match="no_such_table"):
            await db.read_row(lambda statements: statements.one("SELECT 1 FROM no_such_table"))

    assert after == before + 1
    assert (thread == threading.get_ident()) is (db.engine is Engine.SQLITE)


async def test_what_no_look_up_reads_does_not_count(location: Path | PostgresAddress):
    async with opened(location) as db:
        before = await revision_of(db)
        async with db.transaction() as tx:
            await tx.run("INSERT INTO processed_event (id, seen_at) VALUES ('1', '2025')")
            await person_locales.put(tx, "web:1", "ko")

        assert await revision_of(db) == before
