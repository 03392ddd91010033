"""The open connections of the web server: how many there may be, and how long each may idle.

A process has few file descriptors, and the bot needs some of them to post. So connections are
kept well below the limit, and none is kept that asks nothing: whoever has not sent a whole
request in time is disconnected, and where connections run out, whoever waits longest makes room
(issue 12, item 9). aiohttp has no such limits.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

log = logging.getLogger(__name__)

AT_ONCE = 64
"""Connections that are accepted in one go; they are open before any can be refused."""

IDLE_SECONDS = 20.0
"""How long a connection may be without a request: the first one or the next."""

BODY_SECONDS = 20.0
"""How long a request's body may take to arrive."""

REQUEST_SECONDS = 120.0
"""How long a request may take in all, its answer's way included; streams are excepted."""

_MOST = 4096
_ENOUGH = 8192
_TELL_AGAIN = 300.0


def most_connections(descriptors: int) -> int:
    """How many connections fit beside what the bot opens itself, with so many descriptors.

    A quarter is the bot's own, for its database and the platforms.
    """
    return max(16, min(_MOST, descriptors * 3 // 4 - AT_ONCE))


def claim_descriptors() -> int:
    """How many file descriptors this process may have, after asking for as many as are of use."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return 512  # what its C library opens at most
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= _ENOUGH:
        return _ENOUGH
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return soft


class Connection(asyncio.Protocol):
    """One connection: passes everything on to aiohttp's protocol, and ends it when time is up."""

    def __init__(self, inner: asyncio.Protocol, connections: "Connections") -> None:
        self._inner = inner
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._request: web.BaseRequest | None = None

    @property
    def inner(self) -> asyncio.Protocol:
        """Aiohttp's protocol, by which requests know their connection."""
        return self._inner

    @property
    def waits(self) -> bool:
        """Whether nothing would be lost with it: no whole request has arrived on it."""
        return self._request is None or not self._request.content.is_eof()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - the server listens by TCP
        if not self._connections.admit(self):
            transport.abort()
            return
        self._transport = transport
        self._inner.connection_made(transport)
        self._end_in(IDLE_SECONDS)

    def data_received(self, data: bytes) -> None:
        if self._transport is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._transport is not None else None

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        if self._transport is not None:
            self._transport = None
            self._connections.forget(self)
            self._inner.connection_lost(exc)

    def begin(self, request: web.BaseRequest) -> None:
        """A request's headers have arrived."""
        self._request = request
        self._in(BODY_SECONDS, self._expect_body)

    def finish(self) -> None:
        """The request is answered: its answer is being sent, and the next may come."""
        self._request = None
        self._end_in(IDLE_SECONDS)

    def keep_open(self) -> None:
        """The request is answered for as long as the other side listens."""
        self._stop_timer()

    def abort(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def _expect_body(self) -> None:
        if self.waits:
            self.abort()
        else:
            self._end_in(REQUEST_SECONDS - BODY_SECONDS)

    def _end_in(self, seconds: float) -> None:
        self._in(seconds, self._end)

    def _end(self) -> None:
        if (
            self._request is None
            and self._transport is not None
            and self._transport.get_write_buffer_size()
        ):
            self._in(REQUEST_SECONDS, self.abort)  # a slow line is still reading
        else:
            self.abort()

    def _in(self, seconds: float, what: Callable[[], None]) -> None:
        self._stop_timer()
        if self._transport is None:
            return
        self._timer = asyncio.get_running_loop().call_later(seconds, what)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Connections:
    """Every open connection of one server, at most `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        # In the order in which they were last heard of.
        self._open: dict[asyncio.Protocol, Connection] = {}
        self._told_at = float("-inf")

    def __len__(self) -> int:
        return len(self._open)

    def accept(self, inner: asyncio.Protocol) -> Connection:
        """A protocol for a new connection, in front of aiohttp's."""
        return Connection(inner, self)

    def admit(self, connection: Connection) -> bool:
        """Count a new connection in; where there is no room, the longest waiting one goes."""
        if len(self._open) >= self._most:
            self._tell()
            waiting = next((each for each in self._open.values() if each.waits), None)
            if waiting is None:
                return False
            self.forget(waiting)
            waiting.abort()
        self._open[connection.inner] = connection
        return True

    def forget(self, connection: Connection) -> None:
        """The connection has ended."""
        self._open.pop(connection.inner, None)

    def middleware(self) -> Middleware:
        """Tells each connection of its requests; it comes before all others."""

        @web.middleware
        async def timed(request: web.Request, handler: Handler) -> web.StreamResponse:
            connection = self.of(request)
            if connection is None:
                return await handler(request)
            self._open[connection.inner] = self._open.pop(connection.inner)
            connection.begin(request)
            try:
                return await handler(request)
            except ConnectionError:
                if self.of(request) is not None:
                    raise
                return web.Response(status=408)  # nobody is there to read it
            finally:
                connection.finish()

        return timed

    def of(self, request: web.BaseRequest) -> Connection | None:
        """The connection that a request came on, while it is open."""
        return self._open.get(request.protocol)

    def _tell(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= _TELL_AGAIN:
            self._told_at = now
            log.warning("%d connections are open, which is the most there may be", self._most)
