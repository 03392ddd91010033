"""Rate limits: so many requests in any span of time, for a channel, its workspace, its platform.

Seconds are those of a monotonic clock. Nothing here waits: it says when a request may start.
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple

from bot.core.domain.dataclass import dataclass
from bot.outbox.domain.request_window import Request, RequestWindow


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


class BucketKey(NamedTuple):
    """The channel, workspace and platform whose limits a request counts against."""

    platform: str
    workspace: str
    channel: str


class _Bucket:
    """The last requests within one limit, and a pause that was asked for."""

    __slots__ = ("_window", "held_until", "rate")

    def __init__(self, rate: Rate | None) -> None:
        self.rate = rate
        self.held_until = 0.0
        self._window = RequestWindow(rate.seconds) if rate is not None else None

    def ready_at(self, now: float) -> float:
        ready = max(now, self.held_until)
        if self._window is None or self.rate is None:
            return ready
        return self._window.ready_at(ready, self.rate.count)

    def room(self, now: float, until: float) -> int:
        """How many could start from now to then, at the even distance."""
        if self.held_until > until:
            return 0
        if self._window is None or self.rate is None:
            return 1_000_000
        return self._window.room(max(now, self.held_until), until, self.rate.count)

    def take(self, start: float) -> Request | None:
        if self._window is None or self.rate is None:
            return None
        return self._window.add(start, self.rate.count)

    def answered(self, request: Request, began: float, now: float) -> None:
        if self._window is not None:
            request.start = began
            self._window.answered(request, now)

    def lost(self, request: Request, now: float) -> None:
        if self._window is not None:
            self._window.lost(request, now)


@dataclass(frozen=True, slots=True)
class Turn:
    """A request that is counted, and when it must start."""

    start: float
    counted: tuple[tuple[_Bucket, Request], ...]


class RateLimits:
    """Counts requests per channel, workspace and platform, and remembers pauses that were asked for."""

    def __init__(self, rates: Mapping[str, Rates]) -> None:
        self._rates = rates
        self._shared_buckets: dict[Hashable, _Bucket] = {}
        self._by_key: dict[BucketKey, tuple[_Bucket, _Bucket, _Bucket]] = {}

    def ready_at(self, key: BucketKey, now: float) -> float:
        """The first time, not before `now`, at which a request may start."""
        return _ready_at(self._of(key), now)

    def channel_ready_at(self, key: BucketKey, now: float) -> float:
        """`ready_at`, by the limit of the channel alone."""
        return self._of(key)[0].ready_at(now)

    def shared_ready_at(self, key: BucketKey, now: float) -> float:
        """`ready_at`, by the limits of the workspace and the platform alone."""
        _, workspace, platform = self._of(key)
        return max(workspace.ready_at(now), platform.ready_at(now))

    def take(self, key: BucketKey, now: float) -> Turn:
        """Count the next request; it must start when the turn says."""
        buckets = self._of(key)
        start = _ready_at(buckets, now)
        taken = [(bucket, bucket.take(start)) for bucket in buckets]
        return Turn(start, tuple([(bucket, each) for bucket, each in taken if each is not None]))

    def answered(self, turn: Turn, began: float, now: float) -> None:
        """The request of that turn, which began a little late, was answered."""
        for bucket, request in turn.counted:
            bucket.answered(request, began, now)

    def lost(self, turn: Turn, now: float) -> None:
        """The request of that turn has no answer, or was not sent."""
        for bucket, request in turn.counted:
            bucket.lost(request, now)

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

    def _of(self, key: BucketKey) -> tuple[_Bucket, _Bucket, _Bucket]:
        """The buckets of the channel, its workspace and its platform."""
        found = self._by_key.get(key)
        if found is None:
            rates = self._rates.get(key.platform, UNLIMITED)
            found = self._by_key[key] = (
                _Bucket(rates.channel),
                self._shared((key.platform, key.workspace), rates.workspace),
                self._shared(key.platform, rates.platform),
            )
        return found

    def _shared(self, key: Hashable, rate: Rate | None) -> _Bucket:
        bucket = self._shared_buckets.get(key)
        if bucket is None:
            bucket = self._shared_buckets[key] = _Bucket(rate)
        return bucket


def _ready_at(buckets: Iterable[_Bucket], now: float) -> float:
    return max([bucket.ready_at(now) for bucket in buckets])
