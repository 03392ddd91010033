"""Several processes on one database share its work: each name has one holder, whoever comes or dies."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

import pytest

from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, open_database
from bot.core.services.shared_work import LOOK_EVERY, SharedWork
from bot.core.store import processes
from bot.core.store.leases import Process
from tests.stage import MORNING
from tests.waiting import until

FAMILIES = {"post:slack", "plan", "vault"}
NAMES = (*(f"post:slack:T{number}" for number in range(6)), "plan", "vault")


@dataclass
class Bot:
    """One process: it looks whenever the test says so."""

    db: Database
    work: SharedWork
    task: asyncio.Task[None]
    looks: asyncio.Semaphore
    done: list[None]
    released: list[str]

    @property
    def held(self) -> set[str]:
        return {name for name in NAMES if self.work.holds(name)}

    async def look(self) -> None:
        before = len(self.done)
        self.looks.release()
        await until(lambda: len(self.done) > before)


@dataclass
class Ground:
    """A database and a clock that several processes share; PostgreSQL's server has its own."""

    location: Path | PostgresAddress
    ending: AsyncExitStack
    gone: set[str] = field(default_factory=set)
    names: tuple[str, ...] = NAMES
    turned: timedelta = timedelta()

    def clock(self) -> datetime:
        if isinstance(self.location, PostgresAddress):
            return datetime.now(UTC)
        return MORNING + self.turned

    async def pass_time(self, bot: Bot, by: timedelta) -> None:
        """So much time passes; on PostgreSQL, everybody was seen so much earlier."""
        self.turned += by
        if isinstance(self.location, PostgresAddress):
            async with bot.db.transaction() as tx:
                for each in await processes.list_all(tx):
                    await processes.see(tx, each.process.id, each.seen_at - by)


@pytest.fixture
async def ground(location: Path | PostgresAddress) -> AsyncIterator[Ground]:
    async with AsyncExitStack() as ending:
        yield Ground(location, ending)


async def bot(
    ground: Ground,
    name: str,
    *,
    can: set[str] = FAMILIES,
    ahead: Iterable[timedelta] = (timedelta(),),
) -> Bot:
    """A process that takes part until the end of the test.

    Its clock is so far `ahead`, in turn where there are several.
    """
    return await ground.ending.enter_async_context(running(ground, name, can, ahead))


@asynccontextmanager
async def running(
    ground: Ground, name: str, can: set[str], ahead: Iterable[timedelta]
) -> AsyncIterator[Bot]:
    turns = cycle(ahead)
    db = await open_database(ground.location)
    looks, done, released = asyncio.Semaphore(0), list[None](), list[str]()

    async def sleep(_seconds: float) -> None:
        done.append(None)
        await looks.acquire()

    async def before_release(name: str) -> None:
        released.append(name)

    work = SharedWork(
        db,
        Process(name, "machine", 10),
        can=can,
        wanted=lambda: ground.names,
        clock=lambda: ground.clock() + next(turns),
        sleep=sleep,
        is_gone=lambda process: process.id in ground.gone,
        before_release=before_release,
    )
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(work.run())
            await until(lambda: bool(done))
            yield Bot(db, work, task, looks, done, released)
            task.cancel()
    finally:
        await db.close()


async def settle(*bots: Bot) -> None:
    """Everybody looks until nothing moves any more."""
    for _ in range(3):
        for each in bots:
            await each.look()


async def test_who_is_alone_does_everything(ground):
    first = await bot(ground, "first")

    assert first.held == set(NAMES)


async def test_work_is_spread_when_another_joins_and_every_name_has_one_holder(ground):
    first, second = await bot(ground, "first"), await bot(ground, "second")
    await settle(first, second)

    assert first.held | second.held == set(NAMES)
    assert first.held & second.held == set()
    assert Counter(map(len, (first.held, second.held))) == {4: 2}
    assert set(first.released) == second.held


async def test_what_is_in_use_is_released_only_afterwards(ground):
    first = await bot(ground, "first")
    with ExitStack() as stack:
        for name in NAMES:
            assert stack.enter_context(first.work.using(name))
        second = await bot(ground, "second")
        await settle(first, second)

        moving = set(NAMES) - first.held
        assert len(moving) == 4
        assert second.held == set()
        for name in moving:
            with first.work.using(name) as may:
                assert not may

    await settle(first, second)
    assert second.held == moving


