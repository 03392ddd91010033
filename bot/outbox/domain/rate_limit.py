"""How fast to talk: so many messages in any span of time, for a channel and for what it is in.

Seconds are those of any clock that only runs forward. Nothing here waits: it says when.
"""

from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

MARGIN = 0.002
"""Spans are kept this much longer than asked: clocks differ."""
TRAVEL = 0.2
"""Seconds that a request is taken to be on its way at most; then it counts as arrived."""
_EVENNESS = 0.8
"""How much of the even distance two requests keep; the rest lets a late one be made up for."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in any `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Rates:
    """What one platform allows; `None` is no limit."""

    channel: Rate | None = None
    workspace: Rate | None = None
    platform: Rate | None = None


UNLIMITED = Rates()


@dataclass(frozen=True, slots=True)
class Lane:
    """A channel, and what it is in."""

    platform: str
    workspace: str
    channel: str


@dataclass(slots=True)
class _Bucket:
    """The last requests within one limit, by the time at which they count.

    A platform counts a request when it arrives, some time between its start and its answer. So
    it counts here from its answer, or a moment after its start while there is none: then the
    limit is kept however unevenly requests travel.
    """

    rate: Rate | None
    held_until: float = 0.0
    counted: deque[list[float]] = field(default_factory=deque)  # [start, counts from]
    gone: float = 0.0  # the latest time of those no longer in `counted`

    def ready_at(self, now: float) -> float:
        ready = max(now, self.held_until)
        if self.rate is None or not self.counted:
            return ready
        if len(self.counted) >= self.rate.count:
            span = self.rate.seconds * (1 + MARGIN)
            ready = max(ready, max(self.gone, self.counted[0][1]) + span)
        if self.rate.count > 1:
            even = self.rate.seconds / self.rate.count
            ready = max(ready, self.counted[-1][0] + even * _EVENNESS)
        return ready

    def room(self, now: float, until: float) -> int:
        """How many could start from now to then, at the even distance."""
        if self.held_until > until:
            return 0
        if self.rate is None:
            return 1_000_000
        ready = self.ready_at(now)
        if ready > until:
            return 0
        return 1 + int((until - ready) * self.rate.count / self.rate.seconds)

    def take(self, start: float) -> None:
        if self.rate is not None:
            self.counted.append([start, start + TRAVEL])
            while len(self.counted) > self.rate.count:
                self.gone = max(self.gone, self.counted.popleft()[1])

    def answered(self, start: float, now: float) -> None:
        for request in self.counted:
            if request[0] == start:
                # One at a time, nothing is lost by waiting for the answer, however late.
                alone = self.rate is not None and self.rate.count == 1
                request[1] = now if alone else min(request[1], now)
                return

    def is_idle(self, now: float) -> bool:
        return self.ready_at(now) <= now


class Pace:
    """Remembers what was started, and what platforms said about waiting."""

    def __init__(self, rates: Mapping[str, Rates]) -> None:
        self._rates = rates
        self._buckets: dict[Hashable, _Bucket] = {}

    def ready_at(self, lane: Lane, now: float) -> float:
        """The first time, not before `now`, at which a request may start."""
        return max(bucket.ready_at(now) for bucket in self._of(lane))

    def channel_ready_at(self, lane: Lane, now: float) -> float:
        """`ready_at`, as far as the channel itself goes."""
        return self._of(lane)[0].ready_at(now)

    def shared_ready_at(self, lane: Lane, now: float) -> float:
        """`ready_at`, as far as what the channel is in goes."""
        _, workspace, platform = self._of(lane)
        return max(workspace.ready_at(now), platform.ready_at(now))

    def take(self, lane: Lane, now: float) -> float:
        """Have the next request start at the time returned."""
        start = self.ready_at(lane, now)
        for bucket in self._of(lane):
            bucket.take(start)
        return start

    def answered(self, lane: Lane, start: float, now: float) -> None:
        """The request that started at `start`, as `take` said, was answered."""
        for bucket in self._of(lane):
            bucket.answered(start, now)

    def hold(self, lane: Lane, until: float, *, whole_workspace: bool) -> None:
        """The platform said when to come back: to this channel, or to all of its workspace."""
        bucket = self._of(lane)[1 if whole_workspace else 0]
        bucket.held_until = max(bucket.held_until, until)

    def rooms(self, lane: Lane, now: float, until: float) -> tuple[int, int]:
        """How many requests could start until then in the lane's workspace, and platform."""
        _, workspace, platform = self._of(lane)
        return workspace.room(now, until), platform.room(now, until)

    def forget_idle(self, now: float) -> None:
        """Let go of what no longer slows anything down."""
        self._buckets = {
            key: bucket for key, bucket in self._buckets.items() if not bucket.is_idle(now)
        }

    def _of(self, lane: Lane) -> tuple[_Bucket, _Bucket, _Bucket]:
        rates = self._rates.get(lane.platform, UNLIMITED)
        return (
            self._bucket((lane.platform, lane.workspace, lane.channel), rates.channel),
            self._bucket((lane.platform, lane.workspace), rates.workspace),
            self._bucket(lane.platform, rates.platform),
        )

    def _bucket(self, key: Hashable, rate: Rate | None) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(rate)
        return bucket
