"""A start that PostgreSQL does not allow: exit status 2, and one line that says what to do."""

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from bot.core.database.address import PostgresAddress
from bot.core.database.database import Engine, open_database, opened
from bot.core.database.migrations import bundled_migrations
from bot.core.database.postgresql.migrate import apply_migrations
from bot.core.domain.errors import WrongDatabaseError
from tests.databases import (
    PostgresServer,
    address_of,
    empty_database,
    new_database,
    own_server,
)
from tests.e2e.process import paperbot, ready, starting
from tests.fakes.old_postgresql import old_server

SECRET = "hunter2"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that asks `visitor` for a password, and nobody else."""
    with own_server() as own:
        rules = own.folder / "data" / "pg_hba.conf"
        rules.write_text(
            "host all visitor all scram-sha-256\nhost all banned all reject\nhost all all all trust\n"
        )
        with connected(own.dsn) as admin:
            admin.execute("SELECT pg_reload_conf()")
            admin.execute('CREATE ROLE "group"')
            admin.execute("CREATE ROLE stranger LOGIN")
            admin.execute("CREATE DATABASE private")
            admin.execute("REVOKE CONNECT ON DATABASE private FROM public")
            admin.execute("CREATE ROLE visitor LOGIN PASSWORD 'right'")
        yield own


def connected(address: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(address, autocommit=True)


@contextmanager
def migrated(dsn: str) -> Iterator[PostgresAddress]:
    """A database whose history a test may change: those of `new_database` are used again."""
    with empty_database(dsn) as address:
        with connected(address.secret.get_secret_value()) as made:
            migrations = bundled_migrations(Engine.POSTGRESQL)
            apply_migrations(made, migrations=migrations, path=str(address))
        yield address


def named(address: PostgresAddress | str, user: str) -> str:
    """The address with another user, and a password that nobody may see."""
    text = address if isinstance(address, str) else address.secret.get_secret_value()
    return text.replace("postgres@", f"{user}:{SECRET}@", 1)


async def refused(folder: Path, address: str) -> str:
    """The one line that the command says before it ends with status 2."""
    status, out, err = await paperbot(folder, "run", PAPERBOT_DATABASE=address)

    assert (status, out, err.count("\n")) == (2, "", 1), (status, out, err)
    assert SECRET not in err
    return err


async def refused_here(address: str) -> str:
    """The same within this process, for what needs no more."""
    with pytest.raises(WrongDatabaseError) as error:
        await open_database(PostgresAddress.of(address))
    return str(error.value)


async def test_a_wrong_address_or_password(tmp_path: Path, server: PostgresServer):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        nobody_there, user, database = await asyncio.gather(
            refused(tmp_path, f"postgresql://paperbot:{SECRET}@127.0.0.1:{port}/paperbot"),
            refused(tmp_path, named(server.dsn, "visitor")),
            refused(tmp_path, named(address_of(server.dsn, "nowhere"), "postgres")),
        )

    assert nobody_there.startswith(f"postgresql://127.0.0.1:{port}/paperbot: The PostgreSQL server")
    assert "cannot be reached" in nobody_there
    assert "refuses the user or the password (password authentication failed" in user
    assert "no such database" in database


@pytest.mark.parametrize(
    ("user", "database", "said"),
    [
        ("visitor", "postgres", "refuses the user or the password (password authentication failed"),
        ("nobody", "postgres", 'the password (role "nobody" does not exist): correct PAPERBOT_DATA'),
        ("group", "postgres", 'the password (role "group" is not permitted to log in): correct'),
        ("banned", "postgres", "does not let this user or machine in (pg_hba.conf rejects connection"),
        ("stranger", "private", 'lacks a right (permission denied for database "private")'),
        ("postgres", "postgres?sslmode=maybe", 'option that is wrong (invalid sslmode value: "maybe")'),
        ("postgres", "postgres?wrong=1", 'wrong (invalid URI query parameter: "wrong")'),
        ("postgres", "postgres?options=-c%20c%3D1", '(unrecognized configuration parameter "c"'),
        ("%ff", "postgres", "is not an address that PostgreSQL understands"),
        ("postgres", "%zz", "is not an address that PostgreSQL understands"),
    ],
)  # fmt: skip
async def test_the_line_says_what_the_server_objects_to(
    server: PostgresServer, user: str, database: str, said: str
):
    line = await refused_here(named(address_of(server.dsn, database), user))

    assert said in line
    assert SECRET not in line


async def test_the_line_is_in_the_operators_language(tmp_path: Path, server: PostgresServer):
    address = named(server.dsn, "visitor")
    _, _, said = await paperbot(tmp_path, "run", PAPERBOT_DATABASE=address, LC_ALL="ko_KR.UTF-8")

    assert "PostgreSQL 서버가 사용자나 비밀번호를 거부합니다(password authentication failed" in said
    assert (said.count("\n"), SECRET in said) == (1, False)


async def test_a_host_that_no_name_server_can_be_asked_for():
    line = await refused_here("postgresql://paperbot@db..example.org/paperbot")

    assert "is not an address that PostgreSQL understands" in line


async def test_the_encoding_of_the_client_is_not_the_environments(
    server: PostgresServer,
):
    with new_database(server.dsn) as address:
        text = address.secret.get_secret_value() + "?client_encoding=LATIN1"
        async with opened(PostgresAddress.of(text)) as db, db.reading() as tx:
            row = await tx.one("SELECT CAST(:text AS TEXT) AS text", {"text": "강화학습"})

    assert row is not None
    assert row["text"] == "강화학습"


async def test_a_server_that_starts_later_than_the_bot_is_waited_for(tmp_path: Path):
    with own_server() as server:
        settings = {"PAPERBOT_DATABASE": server.dsn}
        server.stop()
        async with starting(tmp_path, "run", settings=settings) as running:
            await asyncio.to_thread(server.start)
            await ready(running)
            assert await running.stop() == 0


async def test_an_old_server(tmp_path: Path):
    async with old_server("13.22") as port:
        said = await refused(tmp_path, f"postgresql://paperbot@127.0.0.1:{port}/paperbot")

    assert "This is PostgreSQL 13: the bot needs 14 or newer" in said


async def test_a_schema_that_the_bot_may_not_make_or_does_not_know(
    tmp_path: Path, server: PostgresServer
):
    with empty_database(server.dsn) as empty, empty_database(server.dsn) as foreign:
        with connected(foreign.secret.get_secret_value()) as made:
            made.execute("CREATE TABLE customer (id BIGINT)")
        with migrated(server.dsn) as newer, migrated(server.dsn) as other:
            with connected(newer.secret.get_secret_value()) as made:
                made.execute("INSERT INTO schema_migration VALUES (999, '0999_later.sql', '')")
            with connected(other.secret.get_secret_value()) as made:
                made.execute("UPDATE schema_migration SET checksum = '' WHERE version = 26")
            with connected(server.dsn) as admin:
                admin.execute("CREATE ROLE guest LOGIN")
            no_right, not_ours, later = await asyncio.gather(
                refused(tmp_path, named(empty, "guest")),
                refused(tmp_path, named(foreign, "postgres")),
                refused(tmp_path, named(newer, "postgres")),
            )
            no_right_to_read = await refused_here(named(newer, "guest"))
            differs = await refused_here(named(other, "postgres"))

    assert "lacks a right (permission denied for schema public)" in no_right
    assert "lacks a right (permission denied for table schema_migration)" in no_right_to_read
    assert "belongs to another program" in not_ours
    assert "was written by a newer version" in later
    assert "0026_schema.sql that differs" in differs


async def test_a_standby(tmp_path: Path):
    with own_server() as server:
        server.stop("fast")
        (server.folder / "data" / "standby.signal").touch()
        server.start()
        said = await refused(tmp_path, named(server.dsn, "postgres"))

    assert "is read-only (a standby?): name the primary in PAPERBOT_DATABASE" in said


async def test_a_database_that_keeps_no_utf_8(tmp_path: Path, server: PostgresServer):
    with connected(server.dsn) as admin:
        admin.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")

    said = await refused(tmp_path, named(address_of(server.dsn, "latin"), "postgres"))

    assert "keeps its text in LATIN1: make one with --encoding=UTF8" in said


async def test_without_the_extra_the_bot_says_how_to_install_it(tmp_path: Path, root: Path):
    """As in an environment that has all but psycopg: a folder of links to the others."""
    packages = tmp_path / "packages"
    packages.mkdir()
    for found in Path(psycopg.__file__).parents[1].iterdir():
        if not found.name.startswith("psycopg"):
            (packages / found.name).symlink_to(found)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", "-m", "bot", "run"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
        env={
            "PYTHONPATH": f"{root}:{packages}",
            "PAPERBOT_DATABASE": f"postgresql://paperbot:{SECRET}@127.0.0.1/paperbot",
            "LC_ALL": "C.UTF-8",
        },
    )
    out, err = await process.communicate()

    assert (process.returncode, out) == (2, b"")
    assert err.decode() == (
        "paperbot: PostgreSQL needs the packages of the extra “postgres”: "
        "pip install 'paper-digest-bot[postgres]'\n"
    )
