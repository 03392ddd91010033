import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain.errors import NotFoundError, RankerError, StorageError, UsageError
from bot.core.ports import Condition
from bot.operations.services.supervise import FIRST_WAIT, LONGEST_WAIT, Supervised, wait_after


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_waits_grow_and_stay_bounded(failures: int, spread: float) -> None:
    wait = wait_after(failures, spread)

    assert FIRST_WAIT * 0.8 <= wait <= LONGEST_WAIT * 1.2
    assert wait <= wait_after(failures + 1, spread)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.waits: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)


async def test_a_failing_part_is_restarted_until_it_ends_by_itself() -> None:
    clock = Clock()
    starts = 0

    async def start() -> None:
        nonlocal starts
        starts += 1
        if starts < 4:
            raise ConnectionError("gone")

    supervised = Supervised("slack", start, clock=clock, sleep=clock.sleep)
    await supervised.run()

    assert starts == 4
    assert len(clock.waits) == 3
    assert clock.waits == sorted(clock.waits)


async def test_a_failure_shows_in_the_condition() -> None:
    clock = Clock()
    conditions = []

    async def start() -> None:
        conditions.append(supervised.condition)
        if len(conditions) == 1:
            raise ConnectionError("gone")

    supervised = Supervised("slack", start, clock=clock, sleep=clock.sleep)
    await supervised.run()

    assert [condition.ok for condition in conditions] == [True, False]
    assert "ConnectionError" in conditions[1].detail


class Flaky:
    """Runs as long as it is told, and then fails; looks at how it is said to be meanwhile."""

    def __init__(self, clock: Clock, *runs: timedelta) -> None:
        self.clock = clock
        self.runs = list(runs)
        self.supervised = Supervised("slack", self, clock=clock, sleep=clock.sleep)
        self.conditions: list[Condition] = []

    async def __call__(self) -> None:
        self.conditions.append(self.supervised.condition)
        self.clock.now += self.runs.pop(0)
        self.conditions.append(self.supervised.condition)
        if self.runs:
            raise ConnectionError("gone")


async def test_one_failure_is_over_when_it_has_run_well_for_a_while() -> None:
    flaky = Flaky(Clock(), timedelta(minutes=1), timedelta(days=30))
    await flaky.supervised.run()

    before, failing, restarted, later = flaky.conditions
    assert [each.ok for each in flaky.conditions] == [True, True, False, True]
    assert (before.detail, failing.detail) == ("", "")
    assert restarted.detail == "ConnectionError, 1 in a row"
    assert later.detail == ""
    assert later.last_ok_at == flaky.clock.now


async def test_the_last_failure_is_told_for_a_day() -> None:
    flaky = Flaky(Clock(), timedelta(minutes=1), timedelta(hours=1))
    await flaky.supervised.run()

    well = flaky.conditions[-1]
    assert well.ok
    assert well.detail == "well again after ConnectionError at 2026-01-01T00:01Z"


async def test_short_runs_are_failures_in_a_row_and_a_long_one_ends_them() -> None:
    clock = Clock()
    short, long = LONGEST_WAIT / 2, LONGEST_WAIT * 2
    flaky = Flaky(clock, *[short] * 6, long, short)
    await flaky.supervised.run()

    restarts = flaky.conditions[2::2]
    assert [each.ok for each in restarts] == [False] * 7
    assert [each.detail.split()[1] for each in restarts] == [*"123456", "1"]
    assert clock.waits[5] > clock.waits[6]
    assert restarts[0].last_ok_at == datetime(2026, 1, 1, tzinfo=UTC) + short
    assert restarts[5].last_ok_at == restarts[0].last_ok_at


async def test_a_part_that_failed_and_then_ended_by_itself_is_well() -> None:
    flaky = Flaky(Clock(), timedelta(0), timedelta(0))
    await flaky.supervised.run()

    assert flaky.supervised.condition.ok


@pytest.mark.parametrize(
    "error",
    [StorageError("The disk is full"), NotFoundError("There is no entry"), RankerError("Too few")],
)
async def test_a_transient_storage_error_ends_nothing(error: Exception) -> None:
    clock = Clock()
    starts = 0

    async def start() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise error

    await Supervised("arxiv", start, clock=clock, sleep=clock.sleep).run()

    assert starts == 2


async def test_cancelling_ends_it_also_where_it_then_fails() -> None:
    clock, begun = Clock(), asyncio.Event()

    async def start() -> None:
        if begun.is_set():
            return  # it was restarted
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise StorageError("The database cannot be reached")

    async with asyncio.TaskGroup() as tasks:
        supervised = Supervised("arxiv", start, clock=clock, sleep=clock.sleep)
        running = tasks.create_task(supervised.run())
        await begun.wait()
        running.cancel()

    assert running.cancelled()
    assert clock.waits == []


async def test_a_task_group_that_failed_is_no_cancellation() -> None:
    """Before Python 3.13 it may leave its task marked as cancelled."""
    clock = Clock()
    starts = 0

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ConnectionError("gone")

    async def start() -> None:
        nonlocal starts
        starts += 1
        if starts < 3:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(fail())

    await Supervised("slack", start, clock=clock, sleep=clock.sleep).run()

    assert starts == 3


async def test_the_cancellation_of_something_else_ends_nothing() -> None:
    """Closing an HTTP session cancels what others wait for, and no task."""
    clock = Clock()
    starts = 0

    async def start() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise asyncio.CancelledError

    await asyncio.gather(
        Supervised("slack", start, clock=clock, sleep=clock.sleep).run(), return_exceptions=True
    )

    assert starts == 2


async def test_an_error_that_a_person_must_fix_ends_it() -> None:
    clock = Clock()

    async def start() -> None:
        raise UsageError("the token is wrong")

    with pytest.raises(UsageError):
        await Supervised("slack", start, clock=clock, sleep=clock.sleep).run()

    assert clock.waits == []


async def test_a_clock_that_is_set_back_makes_nobody_unwell_for_as_long_as_the_step() -> None:
    flaky = Flaky(Clock(), timedelta(minutes=1), timedelta(hours=-9))
    await flaky.supervised.run()

    assert flaky.conditions[-1].ok
