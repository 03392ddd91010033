"""How quickly notes come in on PostgreSQL, against psycopg that inserts the same rows."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bot.archive.services.import_files import import_files
from bot.core.database.database import Database, opened
from tests.bench.imports import NOW, TABLES
from tests.bench.measure import Row, Timed, against, interleaved
from tests.bench.notes import write_vault
from tests.bench.postgresql.server import durability
from tests.databases import empty_database
from tests.locations import as_argument

NOTES = 1000
Rows = Mapping[str, Sequence[tuple[Any, ...]]]
Connection = psycopg.Connection[tuple[Any, ...]]


async def rows(dsn: str, quick: bool) -> AsyncIterator[Row]:
    """The rows of the table."""
    with (
        tempfile.TemporaryDirectory(prefix="paperbot-bench-") as folder,
        empty_database(dsn) as address,
    ):
        vault = write_vault(Path(folder) / "vault", NOTES)
        async with opened(address) as db:
            with psycopg.connect(as_argument(address), autocommit=True) as plain:
                await _imported(db, vault)
                contents = _contents(plain)
                medians = await interleaved(
                    3 if quick else 7,
                    {
                        "ours": _emptied(plain, lambda: _imported(db, vault)),
                        "executemany": _emptied(plain, lambda: _inserted(plain, vault, contents)),
                        "COPY": _emptied(plain, lambda: _copied(plain, vault, contents)),
                    },
                )
                await _imported(db, vault)
                again = await interleaved(3, {"again": lambda: _imported(db, vault)})
    ours = medians["ours"]
    yield Row(
        f"import of {NOTES:,} generated notes, {durability(dsn)}",
        f"{NOTES / ours:,.0f} notes/s",
        f"{against('executemany of psycopg', ours, medians['executemany'])}, "
        f"{against('COPY', ours, medians['COPY'])}, each with reading the files",
    )
    yield Row("… again, unchanged", f"{NOTES / again['again']:,.0f} notes/s")


async def _imported(db: Database, vault: Path) -> float:
    start = time.perf_counter()
    await import_files(db, [vault], now=NOW)
    return time.perf_counter() - start


def _contents(plain: Connection) -> Rows:
    return {
        table: plain.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall()
        for table in TABLES
    }


def _emptied(plain: Connection, work: Timed) -> Timed:
    """The work, timed from a database without any entry."""
    names = sql.SQL(", ").join(map(sql.Identifier, TABLES))

    async def timed() -> float:
        plain.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names))
        plain.execute("CHECKPOINT")
        return await work()

    return timed


async def _inserted(plain: Connection, vault: Path, contents: Rows) -> float:
    def insert() -> None:
        for table, found in contents.items():
            holes = sql.SQL(", ").join([sql.Placeholder()] * len(found[0] if found else ()))
            statement = sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier(table), holes)
            if found:
                plain.cursor().executemany(statement, found)

    return await asyncio.to_thread(_written, plain, vault, insert)


async def _copied(plain: Connection, vault: Path, contents: Rows) -> float:
    def copy() -> None:
        for table, found in contents.items():
            statement = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
            with plain.cursor().copy(statement) as target:
                for row in found:
                    target.write_row(row)

    return await asyncio.to_thread(_written, plain, vault, copy)


def _written(plain: Connection, vault: Path, write: Any) -> float:
    start = time.perf_counter()
    for file in sorted(vault.rglob("*.md")):
        file.read_bytes()
    with plain.transaction():
        write()
    return time.perf_counter() - start
