"""Rate limits are kept whatever is asked, and nearly used up."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.outbox.domain.rate_limit import BucketKey, Rate, RateLimits, Rates
from bot.outbox.domain.request_window import MARGIN

BUCKETS = tuple(BucketKey("slack", f"T{place % 2}", f"C{place}") for place in range(6))
RATES = Rates(channel=Rate(1, 1.0), workspace=Rate(5, 1.0), platform=Rate(8, 1.0))


def in_any_second(times: list[float]) -> int:
    return max((sum(start <= each < start + 1 for each in times) for start in times), default=0)


@given(
    st.lists(
        st.tuples(st.sampled_from(BUCKETS), st.floats(0, 0.7), st.floats(0, 0.04), st.floats(0, 1)),
        max_size=60,
    )
)
def test_no_limit_is_ever_broken_however_unevenly_requests_travel(asked):
    """The platform counts a request at some time between its start and its answer."""
    limits, now, arrived = RateLimits({"slack": RATES}), 0.0, []

    for bucket, idle, travel, share in asked:
        now += idle
        turn = limits.take(bucket, now)
        arrived.append((bucket, turn.start + travel * share))
        limits.answered(turn, turn.start, turn.start + travel)

    assert in_any_second([at for _, at in arrived]) <= 8
    for workspace in ("T0", "T1"):
        assert in_any_second([at for bucket, at in arrived if bucket.workspace == workspace]) <= 5
    for bucket in BUCKETS:
        assert in_any_second([at for each, at in arrived if each == bucket]) <= 1


def test_a_busy_workspace_uses_its_limit_nearly_up():
    limits = RateLimits({"slack": Rates(workspace=Rate(50, 1.0))})

    starts = []
    for number in range(5_000):
        bucket = BucketKey("slack", "T", f"C{number}")
        turn = limits.take(bucket, 0.0)
        starts.append(turn.start)
        limits.answered(turn, turn.start, turn.start + 0.005)

    assert starts[-1] < 5_000 / 50 * 1.01
    assert all(later >= earlier for earlier, later in pairwise(starts))


def test_a_channels_second_begins_with_the_answer():
    limits, bucket = RateLimits({"slack": Rates(channel=Rate(1, 1.0))}), BUCKETS[0]

    limits.answered(limits.take(bucket, 0.0), 0.0, 0.4)

    assert limits.ready_at(bucket, 0.5) == pytest.approx(0.4 + 1 + MARGIN)


def test_a_channel_that_was_told_to_wait_holds_only_itself():
    limits = RateLimits({})

    limits.hold(BUCKETS[0], 30.0, whole_workspace=False)

    assert limits.ready_at(BUCKETS[0], 1.0) == 30.0
    assert [limits.ready_at(bucket, 1.0) for bucket in BUCKETS[1:]] == [1.0] * 5


def test_a_workspace_that_was_told_to_wait_holds_all_its_channels():
    limits = RateLimits({})

    limits.hold(BUCKETS[0], 30.0, whole_workspace=True)

    assert [limits.ready_at(bucket, 1.0) for bucket in BUCKETS] == [30.0, 1.0] * 3
    assert limits.rooms(BUCKETS[2], 1.0, 2.0)[0] == 0


def test_a_bot_that_was_told_to_wait_waits_in_all_workspaces_of_a_platform_that_counts_the_bot():
    limits = RateLimits({"slack": Rates(channel=Rate(5, 5.0), platform=Rate(50, 1.0))})

    limits.hold(BUCKETS[0], 30.0, whole_workspace=True)

    assert [limits.ready_at(bucket, 1.0) for bucket in BUCKETS] == [30.0] * 6
    assert limits.rooms(BUCKETS[1], 1.0, 2.0)[1] == 0


def test_platforms_without_limits_do_not_wait():
    limits, bucket = RateLimits({}), BucketKey("web", "", "general")

    assert [limits.take(bucket, 5.0).start for _ in range(3)] == [5.0] * 3
    assert min(limits.rooms(bucket, 5.0, 5.1)) > 1000
