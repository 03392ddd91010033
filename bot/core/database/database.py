"""The database as the stores see it: transactions over rows, whichever engine is behind.

`async with db.transaction() as tx` is the only way to write: COMMIT at the end, ROLLBACK on any
exception, cancellation included. `async with db.reading() as tx` reads a consistent snapshot, so
that a slow search never queues before a commit. Nothing of the network is awaited inside either.
`await db.read(function)` is such a snapshot in one hop: what answers people uses it.
Functions of a subject's `store` take the `Transaction`, or, where several statements belong
together, the `Statements` that `Transaction.call` gives: one hop to the connection's thread.

SQL is written once for both engines. `bot.core.database.dialect` says what it rewrites.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from bot.core.database.address import PostgresAddress
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable

Parameters = Mapping[str, Any]
T = TypeVar("T")

BUSY_SECONDS = 10.0
"""How long a statement waits for another process (the CLI beside the bot) to commit."""


class Engine(StrEnum):
    """The kind of database."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class Row(Protocol):
    """One row of a result: values by name, by place, and in order."""

    def __getitem__(self, key: Any, /) -> Any:
        """The value in the column of that name, or at that place (from 0)."""

    def __iter__(self) -> Iterator[Any]:
        """The values in the order of the columns."""

    def __len__(self) -> int:
        """How many columns."""

    def keys(self) -> Sequence[str]:
        """The columns' names."""


class Statements(Protocol):
    """Statements in the connection's thread; parameters are named (`:name`), never formatted in."""

    @property
    def engine(self) -> Engine:
        """The engine, where a statement has two versions."""

    def all(self, sql: str, parameters: Parameters | None = None, /) -> Sequence[Row]:
        """Every row of a statement (also of one with RETURNING)."""

    def tuples(
        self, sql: str, parameters: Parameters | None = None, /
    ) -> Sequence[tuple[Any, ...]]:
        """Every row as a plain tuple, where many rows are read in a hurry."""

    def lines(self, sql: str, parameters: Parameters | None = None, /) -> Sequence[str]:
        """The only column, texts of one line each, of at most some thousand rows in their order."""

    def numbers(self, sql: str, parameters: Parameters | None = None, /) -> list[int]:
        """The only column, integers, of at most some thousand rows in their order."""

    def one(self, sql: str, parameters: Parameters | None = None, /) -> Row | None:
        """The first row, or `None`."""

    def one_each(self, sql: str, rows: Iterable[Parameters], /) -> Sequence[Row | None]:
        """The first row, or `None`, of the statement for each row of parameters, in their order."""

    def run(self, sql: str, parameters: Parameters | None = None, /) -> int:
        """How many rows the statement changed."""

    def run_many(self, sql: str, rows: Iterable[Parameters], /) -> None:
        """Run the statement for each row of parameters."""


class Transaction(Protocol):
    """Statements inside one transaction; parameters are named (`:name`), never formatted in."""

    @property
    def engine(self) -> Engine:
        """The engine, where a statement has two versions."""

    async def all(self, sql: str, parameters: Parameters | None = None, /) -> Sequence[Row]:
        """Every row of a statement (also of one with RETURNING)."""

    async def one(self, sql: str, parameters: Parameters | None = None, /) -> Row | None:
        """The first row, or `None`."""

    async def run(self, sql: str, parameters: Parameters | None = None, /) -> int:
        """How many rows the statement changed."""

    async def run_many(self, sql: str, rows: Iterable[Parameters], /) -> None:
        """Run the statement for each row of parameters, in one hop to the thread."""

    async def call(self, function: Callable[[Statements], T], /) -> T:
        """Several statements in one hop: the function runs in the connection's thread.

        It must neither commit nor roll back, and it belongs to a `store`.
        """

    async def guard(self, *names: str) -> None:
        """Wait until no other transaction guards one of these names; held until this one ends.

        For a check and a write that no unique key makes one. Take it before what it guards is
        read, before the clock is read, and several in sorted order: they are taken in the order
        that is given. SQLite has one writer, so that nothing is left to wait for there.
        """


