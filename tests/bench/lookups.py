"""How quickly a look-up answers, in archives of any size, against the same statements alone."""

import asyncio
import sqlite3
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, closing
from pathlib import Path

import aiosqlite
import psycopg

from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, opened
from bot.core.database.dialect import for_postgresql, for_sqlite, may_be_prepared
from bot.lookup.services import lookup
from tests.bench import big_postgresql
from tests.bench.big import archive
from tests.bench.measure import Row, Timed, against, in_turn, microseconds, ratios, repeated
from tests.bench.postgresql.server import NOT_INSTALLED
from tests.bench.recorded import Asked, RecordedDatabase
from tests.bench.verdict import Figure
from tests.databases import find_programs

PHRASE = "a Korean phrase and a tag"
QUERIES = {
    "a tag": "#model-gradient",
    "a Korean word": "학습",
    PHRASE: '"모델을 학습" #model-memory',
    "an author, without a tag": "author:jinwoo -#model",
}
_PAGE = 10
"""Each query finds at least a page of entries in every size, so that the sizes can be compared."""
PROMISED = ("a tag", "a Korean word")
Run = Callable[[Asked], Awaitable[object]]
"""Runs statements one after another, without the bot."""


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table; for each query all sizes are measured in the same rounds."""
    sizes = (4_000, 100_000) if quick else (4_000, 100_000, 1_000_000)
    paths = {size: await asyncio.to_thread(archive, size) for size in sizes}
    async with AsyncExitStack() as stack:
        bare = {size: await _on_sqlite(stack, path) for size, path in paths.items()}
        async for row in _measured(stack, paths, bare, quick):
            yield row


async def rows_on_postgresql(quick: bool) -> AsyncIterator[Row]:
    """The same on PostgreSQL."""
    if find_programs() is None:
        yield NOT_INSTALLED
        return
    sizes = (4_000, 100_000) if quick else (4_000, 100_000, 1_000_000)
    async with AsyncExitStack() as stack:
        addresses = stack.enter_context(big_postgresql.archives(*sizes))
        bare = {size: _on_postgresql(stack, address) for size, address in addresses.items()}
        async for row in _measured(stack, addresses, bare, quick):
            yield row


async def _measured(
    stack: AsyncExitStack,
    places: Mapping[int, Path | PostgresAddress],
    bare: Mapping[int, Mapping[str, Run]],
    quick: bool,
) -> AsyncIterator[Row]:
    dbs = {size: await stack.enter_async_context(opened(at)) for size, at in places.items()}
    for name, query in QUERIES.items():
        works = {
            (size, kind): timed
            for size, db in dbs.items()
            for kind, timed in (await _works(db, query, bare[size])).items()
        }
        seconds = await in_turn(5 if quick else 15, works)
        for size in dbs:
            floors = {kind: seconds[size, kind] for kind in bare[size]}
            yield _row(name, size, seconds[size, "ours"], floors, seconds[min(dbs), "ours"])


def _row(
    name: str,
    size: int,
    rounds: Sequence[float],
    floor_rounds: Mapping[str, Sequence[float]],
    smallest_rounds: Sequence[float],
) -> Row:
    ours, smallest = statistics.median(rounds), statistics.median(smallest_rounds)
    floors = {kind: statistics.median(each) for kind, each in floor_rounds.items()}
    first = next(iter(floors))
    aim, figures = _aim(name, first, rounds, floor_rounds[first], smallest_rounds)
    return Row(
        f"{name}, {size:,} entries",
        microseconds(ours),
        ", ".join(
            (
                *(against(kind, ours, seconds) for kind, seconds in floors.items()),
                f"{ours / smallest:.1f} × the smallest",
            )
        ),
        aim,
        figures=figures,
    )


def _aim(
    name: str,
    first: str,
    ours: Sequence[float],
    floor: Sequence[float],
    smallest: Sequence[float],
) -> tuple[str, tuple[Figure, ...]]:
    """What the row should hold (issues 15 and 19), with the figures that say so."""
    milliseconds, flat = tuple(each * 1e3 for each in ours), ratios(ours, smallest, at_most=2)
    if name in PROMISED or first == "psycopg":
        figures = (Figure(milliseconds, "ms"), ratios(ours, floor, at_most=2), flat)
        return f"≤ 2 × {first}, flat", figures
    if name == PHRASE:
        return "≤ 5 ms, flat", (Figure(milliseconds, "ms", at_most=5), flat)
    return "", (Figure(milliseconds, "ms"),)


async def _works(db: Database, query: str, bare: Mapping[str, Run]) -> dict[str, Timed]:
    """The look-up, and the statements it runs one after another without it."""
    recorded = RecordedDatabase(db)
    found = await lookup.look_up(recorded, query, in_brief=True)
    assert len(found.entries) == _PAGE, query

    async def as_commands_do() -> None:
        await lookup.look_up(db, query, in_brief=True)

    def alone(run: Run) -> Callable[[], Awaitable[object]]:
        return lambda: run(recorded.asked)

    return {
        "ours": repeated(as_commands_do, 20),
        **{kind: repeated(alone(run), 20) for kind, run in bare.items()},
    }


async def _on_sqlite(stack: AsyncExitStack, path: Path) -> Mapping[str, Run]:
    plain = stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
    bare = await stack.enter_async_context(aiosqlite.connect(path, isolation_level=None))

    async def on_sqlite3(asked: Asked) -> None:
        for sql, parameters in asked:
            plain.execute(for_sqlite(sql), parameters).fetchall()

    async def on_aiosqlite(asked: Asked) -> None:
        for sql, parameters in asked:
            await bare.execute_fetchall(for_sqlite(sql), dict(parameters))

    return {"aiosqlite": on_aiosqlite, "sqlite3": on_sqlite3}


def _on_postgresql(stack: AsyncExitStack, address: PostgresAddress) -> Mapping[str, Run]:
    plain = stack.enter_context(psycopg.connect(address.secret.get_secret_value(), autocommit=True))
    plain.execute("SET jit = off")  # as the bot has it

    async def on_psycopg(asked: Asked) -> None:
        for sql, parameters in asked:
            prepare = may_be_prepared(sql)
            plain.execute(for_postgresql(sql).encode(), parameters, prepare=prepare).fetchall()

    return {"psycopg": on_psycopg}
