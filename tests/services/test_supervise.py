from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UsageError
from bot.services.supervise import FIRST_WAIT, LONGEST_WAIT, Supervised, wait_after


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


async def test_what_fails_is_started_again_until_it_ends_by_itself() -> None:
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


async def test_what_a_person_must_mend_ends_it() -> None:
    clock = Clock()

    async def start() -> None:
        raise UsageError("the token is wrong")

    with pytest.raises(UsageError):
        await Supervised("slack", start, clock=clock, sleep=clock.sleep).run()

    assert clock.waits == []
