"""Ownership: one process posts; the next waits, and takes over when that one is gone."""

from datetime import timedelta

import pytest

from bot.core.services import process_lease
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

    await process_lease.acquire(
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
    assert stage.clock() - began_at == process_lease.LEASE


async def test_the_second_need_not_wait_for_a_process_that_is_gone(stage):
    await acquire(stage, FIRST)

    assert await acquire(stage, SECOND, gone=frozenset({"first"}), looks=0) == []


async def test_the_second_need_not_wait_for_what_was_given_back(stage):
    await acquire(stage, FIRST)
    await process_lease.give_back(stage.db, FIRST)

    assert await acquire(stage, SECOND, looks=0) == []


async def test_an_owner_that_keeps_its_lease_is_waited_for(stage):
    await acquire(stage, FIRST)

    async def sleep(seconds: float) -> None:
        stage.clock.turn(seconds=seconds)
        if stage.clock() > began_at + timedelta(minutes=5):
            raise OutOfPatienceError

    began_at = stage.clock()
    with pytest.raises(OutOfPatienceError):
        await process_lease.keep(stage.db, FIRST, clock=stage.clock, sleep=sleep)

    with pytest.raises(OutOfPatienceError):
        await acquire(stage, SECOND, looks=15)


async def test_an_owner_that_was_away_for_too_long_is_told(stage):
    await acquire(stage, FIRST)
    stage.clock.turn(minutes=5)
    await acquire(stage, SECOND)

    async def sleep(seconds: float) -> None:
        stage.clock.turn(seconds=seconds)

    with pytest.raises(process_lease.OwnershipLostError):
        await process_lease.keep(stage.db, FIRST, clock=stage.clock, sleep=sleep)
    await process_lease.give_back(stage.db, FIRST)  # not its to give

    with pytest.raises(OutOfPatienceError):
        await acquire(stage, Process("third", "machine", 12), looks=5)