class Database(Protocol):
    """An open database; make one with `open_database`, close it with `close`."""

    @property
    def engine(self) -> Engine:
        """The kind of database."""

    @property
    def location(self) -> Path | PostgresAddress:
        """Where it is. As text it is safe to show: without a password."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A write transaction. Raises `StorageError`.

        Cancelled while it commits, or cut off from the server then, it may be committed or not.
        """

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """A read snapshot, taken with the first statement. Raises `StorageError`."""

    async def read(self, function: Callable[[Statements], T], /) -> T:
        """A read snapshot of several statements, as `Transaction.call`. Raises `StorageError`."""

    async def read_row(self, function: Callable[[Statements], T], /) -> T:
        """What a function reads with one statement: single rows by their key. Raises `StorageError`.

        From a file, they are read in the event loop, which takes some microseconds where handing
        the function to another thread takes a tenth of a millisecond. Where that fails, the
        function is run again, as by `read`.
        """

    async def write(self, function: Callable[[Statements], T], /) -> T:
        """A write transaction of several statements, as `transaction` and `Transaction.call`."""

    async def reclaim(self, pages: int) -> bool:
        """Give free pages of the file back to the file system; whether there are more.

        PostgreSQL does that itself: nothing is done, `False`. Raises `StorageError`.
        """

    def connections(self) -> Mapping[str, int]:
        """How many connections to a server this process has, by `used` and `idle`; none to a file."""

    def hint(self, topic: str) -> None:
        """Tell other processes on this database, soon, that it is worth looking at `topic` now.

        Called after a commit; a topic is one word. It is sent while `listen` runs. SQLite tells
        nobody: others look at an interval.
        """

    async def listen(self, heard: Callable[[str], object], /) -> None:
        """Call `heard` with each topic that another process gives, until cancelled."""

    async def close(self) -> None:
        """Close the connections; open transactions are rolled back."""


async def open_database(
    location: Path | PostgresAddress | None, *, busy_seconds: float = BUSY_SECONDS
) -> Database:
    """The database there, made and migrated if need be; raises `StorageError`.

    `UsageError` where the libraries of its engine are not installed. `None` is a throw-away SQLite
    database, in a folder that `close` removes. Several processes may have the same database open; a
    statement waits for `busy_seconds` for another to commit.
    """
    # An engine's modules take time to import, and only one is used.
    if isinstance(location, PostgresAddress):
        try:
            from bot.core.database.postgresql.opening import open_postgresql  # noqa: PLC0415
        except ImportError:  # of psycopg, its pool, or libpq
            raise UsageError(_MISSING_EXTRA) from None

        return await open_postgresql(location, busy_seconds=busy_seconds)
    from bot.core.database.sqlite.opening import open_sqlite  # noqa: PLC0415

    return await open_sqlite(location, busy_seconds=busy_seconds)


@asynccontextmanager
async def opened_to_read(location: Path | PostgresAddress) -> AsyncIterator[Database]:
    """The database there for `reading` alone, closed at the end; raises `StorageError`.

    An SQLite file is opened so that nothing can be written. On PostgreSQL, every transaction that
    reads is READ ONLY.
    """
    if isinstance(location, PostgresAddress):
        database = await open_database(location)
    else:
        from bot.core.database.sqlite.opening import open_sqlite_to_read  # noqa: PLC0415

        database = await open_sqlite_to_read(location)
    try:
        yield database
    finally:
        await database.close()


_MISSING_EXTRA = translatable(
    "PostgreSQL needs the packages of the extra “postgres”: pip install 'paper-digest-bot[postgres]'"
)


@asynccontextmanager
async def opened(location: Path | PostgresAddress | None) -> AsyncIterator[Database]:
    """`open_database`, closed at the end."""
    database = await open_database(location)
    try:
        yield database
    finally:
        await database.close()
