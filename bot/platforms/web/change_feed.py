"""Every open page hears of every change, in the order of its revision, once."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from bot.webchat.domain.board import Board, BoardMessage

_REMEMBERED = 256
"""How many changes are kept at hand; a page that missed more reads them from the board."""

MOST_MISSED = 500
"""A page that missed more than this is better off loading itself again."""


class ChangeFeed:
    """Wakes the listeners when the board changes, and reads each change once for all of them."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._subscribers: set[asyncio.Event] = set()
        self._recent: deque[BoardMessage] = deque(maxlen=_REMEMBERED)
        self._read_up_to: int | None = None
        self._reading = asyncio.Lock()
        self.is_closed = False

    @property
    def listeners(self) -> int:
        """How many pages are listening."""
        return len(self._subscribers)

    def notify(self) -> None:
        """The board has changed: call it after every write."""
        for listener in self._subscribers:
            listener.set()

    def close(self) -> None:
        """Send every listener away."""
        self.is_closed = True
        self.notify()

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever there may be changes; whoever waits clears it."""
        listener = asyncio.Event()
        self._subscribers.add(listener)
        try:
            yield listener
        finally:
            self._subscribers.discard(listener)

    async def changes(self, after: int) -> tuple[BoardMessage, ...] | None:
        """The changes above a revision; `None` when there are too many, or `after` is unknown.

        An unknown revision is one from another database: a throw-away one of an earlier run.
        """
        async with self._reading:
            await self._catch_up()
            newest = self._read_up_to or 0
            if after > newest:
                return None
            oldest = self._recent[0].revision if self._recent else newest + 1
            if after + 1 >= oldest or after == newest:
                return tuple(change for change in self._recent if change.revision > after)
        missed = await self._board.list_changes(after, limit=MOST_MISSED + 1)
        return missed if len(missed) <= MOST_MISSED else None

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
