"""The database: transactions, two connections, cancellation, and what can be wrong with a file."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.core.database.database import Database, opened
from bot.core.database.migrations import Migration
from bot.core.database.sqlite.opening import open_sqlite
from bot.core.domain.errors import StorageError

TABLE = (Migration(1, "0001_t.sql", "CREATE TABLE t (x INTEGER NOT NULL UNIQUE);"),)
ENDLESS = """
    INSERT INTO t WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 400000)
    SELECT x FROM n
"""


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_sqlite(tmp_path / "t.db", migrations=TABLE)
    yield database
    await database.close()


async def rows(db: Database) -> list[int]:
    async with db.reading() as tx:
        return [row["x"] for row in await tx.all("SELECT x FROM t ORDER BY x")]


async def test_what_a_transaction_wrote_is_there_when_it_ends(db):
    async with db.transaction() as tx:
        await tx.run("INSERT INTO t VALUES (:x)", {"x": 1})
        await tx.run_many("INSERT INTO t VALUES (:x)", [{"x": 2}, {"x": 3}])
        changed = await tx.run("UPDATE t SET x = x + 10 WHERE x > 1")
        returned = await tx.one("INSERT INTO t VALUES (9) RETURNING x")

    assert (changed, returned["x"]) == (2, 9)
    assert await rows(db) == [1, 9, 12, 13]


async def test_nothing_of_a_failed_transaction_stays(db):
    async def write_the_same_twice() -> None:
        async with db.transaction() as tx:
            await tx.run("INSERT INTO t VALUES (1)")
            await tx.run("INSERT INTO t VALUES (1)")

    with pytest.raises(sqlite3.IntegrityError):
        await write_the_same_twice()

    assert await rows(db) == []


async def test_what_is_read_does_not_change_while_it_is_read(db):
    async with db.reading() as reading:
        before = await reading.one("SELECT count(*) AS n FROM t")
        async with db.transaction() as tx:
            await tx.run("INSERT INTO t VALUES (1)")
        during = await reading.one("SELECT count(*) AS n FROM t")

    assert (before["n"], during["n"], await rows(db)) == (0, 0, [1])


async def test_reading_cannot_write(db):
    with pytest.raises(StorageError, match="read-only"):
        async with db.reading() as tx:
            await tx.run("INSERT INTO t VALUES (1)")

    assert await rows(db) == []


async def test_a_slow_search_does_not_hold_up_a_commit(db):
    async with db.transaction() as tx:
        await tx.run(ENDLESS)
    searching = asyncio.Event()

    async def search() -> None:
        async with db.reading() as tx:
            searching.set()
            await tx.all("SELECT count(*) FROM t a, t b WHERE a.x + b.x < 0")  # takes minutes

    async with asyncio.TaskGroup() as group:
        slow = group.create_task(search())
        await searching.wait()
        async with db.transaction() as tx:
            await tx.run("DELETE FROM t WHERE x > 1")
        slow.cancel()

    assert await rows(db) == [1]  # and the cancelled search gave its connection back


@pytest.mark.parametrize("turns", range(12))
async def test_a_transaction_cancelled_at_any_await_leaves_nothing_behind(db, turns):
    async def write() -> None:
        async with db.transaction() as tx:
            for x in range(3):
                await tx.run("INSERT INTO t VALUES (:x)", {"x": x})
                await asyncio.sleep(0)
            await asyncio.Event().wait()

    task = asyncio.get_running_loop().create_task(write())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    async with db.transaction() as tx:
        await tx.run("INSERT INTO t VALUES (7)")

    assert await rows(db) == [7]


async def test_transactions_of_one_process_wait_for_each_other(db):
    async def add() -> None:
        async with db.transaction() as tx:
            highest = await tx.one("SELECT coalesce(max(x), 0) AS x FROM t")
            await asyncio.sleep(0)
            await tx.run("INSERT INTO t VALUES (:x)", {"x": highest["x"] + 1})

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(add())

    assert await rows(db) == list(range(1, 21))


async def test_two_openings_of_one_file_write_side_by_side(db):
    other = await open_sqlite(db.location, migrations=TABLE)
    async with asyncio.TaskGroup() as group:
        for start, database in ((0, db), (100, other)):
            group.create_task(add_rows(database, start))
    await other.close()

    assert len(await rows(db)) == 40


async def add_rows(db: Database, start: int) -> None:
    for x in range(start, start + 20):
        async with db.transaction() as tx:
            await tx.run("INSERT INTO t VALUES (:x)", {"x": x})


async def test_a_temporary_database_leaves_no_file():
    db = await open_sqlite(None)
    folder = db.location.parent
    assert folder.exists()

    await db.close()

    assert not folder.exists()


async def test_an_unclosed_database_does_not_block_the_exit_of_the_program(tmp_path):
    program = (
        "import asyncio, pathlib\n"
        "from bot.core.database.database import open_database\n"
        "async def main():\n"
        f"    await open_database(pathlib.Path({str(tmp_path / 'x.db')!r}))\n"
        "    raise SystemExit(3)\n"
        "asyncio.run(main())\n"
    )

    ended = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-c", program, cwd=Path(__file__).parents[3]
    )

    assert await ended.wait() == 3


async def refusal(path: Path) -> str:
    with pytest.raises(StorageError) as raised:
        await open_sqlite(path)
    text = str(raised.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    return text


async def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "notes.db"
    path.write_text("These are notes.\n" * 200)

    assert "not an SQLite database" in await refusal(path)
    assert path.read_text().startswith("These are notes.")


async def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()

    assert "another program" in await refusal(path)


async def test_a_damaged_database_is_refused_or_found_out_in_use(tmp_path):
    path = tmp_path / "damaged.db"
    async with opened(path):
        pass
    content = bytearray(path.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    path.write_bytes(content)

    assert "damaged" in await refusal(path)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    assert "folder" in await refusal(tmp_path / "file" / "data" / "paper.db")


async def test_a_folder_in_place_of_the_file_is_named_and_no_thread_stays(tmp_path):
    before = set(threading.enumerate())

    for _ in range(20):
        assert "cannot be opened" in await refusal(tmp_path)
        # A thread that still ran would tell its end to an event loop that may be closed by then.
        assert not any(
            "connection_worker" in each.name for each in set(threading.enumerate()) - before
        )


async def test_a_locked_database_says_so(db):
    locker = sqlite3.connect(db.location, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    await db._writer.call(lambda connection: connection.execute("PRAGMA busy_timeout = 50"))

    with pytest.raises(StorageError, match="locked"):
        async with db.transaction() as tx:
            await tx.run("INSERT INTO t VALUES (1)")

    locker.close()
    assert await rows(db) == []


async def test_a_full_database_stays_whole(tmp_path):
    """`max_page_count` stands in for the disk where no small one can be made."""
    db = await open_sqlite(tmp_path / "t.db", migrations=TABLE)
    async with db.transaction() as tx:
        await tx.run("INSERT INTO t VALUES (0)")
    await db._writer.call(lambda connection: connection.execute("PRAGMA max_page_count = 20"))

    with pytest.raises(StorageError, match="disk is full"):
        async with db.transaction() as tx:
            await tx.run(ENDLESS)

    assert await rows(db) == [0]
    async with db.transaction() as tx:
        await tx.run("INSERT INTO t VALUES (3)")
    await db.close()
    assert integrity(tmp_path / "t.db") == "ok"


def integrity(path: Path) -> str:
    connection = sqlite3.connect(path)
    verdict: str = connection.execute("PRAGMA integrity_check").fetchone()[0]
    connection.close()
    return verdict


async def write_after_a_rollback(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.run("INSERT INTO t VALUES (1)")
        await tx.run("ROLLBACK")  # as SQLite does by itself when the disk fails badly enough
        await tx.run("INSERT INTO t VALUES (2)")


async def test_a_transaction_that_sqlite_rolled_back_commits_no_later_part(db):
    with pytest.raises(StorageError, match="rolled back"):
        await write_after_a_rollback(db)

    assert await rows(db) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, where this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounting.returncode:
        pytest.skip("a small disk cannot be mounted here (that takes root)")
    yield disk
    subprocess.run(["umount", disk], check=True)


async def test_on_a_full_disk_the_database_stays_whole(small_disk):
    db = await open_sqlite(small_disk / "t.db", migrations=TABLE)
    async with db.transaction() as tx:
        await tx.run("INSERT INTO t VALUES (0)")

    with pytest.raises(StorageError, match="disk is full"):
        async with db.transaction() as tx:
            await tx.run(ENDLESS)

    assert await rows(db) == [0]
    await db.close()
    assert integrity(small_disk / "t.db") == "ok"


async def test_on_a_read_only_disk_opening_says_so(small_disk):
    db = await open_sqlite(small_disk / "t.db", migrations=TABLE)
    await db.close()
    await asyncio.to_thread(subprocess.run, ["mount", "-o", "remount,ro", small_disk], check=True)

    assert "read" in await refusal(small_disk / "t.db")
    assert "read" in await refusal(small_disk / "new.db")


async def test_opening_a_database_writes_nothing(tmp_path):
    path = tmp_path / "bot.db"
    for _ in range(2):
        async with opened(path):
            pass
    before = path.read_bytes()

    async with opened(path) as db, db.reading() as tx:
        await tx.all("SELECT * FROM entry")

    assert path.read_bytes() == before
