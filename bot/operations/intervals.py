"""Calls at an interval, by APScheduler; late ones are one call."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger


class Intervals:
    """Calls functions at intervals of the wall clock, in the event loop, from `start` until `stop`."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler()
        self._jobs: list[tuple[Job, timedelta]] = []

    def add(self, call: Callable[[], object], every: timedelta) -> None:
        """Call it after this interval, and again and again."""

        async def call_here() -> None:  # APScheduler calls what is not async in a thread
            call()

        job = self._scheduler.add_job(
            call_here, _trigger(every), coalesce=True, max_instances=1, misfire_grace_time=None
        )
        self._jobs.append((job, every))

    def start(self) -> None:
        """Begin to count, in the running event loop."""
        self._scheduler.start()

    def restart(self) -> None:
        """Count all intervals from now: the clock was set."""
        for job, every in self._jobs:
            job.reschedule(_trigger(every))  # has the scheduler look again, too

    async def stop(self) -> None:
        """Call nothing any more."""
        self._scheduler.pause()
        await asyncio.sleep(
            0
        )  # a call that has begun ends: one that is cut off is logged as an error
        self._scheduler.shutdown(wait=False)


def _trigger(every: timedelta) -> IntervalTrigger:
    return IntervalTrigger(seconds=every.total_seconds())
