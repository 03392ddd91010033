"""How quickly a look-up answers, in archives of any size, against the same statements alone."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator

import aiosqlite

from bot.services import lookup
from bot.store.database import Database, open_database
from tests.bench.big import archive
from tests.bench.measure import Row, against, interleaved, microseconds, repeated

QUERIES = {
    "a tag": "#model-gradient",
    "a Korean word": "학습",
    "a Korean phrase and a tag": '"모델을 학습" #model',
    "an author, without a tag": "author:jinwoo -#model",
}
PROMISED = ("a tag", "a Korean word")


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table."""
    sizes = (4_000, 100_000) if quick else (4_000, 100_000, 1_000_000)
    small: dict[str, float] = {}
    for size in sizes:
        path = await asyncio.to_thread(archive, size)
        db = await open_database(path)
        for name, query in QUERIES.items():
            medians = await _measured(db, query, rounds=5 if quick else 15)
            flat = medians["ours"] / small.setdefault(name, medians["ours"])
            bare = medians["ours"] / medians["aiosqlite"]
            is_promised = name in PROMISED
            yield Row(
                f"{name}, {size:,} entries",
                microseconds(medians["ours"]),
                f"{against('bare aiosqlite', medians['ours'], medians['aiosqlite'])}, "
                f"{against('sqlite3', medians['ours'], medians['sqlite3'])}, "
                f"{flat:.1f} × at {sizes[0]:,}",
                "≤ 2 × aiosqlite, flat" if is_promised else "",
                bare <= 2 and flat <= 2 if is_promised else None,
            )
        await db.close()


async def _measured(db: Database, query: str, *, rounds: int) -> dict[str, float]:
    """The look-up, and the statements it ran one after another without it."""
    statements = await _statements(db, query)
    plain = sqlite3.connect(db.path, isolation_level=None)

    async def on_sqlite3() -> None:
        for statement in statements:
            plain.execute(statement).fetchall()

    async with aiosqlite.connect(db.path, isolation_level=None) as bare:

        async def on_aiosqlite() -> None:
            for statement in statements:
                await bare.execute_fetchall(statement)

        medians = await interleaved(
            rounds,
            {
                "ours": repeated(lambda: lookup.look_up(db, query), 50),
                "sqlite3": repeated(on_sqlite3, 50),
                "aiosqlite": repeated(on_aiosqlite, 50),
            },
        )
    plain.close()
    return medians


async def _statements(db: Database, query: str) -> list[str]:
    """What a look-up asks of SQLite, its values filled in."""
    asked: list[str] = []
    async with db.reading() as tx:
        await tx.call(lambda connection: connection.set_trace_callback(asked.append))
    await lookup.look_up(db, query)
    async with db.reading() as tx:
        await tx.call(lambda connection: connection.set_trace_callback(None))
    return [statement for statement in asked if statement.lstrip().startswith("SELECT")]
