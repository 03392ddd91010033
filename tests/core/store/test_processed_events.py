import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.database.database import Database, Transaction
from bot.core.store.processed_events import KEPT, DatabaseProcessedEvents
from tests.wrapped_database import WrappedDatabase


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2025, 2, 4, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_an_event_is_new_once(db: Database, clock: Clock):
    seen = DatabaseProcessedEvents(db, clock=clock)

    assert await seen.first_time("slack:Ev1") is True
    assert await seen.first_time("slack:Ev1") is False
    assert await seen.first_time("discord:Ev1") is True


async def test_it_is_remembered_across_a_restart(db: Database, clock: Clock):
    await DatabaseProcessedEvents(db, clock=clock).first_time("slack:Ev1")

    assert await DatabaseProcessedEvents(db, clock=clock).first_time("slack:Ev1") is False


async def test_it_is_forgotten_after_a_day(db: Database, clock: Clock):
    seen = DatabaseProcessedEvents(db, clock=clock)
    await seen.first_time("slack:Ev1")

    clock.at += KEPT + timedelta(seconds=1)

    assert await seen.first_time("slack:Ev2") is True
    async with db.reading() as tx:
        rows = await tx.all("SELECT id FROM processed_event")
    assert [row["id"] for row in rows] == ["slack:Ev2"]


async def test_events_that_come_at_once_are_each_new_once(db: Database, clock: Clock):
    seen = DatabaseProcessedEvents(db, clock=clock)

    answers = await asyncio.gather(*(seen.first_time(f"slack:Ev{n % 20}") for n in range(60)))

    assert answers.count(True) == 20
    assert answers[:20] == [True] * 20


async def test_one_that_was_cancelled_does_not_hold_up_the_others(db: Database, clock: Clock):
    seen = DatabaseProcessedEvents(db, clock=clock)
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(seen.first_time(f"slack:Ev{n}")) for n in range(5)]
        await asyncio.sleep(0)
        asked[0].cancel()
        asked[3].cancel()

    assert [task.result() for task in asked if not task.cancelled()] == [True] * 3


async def test_a_failed_write_loses_no_answer(db: Database, clock: Clock):
    refused = Refusing(db)
    seen = DatabaseProcessedEvents(refused, clock=clock)

    answers = await asyncio.gather(
        *(seen.first_time(f"slack:Ev{n}") for n in range(3)), return_exceptions=True
    )

    assert isinstance(answers[0], OSError)
    assert answers[1:] == [True, True]


async def test_those_who_were_kept_beside_one_that_was_cancelled_are_new(
    db: Database, clock: Clock
):
    committed = Silent(db)
    seen = DatabaseProcessedEvents(committed, clock=clock)
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(seen.first_time(f"slack:Ev{n}")) for n in (0, 1, 2, 1)]
        await committed.second.wait()
        asked[1].cancel()

    assert asked[1].cancelled()
    assert [asked[n].result() for n in (0, 2, 3)] == [True, True, False]
    assert committed.transactions == 3


class Silent(WrappedDatabase):
    """Commits the second transaction, but does not say so until it is cancelled."""

    def __init__(self, inner: Database) -> None:
        super().__init__(inner)
        self.second = asyncio.Event()
        self.transactions = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        self.transactions += 1
        async with self.inner.transaction() as tx:
            yield tx
        if self.transactions == 2:
            self.second.set()
            await asyncio.Event().wait()


class Refusing(WrappedDatabase):
    """Refuses the first transaction."""

    def __init__(self, inner: Database) -> None:
        super().__init__(inner)
        self._refusals = 1

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        if self._refusals:
            self._refusals -= 1
            raise OSError("the disk is full")
        async with self.inner.transaction() as tx:
            yield tx
