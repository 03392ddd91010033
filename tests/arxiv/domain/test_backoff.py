from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arxiv.domain.backoff import BACKOFF_STEPS, LONGEST_WAIT, SPACING, wait_until

NOW = datetime(2026, 11, 17, 6, tzinfo=UTC)


@pytest.mark.parametrize("failures", [1, 2, 3, 4])
def test_waits_follow_the_backoff_steps_with_jitter(failures: int):
    step = BACKOFF_STEPS[failures - 1]

    assert wait_until(NOW, failures, None, 0.0) == NOW + step
    assert NOW + step < wait_until(NOW, failures, None, 0.9) < NOW + step * 1.25


def test_after_the_last_step_the_wait_lasts_until_tomorrow():
    assert wait_until(NOW, 5, None, 0.0) == datetime(2026, 11, 18, 4, 10, tzinfo=UTC)
    assert wait_until(NOW, 500, None, 0.0) == datetime(2026, 11, 18, 4, 10, tzinfo=UTC)


def test_retry_after_is_obeyed_and_never_undercut():
    assert wait_until(NOW, 1, timedelta(minutes=7), 0.5) == NOW + timedelta(minutes=7)
    assert wait_until(NOW, 1, timedelta(0), 0.5) == NOW + SPACING
    assert wait_until(NOW, 9, timedelta(seconds=1), 0.0) == datetime(
        2026, 11, 18, 4, 10, tzinfo=UTC
    )


@given(
    st.integers(1, 100),
    st.none() | st.timedeltas(timedelta(0), timedelta(days=9999)),
    st.floats(0, 0.999),
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_a_wait_is_between_the_spacing_and_the_longest_wait(failures, retry_after, jitter, now):
    wait = wait_until(now, failures, retry_after, jitter) - now

    assert SPACING <= wait <= LONGEST_WAIT
    if retry_after is not None and retry_after <= LONGEST_WAIT:
        assert wait >= retry_after
