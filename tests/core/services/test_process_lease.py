"""Ownership: one process posts; the next waits, and takes over when that one is gone."""

import sqlite3
from datetime import timedelta

import pytest

from bot.core.domain.errors import StorageError
from bot.core.services import process_lease as own
from bot.core.store import process_lease as ownership
from bot.core.store.process_lease import Holder, Process
from tests.stage import Stage, staged

FIRST = Process("first", "machine", 10)
SECOND = Process("second", "machine", 11)


class OutOfPatienceError(Exception):
    """The test has waited for long enough."""


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


async def acquire(
    stage: Stage, me: Process, gone: frozenset[str] = frozenset(), looks: int = 100
) -> list[Holder]:
    """Those who were waited for."""
    waited: list[Holder] = []
    left = looks

    async def sleep(seconds: float) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OutOfPatienceError
        stage.clock.turn(seconds=seconds)

    await own.acquire(
        stage.db,
        me,
        clock=stage.clock,
        is_gone=lambda process: process.owner in gone,
        sleep=sleep,
        waiting_for=waited.append,
    )
    return waited


async def test_the_first_owns_at_once(stage):
    assert await acquire(stage, FIRST) == []


async def test_the_second_says_once_whom_it_waits_for_and_goes_on_when_the_lease_ends(stage):
    await acquire(stage, FIRST)
    began_at = stage.clock()

    waited = await acquire(stage, SECOND)

    assert [holder.process for holder in waited] == [FIRST]
    assert stage.clock() - began_at == own.LEASE


async def test_the_second_need_not_wait_for_a_process_that_is_gone(stage):
    await acquire(stage, FIRST)

    assert await acquire(stage, SECOND, gone=frozenset({"first"}), looks=0) == []


async def test_the_second_need_not_wait_for_what_was_given_back(stage):
    await acquire(stage, FIRST)
    await own.give_back(stage.db, FIRST)

    assert await acquire(stage, SECOND, looks=0) == []


async def test_an_owner_that_keeps_its_lease_is_waited_for(stage):
    await acquire(stage, FIRST)

    async def sleep(seconds: float) -> None:
        stage.clock.turn(seconds=seconds)
        if stage.clock() > began_at + timedelta(minutes=5):
            raise OutOfPatienceError

    began_at = stage.clock()
    with pytest.raises(OutOfPatienceError):
        await own.keep(stage.db, FIRST, clock=stage.clock, sleep=sleep)

    with pytest.raises(OutOfPatienceError):
        await acquire(stage, SECOND, looks=15)


async def test_an_owner_that_was_away_for_too_long_is_told(stage):
    await acquire(stage, FIRST)
    stage.clock.turn(minutes=5)
    await acquire(stage, SECOND)

    async def sleep(seconds: float) -> None:
        stage.clock.turn(seconds=seconds)

    with pytest.raises(own.OwnershipLostError):
        await own.keep(stage.db, FIRST, clock=stage.clock, sleep=sleep)
    await own.give_back(stage.db, FIRST)  # not its to give

    with pytest.raises(OutOfPatienceError):
        await acquire(stage, Process("third", "machine", 12), looks=5)


async def test_a_clock_set_forward_takes_nothing_from_an_owner_that_renews_its_lease(stage):
    await acquire(stage, FIRST)
    looks = 0

    async def sleep(seconds: float) -> None:
        nonlocal looks
        looks += 1
        stage.clock.turn(seconds=seconds)
        if looks == 5:
            stage.clock.turn(days=2)
        if looks % 10 == 0:
            async with stage.db.transaction() as tx:
                assert await ownership.renew(tx, FIRST, stage.clock() + own.LEASE)
        if looks == 100:
            raise OutOfPatienceError

    with pytest.raises(OutOfPatienceError):
        await own.acquire(
            stage.db,
            SECOND,
            clock=stage.clock,
            is_gone=lambda _: False,
            sleep=sleep,
            waiting_for=lambda _: None,
        )


async def test_a_clock_set_back_does_not_prolong_the_lease_of_an_owner_that_is_gone(stage):
    await acquire(stage, FIRST)
    stage.clock.turn(hours=-9)
    began_at = stage.clock()

    await acquire(stage, SECOND)

    assert stage.clock() - began_at == own.LEASE


async def test_a_write_lock_of_another_process_ends_nothing(tmp_path):
    """A real second connection keeps the database locked for longer than a lease."""
    async with staged(tmp_path, path=tmp_path / "bot.db", busy_seconds=0.01) as stage:
        await acquire(stage, FIRST)
        locker = sqlite3.connect(stage.db.path, isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")
        told: list[str] = []

        async def sleep(seconds: float) -> None:
            stage.clock.turn(seconds=seconds)
            if len(told) == 5:
                locker.execute("ROLLBACK")
            if len(told) == 6:
                raise OutOfPatienceError

        with pytest.raises(OutOfPatienceError):
            await own.keep(stage.db, FIRST, clock=stage.clock, sleep=sleep, tell=told.append)
        locker.close()

        assert all("locked" in trouble for trouble in told[:5])
        assert told[5] == ""
        with pytest.raises(OutOfPatienceError):
            await acquire(stage, SECOND, looks=15)  # it holds the lease as before


async def test_a_second_bot_waits_on_while_the_database_is_locked(tmp_path):
    async with staged(tmp_path, path=tmp_path / "bot.db", busy_seconds=0.01) as stage:
        locker = sqlite3.connect(stage.db.path, isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")
        looks = 0

        async def sleep(_: float) -> None:
            nonlocal looks
            looks += 1
            if looks == 5:
                locker.execute("ROLLBACK")

        await own.acquire(
            stage.db,
            SECOND,
            clock=stage.clock,
            is_gone=lambda _: False,
            sleep=sleep,
            waiting_for=lambda _: None,
        )
        locker.close()

        assert looks == 5


async def test_a_lease_that_cannot_be_given_back_ends_by_itself(tmp_path):
    async with staged(tmp_path, path=tmp_path / "bot.db", busy_seconds=0.01) as stage:
        await acquire(stage, FIRST)
        locker = sqlite3.connect(stage.db.path, isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")

        await own.give_back(stage.db, FIRST)

        locker.close()


async def test_what_a_person_must_mend_is_not_tried_again(stage):
    async def work() -> None:
        raise StorageError("The database is damaged")

    async def sleep(_: float) -> None:
        raise OutOfPatienceError

    with pytest.raises(StorageError):
        await own.until_stored(work, sleep=sleep)
