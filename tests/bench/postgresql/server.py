"""The PostgreSQL server that is measured: one of our own with PostgreSQL's own settings.

So `fsync`, `full_page_writes`, `synchronous_commit` and autovacuum are on. `PG_DSN` names another.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.bench.measure import Row
from tests.databases import PostgresServer, find_programs
from tests.ports import free_port

NOT_INSTALLED = Row("on PostgreSQL", "skipped", "none is installed")
_SETTINGS = ("server_version", "fsync", "synchronous_commit")


def of_postgresql(
    rows: Callable[[str, bool], AsyncIterator[Row]],
) -> Callable[[bool], AsyncIterator[Row]]:
    """Rows that need a server's address; where none can be had, one that says so."""

    async def with_server(quick: bool) -> AsyncIterator[Row]:
        dsn = os.environ.get("PG_DSN")  # noqa: TID251 - about the measurement, not a setting
        if dsn is None and find_programs() is None:
            yield NOT_INSTALLED
            return
        with serving(dsn) as address:
            async for row in rows(address, quick):
                yield row

    return with_server


@contextmanager
def serving(dsn: str | None = None) -> Iterator[str]:
    """The address of the server there, or of one that runs meanwhile."""
    if dsn is not None:
        yield dsn
        return
    programs = find_programs()
    assert programs is not None, "PostgreSQL is not installed"
    folder = Path(tempfile.mkdtemp(prefix="paperbot-pg-bench-"))
    server = PostgresServer(programs, folder, free_port(), is_durable=True)
    try:
        server.make()
        server.start()
        try:
            yield server.dsn
        finally:
            server.stop("fast")
    finally:
        shutil.rmtree(folder)


def durability(dsn: str) -> str:
    """`PostgreSQL 15.18, fsync on, synchronous_commit on`."""
    with psycopg.connect(dsn) as connection:
        found = []
        for name in _SETTINGS:
            row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            assert row is not None
            found.append(str(row[0]).partition(" ")[0])
    version, fsync, commit = found
    return f"PostgreSQL {version}, fsync {fsync}, synchronous_commit {commit}"