async def test_the_work_of_a_process_that_is_not_seen_moves_within_half_a_minute(ground):
    first, second = await bot(ground, "first"), await bot(ground, "second")
    await settle(first, second)
    first.task.cancel()
    unseen = timedelta()

    while second.held != set(NAMES):
        await ground.pass_time(second, LOOK_EVERY)
        unseen += LOOK_EVERY
        await second.look()

    assert unseen < timedelta(seconds=30)
    # On PostgreSQL the time that the test itself takes passes, too.
    assert isinstance(ground.location, PostgresAddress) or unseen >= processes.TERM - LOOK_EVERY


async def test_the_work_of_a_process_that_has_ended_on_this_machine_moves_at_the_next_look(ground):
    first, second = await bot(ground, "first"), await bot(ground, "second")
    await settle(first, second)

    first.task.cancel()
    ground.gone.add("first")
    await second.look()

    assert second.held == set(NAMES)


async def test_the_work_of_a_process_that_leaves_moves_at_the_next_look(ground):
    first, second = await bot(ground, "first"), await bot(ground, "second")
    await settle(first, second)

    first.task.cancel()
    await first.work.leave()
    await second.look()

    assert second.held == set(NAMES)
    assert first.held == set()


async def test_a_process_that_slept_learns_that_it_lost_everything_and_joins_again(ground):
    first, second = await bot(ground, "first"), await bot(ground, "second")
    await settle(first, second)
    await ground.pass_time(second, processes.TERM + timedelta(seconds=1))
    await second.look()
    assert second.held == set(NAMES)
    async with first.db.reading() as tx:
        assert not await processes.is_there(tx, "first")  # so it claims nothing

    await settle(first, second)

    assert first.held | second.held == set(NAMES)
    assert first.held & second.held == set()
    assert len(first.held) == 4


async def test_work_goes_only_to_those_who_can_do_it(ground):
    first = await bot(ground, "first", can=FAMILIES - {"vault"})
    second = await bot(ground, "second")
    await settle(first, second)

    assert "vault" in second.held


async def test_what_is_no_longer_wanted_is_released(ground):
    first = await bot(ground, "first")

    ground.names = NAMES[1:]
    await settle(first)

    assert not first.work.holds(NAMES[0])
    assert first.released == [NAMES[0]]


async def test_a_part_runs_while_its_name_is_held_and_ends_before_it_is_released(ground):
    first = await bot(ground, "first")
    told: list[str] = []

    async def part() -> None:
        told.append("starts")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            async with first.db.reading() as tx:
                holders = await processes.list_holders(tx)
            told.append(f"stops, holds it: {'plan' in holders}")

    async with asyncio.TaskGroup() as tasks:
        doing = tasks.create_task(first.work.while_held("plan", part))
        ground.names = ()
        await settle(first)
        ground.names = ("plan",)
        await settle(first)
        await until(lambda: len(told) == 3)
        doing.cancel()

    assert told == ["starts", "stops, holds it: True", "starts", "stops, holds it: True"]


async def test_an_error_of_a_part_is_raised(ground):
    first = await bot(ground, "first")

    async def fail() -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await first.work.while_held("plan", fail)


async def test_a_process_whose_clock_is_wrong_leaves_the_work_to_others(ground):
    if not isinstance(ground.location, PostgresAddress):
        pytest.skip("there is no clock but the machine's")
    first = await bot(ground, "first", ahead=[timedelta(minutes=1)])
    assert first.held == set(NAMES)  # better than nobody

    second = await bot(ground, "second")
    await settle(first, second)

    assert first.held == set()
    assert second.held == set(NAMES)
    assert second.released == []

    await second.work.leave()
    await first.look()
    assert first.held == set(NAMES)


async def test_a_process_that_is_stopped_while_it_reads_the_shared_clock_has_no_wrong_clock(ground):
    if not isinstance(ground.location, PostgresAddress):
        pytest.skip("there is no clock but the machine's")
    await bot(ground, "first")

    # A minute passes here after the server has said what time it is.
    second = await bot(ground, "second", ahead=[timedelta(), timedelta(minutes=1)])

    assert second.work.processes == 2
