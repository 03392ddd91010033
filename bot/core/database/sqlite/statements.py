"""Rows and statements of one connection to an SQLite file, in its thread."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import Any, Final, Generic, Protocol, TypeVar, cast

import aiosqlite

from bot.core.database.database import Engine, Parameters, Row
from bot.core.database.dialect import by_place, for_sqlite
from bot.core.database.revision import changes_archive
from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

T = TypeVar("T")

# A list is one parameter; `numbers(:ids)` and `texts(:names)` read it.
sqlite3.register_adapter(list, json.JSONEncoder(ensure_ascii=False).encode)


class Connection(aiosqlite.Connection):
    """A connection that also runs whole functions in its thread, in one hop."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        # A program that ends with an error must not hang on a database that was not closed.
        self._thread.daemon = True

    def call(self, function: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Queue the function for the connection's thread now; its result is to be awaited."""
        if not self._running:
            raise ValueError("the connection is closed")
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((result, partial(function, self._conn)))
        return result

    def ask(self, function: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        """`call` for a search, which ends when whoever awaits it is cancelled."""
        search = _Search(function)
        return search.found(self.call(search))

    async def ended(self) -> None:
        """Wait until the thread of a connection that could not be made has ended.

        aiosqlite does not: the thread would tell its end to an event loop that may be closed by then.
        """
        await asyncio.to_thread(self._thread.join)

    def post(self, function: Callable[[sqlite3.Connection], object]) -> None:
        """Queue the function without waiting for it."""
        if self._connection is not None:
            self._tx.put_nowait((None, partial(function, self._connection)))


_AGAIN = 0.02
"""Seconds between two attempts to interrupt a search."""


class Queue(Protocol):
    """`Connection.call` or `Connection.ask`."""

    def __call__(self, function: Callable[[sqlite3.Connection], T], /) -> Awaitable[T]: ...


class _Search(Generic[T]):
    """A function that may be given up from elsewhere; others in the queue are not disturbed."""

    def __init__(self, function: Callable[[sqlite3.Connection], T]) -> None:
        self._function = function
        self._lock = threading.Lock()
        self._given_up = False
        self._in_use: sqlite3.Connection | None = None

    def __call__(self, connection: sqlite3.Connection) -> T | None:
        with self._lock:
            if self._given_up:
                return None
            self._in_use = connection
        try:
            return self._function(connection)
        finally:
            with self._lock:
                self._in_use = None

    async def found(self, result: asyncio.Future[T | None]) -> T:
        """The result of the function."""
        try:
            return cast(T, await result)
        except asyncio.CancelledError:
            self._give_up()
            raise

    def _give_up(self) -> None:
        """Interrupt it again until it ends: what comes between two statements stops neither."""
        with self._lock:
            self._given_up = True
            if self._in_use is None:
                return
            self._in_use.interrupt()
        asyncio.get_running_loop().call_later(_AGAIN, self._give_up)


class SqliteStatements:
    """`Statements` of one connection, in its thread.

    `has_changed_archive` says whether one of them wrote to a table of the archive (`revision.TABLES`).
    """

    __slots__ = ("_connection", "has_changed_archive")
    engine: Final = Engine.SQLITE

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.has_changed_archive = False

    def all(self, sql: str, parameters: Parameters | None = None) -> Sequence[Row]:
        """Every row of a statement."""
        self._note(sql)
        rows: Sequence[Row] = self._connection.execute(for_sqlite(sql), parameters or {}).fetchall()
        return rows

    def tuples(self, sql: str, parameters: Parameters | None = None) -> Sequence[tuple[Any, ...]]:
        """Every row as a plain tuple."""
        self._note(sql)
        cursor = self._connection.cursor()
        cursor.row_factory = None
        sql, names = by_place(sql)
        values = [parameters[name] for name in names] if parameters else ()
        return cursor.execute(sql, values).fetchall()

    def lines(self, sql: str, parameters: Parameters | None = None) -> list[str]:
        """The only column, texts of one line each.

        It is read in one step: between two rows, `sqlite3` lets other threads run.
        """
        [(joined,)] = self.tuples(_joined(sql), parameters)
        return joined.split("\n") if joined is not None else []

    def numbers(self, sql: str, parameters: Parameters | None = None) -> list[int]:
        """The only column, integers."""
        return list(map(int, self.lines(sql, parameters)))

    def one(self, sql: str, parameters: Parameters | None = None) -> Row | None:
        """The first row, or `None`."""
        rows = self.all(sql, parameters)
        return rows[0] if rows else None

    def one_each(self, sql: str, rows: Iterable[Parameters]) -> Sequence[Row | None]:
        """The first row, or `None`, for each row of parameters."""
        return [self.one(sql, row) for row in rows]

    def run(self, sql: str, parameters: Parameters | None = None) -> int:
        """How many rows the statement changed."""
        self._note(sql)
        cursor = self._connection.execute(for_sqlite(sql), parameters or {})
        changed = cursor.rowcount
        cursor.close()
        return changed

    def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run the statement for each row of parameters."""
        self._note(sql)
        sql = for_sqlite(sql)
        # A thread waits for the GIL behind each statement, 5 ms where another one computes.
        for at_once in _ROWS_AT_ONCE:
            insert = _insert_of_many(sql, at_once)
            if insert is None:
                break
            waiting = list(rows)
            whole = len(waiting) - len(waiting) % at_once
            for at in range(0, whole, at_once):
                some = waiting[at : at + at_once]
                values = [row[name] for row in some for name in insert.names]
                self._connection.execute(insert.sql, values).close()
            rows = waiting[whole:]
        self._connection.executemany(sql, rows).close()

    def _note(self, sql: str) -> None:
        if changes_archive(sql):
            self.has_changed_archive = True


@lru_cache(maxsize=512)
def _joined(sql: str) -> str:
    return f"WITH found (line) AS ({sql}) SELECT group_concat(line, char(10)) FROM found"  # noqa: S608


_ROWS_AT_ONCE = (250, 50)
"""Rows of one INSERT, as many as are left. SQLite takes 32,766 parameters (sqlite.org/limits.html)."""
_INSERT = late_pattern(
    r"(?P<head>\s*INSERT INTO \w+\s*\([^()]*\)\s*VALUES\s*)"
    r"\((?P<values>\s*:\w+\s*(?:,\s*:\w+\s*)*)\)(?P<tail>[^:?]*)"
)


@dataclass(frozen=True, slots=True)
class _InsertOfMany:
    """An INSERT of several rows, and the names of the parameters of each."""

    sql: str
    names: tuple[str, ...]


@lru_cache(maxsize=512)
def _insert_of_many(sql: str, at_once: int) -> _InsertOfMany | None:
    """An INSERT of one row of parameters as one of so many; `None` for other statements."""
    found = _INSERT.fullmatch(sql)
    if found is None:
        return None
    names = tuple(name.strip().removeprefix(":") for name in found["values"].split(","))
    row = f"({', '.join('?' * len(names))})"
    rows = ", ".join([row] * at_once)
    return _InsertOfMany(f"{found['head']}{rows}{found['tail']}", names)
