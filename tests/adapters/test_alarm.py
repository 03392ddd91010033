"""The alarm: pumps are called again and again, whatever happens to one of them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from bot.adapters.alarm import Alarm

SELDOM = timedelta(hours=1)
OFTEN = timedelta(milliseconds=5)
NOW = datetime(2026, 2, 3, tzinfo=UTC)


def alarm(last_call: float = 5) -> Alarm:
    return Alarm(clock=lambda: NOW, last_call=timedelta(seconds=last_call))


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


@asynccontextmanager
async def running(alarm: Alarm) -> AsyncIterator[asyncio.Task[None]]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(alarm.run())
        yield task
        task.cancel()


async def test_a_pump_is_called_at_once_and_then_at_its_interval():
    pumps, often, seldom = alarm(), Counted(), Counted()
    pumps.every(OFTEN, "often", often)
    pumps.every(SELDOM, "seldom", seldom)

    async with running(pumps):
        await often.times(4)

    assert seldom.calls == 1


async def test_a_pump_that_fails_is_logged_counted_and_called_again_and_the_others_go_on(caplog):
    mended = asyncio.Event()

    async def fail_until_mended(call: int) -> None:
        if not mended.is_set():
            raise ValueError(f"number {call}")

    pumps, failing, other = alarm(), Counted(fail_until_mended), Counted()
    pumps.every(OFTEN, "failing", failing)
    pumps.every(OFTEN, "other", other)

    async with running(pumps):
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


async def test_a_pump_that_is_woken_while_it_works_is_called_again():
    async def wake_once(call: int) -> None:
        if call == 1:
            pumps.wake("pump")
            pumps.wake("pump")

    pumps, pump = alarm(), Counted(wake_once)
    pumps.every(SELDOM, "pump", pump)

    async with running(pumps):
        await pump.times(2)

    assert pump.calls == 2


async def test_one_pump_wakes_another():
    async def wake_delivery(_: int) -> None:
        pumps.wake("deliver")

    pumps, deliver = alarm(), Counted()
    pumps.every(SELDOM, "deliver", deliver)
    pumps.every(SELDOM, "plan", Counted(wake_delivery))

    async with running(pumps):
        await deliver.times(1)

    assert 1 <= deliver.calls <= 2


async def test_what_is_under_way_ends_before_the_alarm_does():
    ended = asyncio.Event()

    async def work(_: int) -> None:
        await pumps.stopping.wait()
        await asyncio.sleep(0)
        ended.set()

    pumps, pump = alarm(), Counted(work)
    pumps.every(SELDOM, "pump", pump)

    async with running(pumps):
        await pump.times(1)

    assert ended.is_set()
    assert pump.calls == 1


async def test_a_pump_that_does_not_end_is_cut_off_in_the_end():
    cut_off = asyncio.Event()

    async def hang(_: int) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        cut_off.set()

    pumps, pump = alarm(last_call=0.01), Counted(hang)
    pumps.every(SELDOM, "pump", pump)

    async with running(pumps):
        await pump.times(1)

    assert cut_off.is_set()
