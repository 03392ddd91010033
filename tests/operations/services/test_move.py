"""A database moves to another engine and back, whole or not at all (issue 15, item 2)."""

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.archive.services.import_files import import_files
from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, opened
from bot.core.domain.errors import StorageError, UsageError
from bot.core.store import leases, processes
from bot.core.store.leases import Process
from bot.digest.services import plan, subscribe
from bot.lookup.domain.query import parse
from bot.lookup.store import search
from bot.operations.services.move import move, new_or_not_at_all
from bot.operations.store import tables
from tests.databases import new_database
from tests.locations import Location
from tests.stage import GENERAL, MORNING, NINE_IN_SEOUL, english, staged


@pytest.fixture
def target(postgresql: str) -> Iterator[PostgresAddress]:
    with new_database(postgresql) as address:
        yield address


async def rows_of(db: Database) -> dict[str, list[tuple[object, ...]]]:
    async with db.reading() as tx:
        every = await tx.call(tables.list_tables)
        return {
            table.name: [
                tuple(sorted(zip(table.columns, row, strict=True)))
                for row in await tx.call(partial(tables.read, table=table, after=None))
            ]
            for table in every
        }


async def test_everything_moves_to_postgresql_and_back(tmp_path, shared, target):
    async with staged(tmp_path, path=tmp_path / "old.db") as stage:
        await import_files(stage.db, [shared / "samples" / "vault"], now=MORNING)
        await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=stage.clock())
        await stage.note("A fine note", MORNING.date())
        stage.clock.turn(days=1)
        await plan.plan_due(stage.db, now=stage.clock(), voices=english)
        await stage.deliverer().drain(asyncio.Event())
        told: list[tuple[int, int]] = []

        async with opened(target) as server:
            moved = await move(
                stage.db, server, now=MORNING, progress=lambda *each: told.append(each)
            )
            found = await found_by(server, "reasoning")
            async with opened(tmp_path / "new.db") as file:
                back = await move(server, file, now=MORNING)
                assert await rows_of(file) == await rows_of(stage.db)
                assert await found_by(file, "reasoning") == found

        assert found == await found_by(stage.db, "reasoning")
        assert len(found) > 5
        # PostgreSQL's database has its identity as one row more.
        assert (moved.rows + 1, moved.entries) == (back.rows, back.entries)
        assert told[-1] == (moved.rows, moved.rows)


async def found_by(db: Database, query: str) -> list[int]:
    async with db.reading() as tx:
        hits = await search.look_up(tx, parse(query), page=1, per_page=20)
    return [stored.id for stored in hits.entries]


async def test_a_target_with_rows_is_refused_and_stays_as_it_is(tmp_path, target):
    async with staged(tmp_path, path=tmp_path / "old.db") as stage, opened(target) as server:
        await stage.note("A note", MORNING.date())
        async with server.transaction() as tx:
            await tx.run("INSERT INTO tag (id, slug) VALUES (1, 'moe')")
        before = await rows_of(server)

        with pytest.raises(UsageError, match="not empty"):
            await move(stage.db, server, now=MORNING)

        assert await rows_of(server) == before


async def test_nothing_moves_while_a_bot_runs(tmp_path, target):
    async with staged(tmp_path, path=tmp_path / "old.db") as stage, opened(target) as server:
        async with stage.db.transaction() as tx:
            holder = Process("1", "machine", 1)
            await leases.take(tx, "posting", holder, MORNING + timedelta(seconds=30))

        with pytest.raises(UsageError, match="A bot runs on this database"):
            await move(stage.db, server, now=MORNING)


async def test_nothing_moves_while_bots_share_the_work_of_a_server(tmp_path, target):
    async with opened(target) as server, opened(tmp_path / "new.db") as file:
        await _join(server, "1")
        for source, other in ((server, file), (file, server)):
            with pytest.raises(UsageError, match="A bot runs on this database"):
                await move(source, other, now=MORNING)

        async with server.transaction() as tx:
            await processes.leave(tx, "1")
        moved = await move(server, file, now=MORNING)
        assert moved.entries == 0
        async with file.reading() as tx:
            assert await processes.list_all(tx) == ()


async def test_a_bot_that_begins_during_the_move_waits_at_the_target_and_ends_it_at_the_source(
    tmp_path, target, postgresql
):
    with new_database(postgresql) as second:
        async with opened(target) as old, opened(second) as new:
            async with asyncio.TaskGroup() as tasks:
                begun = asyncio.Event()

                def progress(_done: int, _total: int) -> None:
                    if not begun.is_set():
                        begun.set()
                        # At the source before the move goes on, which holds up this event loop.
                        with ThreadPoolExecutor(1) as beside:
                            beside.submit(asyncio.run, _join_at(target, "1")).result()
                        tasks.create_task(_join(new, "1"))

                with pytest.raises(UsageError, match="A bot runs on this database"):
                    await move(old, new, now=MORNING, progress=progress)

            async with new.reading() as tx:
                assert [each.process.id for each in await processes.list_all(tx)] == ["1"]


