"""What is said in our threads, to the inbox: once, in order, and also what was said meanwhile.

A session that is resumed misses nothing. When a new one begins, the threads that are still
open are read from where the last one ended: a snowflake, kept in the memo. Whoever was away
for longer than threads stay open (a week of silence) misses what stands in closed ones.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

import discord

from bot.adapters.discord.errors import chat_error
from bot.adapters.discord.gateway import GatewayClient
from bot.adapters.discord.people import parent_ref, said
from bot.adapters.discord.places import reference
from bot.adapters.discord.rest import RAISED, Rest
from bot.ports import ChatError, Inbox, Memo, Seen

log = logging.getLogger(__name__)

NOTED_EVERY = 30.0
"""Seconds between two notes of how far we have heard."""
_MARGIN = timedelta(minutes=1)
"""What is older than this has been heard, if it is not still being dealt with."""
_CAUGHT_UP_WITHIN = 300.0
_REMEMBERED = 10_000


class Hearing:
    """Hears for one inbox, over any number of connections one after the other."""

    def __init__(
        self,
        rest: Rest,
        inbox: Inbox,
        *,
        seen: Seen,
        memo: Memo,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._rest = rest
        self._inbox = inbox
        self._seen = seen
        self._memo = memo
        self._clock = clock
        self._sleep = sleep
        self._caught_up = asyncio.Event()
        self._pending: dict[int, None] = {}
        self._lanes: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._ours: dict[int, bool] = {}

    async def message(self, client: GatewayClient, message: discord.Message) -> None:
        """Somebody said something somewhere, or changed it."""
        thread = message.channel
        if not isinstance(thread, discord.Thread) or message.author.id == client.me:
            return
        self._pending[message.id] = None
        try:
            await self._caught_up.wait()
            await self._in_turn(client, thread, message)
        finally:
            self._pending.pop(message.id, None)

    async def _in_turn(
        self, client: GatewayClient, thread: discord.Thread, message: discord.Message
    ) -> None:
        lane = self._lanes.setdefault(thread.id, asyncio.Lock())
        async with lane:  # whoever comes first goes first
            spoken = said(message, thread, client.me)
            if spoken is None or not await self._is_ours(client, thread):
                return
            edited = f"/{message.edited_at.timestamp()}" if message.edited_at else ""
            event_id = f"discord/{message.id}{edited}"
            if not await self._seen.is_known(event_id):
                # Kept before it counts as seen: killed in between, it is read again.
                await self._inbox.said(spoken)
                await self._seen.first_time(event_id)

    async def deleted(self, client: GatewayClient, channel: int, messages: set[int]) -> None:
        """Messages were taken back."""
        thread = client.get_channel(channel)
        if not isinstance(thread, discord.Thread) or not await self._is_ours(client, thread):
            return
        for message in sorted(messages):
            await self._inbox.unsaid(reference(parent_ref(thread), thread.id, message))

    async def _is_ours(self, client: GatewayClient, thread: discord.Thread) -> bool:
        """Whether the thread belongs to a message of ours, whoever opened it."""
        if thread.owner_id == client.me:
            return True
        if thread.id not in self._ours:
            if len(self._ours) >= _REMEMBERED:
                self._ours.clear()
            try:
                root = await self._rest.message(thread.parent_id, thread.id)
                self._ours[thread.id] = root.author == client.me
            except (discord.NotFound, discord.Forbidden):
                self._ours[thread.id] = False
        return self._ours[thread.id]

    async def catch_up(self, client: GatewayClient) -> None:
        """Hear what was said before this session began; until then, what is new waits."""
        self._caught_up.clear()
        name = self._name(client)
        since = await self._memo.recall(name)
        try:
            if since is not None:
                async with asyncio.timeout(_CAUGHT_UP_WITHIN):
                    for guild in client.guilds:
                        for thread in guild.threads:
                            if max(thread.last_message_id or 0, thread.id) > int(since):
                                await self._read(client, thread, int(since))
        except TimeoutError:
            log.warning("Discord: reading what was said meanwhile took too long")
        finally:
            self._caught_up.set()
        if not client.is_closed():
            await self._note(client)

    async def _read(self, client: GatewayClient, thread: discord.Thread, since: int) -> None:
        try:
            if not await self._is_ours(client, thread):
                return
            after = discord.Object(since)
            async for message in thread.history(limit=None, after=after, oldest_first=True):
                if message.author.id != client.me:
                    await self._in_turn(client, thread, message)
        except (ChatError, *RAISED) as error:
            log.warning("Discord: thread %d could not be read: %s", thread.id, chat_error(error))

    async def keep_noting(self, client: GatewayClient) -> None:
        """Note how far we have heard, as long as the connection lives."""
        while not client.is_closed():
            await self._sleep(NOTED_EVERY)
            if client.is_connected and self._caught_up.is_set():
                await self._note(client)

    async def _note(self, client: GatewayClient) -> None:
        heard_to = discord.utils.time_snowflake(self._clock() - _MARGIN)
        if self._pending:
            heard_to = min(heard_to, min(self._pending) - 1)
        await self._memo.note(self._name(client), str(heard_to))

    def _name(self, client: GatewayClient) -> str:
        return f"discord/{client.application_id}/heard"
