"""What is said in our threads, to the inbox: in the order of each thread, until it is kept.

What cannot be kept, say because the disk is full, is tried again, with a pause that grows, and
those behind it in their thread wait. Nothing of that is written down: whoever notes how far we
have heard stops before what is still `pending`, and a restart reads it again.
"""

import asyncio
import itertools
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from heapq import heappop, heappush
from weakref import WeakValueDictionary

from bot.core.domain.errors import StorageError
from bot.core.ports import Seen
from bot.platforms.slack.inbound.events import MessageDeleted, MessagePosted
from bot.platforms.slack.inbound.socket_mode import Timing

log = logging.getLogger(__name__)

Said = MessagePosted | MessageDeleted
Thread = tuple[str, str]
"""A channel, and the timestamp of a root."""

TRIES = 5
"""After so many failures that are not the disk's, what fails lets those behind it pass."""
SELDOM = 600.0
"""Seconds between two tries of what let the others pass."""
SETTLES = 0.05
"""Seconds until what was said is handed on: Slack uses several connections at once, and what was
said later in a thread may come sooner over another."""


class Taken(StrEnum):
    """What became of an utterance that was handed on."""

    NEW = "new"
    KNOWN = "known"
    NOT = "not"


@dataclass(order=True, slots=True)
class _Turn:
    """Something spoken that waits to be handed on, earlier before later."""

    at: datetime
    number: int
    said: MessagePosted = field(compare=False)
    before: Callable[[MessagePosted], Awaitable[None]] = field(compare=False)
    taken: Taken = field(default=Taken.NOT, compare=False)
    is_over: asyncio.Event = field(default_factory=asyncio.Event, compare=False)


class Hearing:
    """Hands on what is said; `deal` takes it to the inbox, `places` bounds how much at once."""

    def __init__(
        self,
        deal: Callable[[Said], Awaitable[None]],
        *,
        seen: Seen,
        sleep: Callable[[float], Awaitable[None]],
        patience: Timing,
        places: asyncio.Semaphore,
    ) -> None:
        self._deal = deal
        self._seen = seen
        self._sleep = sleep
        self._patience = patience
        self._places = places
        self._lanes: WeakValueDictionary[Thread, asyncio.Lock] = WeakValueDictionary()
        self._turns: defaultdict[Thread, list[_Turn]] = defaultdict(list)
        self._pending: dict[int, datetime] = {}
        self._numbers = itertools.count()
        self._stuck: set[str] = set()

    @property
    def pending(self) -> tuple[datetime, ...]:
        """When that was said, or edited, which is not kept yet."""
        return tuple(self._pending.values())

    def lane(self, thread: Thread) -> asyncio.Lock:
        """Held by whoever hands on something that was said in that thread."""
        return self._lanes.setdefault(thread, asyncio.Lock())

    async def hear(self, said: Said, before: Callable[[MessagePosted], Awaitable[None]]) -> None:
        """Hand on what reaches us; returns once it is kept.

        `before` is done first, while the thread of what is spoken is ours alone.
        """
        if isinstance(said, MessageDeleted):  # in any order: what is gone does not come back
            while await self.hand_on(said) is Taken.NOT:
                await self._sleep(SELDOM)
            return
        turn = _Turn(said.edited_at or said.at, next(self._numbers), said, before)
        self._pending[turn.number] = turn.at
        try:
            await self._take_turn(turn)
            while turn.taken is Taken.NOT:
                await self._sleep(SELDOM)
                turn.taken = await self.hand_on(said)
        finally:
            del self._pending[turn.number]

    async def _take_turn(self, turn: _Turn) -> None:
        """Hand on what waits in the turn's thread, the earliest first, until the turn is over.

        Whoever has the lane hands on the earliest, whosever turn that is: there are as many who
        come as there are turns.
        """
        thread = (turn.said.channel, turn.said.root)
        heappush(self._turns[thread], turn)
        await self._sleep(SETTLES)
        async with self.lane(thread):
            earliest = heappop(self._turns[thread])
            if not self._turns[thread]:
                del self._turns[thread]
            await earliest.before(earliest.said)
            earliest.taken = await self.hand_on(earliest.said)
            earliest.is_over.set()
        await turn.is_over.wait()

    async def hand_on(self, said: Said) -> Taken:
        """Hand on, within the lane of its thread; `Taken.NOT` after many failures.

        What failed so often before is tried once.
        """
        failures = faults = 0
        while True:
            try:
                async with self._places:
                    taken = await self._take(said)
                self._stuck.discard(said.event_id)
                return taken
            except StorageError as error:
                if not failures:
                    log.warning("Slack: replies cannot be stored for now: %s", error)
            except Exception:
                # The inbox's edge: what breaks on one message must not take the others along.
                log.exception("Slack: a message could not be handled")
                faults += 1
                if faults >= TRIES or said.event_id in self._stuck:
                    self._stuck.add(said.event_id)
                    return Taken.NOT
            pause = self._patience.first_pause * 2 ** min(failures, 16)
            await self._sleep(min(pause, self._patience.longest_pause))
            failures += 1

    async def _take(self, said: Said) -> Taken:
        if said.event_id and await self._seen.is_known(said.event_id):
            return Taken.KNOWN
        # Kept before it counts as seen: killed in between, it is told or read again.
        await self._deal(said)
        if said.event_id:
            await self._seen.first_time(said.event_id)
        return Taken.NEW
