"""The SQLite file: one writer behind a lock, a reader beside it, migrations at start.

`async with db.transaction() as tx` is the only way to write: BEGIN IMMEDIATE, COMMIT at the
end, ROLLBACK on any exception. `async with db.reading() as tx` reads a consistent snapshot on
a connection of its own, so that a slow search never queues before a commit. Nothing of the
network is awaited inside either. Functions of `bot.store` take the `Transaction`.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite

Parameters = Mapping[str, Any]
Row = sqlite3.Row


class Transaction:
    """Statements inside one transaction; parameters are named (`:name`), never formatted in."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def all(self, sql: str, parameters: Parameters | None = None) -> Sequence[Row]:
        """Every row of a statement (also of one with RETURNING)."""
        return list(await self._connection.execute_fetchall(sql, parameters or {}))

    async def one(self, sql: str, parameters: Parameters | None = None) -> Row | None:
        """The first row, or `None`."""
        rows = await self.all(sql, parameters)
        return rows[0] if rows else None

    async def run(self, sql: str, parameters: Parameters | None = None) -> int:
        """How many rows the statement changed."""
        async with self._connection.execute(sql, parameters or {}) as cursor:
            return cursor.rowcount

    async def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """The statement once a row of parameters, in one hop to the writer's thread."""
        await self._connection.executemany(sql, rows)


class Database:
    """An open database; make one with `open_database`, close it with `close`."""

    def __init__(self, path: Path, writer: aiosqlite.Connection, reader: aiosqlite.Connection):
        self.path = path
        self._writer = writer
        self._reader = reader
        self._write_lock = asyncio.Lock()
        self._read_lock = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A write transaction; only one at a time in this process, the rest wait in order."""
        async with self._write_lock:
            await self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(self._writer)
            except BaseException:
                await asyncio.shield(self._writer.rollback())
                raise
            await asyncio.shield(self._writer.commit())

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """A read snapshot."""
        async with self._read_lock:
            await self._reader.execute("BEGIN")
            try:
                yield Transaction(self._reader)
            finally:
                await asyncio.shield(self._reader.rollback())

    async def close(self) -> None:
        """Close both connections; open transactions are rolled back."""
        await self._reader.close()
        await self._writer.close()
