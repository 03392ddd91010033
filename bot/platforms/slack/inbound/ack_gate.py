"""Lets work begin only when no request waits for its acknowledgement.

Slack waits three seconds. In a burst of requests, the work of the first ones would otherwise delay
the acknowledgements of the others (issue 12, item E).
"""

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress

QUIET_SECONDS = 0.01
"""A burst is over when no request came for so long."""
LONGEST_WAIT = 1.0
"""Seconds after which work begins in any case."""


class AckGate:
    """Open while no request waits to be acknowledged."""

    def __init__(self) -> None:
        self._unacknowledged = 0
        self._open = asyncio.Event()
        self._open.set()
        self._opening: asyncio.TimerHandle | None = None
        self._last_at = -math.inf
        self._is_alone = True

    @contextmanager
    def acknowledging(self) -> Iterator[None]:
        """The time in which a request waits for its acknowledgement.

        One that came long after the one before is no part of a burst: its work begins at once.
        """
        now = asyncio.get_running_loop().time()
        self._is_alone, self._last_at = now - self._last_at > QUIET_SECONDS, now
        self._count(+1)
        try:
            yield
        finally:
            self._count(-1)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Within `acknowledging`: the time in which the acknowledgement itself waits for work."""
        self._count(-1)
        try:
            yield
        finally:
            self._count(+1)

    async def wait(self) -> None:
        """Return once the gate is open, or after LONGEST_WAIT."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_WAIT):
                await self._open.wait()

    def _count(self, change: int) -> None:
        self._unacknowledged += change
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        if self._unacknowledged > 0:  # in Socket Mode nothing is `acknowledging`
            self._open.clear()
        elif self._is_alone:
            self._open.set()
        else:
            loop = asyncio.get_running_loop()
            self._opening = loop.call_later(QUIET_SECONDS, self._open.set)
