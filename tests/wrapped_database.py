"""A database that passes everything on to another one; tests override what is to go wrong."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, Engine, Statements, Transaction

T = TypeVar("T")


class WrappedDatabase:
    """Passes everything on to `inner`."""

    def __init__(self, inner: Database) -> None:
        self.inner = inner

    @property
    def engine(self) -> Engine:
        return self.inner.engine

    @property
    def location(self) -> Path | PostgresAddress:
        return self.inner.location

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.inner.transaction()

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        return self.inner.reading()

    async def read(self, function: Callable[[Statements], T], /) -> T:
        async with self.reading() as tx:
            return await tx.call(function)

    async def read_row(self, function: Callable[[Statements], T], /) -> T:
        return await self.read(function)

    async def write(self, function: Callable[[Statements], T], /) -> T:
        async with self.transaction() as tx:
            return await tx.call(function)

    async def reclaim(self, pages: int) -> bool:
        return await self.inner.reclaim(pages)

    def connections(self) -> Mapping[str, int]:
        return self.inner.connections()

    def hint(self, topic: str) -> None:
        self.inner.hint(topic)

    async def listen(self, heard: Callable[[str], object]) -> None:
        await self.inner.listen(heard)

    async def close(self) -> None:
        await self.inner.close()
