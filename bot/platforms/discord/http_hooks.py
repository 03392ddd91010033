"""What goes over the wire to Discord: paced, watched, and stopped before it storms.

discord.py waits out a 429 and repeats a server error by itself, up to five times and for up to
half a minute. That is right for what may be repeated, and wrong for the outbox, which wants to
know at once and holds one channel only. So requests made within `calling` end at their first
429, and, where they must not be repeated, at the first server error. Every answer is counted:
Discord shuts out whoever collects 10,000 refusals (401, 403, 429) in ten minutes.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from types import SimpleNamespace

import aiohttp

from bot.platforms.discord.errors import NotRepeatedError, RestingError, TooManyRequests

REQUESTS_A_SECOND = 50
"""What Discord allows a bot, interactions aside."""
REFUSALS_MOST = 1000
"""So many refusals within the window, and we rest: a tenth of what Discord puts up with."""
REFUSALS_WINDOW = timedelta(minutes=10)

_EVENNESS = 0.95
"""How much of the even distance two requests keep; the rest lets a late one be made up for."""
_MADE_UP = 0.2
"""Seconds of being late that may be made up for, where the machine was busy elsewhere."""
_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
_REPEATED = frozenset({500, 502, 504, 524})
"""The answers after which discord.py sends the request again."""
_EXEMPT = ("/interactions/", "/webhooks/")


@dataclass(slots=True)
class Call:
    """One call of ours: whether any request of it has left, and how it is to be treated."""

    may_repeat: bool
    sent: bool = False
    in_doubt: bool = False
    """Whether one of its requests may have been done without our knowing."""


_CALL: ContextVar[Call | None] = ContextVar("call", default=None)


@contextmanager
def calling(*, may_repeat: bool) -> Iterator[Call]:
    """Requests made inside, by this task, end early as the module says."""
    call = Call(may_repeat)
    token = _CALL.set(call)
    try:
        yield call
    finally:
        _CALL.reset(token)


class HttpHooks:
    """The pace and the count of refusals of everything that one bot sends to Discord.

    A request counts from its answer: it arrived by then, so one that leaves a second later
    cannot be the one too many, however unevenly the network carries them. Requests also keep
    nearly even distances, since those that leave in a bunch wait for each other's answers.
    """

    def __init__(
        self, *, per_second: int = REQUESTS_A_SECOND, refusals_most: int = REFUSALS_MOST
    ) -> None:
        self.refusals_most = refusals_most
        self._per_second = per_second
        self._refusals: deque[float] = deque()
        self._under_way = 0
        self._next_at = 0.0
        self._counted_until: deque[float] = deque()
        self._turn = asyncio.Lock()
        self._answered = asyncio.Event()

    def trace(self) -> aiohttp.TraceConfig:
        """What a client is built with, so that its requests are paced and watched."""
        config = aiohttp.TraceConfig()
        config.on_request_start.append(self._start)
        config.on_request_end.append(self._end)
        config.on_request_exception.append(self._fail)
        return config

    @property
    def rests_for(self) -> timedelta:
        """How long nothing is sent any more; nothing when all is well."""
        now = asyncio.get_running_loop().time()
        window = REFUSALS_WINDOW.total_seconds()
        while self._refusals and self._refusals[0] <= now - window:
            self._refusals.popleft()
        if len(self._refusals) < self.refusals_most:
            return timedelta()
        return timedelta(seconds=self._refusals[0] + window - now)

    async def _take_turn(self) -> None:
        """Wait until one more request may be under way; first come, first served."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            while True:
                while self._counted_until and self._counted_until[0] <= loop.time():
                    self._counted_until.popleft()
                if self._under_way + len(self._counted_until) < self._per_second:
                    break
                self._answered.clear()
                until = self._counted_until[0] if self._counted_until else None
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(until):
                        await self._answered.wait()
            await asyncio.sleep(self._next_at - loop.time())
            since = max(self._next_at, loop.time() - _MADE_UP)
            self._next_at = since + _EVENNESS / self._per_second
            self._under_way += 1

    def _give_turn(self, context: SimpleNamespace) -> None:
        if getattr(context, "counts", False):
            self._under_way -= 1
            self._counted_until.append(asyncio.get_running_loop().time() + 1.0)
            self._answered.set()

    async def _start(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestStartParams,
    ) -> None:
        if params.url.scheme in {"ws", "wss"}:
            return
        if not any(part in params.url.path for part in _EXEMPT):
            if self.rests_for:
                raise RestingError(self.rests_for)
            await self._take_turn()
            context.counts = True
        call = _CALL.get()
        if call is not None:
            call.sent = True

    async def _end(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestEndParams,
    ) -> None:
        self._give_turn(context)
        response = params.response
        status, headers = response.status, response.headers
        if status in _REFUSED and headers.get("X-RateLimit-Scope") != "shared":
            self._refusals.append(asyncio.get_running_loop().time())
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
                shut_out="Via" not in headers,
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
            self._give_turn(context)
        call = _CALL.get()
        never_left = isinstance(params.exception, aiohttp.ClientConnectorError | RestingError)
        if call is not None and not never_left and not answered:
            call.in_doubt = True


def _wait(headers: Mapping[str, str]) -> timedelta:
    """How long to wait: whichever of the two headers is longer, so as never to come too soon."""
    named = []
    for name in ("Retry-After", "X-RateLimit-Reset-After"):
        try:
            named.append(float(headers.get(name, "")))
        except ValueError:
            continue
    # A whole second of Retry-After is the exact time rounded up.
    exact = min(named) if named and max(named) - min(named) < 1 else max(named, default=1.0)
    return timedelta(seconds=max(0.0, min(exact, 86_400.0)))
