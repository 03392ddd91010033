"""What is due at arXiv is done by one process at a time; the next finds nothing left."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.database.database import Database, opened
from bot.core.domain.errors import NotFoundError
from bot.core.services.round_lease import LEASE, RENEW_EVERY, Rounds, RoundTakenError
from bot.core.store import round_lease as leases
from bot.core.store.round_lease import Lease

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


@pytest.fixture
async def db() -> AsyncIterator[Database]:
    async with opened(None) as database:
        yield database


def process(
    db: Database,
    night: Night,
    name: str = "me",
    *,
    patience: timedelta = MINUTES,
    gone: frozenset[str] = frozenset(),
) -> Rounds:
    return Rounds(
        db,
        clock=night,
        sleep=night.sleep,
        patience=patience,
        owner=name,
        is_gone=lambda owner: owner in gone,
    )


async def lease(db: Database) -> Lease | None:
    async with db.reading() as tx:
        return await leases.find(tx)


async def hold(db: Database, until: datetime) -> None:
    """Another process takes the lease, and is heard of no more."""
    async with db.transaction() as tx:
        await leases.take(tx, Lease("other/1", until))


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
                group.create_task(process(one, night, f"one {n}").alone(work))
                group.create_task(process(other, night, f"other {n}").alone(work))
        left = await lease(one)

    assert most == 1
    assert left is None


async def test_what_another_process_holds_for_long_is_left_to_it(db: Database):
    night = Night()
    await hold(db, NOW + LEASE)

    with pytest.raises(RoundTakenError):
        await process(db, night, patience=timedelta(seconds=10)).alone(nothing)

    assert night.now == NOW + timedelta(seconds=10)


async def test_a_process_that_died_is_waited_for_until_its_lease_ends(db: Database):
    night = Night()
    await hold(db, NOW + LEASE)

    assert await process(db, night).alone(nothing) == "done"
    assert night.now == NOW + LEASE


async def test_a_process_that_surely_died_is_not_waited_for(db: Database):
    night = Night()
    await hold(db, NOW + LEASE)

    assert await process(db, night, gone=frozenset({"other"})).alone(nothing) == "done"
    assert night.now == NOW


async def test_a_lease_that_a_clock_gone_wrong_made_is_not_believed(db: Database):
    night = Night()
    await hold(db, NOW + timedelta(days=400))

    assert await process(db, night).alone(nothing) == "done"
    assert night.now == NOW


async def test_a_round_that_takes_long_keeps_its_lease(db: Database):
    night = Night()

    async def work() -> datetime:
        night.now += LEASE
        night.renewing.set()
        while True:
            held = await lease(db)
            if held is not None and held.until != NOW + LEASE:
                return held.until

    assert await process(db, night).alone(work) == NOW + 2 * LEASE


async def test_what_fails_gives_the_lease_back_and_says_why(db: Database):
    night = Night()

    async def fail() -> None:
        raise NotFoundError("There is no such thing")

    with pytest.raises(NotFoundError):
        await process(db, night).alone(fail)

    assert await lease(db) is None


async def test_a_round_that_is_cancelled_gives_the_lease_back(db: Database):
    night = Night()
    begun = asyncio.Event()

    async def hang() -> None:
        begun.set()
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        hanging = group.create_task(process(db, night).alone(hang))
        await begun.wait()
        hanging.cancel()

    assert await lease(db) is None


async def test_who_was_thought_dead_and_comes_back_takes_nothing_away(db: Database):
    night = Night()

    async def work() -> None:
        await hold(db, NOW + LEASE)

    await process(db, night).alone(work)

    assert await lease(db) == Lease("other/1", NOW + LEASE)
