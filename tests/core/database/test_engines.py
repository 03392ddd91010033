"""What the stores rely on is alike on both engines (issue 15, item 1)."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, Row, Statements, opened
from bot.core.database.postgresql.database import THREADS, PostgresDatabase
from bot.core.domain.errors import StorageBusyError, StorageError
from tests.databases import PostgresServer, new_database, own_server
from tests.waiting import eventually, until


@pytest.fixture
async def db(location: Path | PostgresAddress) -> AsyncIterator[Database]:
    async with opened(location) as database:
        async with database.transaction() as tx:
            await tx.run_many(
                "INSERT INTO tag (id, slug, uses) VALUES (:id, :slug, :uses)",
                [{"id": n, "slug": f"tag-{n}", "uses": 10 - n} for n in range(1, 5)],
            )
        yield database


async def slugs(db: Database) -> list[str]:
    async with db.reading() as tx:
        return [row["slug"] for row in await tx.all("SELECT slug FROM tag ORDER BY id")]


def plain(rows: list[Row]) -> list[tuple[object, ...]]:
    return [tuple(row) for row in rows]


async def test_a_row_is_read_by_name_by_place_and_in_order(db: Database):
    async with db.reading() as tx:
        row = await tx.one("SELECT id, slug FROM tag WHERE id = :id", {"id": 2})
        nothing = await tx.one("SELECT id FROM tag WHERE id = :id", {"id": 99})

    assert row is not None
    number, slug = row
    assert (row["id"], row[1], number, slug) == (2, "tag-2", 2, "tag-2")
    assert (len(row), list(row.keys()), nothing) == (2, ["id", "slug"], None)


async def test_one_column_is_read_in_its_order(db: Database):
    def read(statements: Statements) -> tuple[object, ...]:
        parameters = {"least": 2, "ids": [1, 2, 4], "unused": 0}
        sql = """
            SELECT {} FROM tag -- :not_a_parameter
            WHERE id >= :least AND id IN (SELECT value FROM numbers(:ids)) AND slug <> ':least'
            ORDER BY id DESC LIMIT :least
        """
        return (
            list(statements.lines(sql.format("slug"), parameters)),
            statements.numbers(sql.format("id"), parameters),
            list(statements.lines("SELECT '' AS slug")),
            statements.numbers("SELECT id FROM tag WHERE FALSE"),
        )

    async with db.reading() as tx:
        found = await tx.call(read)

    assert found == (["tag-4", "tag-2"], [4, 2], [""], [])


async def test_json_is_made_alike(db: Database):
    def read(statements: Statements) -> list[Any]:
        sql = """
            SELECT CAST(json_array(NULL, 'a"\n', (SELECT CAST(json_group_array(id) AS TEXT) FROM tag
                WHERE id < 3) || '') AS TEXT)
        """
        return [json.loads(line) for line in statements.lines(sql)]

    async with db.reading() as tx:
        ((nothing, text, ids),) = await tx.call(read)

    assert (nothing, text, json.loads(ids)) == (None, 'a"\n', [1, 2])


async def test_many_rows_are_inserted_as_one_by_one(db: Database):
    rows = [{"slug": f"tag-{n % 130}", "n": n} for n in range(1, 391)]
    async with db.transaction() as tx:
        await tx.run_many(
            """
            INSERT INTO tag (id, slug, uses) VALUES (:n, :slug, :n)
            ON CONFLICT (slug) DO UPDATE SET uses = excluded.uses
            """,
            [{"slug": "tag-1", "n": 7}, *rows[4:], {"slug": "한글", "n": 300}],
        )
        found = await tx.all("SELECT id, slug, uses FROM tag ORDER BY id")

    first = [(n, f"tag-{n}", 260 + n) for n in range(1, 130)]
    assert plain(list(found)) == [*first, (130, "tag-0", 390), (300, "한글", 300)]


async def test_lists_are_one_parameter(db: Database):
    def ask(statements: Statements) -> list[list[tuple[object, ...]]]:
        numbers = "SELECT id FROM tag WHERE id IN (SELECT value FROM numbers(:ids)) ORDER BY id"
        texts = (
            "SELECT tag.id FROM texts(:slugs) AS wanted JOIN tag ON tag.slug = wanted.value "
            "ORDER BY tag.id"
        )
        rows = "SELECT CAST(value ->> 0 AS BIGINT), value ->> 1 FROM json_rows(:rows) ORDER BY 1"
        return [
            list(statements.tuples(numbers, {"ids": [1, 3, 2**40]})),
            list(statements.tuples(numbers, {"ids": []})),
            list(statements.tuples(texts, {"slugs": ["tag-4", 'it\'s "한글" {}, \\']})),
            list(statements.tuples(rows, {"rows": '[[1, "a\'b"], [2, "한글"]]'})),
        ]

    async with db.reading() as tx:
        found = await tx.call(ask)

    assert found == [[(1,), (3,)], [], [(4,)], [(1, "a'b"), (2, "한글")]]


async def test_a_statement_run_for_each_row_gives_the_first_row_of_each(db: Database):
    sql = "DELETE FROM tag WHERE id = :id AND (uses > 0) = TRUE RETURNING slug, 'TRUE' AS text"

    async with db.transaction() as tx:
        found = await tx.call(lambda s: s.one_each(sql, [{"id": n} for n in (3, 99, 1)]))
        nothing = await tx.call(lambda s: s.one_each(sql, []))

    assert [row and tuple(row) for row in found] == [("tag-3", "TRUE"), None, ("tag-1", "TRUE")]
    assert list(nothing) == []


async def test_what_looks_like_a_parameter_in_a_text_is_none(db: Database):
    async with db.reading() as tx:
        row = await tx.one(
            "SELECT 'slack:t0123 100%' AS text, greatest(:a, 2) AS most, least(:a, 2) AS least "
            "-- no :parameter\n",
            {"a": 5},
        )

    assert row is not None
    assert tuple(row) == ("slack:t0123 100%", 5, 2)


async def test_text_sorts_by_its_bytes(db: Database):
    words = ["a", "B", "_", "slack:T1/C1", "slack:T1-", "slack;", "é", "가", "🙂", "\uffff"]
    async with db.transaction() as tx:
        await tx.run_many(
            "INSERT INTO key_value (name, value) VALUES (:word, '')", [{"word": w} for w in words]
        )
        rows = await tx.all("SELECT name FROM key_value ORDER BY name")

    assert [row["name"] for row in rows] == sorted(words, key=str.encode)


async def test_a_failed_transaction_leaves_nothing(db: Database):
    async def change() -> None:
        async with db.transaction() as tx:
            assert await tx.run("DELETE FROM tag WHERE id > :id", {"id": 2}) == 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change()

    assert await slugs(db) == ["tag-1", "tag-2", "tag-3", "tag-4"]


async def test_a_cancelled_transaction_leaves_nothing_and_holds_nobody_up(db: Database):
    begun = asyncio.Event()

    async def change() -> None:
        async with db.transaction() as tx:
            await tx.run("DELETE FROM tag")
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(change())  # noqa: TID251 - it is cancelled
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with db.transaction() as tx:
        await tx.run("UPDATE tag SET uses = 0 WHERE id = 1")

    assert len(await slugs(db)) == 4


async def test_a_commit_that_is_cancelled_before_a_thread_begins_with_it_holds_nobody_up(
    postgresql: str,
):
    with new_database(postgresql) as address:
        async with opened(address) as db:
            assert isinstance(db, PostgresDatabase)
            busy, ready = threading.Event(), asyncio.Event()

            async def write(tasks: asyncio.TaskGroup) -> None:
                async with db.transaction() as tx:
                    await tx.guard("name")
                    await tx.run("INSERT INTO tag (id, slug) VALUES (1, 'lost')")
                    for _ in range(THREADS):
                        tasks.create_task(db.in_thread(busy.wait))
                    await asyncio.sleep(0)  # they are on their way to the threads
                    ready.set()

            async with asyncio.TaskGroup() as tasks:
                writing = tasks.create_task(write(tasks))
                await ready.wait()
                writing.cancel()
                await asyncio.wait((writing,))
                busy.set()

            async with db.transaction() as tx:
                await tx.guard("name")
            assert writing.cancelled()
            assert await slugs(db) == []


async def test_a_reading_sees_one_instant(db: Database):
    async with db.reading() as tx:
        before = await tx.one("SELECT count(*) AS n FROM tag")
        async with db.transaction() as other:
            await other.run("DELETE FROM tag")
        after = await tx.one("SELECT count(*) AS n FROM tag")

    assert before is not None
    assert after is not None
    assert (before["n"], after["n"]) == (4, 4)
    assert await slugs(db) == []


async def test_a_function_of_several_statements_sees_one_instant_and_writes_nothing(db: Database):
    is_reading, goes_on = threading.Event(), threading.Event()

    def count_twice(statements: Statements) -> list[int]:
        counted = []
        for _ in range(2):
            ((count,),) = statements.tuples("SELECT count(*) FROM tag")
            counted.append(count)
            is_reading.set()
            goes_on.wait()
        return counted

    async with asyncio.TaskGroup() as tasks:
        counting = tasks.create_task(db.read(count_twice))
        await until(is_reading.is_set)
        async with db.transaction() as tx:
            await tx.run("DELETE FROM tag WHERE id > 1")
        goes_on.set()

    assert counting.result() == [4, 4]
    with pytest.raises(StorageError):
        await db.read(lambda statements: statements.run("DELETE FROM tag"))
    assert await slugs(db) == ["tag-1"]


async def test_a_function_that_writes_is_a_transaction_of_its_own(db: Database):
    insert = "INSERT INTO tag (id, slug, uses) VALUES (:id, :slug, 0)"

    def write(statements: Statements, *numbers: int) -> int:
        return sum(statements.run(insert, {"id": n, "slug": f"tag-{n}"}) for n in numbers)

    async with asyncio.TaskGroup() as tasks, db.transaction() as tx:
        await tx.run("DELETE FROM tag")
        writing = tasks.create_task(db.write(lambda statements: write(statements, 5, 6)))
        await asyncio.sleep(0)
        await tx.run(insert, {"id": 7, "slug": "tag-7"})

    assert writing.result() == 2
    with pytest.raises(Exception, match=r"(?i)unique"):
        await db.write(lambda statements: write(statements, 8, 5))
    assert await db.write(lambda statements: write(statements, 9)) == 1
    assert await slugs(db) == ["tag-5", "tag-6", "tag-7", "tag-9"]


async def test_a_search_that_is_given_up_disturbs_none_of_those_that_wait(db: Database):
    is_searching, goes_on = threading.Event(), threading.Event()

    def search(statements: Statements) -> None:
        is_searching.set()
        goes_on.wait()  # given up between two statements, it does not begin with the next one
        statements.all(
            """
            WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000000000)
            SELECT count(*) FROM n
            """  # takes minutes
        )

    def count(statements: Statements) -> int:
        ((counted,),) = statements.tuples("SELECT count(*) FROM tag")
        return int(counted)

    async with asyncio.TaskGroup() as tasks:
        searching = tasks.create_task(db.read(search))
        await until(is_searching.is_set)
        never_begun = tasks.create_task(db.read(search))
        counting = [tasks.create_task(db.read(count)) for _ in range(5)]
        await asyncio.sleep(0)
        never_begun.cancel()
        searching.cancel()
        await asyncio.wait([searching])
        goes_on.set()

    assert [each.result() for each in counting] == [4] * 5


async def test_a_guard_lets_one_transaction_at_a_time_through(db: Database):
    inside, most = 0, 0

    async def work() -> None:
        nonlocal inside, most
        async with db.transaction() as tx:
            await tx.guard("turn")
            row = await tx.one("SELECT uses FROM tag WHERE id = 1")
            assert row is not None
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            await tx.run("UPDATE tag SET uses = :uses WHERE id = 1", {"uses": row["uses"] + 1})
            inside -= 1

    async with asyncio.TaskGroup() as group:
        for _ in range(12):
            group.create_task(work())

    async with db.reading() as tx:
        row = await tx.one("SELECT uses FROM tag WHERE id = 1")
    assert row is not None
    assert (row["uses"], most) == (9 + 12, 1)


async def test_hints_reach_the_other_processes_and_not_ourselves(postgresql: str):
    heard: list[tuple[str, str]] = []

    def hear(name: str) -> Callable[[str], None]:
        return lambda topic: heard.append((name, topic))

    with new_database(postgresql) as address:
        async with opened(address) as one, opened(address) as other, asyncio.TaskGroup() as group:
            listening = [
                group.create_task(one.listen(hear("one"))),
                group.create_task(other.listen(hear("other"))),
            ]

            def both_are_heard() -> bool:
                one.hint("ready")
                other.hint("ready")
                return {("one", "ready"), ("other", "ready")} <= set(heard)

            await until(both_are_heard, every=0.01)
            async with one.transaction() as tx:
                await tx.run("NOTIFY paperbot")  # by another program: without a word
            one.hint("plan")
            one.hint("deliver")
            await until(lambda: {("other", "plan"), ("other", "deliver")} <= set(heard))
            for task in listening:
                task.cancel()

    assert {name for name, topic in heard if topic != "ready"} == {"other"}


async def test_after_a_crash_of_the_server_the_next_transaction_works():
    with own_server() as server:
        async with opened(PostgresAddress.of(server.dsn)) as db:
            async with db.transaction() as tx:
                await tx.run("INSERT INTO key_value (name, value) VALUES ('a', '1')")
            server.stop()
            with pytest.raises(StorageBusyError, match="cannot be reached"):
                async with db.transaction() as tx:
                    await tx.run("UPDATE key_value SET value = '2'")
            server.start()
            async with db.transaction() as tx:
                row = await tx.one("UPDATE key_value SET value = '3' RETURNING value")

    assert row is not None
    assert row["value"] == "3"


async def test_a_connection_that_is_cut_within_a_transaction_leaves_nothing():
    async def write_twice(db: Database, server: PostgresServer) -> None:
        async with db.transaction() as tx:
            await tx.run("INSERT INTO key_value (name, value) VALUES ('a', '1')")
            server.stop()
            server.start()
            await tx.run("INSERT INTO key_value (name, value) VALUES ('b', '1')")

    with own_server() as server:
        async with opened(PostgresAddress.of(server.dsn)) as db:
            with pytest.raises(StorageError):
                await write_twice(db, server)
            async with db.reading() as tx:
                found = await tx.all("SELECT name FROM key_value")

    assert found == []


async def test_a_transaction_that_pauses_for_longer_than_the_server_allows_may_be_repeated(
    postgresql: str,
):
    async def pause(db: Database, watch: Database) -> None:
        async with db.transaction() as tx:
            row = await tx.one("SELECT pg_backend_pid() AS pid")
            assert row is not None
            pid = row["pid"]
            await eventually(lambda: is_gone(watch, pid))
            await tx.run("INSERT INTO key_value (name, value) VALUES ('a', '1')")

    async def is_gone(db: Database, pid: int) -> bool:
        async with db.reading() as tx:
            found = "SELECT 1 FROM pg_stat_activity WHERE pid = :pid"
            return await tx.one(found, {"pid": pid}) is None

    with new_database(postgresql) as address:
        impatient = PostgresAddress.of(
            f"{address.secret.get_secret_value()}"
            "?options=-c%20idle_in_transaction_session_timeout%3D200ms"
        )
        async with opened(impatient) as db, opened(address) as watch:
            with pytest.raises(StorageBusyError, match="idle-in-transaction"):
                await pause(db, watch)
