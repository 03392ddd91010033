"""APScheduler: "call this every N seconds", nothing more (DESIGN, section 6).

Truth is in the tables; a pump only looks at them. So a tick that is lost costs one interval,
ticks that piled up are one, and a tick that fails is logged, counted and comes again, while the
other pumps go on.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.ports import Condition

log = logging.getLogger(__name__)

FAILURES_TO_TELL = 3
"""So many failures in a row make a pump unwell: one may be a busy disk."""


class _Pump:
    def __init__(
        self,
        name: str,
        every: timedelta,
        tick: Callable[[], Awaitable[object]],
        clock: Callable[[], datetime],
    ) -> None:
        self.name = name
        self.every = every
        self.failures = 0
        self.failed_ever = 0
        self.last_ok_at: datetime | None = None
        self._tick = tick
        self._clock = clock
        self._detail = ""
        self._running = asyncio.Lock()
        self._again = False

    async def run(self) -> None:
        """One tick, and another one at once for every time that `again` was asked meanwhile."""
        async with self._running:
            self._again = True
            while self._again:
                self._again = False
                await self._once()

    def again(self) -> bool:
        """Have another tick follow the one that runs; `False` when none runs."""
        self._again = self._running.locked()
        return self._again

    async def rest(self) -> None:
        """Wait until no tick runs."""
        async with self._running:
            return

    async def _once(self) -> None:
        try:
            await self._tick()
        except Exception as error:
            # One of the two places that catch everything (STYLE.md): the next tick comes.
            log.exception("the pump “%s” failed", self.name)
            self.failures += 1
            self.failed_ever += 1
            self._detail = f"{type(error).__name__}, {self.failures} in a row"
        else:
            self.failures = 0
            self._detail = ""
            self.last_ok_at = self._clock()

    @property
    def condition(self) -> Condition:
        ok = self.failures < FAILURES_TO_TELL
        return Condition(self.name, ok, self._detail, self.last_ok_at)


class Alarm:
    """Interval pumps. `wake` makes one run now; `ringing` runs them all until its block ends."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._pumps: dict[str, _Pump] = {}
        self._scheduler: AsyncIOScheduler | None = None

    def add(self, name: str, every: timedelta, tick: Callable[[], Awaitable[object]]) -> None:
        """Call `tick` at the beginning and then every so often, never twice at once."""
        self._pumps[name] = _Pump(name, every, tick, self._clock)

    def wake(self, name: str) -> None:
        """Have a pump run as soon as it can; before or after `ringing` nothing happens."""
        if self._scheduler is not None and not self._pumps[name].again():
            self._scheduler.modify_job(name, next_run_time=self._clock())

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """How each pump is, for `/healthz`."""
        return tuple(pump.condition for pump in self._pumps.values())

    @property
    def failures(self) -> tuple[tuple[str, int], ...]:
        """How often each pump has failed since the start, for `/metrics`."""
        return tuple((pump.name, pump.failed_ever) for pump in self._pumps.values())

    @asynccontextmanager
    async def ringing(self) -> AsyncIterator[None]:
        """Run the pumps within the block. At its end no tick begins, and those running finish."""
        scheduler = AsyncIOScheduler(timezone="UTC")
        for pump in self._pumps.values():
            scheduler.add_job(
                pump.run,
                IntervalTrigger(seconds=pump.every.total_seconds(), timezone="UTC"),
                id=pump.name,
                next_run_time=self._clock(),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        scheduler.start()
        self._scheduler = scheduler
        try:
            yield
        finally:
            self._scheduler = None
            scheduler.pause()
            for pump in self._pumps.values():
                await pump.rest()
            scheduler.shutdown(wait=False)
