"""What goes wrong with a Slack: limits that are enforced, and faults that a test asks for."""

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

_TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
_METHOD_TIERS = {
    "apps.connections.open": 1,
    "conversations.list": 2,
    "chat.delete": 3,
    "chat.update": 3,
    "conversations.history": 3,
    "conversations.info": 3,
    "conversations.join": 3,
    "conversations.open": 3,
    "conversations.replies": 3,
    "bots.info": 3,
    "team.info": 3,
    "users.conversations": 3,
    "chat.postEphemeral": 4,
    "conversations.members": 4,
    "users.info": 4,
    "views.publish": 4,
}


@dataclass
class Fault:
    """One thing to go wrong with a call of `method` (`*`: any), `times` times.

    `when` says whether the server does the work first (`after`) or not (`before`). `error` is
    Slack's word; `status` an HTTP status; `drop` cuts the connection; `delay` seconds pass.
    """

    method: str = "*"
    when: str = "before"
    error: str = ""
    status: int = 0
    drop: bool = False
    delay: float = 0.0
    retry_after: int | None = None
    body: str | None = None
    times: int = 1


@dataclass
class Limits:
    """Slack's rates: messages a second and channel with a short burst, calls a minute by tier.

    Tier 1 says "1+"; Slack lets a few reconnections through, so `tier_1` is what we allow.
    """

    per_channel: float = 1.0
    burst: int = 1
    tier_1: int = 10
    tiers: bool = True
    calls: Mapping[str, int] = field(default_factory=dict)
    """Calls a minute of methods that have a rate of their own."""
    page: int = 1000
    """Messages that one call of `conversations.history` or `conversations.replies` gives at most."""
    clock: Callable[[], float] = time.monotonic
    _posts: dict[str, tuple[float, float]] = field(default_factory=dict)
    _calls: dict[str, deque[float]] = field(default_factory=dict)

    @classmethod
    def outside_marketplace(cls, **more: Any) -> Self:
        """Since 2025, of apps that are distributed commercially outside Slack's Marketplace."""
        calls = {"conversations.history": 1, "conversations.replies": 1}
        return cls(calls=calls, page=15, **more)

    def wait_to_post(self, channel: str) -> int:
        """0 when a message may be posted now, else the seconds of `Retry-After`."""
        now = self.clock()
        tokens, then = self._posts.get(channel, (float(self.burst), now))
        tokens = min(float(self.burst), tokens + (now - then) * self.per_channel)
        if tokens < 1 - 1e-6:
            self._posts[channel] = (tokens, now)
            return max(1, math.ceil((1 - tokens) / self.per_channel))
        self._posts[channel] = (tokens - 1, now)
        return 0

    def wait_to_call(self, method: str) -> int:
        """The same for a call by the tier of its method."""
        tier = _METHOD_TIERS.get(method)
        if tier is None or not self.tiers:
            return 0
        most = self.calls.get(method, self.tier_1 if tier == 1 else _TIERS[tier])
        now = self.clock()
        calls = self._calls.setdefault(method, deque())
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= most:
            return max(1, math.ceil(calls[0] + 60 - now))
        calls.append(now)
        return 0
