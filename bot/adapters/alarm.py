"""The alarm: calls this every so many seconds, and nothing more (issue 3, item 6).

APScheduler only wakes a pump up; whether there is something to do, the pump asks the database.
So a tick that is lost, or comes late, costs an interval and nothing else. Each pump runs by
itself: one that fails is logged, counted and called again, and the others go on.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.ports import Condition

log = logging.getLogger(__name__)

LAST_CALL = timedelta(seconds=10)
"""How long what is under way may take to end once the alarm is to stop."""


@dataclass(slots=True)
class _Pump:
    name: str
    tick: Callable[[], Awaitable[object]]
    every: timedelta
    due: asyncio.Event = field(default_factory=asyncio.Event)
    failures: int = 0
    detail: str = ""
    last_ok_at: datetime | None = None


class Alarm:
    """Pumps and their intervals; `clock` gives the aware instant.

    A tick should look at `stopping` where it takes long: once it is set, it has `LAST_CALL` to
    end by itself.
    """

    def __init__(self, *, clock: Callable[[], datetime], last_call: timedelta = LAST_CALL) -> None:
        self.stopping = asyncio.Event()
        self._clock = clock
        self._last_call = last_call
        self._pumps: dict[str, _Pump] = {}

    def every(self, interval: timedelta, name: str, tick: Callable[[], Awaitable[object]]) -> None:
        """Call `tick` at once when the alarm runs, and then at that interval.

        It is never called twice at a time, and late calls are one call.
        """
        self._pumps[name] = _Pump(name, tick, interval)

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

    async def run(self) -> None:
        """Until cancelled; then what is under way may end first."""
        scheduler = AsyncIOScheduler()
        for pump in self._pumps.values():
            pump.due.set()
            scheduler.add_job(
                pump.due.set,
                IntervalTrigger(seconds=pump.every.total_seconds()),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        scheduler.start()
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._serve(pump)) for pump in self._pumps.values()]
                await self._until_cancelled(tasks)
        finally:
            scheduler.shutdown(wait=False)

    async def _until_cancelled(self, tasks: list[asyncio.Task[None]]) -> None:
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError:
            self.stopping.set()
            for pump in self._pumps.values():
                pump.due.set()  # whoever only waits for it need not wait any more
            await asyncio.wait(tasks, timeout=self._last_call.total_seconds())
            raise

    async def _serve(self, pump: _Pump) -> None:
        while True:
            await pump.due.wait()
            if self.stopping.is_set():
                return
            pump.due.clear()
            try:
                await pump.tick()
            except Exception as error:
                # One of the two places that catch everything (STYLE.md): the others go on.
                pump.failures += 1
                pump.detail = f"{type(error).__name__}, {pump.failures} in a row"
                log.exception("%s failed, %d in a row", pump.name, pump.failures)
            else:
                pump.failures, pump.detail = 0, ""
                pump.last_ok_at = self._clock()
