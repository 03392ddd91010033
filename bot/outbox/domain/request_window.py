"""So many requests in any span of time, told from when they were sent and answered.

Seconds are those of a monotonic clock. Nothing here waits: it says when a request may start.
"""

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque

from bot.core.domain.dataclass import dataclass

MARGIN = 0.001
"""Spans are kept longer by this share: clocks differ."""
ARRIVED_WITHIN = 1.0
"""Seconds after which a request that has left counts as arrived, though it is not answered yet."""
LEFT_WITHIN = 10.0
"""Seconds after which a request has left, or nobody waits for it any longer."""

_FIRST = 50
"""After so many answers, the fastest tells how fast one comes at best."""
_PERIOD, _PERIODS = 60.0, 10
"""The fastest of so many such spans, in seconds, tells it: a slow spell may be over at once."""
_SURE = 0.9
"""How much of the fastest answer's time any request takes."""
_EVENNESS = 0.1
"""Two groups keep this share of the even distance."""
_GROUPS = 25
"""Requests start in so many groups in the span, where it has room for as many."""


@dataclass(slots=True, eq=False)
class Request:
    """A request that counts until a time."""

    start: float
    counts_until: float


class AnswerTimes:
    """How much of its answer's time every request takes.

    Where a request counts from its answer, the next one waits too long: by the way back of the one,
    and the way there of the other. Both, with the work, take as long as the fastest answer.
    """

    def __init__(self) -> None:
        self._count = 0
        self._fastest: deque[tuple[float, float]] = deque(maxlen=_PERIODS)  # by period
        self.saved = 0.0
        """The seconds before its answer from which a request counts."""

    def add(self, took: float, now: float) -> None:
        """An answer came at that time, after so many seconds."""
        self._count += 1
        period = now // _PERIOD
        if self._fastest and self._fastest[-1][0] == period:
            if took >= self._fastest[-1][1] and self._count != _FIRST:
                return  # most answers: nothing changes
            took = min(took, self._fastest.pop()[1])
        self._fastest.append((period, took))
        if self._count >= _FIRST:
            self.saved = _SURE * min(took for _, took in self._fastest)


class RequestWindow:
    """The requests that count within one limit.

    A server counts a request when it arrives, some time between its start and its answer; two that
    start a second apart arrive closer to each other where the first was slow on its way. So a
    request counts from its answer (or `AnswerTimes.saved` before it). One without an answer counts
    from `ARRIVED_WITHIN` after it has left, so that one that hangs does not hold back all others.
    While connections are made, requests that may start have not left: together they would arrive.

    Requests start in small groups with a pause between two: together they cost fewer wake-ups than
    one by one, and all in one burst would wait for each other's answers. The pauses are short: what
    starts late in a second keeps its place in each second after it, so the last one ends as late.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds * (1 + MARGIN)
        self._times = AnswerTimes()
        self._until: list[float] = []  # sorted
        self._leader, self._members = float("-inf"), 0  # the last group's start and size
        self._grouped = (0, 1, 0.0)  # the last result of `_group`, after its `most`

    def ready_at(self, now: float, most: int) -> float:
        """The first time, not before `now`, at which another one of `most` may start.

        Where there may be none, it is infinity.
        """
        if most < 1:
            return math.inf
        size, distance = self._group(most)
        pause = 0.0 if self._has_room(now, size, distance) else distance
        return max(now, self._leader + pause, self._free_at(most))

    def _free_at(self, most: int) -> float:
        """When so many no longer count that another one may start."""
        place = len(self._until) - most
        return self._until[place] if place >= 0 else float("-inf")

    def room(self, now: float, until: float, most: int) -> int:
        """How many could start from now to then."""
        ready = self.ready_at(now, most)
        if ready > until:
            return 0
        size, distance = self._group(most)
        first = size - self._members if self._has_room(ready, size, distance) else size
        further = int((until - ready) / distance) * size if distance else 0
        counted = len(self._until) - bisect_right(self._until, until)
        return min(first + further, most - counted)

    def add(self, start: float, most: int, *, has_left: bool = True) -> Request:
        """A request that starts then, as `ready_at` said; where it has not left yet, `sent` follows."""
        size, distance = self._group(most)
        if self._has_room(start, size, distance):
            self._members += 1
        else:
            self._leader, self._members = start, 1
        within = ARRIVED_WITHIN if has_left else LEFT_WITHIN
        request = Request(start, start + within + self._seconds)
        # More than those that may be sent now: an answer may still move one down.
        del self._until[: max(0, len(self._until) - 2 * most)]
        insort(self._until, request.counts_until)
        return request

    def sent(self, request: Request, now: float) -> None:
        """It has left only now: a connection may have been made before."""
        request.start = now
        self._count_until(request, now + ARRIVED_WITHIN + self._seconds)

    def answered(self, request: Request, now: float) -> None:
        """Its answer is here."""
        self._times.add(now - request.start, now)
        self._count_until(request, now - self._times.saved + self._seconds)

    def lost(self, request: Request, now: float) -> None:
        """There will be no answer: its connection is lost, or nobody waits any longer."""
        self._count_until(request, min(request.counts_until, now + self._seconds))

    def _count_until(self, request: Request, until: float) -> None:
        place = bisect_left(self._until, request.counts_until)
        if self._until[place : place + 1] == [request.counts_until]:
            del self._until[place]
        request.counts_until = until
        insort(self._until, until)

    def refused(self, now: float) -> None:
        """The server counted more than we did: for minutes, no request is taken to need any time."""
        self._times.add(0.0, now)

    def _group(self, most: int) -> tuple[int, float]:
        """The size of a group, and the seconds between two; 0 where none but the answer counts."""
        if self._grouped[0] != most:
            size = max(1, most // _GROUPS)
            distance = size * self._seconds / most * _EVENNESS if most > 1 else 0.0
            self._grouped = most, size, distance
        return self._grouped[1:]

    def _has_room(self, at: float, size: int, distance: float) -> bool:
        """Whether the last group may have another member then."""
        return self._members < size and at <= self._leader + distance
