"""When Slack's threads are read for messages that did not reach the bot.

Slack repeats an event for some minutes and then drops it, and nothing says that an event could not
be delivered. So threads are read when the bot comes back, after no connection was open, and every
few minutes in any case. Reactions are read after each absence; they and the stored replies are compared
every few hours, and whenever something was missed.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from bot.core.ports import Inbox, KeyValueStore, Platform, Replies
from bot.discussion.inbound.backfill import Backfill
from bot.discussion.inbound.reaction_backfill import ReactionBackfill
from bot.discussion.inbound.thread_queue import ThreadQueue
from bot.platforms.slack.inbound.events import BotIdentity, MessagePosted
from bot.platforms.slack.inbound.thread_inbound import Thread
from bot.platforms.slack.inbound.thread_reader import SlackThreadReader, position_format
from bot.platforms.slack.inbound.timing import Timing

MARGIN = timedelta(minutes=2)
"""Reading a thread may not show a younger message yet, or its event is on its way."""
BRIDGED = timedelta(minutes=1)
"""An absence as short as this loses nothing: Slack repeats itself for longer."""
COMPARED_EVERY = timedelta(hours=6)
COMPARED_AGAIN = timedelta(hours=1)
"""After something was read that no event told of."""


class BackfillSchedule:
    """Runs the backfill of one workspace."""

    def __init__(
        self,
        us: BotIdentity,
        queue: ThreadQueue,
        reader: SlackThreadReader,
        *,
        inbox: Inbox,
        memo: KeyValueStore | None,
        replies: Replies | None,
        clock: Callable[[], datetime],
        timing: Timing,
    ) -> None:
        self._us = us
        self._reader = reader
        self._clock = clock
        self._timing = timing
        self._backfill: Backfill[Thread] = Backfill(
            Platform.SLACK,
            queue,
            memo=memo,
            replies=replies,
            clock=clock,
            sleep=self._wait,
            margin=MARGIN,
            shown_after=MARGIN,
            first_pause=timing.first_pause,
            longest_pause=timing.read_every,
        )
        self._reactions = ReactionBackfill(
            Platform.SLACK,
            inbox,
            serves=lambda channel: channel.workspace == us.team,
            replies=replies,
            clock=clock,
            sleep=self._wait,
            first_pause=timing.first_pause,
            longest_pause=timing.read_every,
        )
        self._reads_reactions = False
        self._compared_at = self._away_since = clock()
        self._is_reached = False
        self._must_compare = False
        self._wanted = asyncio.Event()

    async def begin(self) -> None:
        """Load the stored position; waits while the database cannot be read."""
        await self._backfill.restore(position_format(self._us.team))
        self._away_since = self._backfill.position

    def reached(self, *, now: bool) -> None:
        """Whether Slack can reach the bot from now on."""
        if self._is_reached and not now:
            self._away_since = self._clock()
            self._backfill.interrupted()
        elif now and not self._is_reached:
            self._backfill.resumed()
            if self._backfill.has_gap:
                if self._clock() - self._away_since >= BRIDGED:
                    self._must_compare = True
                self._wanted.set()
        self._is_reached = now

    async def before(self, spoken: MessagePosted) -> None:
        """Read what was missed in a message's thread before it; the thread's lock is held."""
        await self._backfill.before(self._reader, (spoken.channel, spoken.root))

    async def keep_reading(self) -> None:
        """Read and compare whenever it is due; until cancelled."""
        while True:
            await self._wait(self._timing.read_every)
            began = self._clock()
            self._reads_reactions |= self._backfill.has_gap
            while not await self._backfill.catch_up(self._reader):
                self._reader.begin()
            is_due = self._compares(began)
            if self._reads_reactions or is_due:
                self._reads_reactions = not await self._reactions.catch_up(
                    self._reader, lambda: self._backfill.has_gap
                )
            if is_due:
                await self._compare(began)
            self._reader.begin()

    async def _wait(self, seconds: float) -> None:
        """So long, or until something was missed and can be read."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        self._wanted.clear()

    def _compares(self, now: datetime) -> bool:
        due = COMPARED_AGAIN if self._backfill.found_missed else COMPARED_EVERY
        return self._must_compare or now - self._compared_at >= due

    async def _compare(self, began: datetime) -> None:
        self._must_compare = True
        until = began + timedelta(seconds=self._timing.read_every)
        is_whole = await self._backfill.compare(
            self._reader,
            self._us.team,
            # Reading goes first where something was missed, and every few minutes.
            is_over=lambda: self._backfill.has_gap or self._clock() >= until,
        )
        if is_whole:
            self._compared_at = began
            self._must_compare = self._backfill.found_missed = False
