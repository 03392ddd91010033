"""The outbox's decisions: what an outcome makes of a delivery."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain.extent import Extent
from bot.outbox.domain.delivery import (
    CANNOT_TELL,
    CLOSED,
    FOLLOWS,
    NOT_NOW,
    OPEN,
    REFUSED,
    REFUSED_FOR_NOW,
    TOO_OFTEN,
    Absent,
    Accepted,
    Attempt,
    NotNow,
    NotTried,
    Patience,
    Refused,
    State,
    Uncertain,
    Unsearchable,
    Unsearched,
    WaitsFor,
    after_call,
    after_search,
    delivery_key,
    pause,
)

NOW = datetime(2026, 2, 3, tzinfo=UTC)
LEASE = NOW + timedelta(seconds=60)
ATTEMPT = Attempt(lease_until=LEASE)

spans = st.timedeltas(timedelta(), timedelta(days=1))
calls = st.one_of(
    st.builds(Accepted, st.text()),
    st.builds(NotNow, st.text(), st.none() | spans, st.booleans()),
    st.builds(NotTried),
    st.builds(Uncertain, st.text(), st.booleans()),
    st.builds(Refused, st.text(), st.sampled_from(Extent)),
)
searches = st.one_of(
    st.builds(Accepted, st.text()),
    st.builds(Absent),
    st.builds(Unsearched, st.text(), st.none() | spans, st.booleans()),
    st.builds(Unsearchable, st.text()),
)
attempts = st.builds(
    Attempt,
    lease_until=st.just(LEASE),
    failures=st.integers(0, 2000),
    operator_confirmed=st.booleans(),
    is_reply=st.booleans(),
)
jitters = st.floats(0, 1, exclude_max=True)


@given(attempts, calls, jitters)
def test_a_call_that_may_have_posted_is_never_planned_again_without_a_search(
    attempt, outcome, jitter
):
    step = after_call(attempt, outcome, now=NOW, jitter=jitter)

    assert step.state in FOLLOWS[State.SENDING]
    assert (step.state is State.SENT) == isinstance(outcome, Accepted)
    if isinstance(outcome, Uncertain):
        assert step.state is State.SENDING
        assert step.not_before == LEASE  # nobody searches while the request may be on its way
    if step.state in OPEN:
        assert step.not_before is not None
        assert step.not_before >= NOW


@given(attempts, searches, jitters)
def test_only_a_search_that_found_nothing_or_a_person_leads_to_another_call(
    attempt, outcome, jitter
):
    step = after_search(attempt, outcome, now=NOW, jitter=jitter)

    assert (step.state is State.SENT) == isinstance(outcome, Accepted)
    if step.state is State.PLANNED:
        assert isinstance(outcome, Absent) or attempt.operator_confirmed
    assert step.in_doubt == (step.reason == CANNOT_TELL)


@given(attempts, st.one_of(calls.map(lambda o: (after_call, o)), searches.map(lambda o: (after_search, o))))  # fmt: skip
def test_what_is_held_or_dead_says_why(attempt, case):
    decide, outcome = case

    step = decide(attempt, outcome, now=NOW, jitter=0)

    if step.state in (State.HELD, State.DEAD):
        assert step.reason


def test_waiting_as_long_as_the_platform_says_is_no_failure():
    step = after_call(ATTEMPT, NotNow("slow down", timedelta(seconds=30)), now=NOW, jitter=0.5)

    assert (step.state, step.failures) == (State.PLANNED, 0)
    assert step.not_before == NOW + timedelta(seconds=30)
    assert (step.reason, step.detail) == (NOT_NOW, "slow down")


def test_failures_wait_longer_each_time_for_as_long_as_it_takes():
    patience = Patience(timedelta(seconds=2), timedelta(seconds=60), failures=8)
    attempt, waits = ATTEMPT, []

    for _ in range(100):
        step = after_call(attempt, NotNow("down"), now=NOW, jitter=0.999999, patience=patience)
        assert (step.state, step.reason) == (State.PLANNED, NOT_NOW)
        assert step.not_before is not None
        waits.append(round((step.not_before - NOW).total_seconds()))
        attempt = Attempt(LEASE, failures=step.failures)

    assert waits == [2, 4, 8, 16, 32, *[60] * 95]


@given(attempts, st.one_of(st.builds(NotNow, st.text(), st.none() | spans).map(lambda o: (after_call, o)), st.builds(Unsearched, st.text(), st.none() | spans).map(lambda o: (after_search, o))), jitters)  # fmt: skip
def test_a_platform_that_is_away_holds_nothing_however_long(attempt, case, jitter):
    decide, outcome = case

    step = decide(attempt, outcome, now=NOW, jitter=jitter)

    assert step.state in OPEN
    assert step.not_before is not None
    assert step.not_before - NOW <= max(
        Patience().longest_pause, outcome.retry_after or timedelta()
    )


@given(st.lists(st.sampled_from(["away", "lost", "absent", "unsearched"]), max_size=400))
def test_what_is_away_for_three_days_is_posted_when_it_is_back(deeds):
    """However calls and searches fail in between: the platform answers nothing for sure."""
    now, attempt, last = NOW, ATTEMPT, None
    for deed in deeds:
        match deed:
            case "away":
                last = after_call(attempt, NotNow("down"), now=now, jitter=0)
            case "lost":
                last = after_call(attempt, Uncertain("reset"), now=now, jitter=0)
            case "absent":
                last = after_search(attempt, Absent(), now=now, jitter=0)
            case _:
                last = after_search(attempt, Unsearched("down"), now=now, jitter=0)
        assert last.state in OPEN
        attempt = Attempt(LEASE, failures=last.failures)


def test_a_message_that_is_lost_each_time_for_a_week_is_at_fault_itself():
    failures, spent = 0, timedelta()

    while True:
        lost = after_call(Attempt(LEASE, failures), Uncertain("500"), now=NOW, jitter=0.5)
        step = after_search(Attempt(LEASE, lost.failures), Absent(), now=NOW, jitter=0.5)
        if step.not_before is None:
            break
        failures, spent = step.failures, spent + (step.not_before - NOW)

    assert (step.state, step.reason, step.in_doubt) == (State.HELD, TOO_OFTEN, False)
    assert timedelta(days=3) < spent < timedelta(days=10)


def test_a_search_that_breaks_for_a_week_can_tell_nothing():
    failures, spent = 0, timedelta()

    while True:
        attempt = Attempt(LEASE, failures)
        step = after_search(attempt, Unsearched("KeyError", broken=True), now=NOW, jitter=0.5)
        assert step.not_before is not None
        if step.state is State.HELD:
            break
        failures, spent = step.failures, spent + (step.not_before - NOW)

    assert (step.reason, step.in_doubt) == (CANNOT_TELL, True)
    assert spent > timedelta(days=3)


def test_what_failed_once_is_sent_again_as_soon_as_it_is_known_to_be_absent():
    uncertain = after_call(ATTEMPT, Uncertain("reset"), now=NOW, jitter=0.5)
    step = after_search(
        Attempt(LEASE, failures=uncertain.failures), Absent(), now=LEASE, jitter=0.5
    )

    assert (step.state, step.not_before) == (State.PLANNED, LEASE)


def test_a_message_that_breaks_its_adapter_is_given_up_after_a_few_attempts():
    failures, rounds = 0, 0

    while True:
        rounds += 1
        called = after_call(Attempt(LEASE, failures), Uncertain("TypeError", broken=True), now=NOW, jitter=0)  # fmt: skip
        found = after_search(Attempt(LEASE, called.failures), Absent(), now=LEASE, jitter=0)
        if found.state is State.HELD:
            break
        failures = found.failures

    assert rounds <= 4
    assert found.reason == TOO_OFTEN


def test_a_channel_that_refuses_stops_its_subscription():
    step = after_call(ATTEMPT, Refused("archived"), now=NOW, jitter=0)

    assert (step.state, step.stops_subscription) == (State.DEAD, True)
    assert step.waits_for is WaitsFor.RESUME


@pytest.mark.parametrize(
    ("extent", "state", "reason", "waits_for"),
    [
        (Extent.GONE, State.DEAD, CLOSED, None),
        (Extent.MESSAGE, State.DEAD, REFUSED, None),
        (Extent.THREAD, State.HELD, REFUSED_FOR_NOW, WaitsFor.THREAD),
        (Extent.CHANNEL, State.HELD, REFUSED_FOR_NOW, WaitsFor.CHANNEL),
    ],
)
def test_a_thread_that_refuses_stops_no_subscription(extent, state, reason, waits_for):
    step = after_call(Attempt(LEASE, is_reply=True), Refused("no", extent), now=NOW, jitter=0)

    assert (step.state, step.reason, step.waits_for) == (state, reason, waits_for)
    assert step.closes_thread == (extent is Extent.GONE)
    assert not step.stops_subscription


def test_where_messages_are_refused_one_is_tried_every_hour():
    step = after_call(Attempt(LEASE, is_reply=True), Refused("out"), now=NOW, jitter=0)

    assert step.not_before == NOW + timedelta(hours=1)


def test_what_no_search_can_tell_is_held_until_somebody_vouches_for_it():
    lost = Unsearchable("no access to the history")

    held = after_search(ATTEMPT, lost, now=NOW, jitter=0)
    operator_confirmed = after_search(
        Attempt(LEASE, operator_confirmed=True), lost, now=NOW, jitter=0
    )

    assert (held.state, held.in_doubt) == (State.HELD, True)
    assert operator_confirmed.state is State.PLANNED


def test_a_search_waits_as_long_as_the_platform_says():
    step = after_search(ATTEMPT, Unsearched("limited", timedelta(minutes=1)), now=NOW, jitter=0)

    assert (step.state, step.not_before) == (State.SENDING, NOW + timedelta(minutes=1))


def test_nothing_leads_away_from_sent():
    assert FOLLOWS[State.SENT] == frozenset()
    assert set(FOLLOWS) == set(State)


@given(st.integers(-5, 10_000), jitters)
def test_a_pause_is_never_negative_and_never_too_long(failures, jitter):
    assert timedelta() <= pause(failures, jitter) <= Patience().longest_pause


@given(st.lists(st.text()), st.lists(st.text()))
def test_a_key_is_short_and_the_same_for_the_same_parts_only(parts, others):
    key = delivery_key(*parts)

    assert re.fullmatch("d[0-9a-f]{24}", key)
    assert (key == delivery_key(*others)) == (parts == others)


def test_keys_never_change():
    """They are found in channels years later: a change here would post things twice."""
    assert delivery_key("slack:T1/C1", "2026-02-03", "0", "header") == "d817f54be9df2bbc2404532a2"


@pytest.mark.parametrize("state", State)
def test_every_open_delivery_can_be_closed(state):
    if state in OPEN:
        assert FOLLOWS[state] & {State.HELD, State.DEAD}
