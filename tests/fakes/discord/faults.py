"""What goes wrong with a Discord: rate limits that are enforced, and faults a test asks for."""

import asyncio
import re
from collections import deque
from dataclasses import dataclass, field


@dataclass
class Fault:
    """One thing to go wrong with requests whose method and path match, `times` times.

    `when` says whether the server does the work first (`after`) or not (`before`). `status`
    and `code` answer instead, from the match after the first `skip` on; `drop` cuts the connection;
    `delay` seconds pass, and `until` is waited for. A 429 carries `retry_after` and, unless `via` is
    off (a ban by the proxy), the header `Via`.
    """

    method: str = ".*"
    path: str = ".*"
    when: str = "before"
    status: int = 0
    code: int = 0
    message: str = "made to fail"
    drop: bool = False
    delay: float = 0.0
    until: asyncio.Event | None = None
    retry_after: float = 1.0
    is_global: bool = False
    scope: str = "user"
    via: bool = True
    body: str | None = None
    skip: int = 0
    times: int = 1

    @property
    def is_slow(self) -> bool:
        """Whether the answer is to wait."""
        return self.delay > 0 or self.until is not None

    async def wait(self) -> None:
        """Wait as it asks."""
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.until is not None:
            await self.until.wait()

    def meets(self, method: str, path: str) -> bool:
        """Whether it strikes this request; counts those that it lets pass or strikes."""
        if self.times <= 0 or not re.fullmatch(self.method, method):
            return False
        if not re.search(self.path, path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass
class Rates:
    """Discord's limits: requests a second over all, and a bucket a route and channel.

    `on` is off in most tests: the headers then announce more than anybody uses.
    """

    on: bool = False
    everything: int = 50
    bucket: int = 5
    bucket_seconds: float = 5.0
    _recent: deque[float] = field(default_factory=deque)
    _buckets: dict[str, tuple[int, float]] = field(default_factory=dict)

    def take(self, route: str, place: str, now: float) -> tuple[dict[str, str], float, bool]:
        """The headers to answer with, how long to wait (0: go on), and if all requests wait."""
        limited = self.on and route == "messages"
        limit = self.bucket if limited else 1000
        seconds = self.bucket_seconds if limited else 1.0
        key = f"{route}:{place}"
        used, ends_at = self._buckets.get(key, (0, now + seconds))
        if now >= ends_at:
            used, ends_at = 0, now + seconds
        overall = self._wait_for_all(now) if self.on else 0.0
        over = used >= limit
        if not over and not overall:
            used += 1
        self._buckets[key] = (used, ends_at)
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - used)),
            "X-RateLimit-Reset": f"{ends_at:.3f}",
            "X-RateLimit-Reset-After": f"{max(0.0, ends_at - now):.3f}",
            "X-RateLimit-Bucket": f"bucket-{route.replace(' ', '-')}",
        }
        if overall:
            return headers, overall, True
        return headers, (ends_at - now) if over else 0.0, False

    def _wait_for_all(self, now: float) -> float:
        while self._recent and self._recent[0] <= now - 1.0:
            self._recent.popleft()
        if len(self._recent) >= self.everything:
            return self._recent[0] + 1.0 - now
        self._recent.append(now)
        return 0.0
