"""What was said, changed or taken back before a session began, found by reading.

A session that is resumed misses nothing; a new one knows nothing of what was before it. So the
threads are read from where we have surely heard: a snowflake, kept in the memo, that goes no
further before all until then was read. Then what is kept of the threads of the last days is
compared with what stands in them. What was said in a thread that fell asleep meanwhile is read
where we know of its channel.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import discord

from bot.core.domain.errors import StorageError
from bot.core.ports import (
    ChatError,
    ChatRefusedError,
    KeptReply,
    Memo,
    MessageRef,
    Platform,
    Replies,
)
from bot.discussion.domain.copies import is_newer
from bot.platforms.discord.errors import chat_error
from bot.platforms.discord.inbound.gateway import GatewayClient
from bot.platforms.discord.inbound.thread_inbound import Hearing, Taken
from bot.platforms.discord.places import channel_number, read_reference
from bot.platforms.discord.rest import RAISED, Rest

log = logging.getLogger(__name__)

NOTED_EVERY = 30.0
"""Seconds between two notes of how far we have heard."""
MARGIN = timedelta(minutes=3)
"""A connection may have been dead for so long before it is noticed."""
READ_WITHIN = 20.0
"""Seconds that what is said now waits for what was said in its thread before."""
COMPARED_BACK = timedelta(days=14)
_SURELY_THERE = timedelta(minutes=1)
_SOONEST_ASLEEP = timedelta(hours=1)
"""The shortest silence after which Discord puts a thread to sleep."""
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 120.0

HandOn = Callable[[GatewayClient, discord.Thread, discord.Message], Awaitable[Taken]]


@dataclass(eq=False, slots=True)
class _Gap:
    """A time in which nothing was heard, `since` a snowflake once that is `known`."""

    since: int | None = None
    known: asyncio.Event = field(default_factory=asyncio.Event)
    read: set[int] = field(default_factory=set)


class CatchingUp:
    """Reads what `hearing` did not hear. Without `replies` nothing is compared."""

    def __init__(
        self,
        rest: Rest,
        hearing: Hearing,
        *,
        memo: Memo,
        replies: Replies | None,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._rest = rest
        self._hearing = hearing
        self._memo = memo
        self._replies = replies
        self._clock = clock
        self._sleep = sleep
        self._gap: _Gap | None = None

    def expect(self) -> None:
        """A new session is about to begin: what was before it is missed."""
        self._gap = _Gap()

    async def before(self, client: GatewayClient, thread: discord.Thread) -> None:
        """Hear what was said in a thread before, where that was missed; within its lane."""
        gap = self._gap
        if gap is None or thread.id in gap.read:
            return
        try:
            async with asyncio.timeout(READ_WITHIN):
                await gap.known.wait()
                gap.read.add(thread.id)
                if gap.since is not None:
                    await self._read(client, thread, gap.since, self._hearing.hand_on)
        except TimeoutError:
            log.info("Discord: reading thread %d is postponed: it takes long", thread.id)
        except (ChatError, *RAISED) as error:
            log.info("Discord: reading thread %d is postponed: %s", thread.id, chat_error(error))

    async def catch_up(self, client: GatewayClient) -> None:
        """Hear what was said before this session began, and go on until all of it is read."""
        if self._gap is None or self._gap.known.is_set():
            self.expect()
        gap = self._gap
        assert gap is not None  # noqa: S101 - expected above
        gap.since = since = await self._recall(client)
        gap.known.set()

        def is_over() -> bool:
            return client.is_closed() or gap is not self._gap

        if since is not None:
            threads = [
                thread
                for guild in client.guilds
                for thread in guild.threads
                if max(thread.last_message_id or 0, thread.id) > since
            ]
            if not await self._read_all(client, gap, threads, is_over):
                return
            asleep = await self._asleep(client, since, is_over)
            if not await self._read_all(client, gap, asleep, is_over):
                return
        if is_over():
            return
        self._gap = None
        await self._note(client)
        if self._replies is not None:
            await self._compare_all(client, self._replies)

    async def _recall(self, client: GatewayClient) -> int | None:
        failures = 0
        while True:
            try:
                note = await self._memo.recall(self._name(client))
            except StorageError as error:
                log.warning("Discord: the backfill position cannot be read: %s", error)
            else:
                return int(note) if note is not None else None
            failures = await self._pause(failures)

    async def _read_all(
        self,
        client: GatewayClient,
        gap: _Gap,
        threads: Iterable[discord.Thread],
        is_over: Callable[[], bool],
    ) -> bool:
        """Read these until each is read; whether that came to its end."""
        unread = {thread.id: thread for thread in threads}
        failures = 0
        while unread:
            for thread in tuple(unread.values()):
                if is_over():
                    return False
                try:
                    if await self._read(client, thread, gap.since or 0, self._in_turn):
                        del unread[thread.id]
                        gap.read.add(thread.id)
                except (ChatError, *RAISED) as error:
                    if _is_refused(error):
                        del unread[thread.id]
                    _tell(thread.id, error)
            if unread:
                failures = await self._pause(failures)
        return True

    async def _read(
        self, client: GatewayClient, thread: discord.Thread, since: int, hand_on: HandOn
    ) -> bool:
        """Hand on what was said in a thread since then; whether all of it was taken."""
        if not await self._hearing.is_ours(client, thread):
            return True
        whole = True
        after = discord.Object(since)
        async for message in thread.history(limit=None, after=after, oldest_first=True):
            if message.author.id != client.me:
                whole = await hand_on(client, thread, message) is not Taken.NOT and whole
        return whole

    async def _in_turn(
        self, client: GatewayClient, thread: discord.Thread, message: discord.Message
    ) -> Taken:
        # The lane is not held while Discord is asked: it may ask to wait, and people do not.
        async with self._hearing.lane(thread.id):
            return await self._hearing.hand_on(client, thread, message)

    async def _asleep(
        self, client: GatewayClient, since: int, is_over: Callable[[], bool]
    ) -> tuple[discord.Thread, ...]:
        """Threads that something was said in since then and that sleep again by now."""
        began = discord.utils.snowflake_time(since)
        if self._clock() - began < _SOONEST_ASLEEP:
            return ()
        parents = {
            thread.parent_id
            for guild in client.guilds
            for thread in guild.threads
            if thread.owner_id == client.me
        }
        failures = 0
        found: dict[int, discord.Thread] = {}
        left: set[int] | None = None
        while left is None or left:
            try:
                if left is None:
                    left = parents | await self._talked_in(began)
                for parent in tuple(left):
                    if is_over():
                        return ()
                    found |= await self._asleep_in(client, parent, began)
                    left.discard(parent)
            except (ChatError, StorageError, *RAISED) as error:
                log.warning("Discord: archived threads cannot be listed for now: %s", error)
                failures = await self._pause(failures)
        return tuple(found.values())

    async def _talked_in(self, since: datetime) -> set[int]:
        """The channels of threads that we know to be talked in lately."""
        if self._replies is None:
            return set()
        roots = await self._replies.roots(Platform.DISCORD, since - COMPARED_BACK)
        return {channel_number(root.channel) for root in roots}

    async def _asleep_in(
        self, client: GatewayClient, parent: int, since: datetime
    ) -> dict[int, discord.Thread]:
        found: dict[int, discord.Thread] = {}
        try:
            for place in await self._rest.threads(await self._rest.place(parent), since):
                if client.get_channel(place.id) is None:
                    thread = await self._thread(client, place.id)
                    if thread is not None:
                        found[thread.id] = thread
        except (ChatError, *RAISED) as error:
            if not _is_refused(error):
                raise
        return found

    async def _thread(self, client: GatewayClient, thread: int) -> discord.Thread | None:
        place = client.get_channel(thread) or client.get_partial_messageable(thread)
        if not isinstance(place, discord.Thread | discord.PartialMessageable):
            return None
        return await self._hearing.thread(client, place)

    async def _compare_all(self, client: GatewayClient, replies: Replies) -> None:
        """Find what was changed or taken back in the threads of the last days.

        A thread that cannot be read whole says nothing, and is tried again.
        """
        left: list[MessageRef] | None = None
        failures = 0
        while left is None or left:
            again: list[MessageRef] = []
            try:
                if left is None:
                    since = self._clock() - COMPARED_BACK
                    left = list(await replies.roots(Platform.DISCORD, since))
                for root in left:
                    if client.is_closed() or self._gap is not None:
                        return
                    if not await self._is_compared(client, root, await replies.kept_in(root)):
                        again.append(root)
                left = again
            except StorageError as error:
                log.warning("Discord: stored replies cannot be compared for now: %s", error)
            if left is None or left:
                failures = await self._pause(failures)

    async def _is_compared(
        self, client: GatewayClient, root: MessageRef, kept: tuple[KeptReply, ...]
    ) -> bool:
        try:
            thread = await self._thread(client, read_reference(root).discussion)
            if thread is not None and kept:
                await self._compare(client, thread, kept)
        except (ChatError, *RAISED) as error:
            _tell(channel_number(root.channel), error)
            return _is_refused(error)
        return True

    async def _compare(
        self, client: GatewayClient, thread: discord.Thread, kept: tuple[KeptReply, ...]
    ) -> None:
        began = self._clock()
        versions = {
            read_reference(reply.message).message: (reply.said_at, reply.edited_at)
            for reply in kept
        }
        there: set[int] = set()
        after = discord.Object(min(versions) - 1)
        async for message in thread.history(limit=None, after=after, oldest_first=True):
            there.add(message.id)
            if message.id in versions and is_newer(message.edited_at, versions[message.id][1]):
                await self._in_turn(client, thread, message)
        gone = {
            message
            for message, (said_at, _) in versions.items()
            if message not in there and said_at < began - _SURELY_THERE
        }
        # A history that may not be read is empty, not refused.
        if gone and await self._may_read(thread):
            await self._hearing.forget(client, thread, gone)

    async def _may_read(self, thread: discord.Thread) -> bool:
        may = await self._rest.permissions(await self._rest.place(thread.parent_id))
        return may.view_channel and may.read_message_history

    async def keep_noting(self, client: GatewayClient) -> None:
        """Note how far we have heard, as long as the connection lives."""
        while not client.is_closed():
            await self._sleep(NOTED_EVERY)
            if client.is_connected and self._gap is None:
                await self._note(client)

    async def _note(self, client: GatewayClient) -> None:
        if any(guild.unavailable for guild in client.guilds):
            return  # nothing is heard of it for now
        heard_to = discord.utils.time_snowflake(self._clock() - MARGIN)
        heard_to = min((heard_to, *(moment - 1 for moment in self._hearing.pending)))
        try:
            await self._memo.note(self._name(client), str(heard_to))
        except StorageError as error:  # then the next session reads more than it must
            log.warning("Discord: the backfill position cannot be saved: %s", error)

    def _name(self, client: GatewayClient) -> str:
        return f"discord/{client.application_id}/heard"

    async def _pause(self, failures: int) -> int:
        await self._sleep(min(_FIRST_PAUSE * 2 ** min(failures, 16), _LONGEST_PAUSE))
        return failures + 1


def _is_refused(error: Exception) -> bool:
    """Whether it may not be read at all: nothing reaches us from there."""
    return isinstance(chat_error(error), ChatRefusedError)


def _tell(place: int, error: Exception) -> None:
    log.warning("Discord: the history of %d cannot be read: %s", place, chat_error(error))
