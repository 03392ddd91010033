"""How quickly a look-up answers, in archives of any size, against the same statements alone."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass

import aiosqlite

from bot.core.database.database import Database, open_database
from bot.lookup.services import lookup
from tests.bench.big import archive
from tests.bench.measure import Row, Timed, against, interleaved, microseconds, repeated

QUERIES = {
    "a tag": "#model-gradient",
    "a Korean word": "학습",
    "a Korean phrase and a tag": '"모델을 학습" #model',
    "an author, without a tag": "author:jinwoo -#model",
}
PROMISED = ("a tag", "a Korean word")


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table; for each query all sizes are measured in the same rounds."""
    sizes = (4_000, 100_000) if quick else (4_000, 100_000, 1_000_000)
    async with AsyncExitStack() as stack:
        opened = {size: await _opened(stack, size) for size in sizes}
        for name, query in QUERIES.items():
            works = {
                (size, kind): timed
                for size, archive in opened.items()
                for kind, timed in (await _works(archive, query)).items()
            }
            medians = await interleaved(5 if quick else 15, works)
            for size in sizes:
                yield _row(name, size, medians, medians[sizes[0], "ours"])


def _row(name: str, size: int, medians: Mapping[tuple[int, str], float], smallest: float) -> Row:
    ours, bare, plain = (medians[size, kind] for kind in ("ours", "aiosqlite", "sqlite3"))
    is_promised = name in PROMISED
    return Row(
        f"{name}, {size:,} entries",
        microseconds(ours),
        f"{against('aiosqlite', ours, bare)}, {against('sqlite3', ours, plain)}, "
        f"{ours / smallest:.1f} × the smallest",
        "≤ 2 × aiosqlite, flat" if is_promised else "",
        ours <= 2 * bare and ours <= 2 * smallest if is_promised else None,
    )


@dataclass(frozen=True, slots=True)
class _Archive:
    db: Database
    plain: sqlite3.Connection
    bare: aiosqlite.Connection


async def _opened(stack: AsyncExitStack, size: int) -> _Archive:
    path = await asyncio.to_thread(archive, size)
    db = await open_database(path)
    stack.push_async_callback(db.close)
    plain = stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
    bare = await stack.enter_async_context(aiosqlite.connect(path, isolation_level=None))
    return _Archive(db, plain, bare)


async def _works(archive: _Archive, query: str) -> dict[str, Timed]:
    """The look-up, and the statements it runs one after another without it."""
    statements = await _statements(archive.db, query)

    async def on_sqlite3() -> None:
        for statement in statements:
            archive.plain.execute(statement).fetchall()

    async def on_aiosqlite() -> None:
        for statement in statements:
            await archive.bare.execute_fetchall(statement)

    return {
        "ours": repeated(lambda: lookup.look_up(archive.db, query), 50),
        "sqlite3": repeated(on_sqlite3, 50),
        "aiosqlite": repeated(on_aiosqlite, 50),
    }


async def _statements(db: Database, query: str) -> list[str]:
    """What a look-up asks of SQLite, its values filled in."""
    asked: list[str] = []
    async with db.reading() as tx:
        await tx.call(lambda connection: connection.set_trace_callback(asked.append))
    await lookup.look_up(db, query)
    async with db.reading() as tx:
        await tx.call(lambda connection: connection.set_trace_callback(None))
    return [statement for statement in asked if statement.lstrip().startswith("SELECT")]
