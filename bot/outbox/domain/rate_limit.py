"""Rate limits: so many requests in any span of time, for a channel, its workspace, its platform.

Seconds are those of a monotonic clock. Nothing here waits: it says when a request may start.
"""

from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

MARGIN = 0.002
"""Spans are kept longer by this share: clocks differ."""
TRAVEL = 0.2
"""A request counts as arrived at most so many seconds after its start."""
_EVENNESS = 0.8
"""Two requests keep this share of the even distance; the rest makes up for a late one."""


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
class BucketKey:
    """The channel, workspace and platform whose limits a request counts against."""

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


class RateLimits:
    """Counts requests per channel, workspace and platform, and remembers pauses that were asked for."""

    def __init__(self, rates: Mapping[str, Rates]) -> None:
        self._rates = rates
        self._buckets: dict[Hashable, _Bucket] = {}

    def ready_at(self, key: BucketKey, now: float) -> float:
        """The first time, not before `now`, at which a request may start."""
        return max(bucket.ready_at(now) for bucket in self._of(key))

    def channel_ready_at(self, key: BucketKey, now: float) -> float:
        """`ready_at`, by the limit of the channel alone."""
        return self._of(key)[0].ready_at(now)

    def shared_ready_at(self, key: BucketKey, now: float) -> float:
        """`ready_at`, by the limits of the workspace and the platform alone."""
        _, workspace, platform = self._of(key)
        return max(workspace.ready_at(now), platform.ready_at(now))

    def take(self, key: BucketKey, now: float) -> float:
        """Count the next request; it must start at the time returned."""
        start = self.ready_at(key, now)
        for bucket in self._of(key):
            bucket.take(start)
        return start

    def answered(self, key: BucketKey, start: float, now: float) -> None:
        """The request that started at `start`, as `take` said, was answered."""
        for bucket in self._of(key):
            bucket.answered(start, now)

    def hold(self, key: BucketKey, until: float, *, whole_workspace: bool) -> None:
        """The platform asked for a pause until then, for this channel or all of its workspace.

        A platform with a limit for the bot as a whole, and none for a workspace, means the bot:
        after a global limit of Discord, asking from the next server would only be refused again.
        """
        channel, workspace, platform = self._of(key)
        counts_the_bot = platform.rate is not None and workspace.rate is None
        shared = platform if counts_the_bot else workspace
        bucket = shared if whole_workspace else channel
        bucket.held_until = max(bucket.held_until, until)

    def rooms(self, key: BucketKey, now: float, until: float) -> tuple[int, int]:
        """How many requests could start until then in the workspace, and on the platform."""
        _, workspace, platform = self._of(key)
        return workspace.room(now, until), platform.room(now, until)

    def forget_idle(self, now: float) -> None:
        """Drop buckets that no longer delay anything."""
        self._buckets = {
            key: bucket for key, bucket in self._buckets.items() if not bucket.is_idle(now)
        }

    def _of(self, key: BucketKey) -> tuple[_Bucket, _Bucket, _Bucket]:
        rates = self._rates.get(key.platform, UNLIMITED)
        return (
            self._bucket((key.platform, key.workspace, key.channel), rates.channel),
            self._bucket((key.platform, key.workspace), rates.workspace),
            self._bucket(key.platform, rates.platform),
        )

    def _bucket(self, key: Hashable, rate: Rate | None) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(rate)
        return bucket
