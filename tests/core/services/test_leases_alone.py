"""Work under a lease is done by one process at a time."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.database.database import Database, opened
from bot.core.domain.errors import NotFoundError
from bot.core.services.leases import DURATION, RENEW_EVERY, Leases, LeaseTakenError
from bot.core.store import leases
from bot.core.store.leases import Lease, Process

ROUND = "arxiv round"
NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
MINUTES = timedelta(minutes=5)


@dataclass(slots=True)
class Night:
    """A clock that moves while somebody waits for another; a lease is renewed when told to."""

    now: datetime = NOW
    moves: bool = True
    renewing: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if seconds == RENEW_EVERY.total_seconds():
            await self.renewing.wait()
            self.renewing.clear()
        else:
            self.now += timedelta(seconds=seconds if self.moves else 0)
            await asyncio.sleep(0)


def process(
    db: Database,
    night: Night,
    name: str = "me",
    *,
    patience: timedelta = MINUTES,
    gone: frozenset[str] = frozenset(),
) -> Leases:
    return Leases(
        db,
        Process(name, "machine", 1),
        clock=night,
        sleep=night.sleep,
        patience=patience,
        is_gone=lambda process: process.id in gone,
    )


async def lease(db: Database) -> Lease | None:
    async with db.reading() as tx:
        return await leases.find(tx, ROUND)


async def hold(db: Database, until: datetime) -> None:
    """Another process takes the lease, and is heard of no more."""
    async with db.transaction() as tx:
        await leases.take(tx, ROUND, Process("other", "machine", 2), until)


async def nothing() -> str:
    return "done"


async def test_two_processes_take_their_rounds_one_after_the_other(tmp_path: Path):
    night = Night(moves=False)
    inside, most = 0, 0

    async def work() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        for _ in range(20):
            await asyncio.sleep(0)
        inside -= 1

    async with opened(tmp_path / "a.db") as one, opened(tmp_path / "a.db") as other:
        async with asyncio.TaskGroup() as group:
            for n in range(3):
                group.create_task(process(one, night, f"one {n}").alone(ROUND, work))
                group.create_task(process(other, night, f"other {n}").alone(ROUND, work))
        left = await lease(one)

    assert most == 1
    assert left is None


async def test_what_another_process_holds_for_long_is_left_to_it(db: Database):
    night = Night()
    await hold(db, NOW + DURATION)

    with pytest.raises(LeaseTakenError):
        await process(db, night, patience=timedelta(seconds=10)).alone(ROUND, nothing)

    assert night.now == NOW + timedelta(seconds=10)


async def test_a_process_that_died_is_waited_for_until_its_lease_ends(db: Database):
    night = Night()
    await hold(db, NOW + DURATION)

    assert await process(db, night).alone(ROUND, nothing) == "done"
    assert night.now == NOW + DURATION


async def test_a_process_that_surely_died_is_not_waited_for(db: Database):
    night = Night()
    await hold(db, NOW + DURATION)

    assert await process(db, night, gone=frozenset({"other"})).alone(ROUND, nothing) == "done"
    assert night.now == NOW


async def test_a_lease_with_an_impossible_end_is_ignored(db: Database):
    night = Night()
    await hold(db, NOW + timedelta(days=400))

    assert await process(db, night).alone(ROUND, nothing) == "done"
    assert night.now <= NOW + timedelta(seconds=15)  # in which a holder that runs would renew it


async def test_a_short_patience_is_enough_for_such_a_lease(db: Database):
    night = Night()
    await hold(db, NOW + timedelta(days=400))

    impatient = process(db, night, patience=timedelta(seconds=10))

    assert await impatient.alone(ROUND, nothing) == "done"


async def test_a_round_that_takes_long_keeps_its_lease(db: Database):
    night = Night()

    async def work() -> datetime:
        night.now += DURATION
        night.renewing.set()
        while True:
            held = await lease(db)
            if held is not None and held.expires_at != NOW + DURATION:
                return held.expires_at

    assert await process(db, night).alone(ROUND, work) == NOW + 2 * DURATION


async def test_a_failure_releases_the_lease_and_says_why(db: Database):
    night = Night()

    async def fail() -> None:
        raise NotFoundError("There is no such thing")

    with pytest.raises(NotFoundError):
        await process(db, night).alone(ROUND, fail)

    assert await lease(db) is None


async def test_a_round_that_is_cancelled_gives_the_lease_back(db: Database):
    night = Night()
    begun = asyncio.Event()

    async def hang() -> None:
        begun.set()
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        hanging = group.create_task(process(db, night).alone(ROUND, hang))
        await begun.wait()
        hanging.cancel()

    assert await lease(db) is None


async def test_a_holder_taken_for_dead_does_not_take_the_lease_back(db: Database):
    night = Night()

    async def work() -> None:
        await hold(db, NOW + DURATION)

    await process(db, night).alone(ROUND, work)

    left = await lease(db)
    assert left is not None
    assert (left.process.id, left.expires_at, left.token) == ("other", NOW + DURATION, 2)
