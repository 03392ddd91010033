"""The calls that post or search for claimed messages, and their results that are not yet written.

Each platform, and each workspace on it, has its own share of the calls, so that one that hangs stops
no other.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime, timedelta

from bot.core.domain.dataclass import dataclass
from bot.core.ports import ChannelRef, Chat, Platform
from bot.outbox.domain.delivery import (
    NotNow,
    NotTried,
    Patience,
    State,
    Step,
    Uncertain,
    after_call,
    after_search,
)
from bot.outbox.domain.rate_limit import BucketKey, RateLimits, Turn
from bot.outbox.services.platform_calls import call, search
from bot.outbox.store.claims import Claimed
from bot.outbox.store.deliveries import Settled


@dataclass(frozen=True, slots=True)
class Terms:
    """Time-outs and limits. A lease must outlive its call, or two calls could be in flight at once.

    `at_once` is how many may be under way in one workspace, `in_all` on one platform.
    """

    timeout: timedelta = timedelta(seconds=30)
    lease: timedelta = timedelta(seconds=60)
    at_once: int = 64
    in_all: int = 512
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        if self.lease <= self.timeout:
            raise ValueError("the lease must outlive the call")


TERMS = Terms()


def bucket_of(channel: ChannelRef) -> BucketKey:
    """The buckets that a request to the channel counts against."""
    return BucketKey(channel.platform, channel.workspace, channel.id)


def shares_of(channel: ChannelRef) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The platform and the workspace whose calls in flight a call to the channel counts among."""
    return (channel.platform,), (channel.platform, channel.workspace)


class CallsInFlight:
    """Calls the platforms, each channel once at a time.

    `clock` gives the aware instant, `jitter` a random number in [0, 1). `free` is told of a channel
    whose next message may be claimed. A result stays in `settled` until `written`; `progress` is set
    with each, and `quiet` while no call is under way.
    """

    def __init__(
        self,
        chats: Mapping[Platform, Chat],
        *,
        clock: Callable[[], datetime],
        rate_limits: RateLimits,
        jitter: Callable[[], float],
        terms: Terms,
        free: Callable[[ChannelRef], None],
    ) -> None:
        self._chats = chats
        self._clock = clock
        self._rate_limits = rate_limits
        self._jitter = jitter
        self._terms = terms
        self._free = free
        self._counts: Counter[tuple[str, ...]] = Counter()  # under way, by platform and workspace
        self.busy: set[ChannelRef] = set()
        self.claimed: set[int] = set()  # not yet settled in the database
        self.settled: list[Settled] = []
        self.progress = asyncio.Event()
        self.quiet = asyncio.Event()
        self.quiet.set()

    def clear(self) -> None:
        """Nothing is under way: forget what a drain that was cut short left."""
        self.busy.clear()
        self.quiet.set()
        self._counts.clear()
        self.claimed = {each.claimed.id for each in self.settled}

    def room(self, channel: ChannelRef) -> int:
        """How many more calls may be in flight in a channel's workspace."""
        platform, workspace = shares_of(channel)
        in_workspace = self._terms.at_once - self._counts[workspace]
        return max(min(in_workspace, self._terms.in_all - self._counts[platform]), 0)

    def has(self, share: tuple[str, ...]) -> bool:
        """Whether a call of that share is under way, or its result is not yet written."""
        unwritten = any(share in shares_of(each.claimed.channel) for each in self.settled)
        return self._counts[share] > 0 or unwritten

    def written(self, count: int) -> None:
        """The first `count` results are in the database."""
        self.claimed.difference_update(each.claimed.id for each in self.settled[:count])
        del self.settled[:count]

    def post(self, tasks: asyncio.TaskGroup, claimed: Claimed) -> None:
        """Begin to post a claimed message."""
        tasks.create_task(self._post(claimed, self._begin(claimed)))

    def search(self, tasks: asyncio.TaskGroup, claimed: Claimed) -> None:
        """Begin to search for a message that may have been posted."""
        tasks.create_task(self._search(claimed, self._begin(claimed)))

    def _begin(self, claimed: Claimed) -> Turn:
        """Count the call as in flight; returns its turn."""
        channel = claimed.channel
        self.busy.add(channel)
        self.quiet.clear()
        self.claimed.add(claimed.id)
        for share in shares_of(channel):
            self._counts[share] += 1
        return self._rate_limits.take(bucket_of(channel), asyncio.get_running_loop().time())

    async def _post(self, claimed: Claimed, turn: Turn) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(turn.start - loop.time())
        began = loop.time()
        chat = self._chats[claimed.channel.platform]
        outcome = await call(chat, claimed, clock=self._clock, within=self._terms.timeout)
        if isinstance(outcome, Uncertain | NotTried):
            self._rate_limits.lost(turn, loop.time())
        else:
            self._rate_limits.answered(turn, began, loop.time())
        if isinstance(outcome, NotNow) and outcome.retry_after is not None:
            until = loop.time() + outcome.retry_after.total_seconds()
            bucket = bucket_of(claimed.channel)
            self._rate_limits.hold(bucket, until, whole_workspace=outcome.whole_workspace)
        step = after_call(
            claimed.state,
            outcome,
            now=self._clock(),
            jitter=self._jitter(),
            patience=self._terms.patience,
        )
        self._finish(claimed, step)

    async def _search(self, claimed: Claimed, turn: Turn) -> None:
        await asyncio.sleep(turn.start - asyncio.get_running_loop().time())
        chat = self._chats[claimed.channel.platform]
        outcome = await search(chat, claimed, within=self._terms.timeout)
        step = after_search(
            claimed.state,
            outcome,
            now=self._clock(),
            jitter=self._jitter(),
            patience=self._terms.patience,
        )
        self._finish(claimed, step)

    def _finish(self, claimed: Claimed, step: Step) -> None:
        """Queue the result for the next commit, which also claims the channel's next message."""
        self.settled.append(Settled(claimed, step))
        self.busy.discard(claimed.channel)
        for share in shares_of(claimed.channel):
            self._counts[share] -= 1
        later = step.not_before is not None and step.not_before > self._clock()
        if step.state is not State.SENDING and not later:
            self._free(claimed.channel)
        self.progress.set()
        if not self.busy:
            self.quiet.set()
