"""What people say in the bot's threads, from Slack's events to the inbox, in order."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import field
from datetime import datetime
from heapq import heappop, heappush

from bot.core.domain.dataclass import dataclass
from bot.discussion.inbound.thread_queue import Outcome, ThreadQueue
from bot.platforms.slack.inbound.events import MessageDeleted, MessagePosted, Reacted

ThreadEvent = MessagePosted | MessageDeleted | Reacted
Thread = tuple[str, str]
"""A channel, and the timestamp of a root."""

SETTLES = 0.05
"""Seconds until a message is handed on: Slack uses several connections at once, and a later message
of a thread may come sooner over another."""


@dataclass(order=True, slots=True)
class _Turn:
    """A message that waits to be handed on, earlier before later."""

    at: datetime
    number: int
    said: MessagePosted = field(compare=False)
    before: Callable[[MessagePosted], Awaitable[None]] = field(compare=False)
    outcome: Outcome = field(default=Outcome.FAILED, compare=False)
    is_over: asyncio.Event = field(default_factory=asyncio.Event, compare=False)


class ThreadInbound:
    """Hands on what is said; `deal` takes it to the inbox, `places` bounds how much at once."""

    def __init__(
        self,
        deal: Callable[[ThreadEvent], Awaitable[None]],
        queue: ThreadQueue,
        *,
        sleep: Callable[[float], Awaitable[None]],
        places: asyncio.Semaphore,
    ) -> None:
        self._deal = deal
        self._queue = queue
        self._sleep = sleep
        self._places = places
        self._turns: defaultdict[Thread, list[_Turn]] = defaultdict(list)
        self._numbers = itertools.count()

    async def on_event(
        self, said: ThreadEvent, before: Callable[[MessagePosted], Awaitable[None]]
    ) -> None:
        """Hand on what an event says; returns once it is stored.

        `before` is awaited first, with the lock of the message's thread held.
        """
        # In any order: a deleted message does not come back, and reactions have times.
        if isinstance(said, MessageDeleted | Reacted):
            if await self.hand_on(said) is Outcome.FAILED:
                await self._queue.retry_seldom(said.event_id, lambda: self._take(said))
            return
        turn = _Turn(said.edited_at or said.at, next(self._numbers), said, before)
        with self._queue.holding(turn.at):
            await self._take_turn(turn)
            if turn.outcome is Outcome.FAILED:
                await self._queue.retry_seldom(said.event_id, lambda: self._take(said))

    async def _take_turn(self, turn: _Turn) -> None:
        """Hand on what waits in the turn's thread, the earliest first, until the turn is over.

        Whoever has the lock hands on the earliest, whosever turn that is: there are as many who
        come as there are turns.
        """
        thread = (turn.said.channel, turn.said.root)
        heappush(self._turns[thread], turn)
        await self._sleep(SETTLES)
        async with self._queue.lock(thread):
            earliest = heappop(self._turns[thread])
            if not self._turns[thread]:
                del self._turns[thread]
            await earliest.before(earliest.said)
            earliest.outcome = await self.hand_on(earliest.said)
            earliest.is_over.set()
        await turn.is_over.wait()

    async def hand_on(self, said: ThreadEvent) -> Outcome:
        """Hand on what was said, with the lock of its thread held."""
        return await self._queue.hand_on(said.event_id, lambda: self._take(said))

    async def _take(self, said: ThreadEvent) -> Outcome:
        async with self._places:
            return await self._queue.once(said.event_id, lambda: self._deal(said))
