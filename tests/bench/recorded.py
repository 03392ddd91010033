"""A database that notes the statements that are read from it."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from bot.core.database.database import (
    Database,
    Engine,
    Parameters,
    Row,
    Statements,
    Transaction,
)
from tests.wrapped_database import WrappedDatabase

T = TypeVar("T")
Asked = list[tuple[str, Parameters]]


class RecordedDatabase(WrappedDatabase):
    """Notes in `asked` each statement that reads, with its parameters."""

    def __init__(self, inner: Database) -> None:
        super().__init__(inner)
        self.asked: Asked = []

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        async with self.inner.reading() as tx:
            yield _Transaction(tx, self.asked)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self.inner.transaction() as tx:
            yield _Transaction(tx, self.asked)


class _Transaction:
    def __init__(self, inner: Transaction, asked: Asked) -> None:
        self._inner = inner
        self._asked = asked

    @property
    def engine(self) -> Engine:
        return self._inner.engine

    async def all(self, sql: str, parameters: Parameters | None = None, /) -> Sequence[Row]:
        return await self.call(lambda statements: statements.all(sql, parameters))

    async def one(self, sql: str, parameters: Parameters | None = None, /) -> Row | None:
        return await self.call(lambda statements: statements.one(sql, parameters))

    async def run(self, sql: str, parameters: Parameters | None = None, /) -> int:
        return await self._inner.run(sql, parameters)

    async def run_many(self, sql: str, rows: Iterable[Parameters], /) -> None:
        await self._inner.run_many(sql, rows)

    async def call(self, function: Callable[[Any], T], /) -> T:
        return await self._inner.call(lambda inner: function(_Statements(inner, self._asked)))

    async def guard(self, *names: str) -> None:
        await self._inner.guard(*names)


class _Statements:
    def __init__(self, inner: Statements, asked: Asked) -> None:
        self._inner = inner
        self._asked = asked

    @property
    def engine(self) -> Engine:
        return self._inner.engine

    def all(self, sql: str, parameters: Parameters | None = None, /) -> Sequence[Row]:
        self._asked.append((sql, parameters or {}))
        return self._inner.all(sql, parameters)

    def tuples(
        self, sql: str, parameters: Parameters | None = None, /
    ) -> Sequence[tuple[Any, ...]]:
        self._asked.append((sql, parameters or {}))
        return self._inner.tuples(sql, parameters)

    def lines(self, sql: str, parameters: Parameters | None = None, /) -> Sequence[str]:
        self._asked.append((sql, parameters or {}))
        return self._inner.lines(sql, parameters)

    def numbers(self, sql: str, parameters: Parameters | None = None, /) -> list[int]:
        self._asked.append((sql, parameters or {}))
        return self._inner.numbers(sql, parameters)

    def one(self, sql: str, parameters: Parameters | None = None, /) -> Row | None:
        self._asked.append((sql, parameters or {}))
        return self._inner.one(sql, parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
