"""Requests are counted as long as Discord may count them, and no longer."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.discord.request_window import Request, RequestWindow

MOST = 50


@dataclass(frozen=True)
class Way:
    """The seconds that a request takes to Discord, and its answer back, work included."""

    there: float
    back: float


def arrivals(ways: Sequence[Way]) -> list[float]:
    """When Discord sees requests that are sent as soon as the window lets them."""
    window, now = RequestWindow(), 0.0
    answers: list[tuple[float, int]] = []
    requests: list[Request] = []
    seen: list[float] = []
    for number, way in enumerate(ways):
        while True:
            until = window.free_at(now, MOST)
            due = min(answers, default=(float("inf"), -1))
            if until is None and due[0] > now:
                break
            if until is None or due[0] <= until:
                now = max(now, due[0])
                answers.remove(due)
                window.answered(requests[due[1]], due[0])
            else:
                now = until
        request = window.add(now)
        window.sent(request, now)
        requests.append(request)
        seen.append(now + way.there)
        answers.append((now + way.there + way.back, number))
        now += 0.8 / MOST
    return seen


def most_within_a_second(times: Sequence[float]) -> int:
    """The most of the times that any second (its end excluded) has."""
    ordered = sorted(times)
    return max(
        bisect_left(ordered, start + 1 - 1e-6) - place for place, start in enumerate(ordered)
    )


@given(
    best=st.builds(Way, st.floats(0.001, 0.2), st.floats(0.001, 0.3)),
    late=st.lists(st.builds(Way, st.floats(0, 0.3), st.floats(0, 0.4)), min_size=120, max_size=160),
    margin=st.integers(2, 40),
)
def test_in_no_second_does_discord_see_more_than_it_takes(best: Way, late: list[Way], margin: int):
    """Also where each is late by its own time, as long as one in a while is not."""
    ways = [
        best if number % margin == 0 else Way(best.there + each.there, best.back + each.back)
        for number, each in enumerate(late)
    ]

    assert most_within_a_second(arrivals(ways)) <= MOST


@given(way=st.builds(Way, st.floats(0.001, 0.2), st.floats(0.001, 0.3)))
def test_a_long_way_costs_few_messages(way: Way):
    times = arrivals([way] * 500)

    assert times[-1] - times[0] < (500 / MOST) * (1 + 0.11 * (way.there + way.back))


def test_after_a_refusal_no_request_is_taken_to_need_time():
    window = RequestWindow()
    for number in range(MOST):
        request = window.add(number / MOST)
        window.sent(request, number / MOST)
        window.answered(request, number / MOST + 0.5)
    early = window.free_at(1.0, MOST)

    window.refused()
    last = window.add(2.0)
    window.sent(last, 2.0)
    window.answered(last, 2.5)

    assert early is None or early < 1.1
    assert last.counts_until == 3.5
