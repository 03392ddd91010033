"""The archives of `big` on PostgreSQL, copied once and kept for the next run."""

import asyncio
import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bot.archive.domain.search import search_vector
from bot.archive.domain.search.search_vector import vector
from bot.archive.store.sort_key import day_of
from bot.core.database.address import PostgresAddress
from bot.core.database.database import Engine, opened
from bot.core.database.migrations import bundled_migrations
from bot.core.database.postgresql.migrate import apply_migrations
from bot.core.database.sqlite.words import words
from bot.operations.services import reindex
from tests.bench.big import archive
from tests.databases import PostgresServer, address_of, empty_database, find_programs
from tests.ports import free_port

_TABLES = ("source", "tag", "paper", "entry", "entry_tag", "reference")


@contextmanager
def archives(*sizes: int) -> Iterator[dict[int, PostgresAddress]]:
    """Archives of these sizes on a server of their own, which runs meanwhile."""
    programs = find_programs()
    assert programs is not None, "install PostgreSQL to measure it"
    migrations = bundled_migrations(Engine.POSTGRESQL)
    texts = [Path(made_by).read_text() for made_by in (__file__, search_vector.__file__)]
    source = "".join([*(each.checksum for each in migrations), *texts])
    version = hashlib.sha256(source.encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"paperbot-pg-archives-{version}"
    server = PostgresServer(programs, folder, free_port())
    if not folder.exists():
        for older in folder.parent.glob("paperbot-pg-archives-*"):
            shutil.rmtree(older, ignore_errors=True)
        folder.mkdir()
        server.make()
    server.start()
    try:
        for size in sizes:
            _make(server.dsn, size)
        yield {size: address_of(server.dsn, _name(size)) for size in sizes}
    finally:
        server.stop("fast")


@asynccontextmanager
async def archive_on(dsn: str, size: int) -> AsyncIterator[PostgresAddress]:
    """The archive of that size on a server, indexed as a bot would; dropped at the end."""
    with empty_database(dsn) as address:
        await asyncio.to_thread(_fill, address, size)
        async with opened(address) as db:
            await reindex.bring_up_to_date(db)
        with psycopg.connect(address.secret.get_secret_value(), autocommit=True) as made:
            made.execute("VACUUM ANALYZE")
        yield address


def _name(size: int) -> str:
    return f"entries_{size}"


def _make(dsn: str, size: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as admin:
        rows = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_name(size)])
        if rows.fetchone() is not None:
            return
        unfinished = sql.Identifier(f"{_name(size)}_unfinished")
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(unfinished))
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(unfinished))
        _fill(address_of(dsn, f"{_name(size)}_unfinished"), size)
        admin.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                unfinished, sql.Identifier(_name(size))
            )
        )


def _fill(address: PostgresAddress, size: int) -> None:
    with psycopg.connect(address.secret.get_secret_value(), autocommit=True) as made:
        apply_migrations(made, migrations=bundled_migrations(Engine.POSTGRESQL), path="bench")
        made.execute("SET session_replication_role = replica")
        with closing(sqlite3.connect(archive(size))) as original:
            _copy(original, made)
        made.execute("VACUUM ANALYZE")


def _copy(original: sqlite3.Connection, made: psycopg.Connection[Any]) -> None:
    for table in _TABLES:
        rows = original.execute(f"SELECT * FROM {table}")
        columns = [sql.Identifier(column[0]) for column in rows.description]
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(columns)
        )
        with made.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    made.execute("DROP INDEX search_text_words")
    with made.cursor().copy(
        "COPY search_text (newness, title, authors, abstract, commentary, tags, words) FROM STDIN"
    ) as copy:
        for row in original.execute(
            "SELECT newness, title, authors, abstract, commentary, tags FROM search_text"
        ):
            newness, title, authors, abstract, commentary, tags = row
            fields = [_words(text) for text in (title, tags, authors, commentary, abstract)]
            copy.write_row((*row, vector(fields, day=day_of(newness)).literal))
    made.execute("CREATE INDEX search_text_words ON search_text USING GIN (words)")


@cache
def _words(text: str) -> list[str]:
    return words(text)
