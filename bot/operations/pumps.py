"""Pumps: functions that are called at an interval (issue 3, item 6).

APScheduler only wakes a pump up; whether there is something to do, the pump asks the database.
So a tick that is lost, or comes late, costs an interval and nothing else. Each pump runs by
itself: one that fails is logged, counted and called again, and the others go on.

APScheduler computes the next run from the wall clock, so a clock that is set back would stop every
pump for as long as the step (issue 12, item 8). A watch compares the wall clock with the monotonic
clock every second; after a step it schedules all pumps anew and calls them at once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import field
from datetime import datetime, timedelta
from importlib import import_module

from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import storage_error
from bot.core.ports import Condition
from bot.core.services.ending import is_cancelled, own_task

log = logging.getLogger(__name__)

LOOK_AT_CLOCK_EVERY = 1.0
"""Seconds between two comparisons of the wall clock with the monotonic clock."""
_STEP = timedelta(seconds=2)
"""A clock that moved by so much between two comparisons was set; NTP slews by far less."""
_RUNS_MISSED = 3
"""After so many intervals without a run, a pump is late …"""
_GRACE = 5.0
"""… and so many seconds more, for a busy event loop."""
_LONG_RUN = 300.0
"""A single call that takes longer than so many seconds without `alive` hangs."""


def _no_step(_by: timedelta) -> None:
    """The default of `stepped`."""


@dataclass(slots=True)
class Pump:
    """One function with its interval and the result of its last call."""

    name: str
    every: timedelta
    tick: Callable[[], Awaitable[object]]
    due: asyncio.Event = field(default_factory=asyncio.Event)
    timer: asyncio.TimerHandle | None = None
    failures: int = 0
    failed_ever: int = 0
    detail: str = ""
    last_ok_at: datetime | None = None
    running: bool = False
    is_cut_off: bool = False  # the last call failed, because the database does not work for now
    seen_at: float | None = None  # by the loop's clock, when it began, ended or said it is alive

    def lateness(self, now: float) -> str:
        """Why the pump is late, in words for the operator; empty while it is not."""
        if self.seen_at is None:
            return ""
        age = now - self.seen_at
        allowed = _RUNS_MISSED * self.every.total_seconds() + _GRACE
        if self.running:
            allowed = max(allowed, _LONG_RUN)
        if age <= allowed:
            return ""
        return f"runs for {age:.0f} s" if self.running else f"last ran {age:.0f} s ago"


class Pumps:
    """Pumps and their intervals; `clock` gives the aware instant.

    `stepped` is told by how much the wall clock was set, forward or back, before the pumps are
    called for it. A suspended machine looks like a clock that was set forward.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        stepped: Callable[[timedelta], None] = _no_step,
        look_every: float = LOOK_AT_CLOCK_EVERY,
    ) -> None:
        self._clock = clock
        self._look_every = look_every
        self._stepped = stepped
        self._pumps: dict[str, Pump] = {}

    def add(self, name: str, every: timedelta, tick: Callable[[], Awaitable[object]]) -> None:
        """Call `tick` once at the start, and then at that interval.

        It is never called twice at a time, and several late calls are one call.
        """
        self._pumps[name] = Pump(name, every, tick)

    def wake(self, name: str) -> None:
        """Call that pump now, or again as soon as its present call ends.

        One that is not there yet is called when it starts.
        """
        if name in self._pumps:
            self._pumps[name].due.set()

    def wake_in(self, name: str, delay: timedelta) -> None:
        """Call that pump after so long; the last such wish counts, one past its interval does not."""
        pump = self._pumps[name]
        if pump.timer is not None:
            pump.timer.cancel()
        loop, seconds = asyncio.get_running_loop(), max(0.0, delay.total_seconds())
        is_sooner = delay < pump.every
        pump.timer = loop.call_later(seconds, pump.due.set) if is_sooner else None

    def wake_all(self) -> None:
        """Call every pump now."""
        for pump in self._pumps.values():
            pump.due.set()

    def alive(self, name: str) -> None:
        """Tell that a long call of that pump makes progress."""
        self._pumps[name].seen_at = asyncio.get_running_loop().time()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """For `/healthz`: a pump is ok when its last call succeeded, not long ago.

        How long ago is measured by the monotonic clock.
        """
        now = asyncio.get_running_loop().time()
        return tuple(_condition(pump, now) for pump in self._pumps.values())

    @property
    def failures(self) -> tuple[tuple[str, int], ...]:
        """How often each pump failed since the start, for `/metrics`."""
        return tuple((pump.name, pump.failed_ever) for pump in self._pumps.values())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Call pumps within the context; at its end, wait for calls in flight and start none.

        Cancelling cuts them off.
        """
        # APScheduler takes 40 ms to import: not before the address is announced, and in a thread.
        await asyncio.to_thread(import_module, "bot.operations.intervals")
        from bot.operations.intervals import Intervals  # noqa: PLC0415

        over, intervals = asyncio.Event(), Intervals()
        async with asyncio.TaskGroup() as group:
            for pump in self._pumps.values():
                pump.due.set()
                pump.seen_at = asyncio.get_running_loop().time()
                group.create_task(self._serve(pump, over))
                intervals.add(pump.due.set, pump.every)
            intervals.start()
            watch = group.create_task(self._watch_clock(intervals.restart))
            try:
                yield
            finally:
                watch.cancel()
                over.set()
                for pump in self._pumps.values():
                    if pump.timer is not None:
                        pump.timer.cancel()
                    pump.due.set()  # whoever waits for it need not wait any more
                    pump.seen_at = None
                await intervals.stop()

    async def _watch_clock(self, restart: Callable[[], None]) -> None:
        ahead = self._ahead()
        while True:
            await asyncio.sleep(self._look_every)
            before, ahead = ahead, self._ahead()
            if abs(by := ahead - before) < _STEP:
                continue
            log.warning(
                "the clock was set %s by %.0f s (or the machine slept): all pumps restart",
                "back" if by < timedelta() else "forward",
                abs(by.total_seconds()),
            )
            self._stepped(by)
            restart()
            self.wake_all()

    def _ahead(self) -> timedelta:
        """How far the wall clock is ahead of the monotonic clock."""
        monotonic = asyncio.get_running_loop().time
        while True:
            before, now, after = monotonic(), self._clock(), monotonic()
            if after - before < 1:  # else this process was stopped in between
                return timedelta(seconds=now.timestamp() - before)

    async def _serve(self, pump: Pump, over: asyncio.Event) -> None:
        while True:
            await pump.due.wait()
            if over.is_set():
                return
            pump.due.clear()
            pump.running = True
            self.alive(pump.name)
            try:
                await own_task(pump.tick())
            except (Exception, asyncio.CancelledError) as error:
                # Everything is caught here (CONTRIBUTING.md, Errors): one pump must not stop the others.
                if isinstance(error, asyncio.CancelledError) and is_cancelled():
                    raise
                pump.failures += 1
                pump.failed_ever += 1
                lost = storage_error(error)
                pump.detail = f"{lost or type(error).__name__}, {pump.failures} in a row"
                if lost is None:
                    log.exception("%s failed, %d in a row", pump.name, pump.failures)
                elif not pump.is_cut_off:  # once: many pumps notice it, and often
                    log.error("%s: %s; trying again", pump.name, lost)
                pump.is_cut_off = lost is not None
            else:
                if pump.is_cut_off:
                    log.info("%s: the database is back", pump.name)
                pump.failures, pump.detail, pump.is_cut_off = 0, "", False
                pump.last_ok_at = self._clock()
            finally:
                pump.running = False
                if not over.is_set():
                    self.alive(pump.name)


def _condition(pump: Pump, now: float) -> Condition:
    late = pump.lateness(now)
    detail = "; ".join(filter(None, (pump.detail, late)))
    told = "the database does not work for now" if pump.is_cut_off else None
    ok = pump.failures == 0 and not late
    return Condition(pump.name, ok, detail, pump.last_ok_at, told_to_all=told)
