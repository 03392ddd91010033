"""Requests are counted as long as the server may count them, and hardly longer."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from bot.outbox.domain.request_window import Request, RequestWindow

FIRST = 50
"""So many answers tell how fast one comes at best."""


@dataclass(frozen=True)
class Way:
    """The seconds that a request takes to the server, and its answer back, work included.

    It leaves after some seconds in which a connection is made.
    """

    there: float
    back: float
    leaves: float = 0.0

    def longer(self, there: float, back: float) -> "Way":
        return Way(self.there + there, self.back + back)


def arrivals(ways: Sequence[Way], most: int) -> list[float]:
    """When the server sees requests that are sent as soon as the window lets them."""
    window, now = RequestWindow(1.0), 0.0
    told: list[tuple[float, int, bool]] = []  # when, which request, and whether it is its answer
    requests: list[Request] = []
    seen: list[float] = []
    for number, way in enumerate(ways):
        while True:
            ready = window.ready_at(now, most)
            due = min(told, default=(float("inf"), -1, False))
            if ready <= now and due[0] > now:
                break
            if due[0] <= max(ready, now):
                now = max(now, due[0])
                told.remove(due)
                tell = window.answered if due[2] else window.sent
                tell(requests[due[1]], due[0])
            else:
                now = ready
        requests.append(window.add(now, most, has_left=not way.leaves))
        leaves = now + way.leaves
        seen.append(leaves + way.there)
        if way.leaves:
            told.append((leaves, number, False))
        told.append((leaves + way.there + way.back, number, True))
    return seen


def most_within_a_second(times: Sequence[float]) -> int:
    """The most of the times that any second (its end excluded) has."""
    ordered = sorted(times)
    return max(
        bisect_left(ordered, start + 1 - 1e-6) - place for place, start in enumerate(ordered)
    )


WAYS = st.builds(Way, st.floats(0.001, 0.2), st.floats(0.001, 0.3))
DELAYS = st.tuples(st.floats(0, 0.3), st.floats(0, 0.4))
RATES = st.sampled_from((1, 2, 8, 19, 50))


@given(
    best=WAYS,
    late=st.lists(DELAYS, min_size=120, max_size=160),
    margin=st.integers(2, 40),
    most=RATES,
)
def test_in_no_second_does_the_server_see_more_than_it_takes(
    best: Way, late: list[tuple[float, float]], margin: int, most: int
):
    """Also where each is late by its own time, as long as one in a while is not."""
    ways = [
        best if number % margin == 0 else best.longer(*each) for number, each in enumerate(late)
    ]

    assert most_within_a_second(arrivals([best] * FIRST + ways, most)) <= most
    assert most_within_a_second(arrivals(ways, most)) <= most


@given(
    first=WAYS,
    spells=st.lists(st.tuples(st.integers(1, 120), DELAYS), min_size=1, max_size=6),
    most=RATES,
)
def test_nor_where_all_ways_get_longer_at_once_or_as_short_again(
    first: Way, spells: list[tuple[int, tuple[float, float]]], most: int
):
    """A spell may last longer than the last answers are remembered."""
    ways = [first] * FIRST
    for count, (more, yet_more) in spells:
        ways += [first.longer(more, yet_more)] * (2 * count) + [first] * count

    assert most_within_a_second(arrivals(ways, most)) <= most


@given(ways=st.lists(st.tuples(st.integers(1, 60), WAYS), min_size=1, max_size=8), most=RATES)
def test_nor_whatever_the_first_answers_take(ways: list[tuple[int, Way]], most: int):
    """The first ones say nothing of how short a way there may be."""
    all_ways = [way for count, way in ways for _ in range(count)]

    assert most_within_a_second(arrivals(all_ways[: FIRST - 1], most)) <= most


@given(
    ways=st.lists(st.builds(replace, WAYS, leaves=st.floats(0, 9)), min_size=20, max_size=160),
    most=RATES,
)
def test_nor_where_connections_are_made_before_requests_leave(ways: list[Way], most: int):
    """What waits for a connection arrives together with the others that wait for one."""
    assert most_within_a_second(arrivals(ways, most)) <= most


@given(way=WAYS)
def test_a_long_way_costs_few_messages(way: Way):
    times = arrivals([way] * 700, 50)

    assert times[-1] - times[300] < 400 / 50 * (1 + 0.11 * (way.there + way.back)) + 0.2


def test_requests_start_in_small_groups_early_in_the_second():
    times = arrivals([Way(0.0, 0.001)] * 500, 50)

    for start in times:
        assert sum(start <= each < start + 0.01 for each in times) <= 6
    assert times[49] < 0.11
    assert times[-1] < 9.16


@given(most=RATES, count=st.integers(0, 60), until=st.floats(0, 0.9))
def test_as_many_start_until_then_as_there_is_room_for(most: int, count: int, until: float):
    """Claims rely on it: what waits too long for its turn was claimed too early."""
    window, now = RequestWindow(1.0), 0.0
    for _ in range(count):
        now = max(now, window.ready_at(now, most))
        window.answered(window.add(now, most), now)
    # Sums of pauses are rounded.
    least, room = (window.room(now, now + until + by, most) for by in (-1e-6, 1e-6))
    started = 0

    while (at := window.ready_at(now, most)) <= now + until:
        window.add(at, most)
        started += 1

    assert least <= started <= room


def test_after_a_refusal_no_request_is_taken_to_need_time():
    window = RequestWindow(1.0)
    for _ in range(FIRST):
        window.answered(window.add(0.0, 50), 0.5)
    early = window.add(1.0, 50)
    window.answered(early, 1.5)

    window.refused(2.0)
    last = window.add(2.0, 50)
    window.answered(last, 2.5)

    assert early.counts_until < 2.1
    assert last.counts_until > 3.5
