"""The channels that may have a next message: which of them may go next, and when."""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import field

from bot.core.domain.dataclass import dataclass
from bot.core.ports import ChannelRef, Platform
from bot.outbox.domain.rate_limit import BucketKey, RateLimits
from bot.outbox.services.calls_in_flight import bucket_of


@dataclass(slots=True)
class _Waiting:
    """Those of a platform: the longest waiting first, and by workspace."""

    all: dict[ChannelRef, BucketKey] = field(default_factory=dict)
    of: defaultdict[str, dict[ChannelRef, BucketKey]] = field(
        default_factory=lambda: defaultdict(dict)
    )


class WaitingChannels:
    """Channels of many workspaces; few of them are looked at where few may go.

    `room` says how many more calls may be in flight in a channel's workspace and on its platform.
    """

    def __init__(self, rate_limits: RateLimits, room: Callable[[ChannelRef], int]) -> None:
        self._rate_limits = rate_limits
        self._room = room
        self._on: defaultdict[Platform, _Waiting] = defaultdict(_Waiting)

    def __contains__(self, channel: ChannelRef) -> bool:
        waiting = self._on.get(channel.platform)
        return waiting is not None and channel in waiting.all

    def __iter__(self) -> Iterator[ChannelRef]:
        for waiting in self._on.values():
            yield from waiting.all

    def __len__(self) -> int:
        return sum(len(waiting.all) for waiting in self._on.values())

    def add(self, channel: ChannelRef) -> None:
        """The channel may have a next message."""
        waiting = self._on[channel.platform]
        if channel not in waiting.all:
            bucket = bucket_of(channel)
            waiting.all[channel] = waiting.of[channel.workspace][channel] = bucket

    def remove(self, channels: Iterable[ChannelRef]) -> None:
        """These have none."""
        for channel in channels:
            waiting = self._on.get(channel.platform)
            if waiting is None or waiting.all.pop(channel, None) is None:
                continue
            of_workspace = waiting.of[channel.workspace]
            del of_workspace[channel]
            if not of_workspace:
                del waiting.of[channel.workspace]
            if not waiting.all:
                del self._on[channel.platform]

    def clear(self) -> None:
        """There are none."""
        self._on.clear()

    def choose(self, now: float, until: float, busy: Collection[ChannelRef]) -> list[ChannelRef]:
        """Those whose next message may start until then, the longest waiting first."""
        chosen: list[ChannelRef] = []
        for waiting in self._on.values():
            chosen += self._choose(waiting, now, until, busy)
        return chosen

    def _choose(
        self, waiting: _Waiting, now: float, until: float, busy: Collection[ChannelRef]
    ) -> Iterator[ChannelRef]:
        left: dict[str, int] = {}
        on_platform, with_room = 1, len(waiting.of)
        for channel, bucket in waiting.all.items():
            workspace = channel.workspace
            if workspace not in left:
                room, of_all = self._rate_limits.rooms(bucket, now, until)
                on_platform = of_all if not left else on_platform
                left[workspace] = min(room, self._room(channel))
                with_room -= left[workspace] <= 0
            if on_platform <= 0 or not with_room:
                return
            if left[workspace] <= 0 or channel in busy:
                continue
            if self._rate_limits.channel_ready_at(bucket, now) <= until:
                yield channel
                on_platform -= 1
                left[workspace] -= 1
                with_room -= left[workspace] <= 0

    def next_start(self, now: float) -> float:
        """When the next call may start, where there is room for one; else infinity."""
        return min((self._first_start(each, now) for each in self._on.values()), default=math.inf)

    def _first_start(self, waiting: _Waiting, now: float) -> float:
        first = math.inf
        for channels in waiting.of.values():
            channel, bucket = next(iter(channels.items()))
            if not self._room(channel):
                continue
            shared = self._rate_limits.shared_ready_at(bucket, now)
            if shared >= first:
                continue
            # A channel is never ready before its workspace.
            for each in channels.values():
                ready = max(shared, self._rate_limits.channel_ready_at(each, now))
                first = min(first, ready)
                if ready <= shared:
                    break
            if first <= now:
                break
        return first
