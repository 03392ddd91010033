"""The alarm: pumps are called again and again, whatever happens to one of them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.domain.errors import StorageError
from bot.operations.pumps import Pump, Pumps

SELDOM = timedelta(hours=1)
OFTEN = timedelta(milliseconds=5)
NOW = datetime(2026, 2, 3, tzinfo=UTC)


def alarm() -> Pumps:
    return Pumps(lambda: NOW)


class Counted:
    """A pump that counts its calls and does what it is told to."""

    def __init__(self, what: Callable[[int], Awaitable[None]] | None = None) -> None:
        self.calls = 0
        self._what = what
        self._called = asyncio.Condition()

    async def __call__(self) -> None:
        self.calls += 1
        async with self._called:
            self._called.notify_all()
        if self._what is not None:
            await self._what(self.calls)

    async def times(self, number: int) -> None:
        async with self._called:
            await self._called.wait_for(lambda: self.calls >= number)


async def test_a_pump_is_called_at_once_and_then_at_its_interval():
    pumps, often, seldom = alarm(), Counted(), Counted()
    pumps.add("often", OFTEN, often)
    pumps.add("seldom", SELDOM, seldom)

    async with pumps.running():
        await often.times(4)

    assert seldom.calls == 1


async def test_a_pump_is_called_when_it_wished_and_the_last_wish_counts():
    pumps = alarm()

    async def wish(call: int) -> None:
        if call == 1:
            pumps.wake_in("seldom", SELDOM)
            pumps.wake_in("seldom", -OFTEN)
        elif call == 2:
            pumps.wake_in("seldom", OFTEN)

    seldom = Counted(wish)
    pumps.add("seldom", SELDOM, seldom)

    async with pumps.running():
        await seldom.times(3)

    assert seldom.calls == 3


async def test_a_pump_that_fails_is_logged_counted_and_called_again_and_the_others_go_on(caplog):
    mended = asyncio.Event()

    async def fail_until_mended(call: int) -> None:
        if not mended.is_set():
            raise ValueError(f"number {call}")

    pumps, failing, other = alarm(), Counted(fail_until_mended), Counted()
    pumps.add("failing", OFTEN, failing)
    pumps.add("other", OFTEN, other)

    async with pumps.running():
        await failing.times(3)
        await other.times(3)
        ill, well = pumps.conditions
        mended.set()
        await failing.times(failing.calls + 2)
        mended_conditions = pumps.conditions

    assert (ill.ok, ill.last_ok_at, well.ok) == (False, None, True)
    assert ill.detail.startswith("ValueError, ")
    assert [(each.ok, each.last_ok_at) for each in mended_conditions] == [(True, NOW), (True, NOW)]
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert errors[1].getMessage() == "failing failed, 2 in a row"
    assert all(record.exc_info for record in errors)


async def test_a_pump_that_meets_the_cancellation_of_something_else_is_called_again():
    async def fail() -> None:
        await asyncio.sleep(0)
        raise ConnectionError("gone")

    async def meet(call: int) -> None:
        if call == 1:  # before Python 3.13 this leaves its task marked as cancelled
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(fail())
        if call == 2:
            raise asyncio.CancelledError

    pumps, pump = alarm(), Counted(meet)
    pumps.add("pump", OFTEN, pump)

    async with pumps.running():
        await pump.times(4)

    assert pumps.failures == (("pump", 2),)


async def test_a_pump_that_is_woken_while_it_works_is_called_again():
    async def wake_once(call: int) -> None:
        if call == 1:
            pumps.wake("pump")
            pumps.wake("pump")

    pumps, pump = alarm(), Counted(wake_once)
    pumps.add("pump", SELDOM, pump)

    async with pumps.running():
        await pump.times(2)

    assert pump.calls == 2


async def test_a_pump_that_is_woken_before_it_is_there_is_called_when_it_starts():
    pumps, pump = alarm(), Counted()
    pumps.wake("pump")
    pumps.add("pump", SELDOM, pump)

    async with pumps.running():
        await pump.times(1)

    assert pump.calls == 1


async def test_one_pump_wakes_another():
    async def wake_delivery(_: int) -> None:
        pumps.wake("deliver")

    pumps, deliver = alarm(), Counted()
    pumps.add("deliver", SELDOM, deliver)
    pumps.add("plan", SELDOM, Counted(wake_delivery))

    async with pumps.running():
        await deliver.times(1)

    assert 1 <= deliver.calls <= 2


async def test_running_pumps_finish_before_the_end_and_none_begins():
    stop, ended = asyncio.Event(), asyncio.Event()

    async def work(_: int) -> None:
        await stop.wait()
        await asyncio.sleep(0)
        ended.set()

    pumps, pump = alarm(), Counted(work)
    pumps.add("pump", OFTEN, pump)

    async with pumps.running():
        await pump.times(1)
        pumps.wake("pump")
        stop.set()

    assert ended.is_set()
    assert pump.calls == 1


async def test_cancelling_ends_a_pump_that_does_not_finish():
    begun, cut_off = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cut_off.set()

    pumps = alarm()
    pumps.add("pump", SELDOM, hang)

    async def run() -> None:
        async with pumps.running():
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run())
        await begun.wait()
        running.cancel()

    assert running.cancelled()
    assert cut_off.is_set()


async def test_a_pump_that_fails_while_it_is_cut_off_ends_as_well():
    begun = asyncio.Event()

    async def fail_at_the_end() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as ended:
            raise StorageError("the database is away") from ended

    pumps = alarm()
    pumps.add("pump", SELDOM, fail_at_the_end)

    async def run() -> None:
        async with pumps.running():
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run())
        await begun.wait()
        running.cancel()

    assert running.cancelled()
    assert pumps.failures == (("pump", 1),)


async def test_pumps_can_be_run_again():
    pumps, pump = alarm(), Counted()
    pumps.add("pump", SELDOM, pump)

    async with pumps.running():
        await pump.times(1)
    async with pumps.running():
        await pump.times(2)

    assert pump.calls == 2


class Wall:
    """A wall clock that runs with the loop's and can be set."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return NOW + self.ahead + timedelta(seconds=asyncio.get_running_loop().time())


