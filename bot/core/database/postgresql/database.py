"""A PostgreSQL database: a pool of connections, each statement in a worker thread.

Several transactions run at a time. A write transaction is READ COMMITTED, and what no unique key
makes atomic takes a `guard`; a reading one is REPEATABLE READ, READ ONLY. psycopg's connections
are used from threads, as SQLite's are, so that a function of several statements is one hop.

A connection that the server has ended (restart, failover) is replaced before a transaction
begins. One that ends within a transaction raises `StorageBusyError`: nothing was written, or, if
it ended during COMMIT, nobody can tell.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final, TypeVar

import psycopg
import psycopg_pool
from psycopg.pq import TransactionStatus

from bot.core.database.address import PostgresAddress
from bot.core.database.database import Engine, Parameters, Row, Statements
from bot.core.database.postgresql import hints
from bot.core.database.postgresql.errors import explained
from bot.core.database.postgresql.statements import Connection, PostgresStatements
from bot.core.database.revision import COUNT
from bot.core.domain.errors import StorageBusyError

log = logging.getLogger(__name__)

T = TypeVar("T")

WRITERS = 4
"""How many write transactions of one process run at a time; others wait in order."""
READERS = 4
"""How many reading ones."""
THREADS = 2 * (WRITERS + READERS)
"""Two for each transaction: one to end it while the other still runs a statement."""

# Compiling a statement (jit) takes longer than any of ours runs.
_WRITE = "BEGIN; SET LOCAL jit = off; SET LOCAL lock_timeout = {}"
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL jit = off"

_CONNECT_SECONDS = 5
AWAY_SECONDS = 3.0
"""How long a transaction waits for a server that is away before it says so."""
_STILL_AWAY_SECONDS = 0.5
"""How long the ones after it wait, until one succeeds: they would queue for each other."""
CONNECTION_SETTINGS: Final[dict[str, Any]] = {
    "autocommit": True,  # a transaction is begun and ended in words
    "connect_timeout": _CONNECT_SECONDS,
    "application_name": "paperbot",
    "client_encoding": "UTF8",  # whatever the address and PGCLIENTENCODING say
    # A server that vanished without a word is noticed within about 15 seconds.
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


_AGAIN = 0.02
"""Seconds between two attempts to cancel a statement."""


class PostgresTransaction:
    """A `Transaction`; its connection is taken from the pool with the first statement."""

    engine: Final = Engine.POSTGRESQL

    def __init__(self, database: "PostgresDatabase", begin: str) -> None:
        self._database = database
        self._begin = begin
        self._connection: Connection | None = None
        # Held by the thread that uses the connection: whoever ends the transaction waits for it.
        self._in_use = threading.Lock()
        self._ended = False
        self._has_changed_archive = False

    async def all(self, sql: str, parameters: Parameters | None = None) -> Sequence[Row]:
        """Every row of a statement (also of one with RETURNING)."""
        return await self.call(lambda statements: statements.all(sql, parameters))

    async def one(self, sql: str, parameters: Parameters | None = None) -> Row | None:
        """The first row, or `None`."""
        return await self.call(lambda statements: statements.one(sql, parameters))

    async def run(self, sql: str, parameters: Parameters | None = None) -> int:
        """How many rows the statement changed."""
        return await self.call(lambda statements: statements.run(sql, parameters))

    async def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run the statement for each row of parameters, in one hop to a thread."""
        await self.call(lambda statements: statements.run_many(sql, rows))

    async def call(self, function: Callable[[Statements], T]) -> T:
        """Several statements in one hop: the function runs in a worker thread."""
        return await self._database.in_thread(partial(self._within, function))

    async def guard(self, *names: str) -> None:
        """Wait until no other transaction guards one of these names."""
        lock = "SELECT pg_advisory_xact_lock(hashtextextended(:name, 0)) AS held"
        if len(names) == 1:
            await self.one(lock, {"name": names[0]})
        else:
            await self.call(
                lambda statements: statements.one_each(lock, [{"name": each} for each in names])
            )

    @property
    def has_ended(self) -> bool:
        """Whether its connection was given back, and no statement can follow."""
        return self._ended

    def whole(self, function: Callable[[Statements], T]) -> T:
        """Run the function as all of the transaction, and undo what it wrote. Blocking."""
        try:
            return self._within(function)
        finally:
            self.roll_back()

    def abandon(self) -> None:
        """End what still runs, then undo everything. Blocking.

        It is cancelled again until it ends: what comes between two statements stops neither. Only
        where nothing else ends the transaction: else the statement could be a later one's.
        """
        while not self._in_use.acquire(timeout=_AGAIN):
            connection = self._connection
            if connection is not None:
                with suppress(psycopg.Error):
                    connection.cancel_safe(timeout=_CONNECT_SECONDS)
        self._in_use.release()
        self.roll_back()

    def commit(self) -> None:
        """Commit and give the connection back; raises what `explained` says. Blocking."""
        with self._in_use:
            connection, self._connection, self._ended = self._connection, None, True
            if connection is None:
                return
            try:
                if connection.info.transaction_status is TransactionStatus.INERROR:
                    # COMMIT would be taken as ROLLBACK, without an error.
                    raise StorageBusyError(
                        "The transaction was rolled back", path=self._database.name
                    )
                if self._has_changed_archive:
                    # Last, since other writers wait at this row until the end.
                    connection.execute(COUNT.encode())
                connection.execute("COMMIT")
            except psycopg.Error as error:
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
                raise explained(error, self._database.name) from error
            finally:
                self._database.give_back(connection)

    def roll_back(self) -> None:
        """Undo everything and give the connection back. Blocking."""
        with self._in_use:
            connection, self._connection, self._ended = self._connection, None, True
            if connection is None:
                return
            try:
                if not connection.closed:
                    connection.execute("ROLLBACK")
            except psycopg.Error:
                connection.close()  # the server rolls back what it lost the connection of
            finally:
                self._database.give_back(connection)

    def _within(self, function: Callable[[Statements], T]) -> T:
        with self._in_use:
            if self._ended:
                raise StorageBusyError("The transaction was rolled back", path=self._database.name)
            try:
                if self._connection is None:
                    self._connection = self._database.take(self._begin)
                statements = PostgresStatements(self._connection)
                try:
                    return function(statements)
                finally:
                    self._has_changed_archive |= statements.has_changed_archive
            except psycopg.Error as error:
                raise explained(error, self._database.name) from error