async def _join_at(location: Location, name: str) -> None:
    async with opened(location) as db:
        await _join(db, name)


async def _join(db: Database, name: str) -> None:
    async with db.transaction() as tx:
        at = await processes.server_now(tx, MORNING)
        await processes.join(tx, Process(name, "machine", 1), {"plan"}, at)


async def test_a_killed_bot_counts_as_running_until_it_was_not_seen_for_its_term(tmp_path, target):
    async with opened(target) as server, opened(tmp_path / "new.db") as file:
        await _join(server, "1")
        async with server.transaction() as tx:
            assert await processes.count_parts(tx, MORNING) == {("machine", 1): 0}
            at = await processes.server_now(tx, MORNING)
            await processes.see(tx, "1", at - processes.TERM)
            assert await processes.count_parts(tx, MORNING) == {}
        await move(server, file, now=MORNING)


async def move_to_new(source: Database, new: Path, *statements: str) -> None:
    """As the command does it; the statements are another process's, before the move begins."""
    with new_or_not_at_all(new):
        async with opened(new) as target:
            for sql in statements:
                async with target.transaction() as tx:
                    await tx.run(sql)
            await move(source, target, now=MORNING)


@pytest.mark.sqlite
async def test_a_move_that_is_refused_leaves_no_file_of_its_own(tmp_path):
    async with staged(tmp_path, path=tmp_path / "old.db") as stage:
        await _join(stage.db, "1")

        with pytest.raises(UsageError, match="A bot runs on this database"):
            await move_to_new(stage.db, tmp_path / "new.db")

    assert not list(tmp_path.glob("new.db*"))


@pytest.mark.sqlite
@pytest.mark.parametrize("there_before", ["", "data", "data/deeper"])
async def test_a_move_that_is_refused_leaves_no_folder_of_its_own(tmp_path, there_before):
    (tmp_path / there_before).mkdir(parents=True, exist_ok=True)
    async with staged(tmp_path, path=tmp_path / "old.db") as stage:
        await _join(stage.db, "1")

        with pytest.raises(UsageError, match="A bot runs on this database"):
            await move_to_new(stage.db, tmp_path / "data" / "deeper" / "new.db")

    left = [each for each in ("data", "data/deeper") if (tmp_path / each).exists()]
    assert left == [each for each in ("data", "data/deeper") if there_before.startswith(each)]
    assert not list(tmp_path.rglob("new.db*"))


@pytest.mark.sqlite
async def test_a_new_file_that_others_wrote_into_meanwhile_is_kept(tmp_path):
    async with staged(tmp_path, path=tmp_path / "old.db") as stage:
        with pytest.raises(UsageError, match="not empty"):
            await move_to_new(
                stage.db, tmp_path / "new.db", "INSERT INTO tag (id, slug) VALUES (1, 'moe')"
            )

    assert (tmp_path / "new.db").exists()


@pytest.mark.sqlite
async def test_a_new_file_that_another_process_has_open_is_kept(tmp_path):
    new = tmp_path / "new.db"
    program = "import sqlite3, sys; database = sqlite3.connect(sys.argv[1]); "
    program += "database.execute('SELECT * FROM tag'); print(flush=True); sys.stdin.read()"

    with suppress(StorageError), new_or_not_at_all(new):
        async with opened(new):
            other = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", program, new), stdin=PIPE, stdout=PIPE
            )
            assert other.stdout is not None
            await other.stdout.readline()
        raise StorageError("The disk is full", path=str(new))
    await other.communicate(b"")

    assert new.exists()


async def test_what_postgresql_cannot_hold_is_named_and_nothing_is_kept(tmp_path, target):
    async with staged(tmp_path, path=tmp_path / "old.db") as stage, opened(target) as server:
        await stage.note("A note", MORNING.date())
        with closing(sqlite3.connect(tmp_path / "old.db", isolation_level=None)) as raw:
            raw.execute("UPDATE entry SET title = 'A' || char(0) || 'B'")
        before = await rows_of(server)

        with pytest.raises(StorageError, match="entry, 1: “title” holds a NUL"):
            await move(stage.db, server, now=MORNING)

        assert await rows_of(server) == before


async def test_a_row_that_refers_to_none_is_named_and_nothing_is_kept(tmp_path, target):
    async with staged(tmp_path, path=tmp_path / "old.db") as stage, opened(target) as server:
        with closing(sqlite3.connect(tmp_path / "old.db", isolation_level=None)) as raw:
            raw.execute("INSERT INTO changed_entry VALUES (99)")
        before = await rows_of(server)

        with pytest.raises(StorageError, match="changed_entry 99: no entry"):
            await move(stage.db, server, now=MORNING)

        assert await rows_of(server) == before
