"""Handing messages to the inbox: in the order of each thread, and until they are stored.

A message that cannot be stored, for example because the disk is full, is tried again with growing
pauses, and later messages of its thread wait. Nothing of that is written to the database: `pending`
keeps the backfill's position before it, so a restart reads the message again.
"""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from weakref import WeakValueDictionary

from bot.core.domain.errors import StorageError
from bot.core.ports import ChatError, Platform, ProcessedEvents

log = logging.getLogger(__name__)

TRIES = 5
"""After so many failures other than the database's, later messages of the thread go first."""
SELDOM = 600.0
"""Seconds between two later tries of such a message."""


class Outcome(StrEnum):
    """What became of a message that was handed on."""

    NEW = "new"
    KNOWN = "known"
    FAILED = "failed"


Take = Callable[[], Awaitable[Outcome]]


def _never() -> bool:
    return False


class ThreadQueue:
    """The messages of one platform on their way to the inbox."""

    def __init__(
        self,
        platform: Platform,
        *,
        seen: ProcessedEvents,
        sleep: Callable[[float], Awaitable[None]],
        first_pause: float = 1.0,
        longest_pause: float = 60.0,
    ) -> None:
        self.name = platform.value.capitalize()
        self._seen = seen
        self._sleep = sleep
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._pending: dict[int, datetime] = {}
        self._numbers = itertools.count()
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()
        self._stuck: set[str] = set()

    @property
    def pending(self) -> tuple[datetime, ...]:
        """When the messages were said, or edited, that are not stored yet."""
        return tuple(self._pending.values())

    @contextmanager
    def holding(self, at: datetime) -> Iterator[None]:
        """A message of that time is `pending` inside of this."""
        number = next(self._numbers)
        self._pending[number] = at
        try:
            yield
        finally:
            del self._pending[number]

    def lock(self, thread: Hashable) -> asyncio.Lock:
        """To be held while a message of that thread is handed on."""
        return self._locks.setdefault(thread, asyncio.Lock())

    async def once(self, event_id: str, deal: Callable[[], Awaitable[None]]) -> Outcome:
        """`deal`, unless the event was dealt with before; without an id it always is new."""
        if event_id and await self._seen.is_known(event_id):
            return Outcome.KNOWN
        # Stored before it counts as seen: killed in between, it comes or is read again.
        await deal()
        if event_id:
            await self._seen.first_time(event_id)
        return Outcome.NEW

    async def hand_on(
        self, name: str, take: Take, *, is_over: Callable[[], bool] = _never
    ) -> Outcome:
        """Try `take` until it succeeds; `FAILED` after `TRIES` failures, or when it `is_over`.

        `name` names the event; one that failed `TRIES` times before is tried once.
        """
        failures = faults = 0
        while True:
            try:
                outcome = await take()
                self._stuck.discard(name)
                return outcome
            except StorageError as error:
                if not failures:
                    log.warning("%s: replies cannot be stored for now: %s", self.name, error)
            except Exception as error:
                if is_over():
                    return Outcome.FAILED
                if isinstance(error, ChatError):
                    log.warning("%s: the thread of a reply cannot be found: %s", self.name, error)
                else:
                    # The inbox's edge: one message must not stop the others.
                    log.exception("%s: a message could not be handled", self.name)
                faults += 1
                if faults >= TRIES or name in self._stuck:
                    self._stuck.add(name)
                    return Outcome.FAILED
            pause = self._first_pause * 2 ** min(failures, 16)
            await self._sleep(min(pause, self._longest_pause))
            failures += 1

    async def retry_seldom(
        self, name: str, take: Take, *, is_over: Callable[[], bool] = _never
    ) -> None:
        """Go on with what failed, without its thread's lock, until it succeeds or it `is_over`."""
        while not is_over():
            await self._sleep(SELDOM)
            if await self.hand_on(name, take, is_over=is_over) is not Outcome.FAILED:
                return