class PostgresDatabase:
    """A `Database` on a PostgreSQL server."""

    engine: Final = Engine.POSTGRESQL

    def __init__(
        self,
        location: PostgresAddress,
        pool: psycopg_pool.ConnectionPool[Connection],
        busy_seconds: float,
        *,
        is_pooled: bool,
    ) -> None:
        self.location = location
        self.name = str(location)
        self._pool = pool
        self._is_pooled = is_pooled
        self._is_away = False
        address = location.secret.get_secret_value()
        self._hints = hints.Hints(
            self._notify,
            partial(psycopg.AsyncConnection.connect, address, **CONNECTION_SETTINGS),
        )
        # Not a setting of the session, which a pooler would share with others.
        self._begin_writing = _WRITE.format(int(busy_seconds * 1000))
        self._writers = asyncio.Semaphore(WRITERS)
        self._readers = asyncio.Semaphore(READERS)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="postgresql")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresTransaction]:
        """A write transaction; a few at a time in this process. Raises `StorageError`."""
        async with self._writers:
            tx = PostgresTransaction(self, self._begin_writing)
            try:
                yield tx
            except BaseException:
                self._threads.submit(tx.abandon)
                raise
            try:
                await self.in_thread(tx.commit)
            except asyncio.CancelledError:
                # Cancelled before a thread began with it, nobody commits. Else this does nothing.
                self._threads.submit(tx.roll_back)
                raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[PostgresTransaction]:
        """A read snapshot, taken with the first statement. Raises `StorageError`."""
        async with self._readers:
            tx = PostgresTransaction(self, _READ)
            try:
                yield tx
            finally:
                self._threads.submit(tx.abandon)  # nobody waits for a search that still runs

    async def read(self, function: Callable[[Statements], T]) -> T:
        """A read snapshot of several statements, which begins and ends in one hop."""
        async with self._readers:
            tx = PostgresTransaction(self, _READ)
            try:
                return await self.in_thread(partial(tx.whole, function))
            finally:
                if not tx.has_ended:
                    self._threads.submit(tx.abandon)  # nobody waits for a search that still runs

    async def read_row(self, function: Callable[[Statements], T]) -> T:
        """As `read`: the server is always asked in a thread."""
        return await self.read(function)

    async def write(self, function: Callable[[Statements], T]) -> T:
        """A write transaction of several statements."""
        async with self.transaction() as tx:
            return await tx.call(function)

    async def reclaim(self, pages: int) -> bool:  # noqa: ARG002 - the port has it
        """Nothing: autovacuum does it."""
        return False

    def connections(self) -> Mapping[str, int]:
        """The pool's connections, by whether a transaction uses them."""
        pool = self._pool.get_stats()
        idle = pool["pool_available"]
        return {"used": pool["pool_size"] - idle, "idle": idle}

    def hint(self, topic: str) -> None:
        """Tell other processes on this database."""
        self._hints.give(topic)

    async def listen(self, heard: Callable[[str], object]) -> None:
        """Exchange hints with other processes until cancelled."""
        if self._is_pooled:
            log.info(
                "the database is behind a connection pooler: this process hears nothing from the "
                "others, and looks at intervals"
            )
        await self._hints.run(None if self._is_pooled else heard)

    async def _notify(self, payload: str) -> None:
        async with self.transaction() as tx:
            await tx.one(
                "SELECT pg_notify(:channel, :payload) AS told",
                {"channel": hints.CHANNEL, "payload": payload},
            )

    async def close(self) -> None:
        """Close the connections; open transactions are rolled back."""
        await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self._pool.close)

    async def in_thread(self, function: Callable[[], T]) -> T:
        """Run the function in one of the database's threads; returns its result."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    def take(self, begin: str) -> Connection:
        """A connection on which the transaction has begun. Blocking; raises psycopg's errors.

        Connections that the server has ended meanwhile are thrown away: nothing was done on them.
        """
        for _ in range(WRITERS + READERS):
            connection = self._connection()
            try:
                connection.execute(begin.encode())
            except psycopg.OperationalError:
                self._pool.putconn(connection)  # which throws it away, since it is closed
                if not connection.closed:
                    raise
            else:
                return connection
        connection = self._connection()
        try:
            connection.execute(begin.encode())
        except BaseException:
            self._pool.putconn(connection)
            raise
        return connection

    def _connection(self) -> Connection:
        seconds = _STILL_AWAY_SECONDS if self._is_away else AWAY_SECONDS
        try:
            connection = self._pool.getconn(timeout=seconds)
        except psycopg_pool.PoolTimeout:
            self._is_away = True
            raise
        self._is_away = False
        return connection

    def give_back(self, connection: Connection) -> None:
        """Return a connection to the pool. Blocking."""
        self._pool.putconn(connection)
