"""The alarm: calls this every so many seconds, and nothing more (issue 3, item 6).

APScheduler only wakes a pump up; whether there is something to do, the pump asks the database.
So a tick that is lost, or comes late, costs an interval and nothing else. Each pump runs by
itself: one that fails is logged, counted and called again, and the others go on.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.core.ports import Condition

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Pump:
    name: str
    every: timedelta
    tick: Callable[[], Awaitable[object]]
    due: asyncio.Event = field(default_factory=asyncio.Event)
    failures: int = 0
    failed_ever: int = 0
    detail: str = ""
    last_ok_at: datetime | None = None


class Alarm:
    """Pumps and their intervals; `clock` gives the aware instant."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._pumps: dict[str, _Pump] = {}

    def add(self, name: str, every: timedelta, tick: Callable[[], Awaitable[object]]) -> None:
        """Call `tick` at once when the alarm rings first, and then at that interval.

        It is never called twice at a time, and several late calls are one call.
        """
        self._pumps[name] = _Pump(name, every, tick)

    def wake(self, name: str) -> None:
        """Call that pump now, or again as soon as it is done with what it does."""
        self._pumps[name].due.set()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """For `/healthz`: a pump is well when its last call was."""
        return tuple(
            Condition(pump.name, pump.failures == 0, pump.detail, pump.last_ok_at)
            for pump in self._pumps.values()
        )

    @property
    def failures(self) -> tuple[tuple[str, int], ...]:
        """How often each pump failed since the start, for `/metrics`."""
        return tuple((pump.name, pump.failed_ever) for pump in self._pumps.values())

    @asynccontextmanager
    async def ringing(self) -> AsyncIterator[None]:
        """Pumps are called within; at the end, calls under way are waited for, and none begins.

        Cancelling cuts them off.
        """
        over = asyncio.Event()
        scheduler = AsyncIOScheduler()
        async with asyncio.TaskGroup() as group:
            for pump in self._pumps.values():
                pump.due.set()
                group.create_task(self._serve(pump, over))
                scheduler.add_job(
                    pump.due.set,
                    IntervalTrigger(seconds=pump.every.total_seconds()),
                    coalesce=True,
                    max_instances=1,
                    misfire_grace_time=None,
                )
            scheduler.start()
            try:
                yield
            finally:
                scheduler.shutdown(wait=False)
                over.set()
                for pump in self._pumps.values():
                    pump.due.set()  # whoever waits for it need not wait any more

    async def _serve(self, pump: _Pump, over: asyncio.Event) -> None:
        while True:
            await pump.due.wait()
            if over.is_set():
                return
            pump.due.clear()
            try:
                await pump.tick()
            except Exception as error:
                # One of the two places that catch everything (STYLE.md): the others go on.
                pump.failures += 1
                pump.failed_ever += 1
                pump.detail = f"{type(error).__name__}, {pump.failures} in a row"
                log.exception("%s failed, %d in a row", pump.name, pump.failures)
            else:
                pump.failures, pump.detail = 0, ""
                pump.last_ok_at = self._clock()
