"""A lease: one process holds it; the next waits, and takes it when that one is gone."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta

import pytest

from bot.core.domain.errors import StorageError
from bot.core.services.leases import (
    DURATION,
    LeaseLostError,
    Leases,
    LeaseTakenError,
    until_stored,
)
from bot.core.store import leases
from bot.core.store.leases import Lease, Process
from tests.stage import Stage, staged

NAME = "posting"
FIRST = Process("first", "machine", 10)
SECOND = Process("second", "machine", 11)
THIRD = Process("third", "machine", 12)

Sleep = Callable[[float], Awaitable[None]]


class OutOfPatienceError(Exception):
    """The test has waited for long enough."""


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


def asleep(stage: Stage, times: int = 100) -> Sleep:
    """Sleeping turns the clock, so many times."""
    left = times

    async def sleep(seconds: float) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OutOfPatienceError
        stage.clock.turn(seconds=seconds)

    return sleep


def of(
    stage: Stage,
    process: Process,
    sleep: Sleep | None = None,
    *,
    gone: frozenset[str] = frozenset(),
    patience: timedelta | None = None,
) -> Leases:
    return Leases(
        stage.db,
        process,
        clock=stage.clock,
        sleep=sleep or asleep(stage),
        is_gone=lambda process: process.id in gone,
        patience=patience,
    )


async def test_a_free_lease_is_taken_at_once(stage):
    lease = await of(stage, FIRST, asleep(stage, 0)).acquire(NAME)

    assert lease == Lease(NAME, 1, FIRST, stage.clock() + DURATION)


async def test_each_holder_gets_a_larger_token(stage):
    first = of(stage, FIRST)
    tokens = []
    for _ in range(3):
        lease = await first.acquire(NAME)
        await first.release(lease)
        tokens.append(lease.token)

    assert tokens == [1, 2, 3]


async def test_leases_of_other_names_are_free(stage):
    await of(stage, FIRST).acquire(NAME)

    assert (await of(stage, SECOND, asleep(stage, 0)).acquire("another")).process == SECOND


async def test_the_second_names_once_whom_it_waits_for_and_takes_over_when_the_lease_ends(stage):
    await of(stage, FIRST).acquire(NAME)
    began_at = stage.clock()
    waited: list[Lease] = []

    await of(stage, SECOND).acquire(NAME, waiting_for=waited.append)

    assert [lease.process for lease in waited] == [FIRST]
    assert stage.clock() - began_at == DURATION


async def test_the_second_does_not_wait_for_a_process_that_is_gone(stage):
    await of(stage, FIRST).acquire(NAME)

    await of(stage, SECOND, asleep(stage, 0), gone=frozenset({"first"})).acquire(NAME)


async def test_the_second_does_not_wait_for_a_released_lease(stage):
    first = of(stage, FIRST)
    await first.release(await first.acquire(NAME))

    await of(stage, SECOND, asleep(stage, 0)).acquire(NAME)


async def test_a_lease_that_is_held_for_longer_than_our_patience_is_left_alone(stage):
    await of(stage, FIRST).acquire(NAME)

    with pytest.raises(LeaseTakenError):
        await of(stage, SECOND, patience=timedelta(seconds=10)).acquire(NAME)


async def test_a_holder_that_renews_its_lease_is_waited_for(stage):
    first = of(stage, FIRST, asleep(stage, 30))
    lease = await first.acquire(NAME)
    with pytest.raises(OutOfPatienceError):
        await first.keep(lease)

    with pytest.raises(OutOfPatienceError):
        await of(stage, SECOND, asleep(stage, 15)).acquire(NAME)


async def test_a_holder_whose_lease_ended_is_told_and_does_not_take_it_back(stage):
    first = of(stage, FIRST)
    lease = await first.acquire(NAME)
    stage.clock.turn(minutes=5)
    await of(stage, SECOND).acquire(NAME)

    with pytest.raises(LeaseLostError):
        await first.keep(lease)
    await first.release(lease)

    with pytest.raises(OutOfPatienceError):
        await of(stage, THIRD, asleep(stage, 5)).acquire(NAME)


async def test_a_clock_set_forward_takes_nothing_from_a_holder_that_renews_its_lease(stage):
    held = await of(stage, FIRST).acquire(NAME)
    looks = 0

    async def sleep(seconds: float) -> None:
        nonlocal looks
        looks += 1
        stage.clock.turn(seconds=seconds)
        if looks == 5:
            stage.clock.turn(days=2)
        if looks % 10 == 0:
            async with stage.db.transaction() as tx:
                assert await leases.renew(tx, held, stage.clock() + DURATION) is not None
        if looks == 100:
            raise OutOfPatienceError

    with pytest.raises(OutOfPatienceError):
        await of(stage, SECOND, sleep).acquire(NAME)


async def test_a_clock_set_back_does_not_prolong_the_lease_of_a_holder_that_is_gone(stage):
    await of(stage, FIRST).acquire(NAME)
    stage.clock.turn(hours=-9)
    began_at = stage.clock()

    await of(stage, SECOND).acquire(NAME)

    assert stage.clock() - began_at <= DURATION


def locked(stage: Stage) -> sqlite3.Connection:
    """A real second connection that keeps the database locked for writers."""
    connection = sqlite3.connect(str(stage.db.location), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


async def test_the_lease_survives_a_write_lock_of_another_process(tmp_path):
    async with staged(tmp_path, path=tmp_path / "bot.db", busy_seconds=0.01) as stage:
        lease = await of(stage, FIRST).acquire(NAME)
        told: list[str] = []
        with closing(locked(stage)) as locker:

            async def sleep(seconds: float) -> None:
                stage.clock.turn(seconds=seconds)
                if len(told) == 5:
                    locker.execute("ROLLBACK")
                if len(told) == 6:
                    raise OutOfPatienceError

            with pytest.raises(OutOfPatienceError):
                await of(stage, FIRST, sleep).keep(lease, tell=told.append)

        assert all("locked" in trouble for trouble in told[:5])
        assert told[5] == ""
        with pytest.raises(OutOfPatienceError):
            await of(stage, SECOND, asleep(stage, 15)).acquire(NAME)  # it is held as before


async def test_a_second_bot_goes_on_waiting_while_the_database_is_locked(tmp_path):
    async with staged(tmp_path, path=tmp_path / "bot.db", busy_seconds=0.01) as stage:
        looks = 0
        with closing(locked(stage)) as locker:

            async def sleep(_: float) -> None:
                nonlocal looks
                looks += 1
                if looks == 5:
                    locker.execute("ROLLBACK")

            second = of(stage, SECOND, sleep)
            await until_stored(lambda: second.acquire(NAME), sleep=sleep)

        assert looks == 5


async def test_a_lease_that_cannot_be_released_ends_by_itself(tmp_path):
    async with staged(tmp_path, path=tmp_path / "bot.db", busy_seconds=0.01) as stage:
        first = of(stage, FIRST)
        lease = await first.acquire(NAME)
        with closing(locked(stage)):
            await first.release(lease)


async def test_an_error_that_a_person_must_fix_is_not_retried(stage):
    async def work() -> None:
        raise StorageError("The database is damaged")

    with pytest.raises(StorageError):
        await until_stored(work, sleep=asleep(stage, 0))
