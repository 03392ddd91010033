"""Limits of the web server's connections: their number, and the time of each.

The bot needs file descriptors to post, so connections stay below the process's limit. A
connection without a complete request is closed after a time-out; at the limit, the oldest of
those is closed for a new one (issue 12, item 9). aiohttp has no such limits.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

log = logging.getLogger(__name__)

IDLE_SECONDS = 20.0
"""Time-out for the headers of the first request and of the next."""

BODY_SECONDS = 20.0
"""Time-out for a request's body."""

REQUEST_SECONDS = 120.0
"""Time-out for a whole request and its answer, except streams."""

_MOST = 4096
_ENOUGH = 8192
_TELL_AGAIN = 300.0


def accepted_at_once(descriptors: int) -> int:
    """How many connections to accept in one go, before any of them can be closed."""
    return max(8, min(1024, descriptors // 8))


def most_connections(descriptors: int) -> int:
    """The number of connections to allow, given the limit of file descriptors.

    A quarter is reserved for the bot's database and platforms.
    """
    return max(16, min(_MOST, descriptors * 3 // 4 - accepted_at_once(descriptors)))


def claim_descriptors() -> int:
    """The limit of file descriptors, after raising it to `_ENOUGH` if the system allows."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return 512  # the limit of its C library
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= _ENOUGH:
        return _ENOUGH
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return soft


class Connection(asyncio.Protocol):
    """One connection: passes everything to aiohttp's protocol and closes it after a time-out."""

    def __init__(self, inner: asyncio.Protocol, connections: "Connections") -> None:
        self._inner = inner
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._request: web.BaseRequest | None = None

    @property
    def inner(self) -> asyncio.Protocol:
        """The protocol of aiohttp, which is `request.protocol` of each request."""
        return self._inner

    @property
    def waits(self) -> bool:
        """Whether no complete request has arrived that is still to be answered."""
        return self._request is None or not self._request.content.is_eof()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - the server listens on TCP
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
        """Start the time-outs of a request whose headers have arrived."""
        self._request = request
        self._in(BODY_SECONDS, self._expect_body)

    def finish(self) -> None:
        """Start the time-out for the next request."""
        self._request = None
        self._end_in(IDLE_SECONDS)

    def keep_open(self) -> None:
        """Stop the time-outs: the request is a stream."""
        self._stop_timer()

    def abort(self) -> None:
        """Close the connection at once."""
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
            self._in(REQUEST_SECONDS, self.abort)  # the answer is still being sent
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
    """The open connections of one server, as many as `descriptors` allow."""

    def __init__(self, descriptors: int) -> None:
        self.most = most_connections(descriptors)
        self.at_once = accepted_at_once(descriptors)
        # The least recently used first.
        self._open: dict[asyncio.Protocol, Connection] = {}
        self._told_at = float("-inf")

    def __len__(self) -> int:
        return len(self._open)

    def accept(self, inner: asyncio.Protocol) -> Connection:
        """The protocol of a new connection, around aiohttp's."""
        return Connection(inner, self)

    def admit(self, connection: Connection) -> bool:
        """Add a new connection; at the limit, close the oldest without a request, or return false."""
        if len(self._open) >= self.most:
            self._tell()
            waiting = next((each for each in self._open.values() if each.waits), None)
            if waiting is None:
                return False
            self.forget(waiting)
            waiting.abort()
        self._open[connection.inner] = connection
        return True

    def forget(self, connection: Connection) -> None:
        """Remove a closed connection."""
        self._open.pop(connection.inner, None)

    def middleware(self) -> Middleware:
        """The middleware that starts and stops the time-outs; it must be the outermost."""

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
                return web.Response(status=408)  # the client has gone
            finally:
                connection.finish()

        return timed

    def of(self, request: web.BaseRequest) -> Connection | None:
        """The connection of a request, while it is open."""
        return self._open.get(request.protocol)

    def _tell(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= _TELL_AGAIN:
            self._told_at = now
            log.warning(
                "%d connections are open: at the limit, idle ones are closed for new ones",
                self.most,
            )
