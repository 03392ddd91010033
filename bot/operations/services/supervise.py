"""Supervision: a concern that fails is logged and restarted with backoff; the others go on."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.core.domain.errors import (
    NotFoundError,
    RankerError,
    StorageError,
    UserError,
    storage_error,
)
from bot.core.ports import Condition
from bot.core.services.ending import is_cancelled, own_task

log = logging.getLogger(__name__)

FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)

_PASSING = (StorageError, NotFoundError, RankerError)
"""Errors for a person that may also end by themselves: a locked database, a full disk."""

_TOLD_FOR = timedelta(days=1)
"""For so long, the last failure is shown after recovery."""


def wait_after(failures: int, spread: float) -> timedelta:
    """How long to wait after so many failures in a row: doubling, bounded, spread by ±20 %.

    `spread` is a random number in [0, 1).
    """
    doubled = FIRST_WAIT * (1 << min(failures - 1, 16))
    return min(doubled, LONGEST_WAIT) * (0.8 + 0.4 * spread)


class Supervised:
    """Runs something that should run for ever, restarts it, and reports its condition.

    It is well until it fails, and again when it has run for longer than the longest wait: the
    failures in a row are over then. A `UserError` (a wrong token, a taken port) is for a person
    to mend and ends `run`, unless it may be over in a moment.
    """

    def __init__(
        self,
        name: str,
        start: Callable[[], Awaitable[None]],
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.name = name
        self._start = start
        self._clock = clock
        self._sleep = sleep
        self._failures = 0
        self._error = ""
        self._failed_at: datetime | None = None
        self._started_at: datetime | None = None  # of the run that goes on
        self._last_ok_at: datetime | None = None

    @property
    def condition(self) -> Condition:
        """For `/healthz`."""
        now = self._clock()
        if not self._is_well(now):
            detail = f"{self._error}, {self._failures} in a row"
            return Condition(self.name, ok=False, detail=detail, last_ok_at=self._last_ok_at)
        last_ok_at = now if self._started_at is not None else self._last_ok_at
        return Condition(self.name, ok=True, detail=self._past(now), last_ok_at=last_ok_at)

    def _is_well(self, now: datetime) -> bool:
        if self._failures == 0:
            return True
        # abs: after the clock was set back, the difference is negative for as long as the step.
        return self._started_at is not None and abs(now - self._started_at) > LONGEST_WAIT

    def _past(self, now: datetime) -> str:
        """The last failure, if it was recent."""
        if self._failed_at is None or now - self._failed_at > _TOLD_FOR:
            return ""
        return f"well again after {self._error} at {self._failed_at:%Y-%m-%dT%H:%MZ}"

    async def run(self) -> None:
        """Until cancelled, or until what it runs ends by itself or raises a `UserError`."""
        while True:
            self._started_at = self._clock()
            try:
                await own_task(self._start())
            except (Exception, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError) and is_cancelled():
                    raise
                if isinstance(error, UserError) and not isinstance(error, _PASSING):
                    raise
                # Any other error: restart this concern; the others go on.
                if (lost := storage_error(error)) is not None:
                    log.error("%s: %s", self.name, lost)
                else:
                    log.exception("%s failed", self.name)
                if is_cancelled():
                    # It failed while it ended: a restart would run until somebody kills the bot.
                    raise asyncio.CancelledError from error
                self._note_failure(error)
            else:
                self._failures = 0
                self._last_ok_at = self._clock()
                self._started_at = None
                return
            wait = wait_after(self._failures, random.random())  # noqa: S311 - no secret
            log.warning("%s restarts in %.0f s", self.name, wait.total_seconds())
            await self._sleep(wait.total_seconds())

    def _note_failure(self, error: BaseException) -> None:
        now = self._clock()
        if self._is_well(now):
            self._failures = 0
            self._last_ok_at = now
        self._failures += 1
        self._error = type(error).__name__
        self._failed_at = now
        self._started_at = None
