"""Lets work begin only when no burst of requests waits for its acknowledgements.

Slack waits three seconds. In a burst of requests, the work of the first ones would otherwise delay
the acknowledgements of the others (issue 12, item E).
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

BURST = 24
"""So many requests that wait for their acknowledgement at once are a burst; fewer delay each other
for milliseconds only."""
QUIET_SECONDS = 0.01
"""A burst is over when no request came for so long."""
LONGEST_WAIT = 1.0
"""Seconds after which work begins in any case."""


class AckGate:
    """Open except during a burst."""

    def __init__(self) -> None:
        self._unacknowledged = 0
        self._open = asyncio.Event()
        self._open.set()
        self._opening: asyncio.TimerHandle | None = None

    @contextmanager
    def acknowledging(self) -> Iterator[None]:
        """The time in which a request waits for its acknowledgement."""
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
        if self._open.is_set():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_WAIT):
                await self._open.wait()

    def _count(self, change: int) -> None:
        self._unacknowledged += change
        if self._unacknowledged >= BURST:  # in Socket Mode nothing is `acknowledging`
            self._open.clear()
        if self._open.is_set():
            return
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        if self._unacknowledged <= 0:
            self._opening = asyncio.get_running_loop().call_later(QUIET_SECONDS, self._open.set)
