import asyncio
from datetime import UTC, datetime, timedelta

from bot.adapters.alarm import FAILURES_TO_TELL, Alarm

OFTEN = timedelta(milliseconds=20)
SELDOM = timedelta(hours=1)


def clock() -> datetime:
    return datetime.now(UTC)


async def test_a_pump_runs_at_the_beginning_and_then_again_and_again() -> None:
    ticks = asyncio.Semaphore(0)

    async def tick() -> None:
        ticks.release()

    alarm = Alarm(clock)
    alarm.add("plan", OFTEN, tick)
    async with alarm.ringing(), asyncio.timeout(10):
        for _ in range(3):
            await ticks.acquire()

    assert alarm.conditions[0].ok
    assert alarm.conditions[0].last_ok_at is not None


async def test_a_pump_that_fails_is_counted_and_tried_again_and_the_others_go_on() -> None:
    failed = good = 0
    enough = asyncio.Event()

    async def broken() -> None:
        nonlocal failed
        failed += 1
        if failed > FAILURES_TO_TELL and good > 3:
            enough.set()
        raise OSError("disk")

    async def fine() -> None:
        nonlocal good
        good += 1

    alarm = Alarm(clock)
    alarm.add("broken", OFTEN, broken)
    alarm.add("fine", OFTEN, fine)
    async with alarm.ringing(), asyncio.timeout(10):
        await enough.wait()
        conditions = {condition.name: condition for condition in alarm.conditions}

    assert not conditions["broken"].ok
    assert "OSError" in conditions["broken"].detail
    assert conditions["fine"].ok
    assert dict(alarm.failures)["broken"] >= FAILURES_TO_TELL


async def test_a_pump_that_is_woken_runs_now() -> None:
    ticks = asyncio.Semaphore(0)

    async def tick() -> None:
        ticks.release()

    alarm = Alarm(clock)
    alarm.add("deliver", SELDOM, tick)
    async with alarm.ringing(), asyncio.timeout(10):
        await ticks.acquire()
        alarm.wake("deliver")
        await ticks.acquire()


async def test_being_woken_while_it_runs_is_not_lost_and_never_runs_it_twice_at_once() -> None:
    begun = asyncio.Semaphore(0)
    go_on = asyncio.Semaphore(0)
    running = most = 0

    async def tick() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        begun.release()
        await go_on.acquire()
        running -= 1

    alarm = Alarm(clock)
    alarm.add("deliver", SELDOM, tick)
    async with alarm.ringing(), asyncio.timeout(10):
        await begun.acquire()
        for _ in range(5):
            alarm.wake("deliver")
        go_on.release()
        await begun.acquire()
        go_on.release()

    assert most == 1


async def test_the_end_waits_for_what_runs_and_lets_nothing_begin() -> None:
    begun = asyncio.Event()
    finished = False

    async def tick() -> None:
        nonlocal finished
        begun.set()
        await asyncio.sleep(0.1)
        finished = True

    alarm = Alarm(clock)
    alarm.add("deliver", SELDOM, tick)
    async with alarm.ringing():
        await begun.wait()

    assert finished
    alarm.wake("deliver")