@pytest.mark.parametrize(
    "by", [timedelta(hours=-1), timedelta(minutes=-10), timedelta(days=2)], ids=str
)
async def test_a_clock_step_is_logged_and_every_pump_is_called(by, caplog):
    wall = Wall()
    steps: list[timedelta] = []
    pumps = Pumps(wall, stepped=steps.append, look_every=0.005)
    often, seldom = Counted(), Counted()
    pumps.add("often", OFTEN, often)
    pumps.add("seldom", SELDOM, seldom)

    async with pumps.running():
        await often.times(2)
        wall.ahead = by
        await seldom.times(2)
        await often.times(often.calls + 5)
        conditions = pumps.conditions

    assert [round(step.total_seconds()) for step in steps] == [by.total_seconds()]
    assert [each.ok for each in conditions] == [True, True]
    [record] = [each for each in caplog.records if each.name == "bot.operations.pumps"]
    assert f"by {abs(by.total_seconds()):.0f} s" in record.getMessage()


async def test_a_slewed_clock_is_not_a_step(caplog):
    wall = Wall()
    steps: list[timedelta] = []
    pumps = Pumps(wall, stepped=steps.append, look_every=0.005)

    async def slew(_: int) -> None:
        wall.ahead += timedelta(seconds=0.5)

    pump = Counted(slew)
    pumps.add("pump", OFTEN, pump)
    async with pumps.running():
        await pump.times(10)

    assert steps == []


def pump_of(*, running: bool, age: float, every: timedelta = timedelta(seconds=2)) -> str:
    async def tick() -> None:
        return

    pump = Pump("pump", every, tick, running=running, seen_at=1000.0)
    return pump.lateness(1000.0 + age)


def test_a_pump_whose_last_run_is_older_than_a_few_of_its_intervals_is_late():
    assert pump_of(running=False, age=11) == ""
    assert pump_of(running=False, age=12) == "last ran 12 s ago"
    assert pump_of(running=False, age=100, every=timedelta(minutes=1)) == ""
    assert pump_of(running=True, age=12) == ""
    assert pump_of(running=True, age=301) == "runs for 301 s"
