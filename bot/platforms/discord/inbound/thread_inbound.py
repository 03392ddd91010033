"""What is said in our threads, to the inbox: in the order of each thread, until it is kept.

What cannot be kept, say because the disk is full, is tried again, with a pause that grows, and
those behind it in their thread wait. Nothing of that is written down: whoever notes how far we
have heard stops before what is still `pending`, and the next session reads it again.
"""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum
from weakref import WeakValueDictionary

import discord

from bot.core.domain.errors import StorageError
from bot.core.ports import ChatError, Inbox, Seen
from bot.platforms.discord.errors import chat_error
from bot.platforms.discord.inbound.gateway import GatewayClient
from bot.platforms.discord.people import parent_ref, thread_message
from bot.platforms.discord.places import reference
from bot.platforms.discord.rest import RAISED, Rest

log = logging.getLogger(__name__)

TRIES = 5
"""After so many failures that are not the disk's, what fails lets those behind it pass."""
SELDOM = 600.0
"""Seconds between two tries of what let the others pass."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_REMEMBERED = 10_000

Before = Callable[[GatewayClient, discord.Thread], Awaitable[None]]


class Taken(StrEnum):
    """What became of something that was handed on."""

    NEW = "new"
    KNOWN = "known"
    NOT = "not"


class Hearing:
    """Hears for one inbox, over any number of connections one after the other."""

    def __init__(
        self,
        rest: Rest,
        inbox: Inbox,
        *,
        seen: Seen,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._rest = rest
        self._inbox = inbox
        self._seen = seen
        self._sleep = sleep
        self._pending: dict[int, int] = {}
        self._numbers = itertools.count()
        self._lanes: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._ours: dict[int, bool] = {}
        self._stuck: set[str] = set()

    @property
    def pending(self) -> tuple[int, ...]:
        """When that was said, or edited, which is not kept yet: snowflakes."""
        return tuple(self._pending.values())

    def lane(self, thread: int) -> asyncio.Lock:
        """Held by whoever hands on something that was said in that thread."""
        return self._lanes.setdefault(thread, asyncio.Lock())

    async def message(
        self, client: GatewayClient, message: discord.Message, before: Before
    ) -> None:
        """Somebody said something somewhere, or changed it; returns once it is kept.

        `before` is done first, while the thread is ours alone.
        """
        place = message.channel
        # A thread that sleeps is not known by its id; what stands in it can still change.
        if message.author.id == client.me or not isinstance(
            place, discord.Thread | discord.PartialMessageable
        ):
            return

        async def take() -> Taken:
            thread = await self.thread(client, place)
            if thread is None:
                return Taken.KNOWN
            await before(client, thread)
            return await self._take(client, thread, message)

        number = next(self._numbers)
        self._pending[number] = _version(message)
        try:
            async with self.lane(place.id):  # whoever comes first goes first
                taken = await self._insist(client, _event_id(message), take)
            while taken is Taken.NOT and not client.is_closed():
                await self._sleep(SELDOM)
                taken = await self._insist(client, _event_id(message), take)
        finally:
            del self._pending[number]

    async def deleted(self, client: GatewayClient, channel: int, messages: set[int]) -> None:
        """Messages were taken back; returns once they are forgotten."""
        found = client.get_channel(channel)
        place = found if found is not None else client.get_partial_messageable(channel)
        if not isinstance(place, discord.Thread | discord.PartialMessageable):
            return

        async def take() -> Taken:
            thread = await self.thread(client, place)
            if thread is None or not await self.is_ours(client, thread):
                return Taken.KNOWN
            return await self._forget(thread, messages)

        while await self._insist(client, _gone_id(messages), take) is Taken.NOT:
            if client.is_closed():
                return
            await self._sleep(SELDOM)

    async def forget(
        self, client: GatewayClient, thread: discord.Thread, messages: set[int]
    ) -> Taken:
        """Hand on that messages of a thread of ours are not there any more."""
        return await self._insist(
            client, _gone_id(messages), lambda: self._forget(thread, messages)
        )

    async def _forget(self, thread: discord.Thread, messages: set[int]) -> Taken:
        for message in sorted(messages):
            await self._inbox.on_message_deleted(reference(parent_ref(thread), thread.id, message))
        return Taken.NEW

    async def hand_on(
        self, client: GatewayClient, thread: discord.Thread, message: discord.Message
    ) -> Taken:
        """Hand on what was read, within the lane of its thread."""
        return await self._insist(
            client, _event_id(message), lambda: self._take(client, thread, message)
        )

    async def _insist(
        self, client: GatewayClient, name: str, take: Callable[[], Awaitable[Taken]]
    ) -> Taken:
        """Try until it is done; `Taken.NOT` after many failures, or when the connection ended.

        What failed so often before is tried once.
        """
        failures = faults = 0
        while True:
            try:
                taken = await take()
                self._stuck.discard(name)
                return taken
            except StorageError as error:
                if not failures:
                    log.warning("Discord: replies cannot be stored for now: %s", error)
            except Exception as error:
                if client.is_closed():  # what it was asked for, the next one asks for
                    return Taken.NOT
                if isinstance(error, (ChatError, *RAISED)):
                    log.warning(
                        "Discord: the thread of a reply cannot be found: %s", chat_error(error)
                    )
                else:
                    # The inbox's edge: one message must not take the others along.
                    log.exception("Discord: a message could not be handled")
                faults += 1
                if faults >= TRIES or name in self._stuck:
                    self._stuck.add(name)
                    return Taken.NOT
            await self._sleep(min(_FIRST_PAUSE * 2 ** min(failures, 16), _LONGEST_PAUSE))
            failures += 1

    async def _take(
        self, client: GatewayClient, thread: discord.Thread, message: discord.Message
    ) -> Taken:
        spoken = thread_message(message, thread, client.me)
        if spoken is None or not await self.is_ours(client, thread):
            return Taken.KNOWN
        event_id = _event_id(message)
        if await self._seen.is_known(event_id):
            return Taken.KNOWN
        # Kept before it counts as seen: killed in between, it is read again.
        await self._inbox.on_message(spoken)
        await self._seen.first_time(event_id)
        return Taken.NEW

    async def thread(
        self, client: GatewayClient, place: discord.Thread | discord.PartialMessageable
    ) -> discord.Thread | None:
        """The thread that a place is, also one that sleeps; `None` where it is none, or gone."""
        if isinstance(place, discord.Thread):
            return place
        try:
            found = await client.fetch_channel(place.id)
        except (discord.NotFound, discord.Forbidden):
            return None
        return found if isinstance(found, discord.Thread) else None

    async def is_ours(self, client: GatewayClient, thread: discord.Thread) -> bool:
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


def _version(message: discord.Message) -> int:
    """When a message was said, or last edited, as a snowflake."""
    if message.edited_at is None:
        return message.id
    return discord.utils.time_snowflake(message.edited_at)


def _event_id(message: discord.Message) -> str:
    edited = f"/{message.edited_at.timestamp()}" if message.edited_at else ""
    return f"discord/{message.id}{edited}"


def _gone_id(messages: set[int]) -> str:
    return f"discord/gone/{min(messages, default=0)}"
