"""What people say in the bot's threads, from gateway events to the inbox."""

from collections.abc import Awaitable, Callable

import discord

from bot.core.ports import Inbox, MessageRef, Replies
from bot.discussion.inbound.thread_queue import Outcome, ThreadQueue
from bot.discussion.inbound.thread_reader import NoThreadError
from bot.platforms.discord.errors import UNKNOWN_CHANNEL
from bot.platforms.discord.inbound.gateway import GatewayClient
from bot.platforms.discord.people import channel_ref, parent_ref, thread_message
from bot.platforms.discord.places import reference
from bot.platforms.discord.rest import Rest, sorted_errors

_REMEMBERED = 10_000

Before = Callable[[GatewayClient, discord.Thread], Awaitable[None]]


class ThreadInbound:
    """Hands on to one inbox, over any number of connections one after the other."""

    def __init__(self, rest: Rest, inbox: Inbox, queue: ThreadQueue) -> None:
        self._rest = rest
        self._inbox = inbox
        self._queue = queue
        self._ours: dict[int, bool] = {}

    async def on_message(
        self, client: GatewayClient, message: discord.Message, before: Before
    ) -> None:
        """Hand on a message that somebody sent or edited; returns once it is stored.

        `before` is awaited first, with the thread's lock held.
        """
        place = message.channel
        # An archived thread is not known by its id; its messages can still change.
        if message.author.id == client.me or not isinstance(
            place, discord.Thread | discord.PartialMessageable
        ):
            return

        async def take() -> Outcome:
            thread = await self.thread(client, place)
            if thread is None:
                return Outcome.KNOWN
            await before(client, thread)
            return await self._take(client, thread, message)

        name = _event_id(message)
        with self._queue.holding(message.edited_at or message.created_at):
            async with self._queue.lock(place.id):  # first come, first served
                outcome = await self._queue.hand_on(name, take, is_over=client.is_closed)
            if outcome is Outcome.FAILED:
                await self._queue.retry_seldom(name, take, is_over=client.is_closed)

    async def on_deleted(self, client: GatewayClient, channel: int, messages: set[int]) -> None:
        """Hand on that messages were deleted; returns once they are forgotten."""
        found = client.get_channel(channel)
        place = found if found is not None else client.get_partial_messageable(channel)
        if not isinstance(place, discord.Thread | discord.PartialMessageable):
            return

        async def take() -> Outcome:
            thread = await self.thread(client, place)
            if thread is None or not await self.is_ours(client, thread):
                return Outcome.KNOWN
            for message in sorted(messages):
                deleted = reference(parent_ref(thread), thread.id, message)
                await self._inbox.on_message_deleted(deleted)
            return Outcome.NEW

        name = f"discord/gone/{min(messages, default=0)}"
        outcome = await self._queue.hand_on(name, take, is_over=client.is_closed)
        if outcome is Outcome.FAILED:
            await self._queue.retry_seldom(name, take, is_over=client.is_closed)

    async def on_thread_deleted(
        self, client: GatewayClient, event: discord.RawThreadDeleteEvent, replies: Replies
    ) -> None:
        """Hand on that all stored messages of a thread were deleted; returns once they are forgotten.

        Not where its channel was deleted, too: what was said in a channel that the bot cannot read
        any more is kept, as after an outage (`Backfill`).
        """
        parent = client.get_channel(event.parent_id)
        if parent is None:
            return
        in_forum = isinstance(parent, discord.ForumChannel)
        channel = channel_ref(event.parent_id, event.guild_id)
        root = reference(channel, event.thread_id if in_forum else None, event.thread_id)

        async def take() -> Outcome:
            for reply in await replies.kept_in(root):
                await self._inbox.on_message_deleted(reply.message)
            return Outcome.NEW

        name = f"discord/gone/{event.thread_id}"
        async with self._queue.lock(event.thread_id):  # behind what was said before
            outcome = await self._queue.hand_on(name, take, is_over=client.is_closed)
        if outcome is Outcome.FAILED:
            await self._queue.retry_seldom(name, take, is_over=client.is_closed)

    async def hand_on(
        self, client: GatewayClient, thread: discord.Thread, message: discord.Message
    ) -> Outcome:
        """Hand on a message that was read; the thread's lock is held."""
        return await self._queue.hand_on(
            _event_id(message),
            lambda: self._take(client, thread, message),
            is_over=client.is_closed,
        )

    async def hand_on_deletion(self, client: GatewayClient, message: MessageRef) -> None:
        """Hand on that a message of a thread of the bot is not there any more."""

        async def take() -> Outcome:
            await self._inbox.on_message_deleted(message)
            return Outcome.NEW

        await self._queue.hand_on(f"discord/gone/{message.id}", take, is_over=client.is_closed)

    async def _take(
        self, client: GatewayClient, thread: discord.Thread, message: discord.Message
    ) -> Outcome:
        spoken = thread_message(
            message, thread, client.me, reads_content=client.intents.message_content
        )
        if spoken is None or not await self.is_ours(client, thread):
            return Outcome.KNOWN
        return await self._queue.once(_event_id(message), lambda: self._inbox.on_message(spoken))

    async def thread(
        self, client: GatewayClient, place: discord.Thread | discord.PartialMessageable
    ) -> discord.Thread | None:
        """The thread that a place is, also an archived one; `None` if it is none, or gone."""
        try:
            return await self.thread_that_stands(client, place)
        except NoThreadError:
            return None

    async def thread_that_stands(
        self, client: GatewayClient, place: discord.Thread | discord.PartialMessageable
    ) -> discord.Thread | None:
        """As `thread`; raises `NoThreadError` where Discord says that there is no such channel."""
        if isinstance(place, discord.Thread):
            return place
        with sorted_errors():
            try:
                found = await client.fetch_channel(place.id)
            except discord.NotFound as error:
                if error.code == UNKNOWN_CHANNEL:
                    raise NoThreadError from error
                return None
            except discord.Forbidden:
                return None
        return found if isinstance(found, discord.Thread) else None

    async def is_ours(self, client: GatewayClient, thread: discord.Thread) -> bool:
        """Whether the thread belongs to a message of the bot, whoever opened it."""
        if thread.owner_id == client.me:
            return True
        if thread.id not in self._ours:
            if len(self._ours) >= _REMEMBERED:
                self._ours.clear()
            with sorted_errors():
                try:
                    root = await self._rest.message(thread.parent_id, thread.id)
                    self._ours[thread.id] = root.author == client.me
                except (discord.NotFound, discord.Forbidden):
                    self._ours[thread.id] = False
        return self._ours[thread.id]


def _event_id(message: discord.Message) -> str:
    edited = f"/{message.edited_at.timestamp()}" if message.edited_at else ""
    return f"discord/{message.id}{edited}"
