"""Limits on requests, new cookies and open streams. Pure.

Each visitor (by cookie) and each address has limits. A request counts for the address only if the
visitor's own limit admits it, and a visitor's first few writes are admitted whatever the address
has used, so that a flood from one visitor behind a proxy does not stop the others (issue 12, item 5).
"""

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate limit: `burst` at once, `per_second` in the long run."""

    burst: float
    per_second: float


class RateLimiter:
    """A token bucket for each client; the least recently seen client is forgotten first."""

    def __init__(self, rate: Rate, *, most_clients: int = 4096) -> None:
        self._rate = rate
        self._most_clients = most_clients
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str, now: float) -> float:
        """Admit one request (0), or return the seconds to wait. `now` is monotonic, in seconds."""
        tokens, at = self._buckets.pop(client, (self._rate.burst, now))
        tokens = min(self._rate.burst, tokens + max(0.0, now - at) * self._rate.per_second)
        admitted = tokens >= 1
        self._buckets[client] = (tokens - 1 if admitted else tokens, now)
        if len(self._buckets) > self._most_clients:
            self._buckets.popitem(last=False)
        return 0.0 if admitted else (1 - tokens) / self._rate.per_second

    def used(self, client: str) -> float:
        """The used part of the client's burst, as of its last request."""
        tokens, _ = self._buckets.get(client, (self._rate.burst, 0.0))
        return self._rate.burst - tokens


# For one person, and for an office behind one address.
_READS, _READS_OF_ADDRESS = Rate(200, 30), Rate(1000, 150)
_WRITES, _WRITES_OF_ADDRESS = Rate(20, 1), Rate(60, 4)
_READS_OF_CRAWLER = Rate(60, 2)
"""For all requests of one crawler together, from however many addresses (issue 18, item 3)."""
_COOKIES_OF_ADDRESS = Rate(20, 0.2)
_FEW_WRITES = 3
"""A visitor's first writes of a burst do not depend on the address."""


class RequestLimits:
    """Limits of requests. `visitor` is `None` without a cookie of ours: all of one address share.

    `now` is monotonic, in seconds.
    """

    def __init__(self) -> None:
        self._reads, self._all_reads = RateLimiter(_READS), RateLimiter(_READS_OF_ADDRESS)
        self._writes, self._all_writes = RateLimiter(_WRITES), RateLimiter(_WRITES_OF_ADDRESS)
        self._cookies = RateLimiter(_COOKIES_OF_ADDRESS)
        self._crawlers = RateLimiter(_READS_OF_CRAWLER)

    def wait_to_read(self, address: str, visitor: str | None, now: float) -> float:
        """Admit a request that reads (0), or return the seconds to wait."""
        own = self._reads.wait(_client(address, visitor), now)
        return own or self._all_reads.wait(address, now)

    def wait_to_crawl(self, crawler: str, now: float) -> float:
        """Admit a request of that crawler (0), or return the seconds to wait."""
        return self._crawlers.wait(crawler, now)

    def wait_to_write(self, address: str, visitor: str | None, now: float) -> float:
        """Admit a request that writes (0), or return the seconds to wait."""
        client = _client(address, visitor)
        own = self._writes.wait(client, now)
        if own or (visitor is not None and self._writes.used(client) <= _FEW_WRITES):
            return own
        return self._all_writes.wait(address, now)

    def may_have_cookie(self, address: str, now: float) -> bool:
        """Whether a new visitor gets a cookie, and with it limits of their own."""
        return self._cookies.wait(address, now) == 0


_CRAWLER = late_pattern(r"[a-z0-9._-]{0,40}(?:(?<!cu)bot|crawl|spider|scrap)[a-z0-9_-]{0,40}")


def crawler_of(agent: str) -> str | None:
    """The name by which a crawler's `User-Agent` calls it; `None` for browsers and feed readers.

    Who hides it is limited by the address. Cubot is a make of phones.
    """
    match = _CRAWLER.search(agent[:500].casefold())
    return match[0] if match is not None else None


_STREAMS_OF_VISITOR = 20
"""Each open page of the chat has one; over HTTP/2 a browser opens as many as there are pages."""
_STREAMS_OF_NEWCOMERS = 20
_STREAMS_OF_ADDRESS = 200
_FEW_STREAMS = 2


class StreamLimits:
    """Limits of open streams: by visitor, by address, and `most` in all."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open = 0
        self._by_visitor: Counter[str] = Counter()
        self._by_address: Counter[str] = Counter()

    def may_open(self, address: str, visitor: str | None) -> bool:
        """Whether one more stream is within the limits."""
        own = self._by_visitor[_client(address, visitor)]
        if self._open >= self._most:
            return False
        if visitor is not None and own < _FEW_STREAMS:
            return True
        most = _STREAMS_OF_NEWCOMERS if visitor is None else _STREAMS_OF_VISITOR
        return own < most and self._by_address[address] < _STREAMS_OF_ADDRESS

    @contextmanager
    def opened(self, address: str, visitor: str | None) -> Iterator[None]:
        """Count a stream while it is open."""
        client = _client(address, visitor)
        self._count(client, address, 1)
        try:
            yield
        finally:
            self._count(client, address, -1)

    def _count(self, client: str, address: str, by: int) -> None:
        self._open += by
        for counter, key in ((self._by_visitor, client), (self._by_address, address)):
            counter[key] += by
            if not counter[key]:
                del counter[key]


def _client(address: str, visitor: str | None) -> str:
    return f"cookie {visitor}" if visitor is not None else f"newcomers of {address}"
