"""One broken concern never stops the others: it is logged, counted, and started again."""

import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.domain.errors import UserError
from bot.ports import Condition

log = logging.getLogger(__name__)

FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)


def wait_after(failures: int, spread: float) -> timedelta:
    """How long to wait after so many failures in a row: doubling, bounded, spread by ±20 %.

    `spread` is a random number in [0, 1).
    """
    doubled = FIRST_WAIT * (1 << min(failures - 1, 16))
    return min(doubled, LONGEST_WAIT) * (0.8 + 0.4 * spread)


class Supervised:
    """Runs something that should run for ever, again and again, and knows how it is.

    A `UserError` (a wrong token, a taken port) is for a person to mend: it ends `run`.
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
        self._detail = ""
        self._last_ok_at: datetime | None = None

    @property
    def condition(self) -> Condition:
        """For `/healthz`."""
        return Condition(self.name, self._failures == 0, self._detail, self._last_ok_at)

    async def run(self) -> None:
        """Until cancelled, or until what it runs ends by itself or raises a `UserError`."""
        while True:
            started_at = self._clock()
            self._last_ok_at = started_at
            try:
                await self._start()
                return
            except UserError:
                raise
            except Exception as error:
                # The supervisor is the last to see it; whatever it is, the others go on.
                log.exception("%s failed", self.name)
                ran_well = self._clock() - started_at > LONGEST_WAIT
                self._failures = 1 if ran_well else self._failures + 1
                self._detail = f"{type(error).__name__}, {self._failures} in a row"
            wait = wait_after(self._failures, random.random())  # noqa: S311 - no secret
            log.warning("%s is started again in %.0f s", self.name, wait.total_seconds())
            await self._sleep(wait.total_seconds())
