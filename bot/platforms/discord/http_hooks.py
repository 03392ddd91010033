"""Hooks on the HTTP requests of discord.py: a rate limit, early failures, a count of refusals.

discord.py waits after a 429 and repeats after a server error, up to five times and for up to half a
minute. The outbox has to know at once, and holds one channel only. So requests inside `call_context`
fail at their first 429 and, where they must not be repeated, at the first server error. Refusals
(401, 403, 429) are counted: Discord blocks an address after 10,000 of them in ten minutes.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from http import HTTPStatus
from types import SimpleNamespace

import aiohttp

from bot.core.domain.dataclass import dataclass
from bot.outbox.domain.request_window import Request, RequestWindow
from bot.platforms.discord.errors import NotRepeatedError, PausedError, TooManyRequests

REQUESTS_A_SECOND = 50
"""Discord's global limit for a bot; interactions are exempt."""
REFUSALS_MOST = 1000
"""After so many refusals within the window all requests pause: a tenth of Discord's limit."""
REFUSALS_WINDOW = timedelta(minutes=10)

_WINDOW = 1.0
"""Seconds for which Discord counts a request."""
_LOOK_AGAIN = 0.2
"""Seconds after which the hooks look again when the next request may be sent. That comes nearer with each
answer to another one, which counted until then as if it arrived a second after its start, and where the
share of this process grows. To look after every answer would take processor time with each message."""
_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
_REPEATED = frozenset({500, 502, 504, 524})
"""The statuses after which discord.py sends the request again."""


@dataclass(slots=True)
class Call:
    """One call: whether one of its requests was sent, and whether it may be repeated."""

    may_repeat: bool
    sent: bool = False
    in_doubt: bool = False
    """Whether one of its requests may have succeeded although it failed here."""


_CALL: ContextVar[Call | None] = ContextVar("call", default=None)


@contextmanager
def call_context(*, may_repeat: bool) -> Iterator[Call]:
    """Requests that this task makes inside fail early, as the module says."""
    call = Call(may_repeat)
    token = _CALL.set(call)
    try:
        yield call
    finally:
        _CALL.reset(token)


class HttpHooks:
    """The rate limit and the refusal count of one bot.

    `per_second` gives how many requests this process may send in a second at present.

    Which requests count, and when the next may be sent, `RequestWindow` says.
    """

    def __init__(
        self,
        *,
        per_second: Callable[[], int] = lambda: REQUESTS_A_SECOND,
        refusals_most: int = REFUSALS_MOST,
    ) -> None:
        self.refusals_most = refusals_most
        self._per_second = per_second
        self._refusals: deque[float] = deque()
        self._window = RequestWindow(_WINDOW)
        self._waiting: deque[asyncio.Future[Request]] = deque()
        """In order of arrival. While it is not empty, `_timer` is set."""
        self._timer: asyncio.TimerHandle | None = None

    def trace(self) -> aiohttp.TraceConfig:
        """The trace that a client is built with."""
        config = aiohttp.TraceConfig()
        config.on_request_start.append(self._start)
        config.on_request_headers_sent.append(self._sent)
        config.on_request_end.append(self._end)
        config.on_request_exception.append(self._fail)
        return config

    @property
    def paused_for(self) -> timedelta:
        """For how long no request may be sent; zero normally."""
        now = asyncio.get_running_loop().time()
        window = REFUSALS_WINDOW.total_seconds()
        while self._refusals and self._refusals[0] <= now - window:
            self._refusals.popleft()
        if len(self._refusals) < self.refusals_most:
            return timedelta()
        return timedelta(seconds=self._refusals[0] + window - now)

    async def _acquire(self) -> Request:
        """Wait until one more request may be sent; first come, first served."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Request] = loop.create_future()
        self._waiting.append(turn)
        try:
            if self._timer is None:
                self._serve()
            return await turn
        except BaseException:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif not turn.cancelled():
                self._window.lost(turn.result(), loop.time())
            raise

    def _serve(self) -> None:
        """Let waiting requests go, in order, as the limit allows; set a timer for the rest."""
        loop = asyncio.get_running_loop()
        pause, self._timer = _LOOK_AGAIN, None
        try:
            most = self._per_second()
            while self._waiting:
                now = loop.time()
                ready = self._window.ready_at(now, most)
                if ready > now:
                    pause = min(ready - now, _LOOK_AGAIN)
                    break
                turn = self._waiting.popleft()
                if not turn.cancelled():
                    turn.set_result(self._window.add(now, most, has_left=False))
        finally:
            if self._waiting:
                self._timer = loop.call_later(pause, self._serve)

    def _release(self, context: SimpleNamespace, count: Callable[[Request, float], None]) -> None:
        request = getattr(context, "request", None)
        if isinstance(request, Request):
            count(request, asyncio.get_running_loop().time())

    async def _sent(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        _params: aiohttp.TraceRequestHeadersSentParams,
    ) -> None:
        request = getattr(context, "request", None)
        if isinstance(request, Request):
            self._window.sent(request, asyncio.get_running_loop().time())

    async def _start(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestStartParams,
    ) -> None:
        if params.url.scheme in {"ws", "wss"}:
            return
        if not _is_exempt(params.url.path):
            if self._refusals and (pause := self.paused_for):
                raise PausedError(pause)
            context.request = await self._acquire()
        call = _CALL.get()
        if call is not None:
            call.sent = True

    async def _end(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestEndParams,
    ) -> None:
        self._release(context, self._window.answered)
        response = params.response
        status, headers = response.status, response.headers
        if status in _REFUSED and headers.get("X-RateLimit-Scope") != "shared":
            self._refusals.append(asyncio.get_running_loop().time())
        if status == HTTPStatus.TOO_MANY_REQUESTS and "X-RateLimit-Global" in headers:
            self._window.refused(asyncio.get_running_loop().time())
        call = _CALL.get()
        if call is None:
            return
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            call.in_doubt = True
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            response.close()
            raise TooManyRequests(
                retry_after=_wait(headers),
                is_global="X-RateLimit-Global" in headers,
                is_blocked="Via" not in headers,
            )
        if status in _REPEATED and not call.may_repeat:
            response.close()
            raise NotRepeatedError(str(status))

    async def _fail(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        answered = isinstance(params.exception, TooManyRequests | NotRepeatedError)
        if not answered:  # `_end` has raised these
            self._release(context, self._window.lost)
        call = _CALL.get()
        never_left = isinstance(params.exception, aiohttp.ClientConnectorError | PausedError)
        if call is not None and not never_left and not answered:
            call.in_doubt = True


def _is_exempt(path: str) -> bool:
    """Whether Discord's global limit leaves requests to that path out."""
    return "/interactions/" in path or "/webhooks/" in path


def _wait(headers: Mapping[str, str]) -> timedelta:
    """The wait that the headers ask for: the longer one, unless the other is more exact."""
    named = []
    for name in ("Retry-After", "X-RateLimit-Reset-After"):
        try:
            named.append(float(headers.get(name, "")))
        except ValueError:
            continue
    # Retry-After is the exact time rounded up to seconds.
    exact = min(named) if named and max(named) - min(named) < 1 else max(named, default=1.0)
    return timedelta(seconds=max(0.0, min(exact, 86_400.0)))
