"""The feed of board changes: every open page gets each change once, in order of revision."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.core.domain.dataclass import dataclass
from bot.webchat.domain.board import Board, BoardMessage, may_read

_REMEMBERED = 256
"""Changes kept in memory; a page that missed more reads them from the database."""

MOST_MISSED = 500
"""A page that missed more changes than this reloads; those that its visitor may not read do not count."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes that somebody may read, and the revision up to which they are all."""

    messages: tuple[BoardMessage, ...]
    up_to: int


def _nobody() -> None:
    """No other process has pages."""


class ChangeFeed:
    """Wakes the subscribers when the board changes, and reads each change once for all of them.

    `tell_others` is called at each change that this process made.
    """

    def __init__(self, board: Board, tell_others: Callable[[], None] = _nobody) -> None:
        self._board = board
        self._tell_others = tell_others
        self._subscribers: set[asyncio.Event] = set()
        self._recent: deque[BoardMessage] = deque(maxlen=_REMEMBERED)
        self._read_up_to: int | None = None
        self._reading = asyncio.Lock()
        self.is_closed = False

    def notify(self) -> None:
        """Wake every subscriber, in all processes; call it after each change of the board."""
        self.wake()
        self._tell_others()

    def wake(self) -> None:
        """Wake the subscribers of this process: another one has changed the board."""
        for subscriber in self._subscribers:
            subscriber.set()

    def close(self) -> None:
        """End every subscription."""
        self.is_closed = True
        self.wake()

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Event]:
        """An event that is set when there may be changes; the subscriber clears it."""
        subscriber = asyncio.Event()
        self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)

    async def changes(self, after: int, reader: str) -> Changes | None:
        """What that person may read of the changes above a revision.

        `None` when it is too much, or `after` is too high: a page has a higher revision than any if
        it was loaded from another database, such as the temporary one of an earlier demo.
        """
        async with self._reading:
            await self._catch_up()
            newest = self._read_up_to or 0
            if after > newest:
                return None
            oldest = self._recent[0].revision if self._recent else newest + 1
            if after + 1 >= oldest or after == newest:
                fresh = (each for each in self._recent if each.revision > after)
                return Changes(tuple(e for e in fresh if may_read(e.channel, reader)), newest)
        missed = await self._board.list_changes(after, limit=MOST_MISSED + 1, reader=reader)
        if len(missed) > MOST_MISSED:
            return None
        return Changes(missed, max([newest, *(each.revision for each in missed)]))

    async def _catch_up(self) -> None:
        if self._read_up_to is None:
            self._read_up_to = await self._board.newest_revision()
            return
        while True:
            fresh = await self._board.list_changes(self._read_up_to, limit=_REMEMBERED)
            self._recent.extend(fresh)
            if fresh:
                self._read_up_to = fresh[-1].revision
            if len(fresh) < _REMEMBERED:
                return
