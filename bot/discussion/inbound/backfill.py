"""Reading messages, edits and deletions in threads that no event told the bot of.

A stored position per workspace says up to when everything was received. It moves only after all
threads with newer messages were read, and never past a message that is not stored yet. Then the
stored replies of the last days are compared with their threads: newer versions and deletions are
handed on. Platforms implement `ThreadReader`; when to read is their decision, too.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Generic

from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import StorageError
from bot.core.domain.extent import Extent
from bot.core.ports import (
    ChannelRef,
    ChatError,
    ChatRefusedError,
    KeptReply,
    KeyValueStore,
    MessageRef,
    Platform,
    Replies,
)
from bot.discussion.domain.copies import is_newer
from bot.discussion.inbound.thread_queue import Outcome, ThreadQueue
from bot.discussion.inbound.thread_reader import (
    FoundMessage,
    NoThreadError,
    PositionFormat,
    Thread,
    ThreadReader,
)

log = logging.getLogger(__name__)

COMPARED_BACK = timedelta(days=14)
"""Threads without messages for longer are not compared and not looked for."""
READ_WITHIN = 20.0
"""Seconds that a new message waits for the missed ones of its thread."""
_TICK = timedelta(milliseconds=1)


@dataclass(eq=False, slots=True)
class _Gap(Generic[Thread]):
    """A time in which nothing was received, and the threads that were `read` since."""

    read: set[Thread] = field(default_factory=set)


class Backfill(Generic[Thread]):
    """Reads what one workspace's `ThreadQueue` was not given. Without `replies` nothing is compared.

    `margin` is for how long messages may fail to come without the bot's notice, `shown_after` how
    long a message may take until reading its thread shows it. Pauses after failures double from
    `first_pause` to `longest_pause` seconds.
    """

    def __init__(
        self,
        platform: Platform,
        queue: ThreadQueue,
        *,
        memo: KeyValueStore | None,
        replies: Replies | None,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        margin: timedelta,
        shown_after: timedelta,
        first_pause: float = 2.0,
        longest_pause: float = 120.0,
    ) -> None:
        self._platform = platform
        self._queue = queue
        self._memo = memo
        self._replies = replies
        self._clock = clock
        self._sleep = sleep
        self._margin = margin
        self._shown_after = shown_after
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._format: PositionFormat | None = None
        self._position: datetime | None = None
        self._gap: _Gap[Thread] | None = None
        self._is_live = False
        self.found_missed = False
        """Whether messages were read that no event told of."""

    async def restore(self, stored_as: PositionFormat) -> None:
        """Load the stored position, once a process; waits while the database cannot be read.

        Without one nothing was missed: the bot is new in this workspace.
        """
        self._format = stored_as
        failures = 0
        while self._position is None:
            try:
                stored = await self._memo.find(stored_as.name) if self._memo is not None else None
                if stored is not None:
                    self._position = stored_as.read(stored)
                    self._gap = self._gap or _Gap()
                    return
                await self._store(now := self._clock())
                self._position = now
            except StorageError as error:
                if not failures:
                    log.warning("%s: the backfill position cannot be read: %s", self._name, error)
                failures = await self._pause(failures)

    async def _store(self, position: datetime) -> None:
        if self._memo is not None and self._format is not None:
            await self._memo.put(self._format.name, self._format.write(position))

    @property
    def has_gap(self) -> bool:
        """Whether something may have been missed and was not read yet."""
        return self._gap is not None

    @property
    def position(self) -> datetime:
        """Up to when everything was received."""
        return self._position if self._position is not None else self._clock()

    def interrupted(self) -> None:
        """From now on the platform cannot reach the bot."""
        self._is_live = False
        self._gap = _Gap()

    def resumed(self) -> None:
        """From now on it can again."""
        self._is_live = True

    async def before(self, reader: ThreadReader[Thread], thread: Thread) -> None:
        """Read what was missed in a thread before a new message; its lock is held."""
        gap = self._gap
        if gap is None or thread in gap.read:
            return
        gap.read.add(thread)
        try:
            async with asyncio.timeout(READ_WITHIN):
                await self._read(reader, thread, self._clock(), is_locked=True)
        except (ChatError, NoThreadError, TimeoutError) as error:
            reason = str(error) or "it takes long"
            log.info("%s: reading a thread is postponed: %s", self._name, reason)

    async def catch_up(
        self, reader: ThreadReader[Thread], is_over: Callable[[], bool] = lambda: False
    ) -> bool:
        """Read every thread with missed messages, with pauses after failures, until all are read.

        False when it `is_over`, or when the connection was interrupted meanwhile.
        """
        gap, was_live, began = self._gap, self._is_live, self._clock()
        done: set[Thread] = set()

        def is_ended() -> bool:
            return is_over() or self._gap is not gap

        failures = 0
        while not await self._read_all(reader, done, began, is_ended):
            if is_ended():
                return False
            failures = await self._pause(failures)
            if is_ended():
                return False
        if was_live:
            self._gap = None
        await self.move(reader, began)
        return True

    async def _read_all(
        self,
        reader: ThreadReader[Thread],
        done: set[Thread],
        began: datetime,
        is_ended: Callable[[], bool],
    ) -> bool:
        """Read the threads that are not `done`; whether that was all of them."""
        whole = True
        try:
            for channel in await reader.channels(self.position):
                if is_ended():
                    return False
                whole = await self._read_channel(reader, channel, done, began, is_ended) and whole
        except (ChatError, StorageError) as error:
            log.warning("%s: missed messages cannot be read for now: %s", self._name, error)
            return False
        return whole and not is_ended()

    async def _read_channel(
        self,
        reader: ThreadReader[Thread],
        channel: str,
        done: set[Thread],
        began: datetime,
        is_ended: Callable[[], bool],
    ) -> bool:
        whole = True
        try:
            threads = await reader.threads(channel, self.position)
        except ChatError as error:
            return self._is_refused(channel, error)
        for thread in threads:
            if is_ended():
                return False
            if thread in done:
                continue
            try:
                is_read = await self._read(reader, thread, began, is_locked=False)
            except NoThreadError:  # deleted a moment ago
                is_read = True
            except ChatError as error:
                is_read = self._is_refused(channel, error)
                if isinstance(error, ChatRefusedError) and error.extent is Extent.CHANNEL:
                    return whole
            if is_read:
                done.add(thread)
                if self._gap is not None:
                    self._gap.read.add(thread)
            whole = whole and is_read
        return whole

    def _is_refused(self, place: object, error: ChatError) -> bool:
        """Whether the bot may not read there: then it gets no events from there either."""
        if isinstance(error, ChatRefusedError):
            log.info("%s: %s is not read: %s", self._name, place, error)
            return True
        log.warning("%s: %s cannot be read for now: %s", self._name, place, error)
        return False

    async def _read(
        self, reader: ThreadReader[Thread], thread: Thread, began: datetime, *, is_locked: bool
    ) -> bool:
        """Hand on the messages of a thread after the position; whether all were accepted."""
        since, whole = self.position, True
        async for message in reader.messages(thread, since):
            if message.hand_on is None or message.at <= since:
                continue
            outcome = await (message.hand_on() if is_locked else self._hand_on(message))
            whole = whole and outcome is not Outcome.FAILED
            if outcome is Outcome.NEW and message.at < began - self._margin:
                self.found_missed = True
        return whole

    async def _hand_on(self, message: FoundMessage) -> Outcome:
        # The lock is not held during requests: a rate limit must not delay new messages.
        if message.hand_on is None:
            return Outcome.KNOWN
        async with self._queue.lock(message.thread):
            return await message.hand_on()

    async def move(self, reader: ThreadReader[Thread], to: datetime) -> None:
        """Everything until then was received, except for the last `margin` and what is pending."""
        if not reader.receives_all():
            return
        moved = max(self.position, to - self._margin)
        self._position = min((moved, *(at - _TICK for at in self._queue.pending)))
        try:
            await self._store(self._position)
        except StorageError as error:  # then a restart reads more than it must
            log.warning("%s: the backfill position cannot be saved: %s", self._name, error)

    async def compare(
        self,
        reader: ThreadReader[Thread],
        workspace: str | None = None,
        is_over: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Hand on edits and deletions in the threads of the last `COMPARED_BACK`.

        A thread that cannot be read whole proves nothing, and one that lacks a reply of a moment ago
        proves nothing yet: both are read again until it `is_over`; then this returns false.
        """
        if self._replies is None:
            return True
        began = self._clock()
        left: list[MessageRef] | None = None
        closed: set[ChannelRef] = set()
        failures = 0
        while True:
            doubts: list[datetime] = []
            try:
                if left is None:
                    since = self._clock() - COMPARED_BACK
                    roots = await self._replies.roots(self._platform, since)
                    left = [r for r in roots if workspace in {None, r.channel.workspace}]
                for root in tuple(left):
                    if is_over():
                        return False
                    # Later ones came by events, and so does their deletion.
                    kept = [k for k in await self._replies.kept_in(root) if k.said_at < began]
                    if root.channel in closed or await self._is_compared(
                        reader, root, kept, closed, doubts
                    ):
                        left.remove(root)
            except StorageError as error:
                log.warning("%s: stored replies cannot be compared for now: %s", self._name, error)
            if left is not None and not left:
                return True
            if left is not None and len(doubts) == len(left):
                await self._sleep((min(doubts) - self._clock()).total_seconds())
            else:
                failures = await self._pause(failures)

    async def _is_compared(
        self,
        reader: ThreadReader[Thread],
        root: MessageRef,
        kept: Sequence[KeptReply],
        closed: set[ChannelRef],
        doubts: list[datetime],
    ) -> bool:
        try:
            if kept and (sure_at := await self._compare(reader, root, kept)) is not None:
                doubts.append(sure_at)
                return False
        except ChatError as error:
            is_refused = self._is_refused(root.channel, error)
            if isinstance(error, ChatRefusedError) and error.extent is Extent.CHANNEL:
                closed.add(root.channel)
            return is_refused
        return True

    async def _compare(
        self, reader: ThreadReader[Thread], root: MessageRef, kept: Sequence[KeptReply]
    ) -> datetime | None:
        """When to compare again: a reply that is not found was said a moment before."""
        began = self._clock()
        # In old databases `said_at` is when a reply was received, which is later.
        since = min(reader.time_of(reply.message) or reply.said_at for reply in kept)
        versions = {reply.message.id: reply.edited_at for reply in kept}
        found: set[str] = set()
        try:
            thread = await reader.find(root)
            if thread is None:
                return None
            async for message in reader.messages(thread, since):
                found.add(message.id)
                if message.id in versions and is_newer(message.edited_at, versions[message.id]):
                    await self._hand_on(message)
        except NoThreadError:
            if not await reader.is_deleted(root):
                return None
            found.clear()
            shows_all = True
        else:
            shows_all = False
        missing = [reply for reply in kept if reply.message.id not in found]
        if not missing or not (shows_all or await reader.shows_all(root, found)):
            return None
        surely_shown = began - self._shown_after
        for reply in missing:
            if reply.said_at < surely_shown:
                await reader.hand_on_deletion(reply.message)
        doubtful = [r.said_at for r in missing if r.said_at >= surely_shown]
        return max(doubtful) + self._shown_after + _TICK if doubtful else None

    @property
    def _name(self) -> str:
        return self._queue.name

    async def _pause(self, failures: int) -> int:
        pause = self._first_pause * 2 ** min(failures, 16)
        await self._sleep(min(pause, self._longest_pause))
        return failures + 1
