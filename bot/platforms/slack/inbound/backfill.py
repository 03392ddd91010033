"""What was said, changed or taken back while Slack could not reach us, found by reading.

Slack repeats an event for some minutes and then lets it go, and nothing says that it could not
reach us. So the channels are looked through when the bot comes back, after no connection was
open, and every few minutes in any case. How far we have surely heard is noted only once all
until then was read, and a restart goes on from there. Now and then, and whenever something was
missed, what is kept of the threads of the last days is compared with what stands in them.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.domain.errors import StorageError
from bot.core.ports import (
    ChatError,
    ChatRefusedError,
    ChatUncertainError,
    KeptReply,
    Memo,
    MessageRef,
    Platform,
    Replies,
)
from bot.discussion.domain.copies import is_newer
from bot.platforms.slack.inbound.events import (
    BotIdentity,
    MessageDeleted,
    MessagePosted,
    instant,
    read_reply,
)
from bot.platforms.slack.inbound.socket_mode import Timing
from bot.platforms.slack.inbound.thread_inbound import Hearing, Taken, Thread
from bot.platforms.slack.inbound.thread_reader import LOOKED_BACK, NoThreadError, Reading

log = logging.getLogger(__name__)

MARGIN = timedelta(minutes=2)
"""What is younger may not stand yet where we read, or is on its way to us."""
READ_WITHIN = 20.0
"""Seconds that what is said now waits for what was said in its thread before."""
BRIDGED = timedelta(minutes=1)
"""An absence as short as this loses nothing: Slack repeats itself for longer."""
COMPARED_EVERY = timedelta(hours=6)
COMPARED_AGAIN = timedelta(hours=1)
"""So soon where something was read that nobody had told us."""


@dataclass(eq=False, slots=True)
class _Gap:
    """A time in which nothing reached us, and the threads that were `read` since it ended."""

    began_at: datetime
    read: set[Thread] = field(default_factory=set)


class CatchingUp:
    """Reads what `hearing` was not told. Without `replies` nothing is compared."""

    def __init__(
        self,
        us: BotIdentity,
        hearing: Hearing,
        reading: Reading,
        *,
        memo: Memo | None,
        replies: Replies | None,
        clock: Callable[[], datetime],
        patience: Timing,
    ) -> None:
        self._us = us
        self._hearing = hearing
        self._reading = reading
        self._memo = memo
        self._replies = replies
        self._clock = clock
        self._patience = patience
        self._heard_to = self._compared_at = clock()
        self._gap: _Gap | None = None
        self._is_reached = False
        self._wanted = asyncio.Event()
        self._must_compare = self._was_late = False

    async def begin(self) -> None:
        """Go on from where we have heard; without a note nothing can have been missed.

        Raises `StorageError`.
        """
        if self._memo is None:
            return
        note = await self._memo.recall(self._name)
        if note is not None:
            self._heard_to = datetime.fromisoformat(note)
            self._gap = _Gap(self._heard_to)
        else:
            await self._memo.note(self._name, self._heard_to.isoformat())

    def reached(self, *, now: bool) -> None:
        """Whether Slack can reach us from now on."""
        if self._is_reached and not now:
            self._gap = _Gap(self._clock())
        elif now and not self._is_reached and self._gap is not None:
            if self._clock() - self._gap.began_at >= BRIDGED:
                self._must_compare = True
            self._wanted.set()
        self._is_reached = now

    async def before(self, spoken: MessagePosted) -> None:
        """Hear what was said in its thread before, where that was missed; within its lane."""
        gap, thread = self._gap, (spoken.channel, spoken.root)
        if gap is None or thread in gap.read:
            return
        gap.read.add(thread)
        try:
            async with asyncio.timeout(READ_WITHIN):
                await self._read(thread, self._heard_to, self._hearing.hand_on, self._clock())
        except (ChatError, NoThreadError, TimeoutError) as error:
            log.info("Slack: reading a thread is postponed: %s", str(error) or "it takes long")

    async def keep_reading(self) -> None:
        """Read whenever there may be something to read; until cancelled."""
        failures = 0
        while True:
            pause = self._patience.read_every
            if failures:
                pause = min(self._patience.first_pause * 2 ** min(failures, 16), pause)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wanted.wait()
            self._wanted.clear()
            try:
                failures = 0 if await self._look_through() else failures + 1
            except (ChatError, StorageError) as error:
                log.warning("Slack: missed messages cannot be read for now: %s", error)
                failures += 1

    async def _look_through(self) -> bool:
        """Read what was said since the note; whether that was all of it."""
        began, since = self._clock(), self._heard_to
        gap, is_reached = self._gap, self._is_reached
        self._reading.begin()
        done = [
            await self._look_into(channel, since, began)
            for channel in await self._reading.channels()
        ]
        if not all(done):
            return False
        if gap is self._gap and is_reached:
            self._gap = None
        await self._note(began)
        if self._replies is not None and self._compares(began):
            await self._compare(self._replies, began)
        return True

    async def _look_into(self, channel: str, since: datetime, began: datetime) -> bool:
        whole = True
        try:
            for root in await self._reading.talked_in(channel, since):
                thread = channel, root
                with suppress(NoThreadError):  # it was deleted a moment ago
                    whole = await self._read(thread, since, self._in_turn, began) and whole
                if self._gap is not None:
                    self._gap.read.add(thread)
        except ChatRefusedError as error:
            log.info("Slack: channel %s sends no events: %s", channel, error)
        except ChatError as error:
            log.warning("Slack: channel %s cannot be read for now: %s", channel, error)
            return False
        return whole

    async def _read(
        self,
        thread: Thread,
        since: datetime,
        hand_on: Callable[[MessagePosted], Awaitable[Taken]],
        began: datetime,
    ) -> bool:
        """Hand on what was said in a thread since then; whether all of it was taken."""
        channel, root = thread
        whole = True
        async for message in self._reading.thread(channel, root, since):
            spoken = read_reply(message, channel, self._us)
            if spoken is None or spoken.at <= since:
                continue
            taken = await hand_on(spoken)
            whole = whole and taken is not Taken.NOT
            if taken is Taken.NEW and spoken.at < began - MARGIN:
                self._was_late = True
        return whole

    async def _in_turn(self, spoken: MessagePosted) -> Taken:
        # The lane is not held while Slack is asked: it may ask to wait, and people do not.
        async with self._hearing.lane((spoken.channel, spoken.root)):
            return await self._hearing.hand_on(spoken)

    async def _note(self, read_at: datetime) -> None:
        heard_to = max(self._heard_to, read_at - MARGIN)
        self._heard_to = min((heard_to, *self._hearing.pending))
        if self._memo is None:
            return
        try:
            await self._memo.note(self._name, self._heard_to.isoformat())
        except StorageError as error:  # then a restart reads more than it must
            log.warning("Slack: the backfill position cannot be saved: %s", error)

    @property
    def _name(self) -> str:
        return f"slack/heard/{self._us.team}"

    def _compares(self, now: datetime) -> bool:
        due = COMPARED_AGAIN if self._was_late else COMPARED_EVERY
        return self._must_compare or now - self._compared_at >= due

    async def _compare(self, replies: Replies, began: datetime) -> None:
        """Find what was changed or taken back in the threads of the last days.

        A thread that cannot be read whole says nothing. Where reading is wanted, that goes first.
        """
        self._must_compare = True
        whole, closed = True, set[str]()
        for root in await replies.roots(Platform.SLACK, began - LOOKED_BACK):
            channel = root.channel.id
            if root.channel.workspace != self._us.team or channel in closed:
                continue
            if self._wanted.is_set():
                return
            try:
                await self._compare_thread(await replies.kept_in(root), root)
            except ChatRefusedError as error:
                log.info("Slack: channel %s is not read: %s", channel, error)
                closed.add(channel)
            except ChatError as error:
                log.warning("Slack: a thread cannot be read for now: %s", error)
                whole = False
        self._compared_at = began
        self._must_compare, self._was_late = not whole, False

    async def _compare_thread(self, kept: tuple[KeptReply, ...], root: MessageRef) -> None:
        if not kept:
            return
        channel, began = root.channel.id, self._clock()
        # Not `said_at`: in old databases it is when a reply was heard, which is later.
        since = min(instant(reply.message.id) or reply.said_at for reply in kept)
        versions = {reply.message.id: reply.edited_at for reply in kept}
        there: set[str] = set()
        try:
            async for message in self._reading.thread(channel, root.id, since):
                there.add(str(message.get("ts")))
                spoken = read_reply(message, channel, self._us)
                if spoken is None or spoken.ts not in versions:
                    continue
                if is_newer(spoken.edited_at, versions[spoken.ts]):
                    await self._in_turn(spoken)
            if root.id not in there:
                raise ChatUncertainError("Slack leaves a thread's root out")
        except NoThreadError:
            if not await self._is_gone(root, began):
                return
        for reply in kept:
            if reply.message.id not in there and reply.said_at < began - MARGIN:
                await self._hearing.hand_on(MessageDeleted("", channel, reply.message.id))

    async def _is_gone(self, root: MessageRef, now: datetime) -> bool:
        """Whether a thread that Slack does not know was deleted, and is not only out of sight.

        Slack hides what is old from workspaces that do not pay.
        """
        at = instant(root.id)
        is_young = at is not None and at > now - LOOKED_BACK
        return is_young and not await self._reading.stands(root.channel.id, root.id)
