"""Calls pumps at once where something is to be done, in this process and, by hints, in others."""

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from bot.core.database.database import Database
from bot.core.ports import Platform
from bot.operations.pumps import Pumps

BOARD = "board"
"""The hint that the web chat has changed."""
_CHANGE = "change"
"""The hint that messages are to be edited or removed."""
_BURST = 0.2
"""Seconds between two of many calls of one pump."""
_HEARD = frozenset({"plan", "deliver", "edit", "talk"})
"""The pumps that other processes may call."""


def changes(platform: Platform) -> str:
    """The name of the pump that edits and removes a platform's messages."""
    return f"{_CHANGE} {platform}"


class Wakes:
    """Calls the pumps of a bot with these platforms."""

    def __init__(self, pumps: Pumps, db: Database, platforms: Collection[Platform]) -> None:
        self._pumps = pumps
        self._db = db
        self._platforms = platforms

    def wake(self, pump: str) -> None:
        """Call a pump now, in whichever process it has something to do."""
        self._pumps.wake(pump)
        self._db.hint(pump)

    @contextmanager
    def in_bursts(self, pump: str) -> Iterator[Callable[[], None]]:
        """`wake` for work that calls a pump again and again: at once, then seldom, and at the end."""
        last, is_held_back = float("-inf"), False

        def wake() -> None:
            nonlocal last, is_held_back
            at = asyncio.get_running_loop().time()
            is_held_back = at < last + _BURST
            if not is_held_back:
                last = at
                self.wake(pump)

        try:
            yield wake
        finally:
            if is_held_back:
                self.wake(pump)

    def wake_changes(self) -> None:
        """Edit and remove messages now, in whichever process it is to be done."""
        self._wake_own_changes()
        self._db.hint(_CHANGE)

    def archive_changed(self) -> None:
        """Plan and edit what follows from a change of the archive."""
        self.wake("plan")
        self.wake("edit")

    def heard(self, topic: str) -> None:
        """Another process says that it is worth looking now."""
        if topic == _CHANGE:
            self._wake_own_changes()
        elif topic in _HEARD:
            self._pumps.wake(topic)

    def _wake_own_changes(self) -> None:
        for platform in self._platforms:
            self._pumps.wake(changes(platform))
