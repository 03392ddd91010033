"""Handling the events of gateway connections, each in a task of its own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import discord

from bot.core.ports import ChatError, Inbox, KeyValueStore, Platform, ProcessedEvents, Replies
from bot.discussion.inbound.backfill import Backfill
from bot.discussion.inbound.reaction_backfill import ReactionBackfill
from bot.discussion.inbound.thread_queue import ThreadQueue
from bot.platforms.discord.errors import chat_error
from bot.platforms.discord.inbound import interactions
from bot.platforms.discord.inbound.gateway import GatewayClient
from bot.platforms.discord.inbound.interactions import Interaction, Interactions
from bot.platforms.discord.inbound.reactions import DiscordReactionReader, ReactionInbound
from bot.platforms.discord.inbound.shard import Shard, carry_positions
from bot.platforms.discord.inbound.thread_inbound import ThreadInbound
from bot.platforms.discord.inbound.thread_reader import DiscordThreadReader, position_format
from bot.platforms.discord.rest import RAISED, Rest

log = logging.getLogger(__name__)

MOVED_EVERY = 30.0
"""Seconds between two moves of the backfill's position."""
MARGIN = timedelta(minutes=3)
"""A connection may have been dead for so long before it is noticed."""
_SHOWN_AFTER = timedelta(seconds=10)
"""Discord does not say how soon a thread's history has a message; usually it is at once."""
_SETTLED_WITHIN = 5.0
"""Seconds that a connection which ended is kept for what was asked over it."""


class Events:
    """Handles the events of one connection after the other, all of one shard; `tasks` ends with the bot."""

    def __init__(
        self,
        rest: Rest,
        inbox: Inbox,
        tasks: asyncio.TaskGroup,
        answers: Interactions,
        *,
        shard: Shard,
        seen: ProcessedEvents,
        memo: KeyValueStore,
        replies: Replies | None,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._rest = rest
        self._tasks = tasks
        self._answers = answers
        self._shard = shard
        self._memo = memo
        self._replies = replies
        self._clock = clock
        self._sleep = sleep
        self._queue = ThreadQueue(Platform.DISCORD, seen=seen, sleep=sleep)
        self._inbound = ThreadInbound(rest, inbox, self._queue)
        self._backfill: Backfill[discord.Thread] = Backfill(
            Platform.DISCORD,
            self._queue,
            memo=memo,
            replies=replies,
            clock=clock,
            sleep=sleep,
            margin=MARGIN,
            shown_after=_SHOWN_AFTER,
        )
        self._reaction_inbound = ReactionInbound(self._inbound, inbox, self._queue, clock=clock)
        self._reactions = ReactionBackfill(
            Platform.DISCORD,
            inbox,
            serves=lambda channel: shard.serves(channel.workspace),
            replies=replies,
            clock=clock,
            sleep=sleep,
        )
        self._answering: set[asyncio.Task[None]] = set()

    async def begin_session(self) -> None:
        """A session is about to begin: nothing was received since the last one."""
        account = await self._rest.account()
        if self._shard.count == 1:  # with several, before the first of them begins
            await carry_positions(self._memo, account.application, 1)
        await self._backfill.restore(position_format(account.application, self._shard))
        self._backfill.interrupted()

    async def settle(self) -> None:
        """Give answers that are on their way a moment to arrive."""
        if self._answering:
            await asyncio.wait(self._answering, timeout=_SETTLED_WITHIN)

    def beside(self, client: GatewayClient, work: Coroutine[Any, Any, None]) -> None:
        """Do something while a connection is up; the work looks at whether it is closed."""
        self._handle(client, work)

    def on_ready(self, client: GatewayClient) -> None:
        """A session began: read what was missed before it, and move the position from now on."""
        self._handle(client, self._catch_up(client))
        self._handle(client, self._keep_moving(client))

    def on_guild_return(self, client: GatewayClient) -> None:
        """A server is available again: nothing was received from it meanwhile."""
        self._backfill.interrupted()
        self._handle(client, self._catch_up(client))

    def on_message(self, client: GatewayClient, message: discord.Message) -> None:
        """Somebody said something, or changed what they said."""
        self._handle(client, self._inbound.on_message(client, message, self._before))

    def on_deleted(self, client: GatewayClient, channel: int, messages: set[int]) -> None:
        """Messages were deleted."""
        self._handle(client, self._inbound.on_deleted(client, channel, messages))

    def on_thread_deleted(self, client: GatewayClient, event: discord.RawThreadDeleteEvent) -> None:
        """A thread was deleted, with all that was said in it."""
        if self._replies is not None:
            work = self._inbound.on_thread_deleted(client, event, self._replies)
            self._handle(client, work)

    def on_reaction(self, client: GatewayClient, event: discord.RawReactionActionEvent) -> None:
        """Somebody gave a reaction, or took it back."""
        work = self._reaction_inbound.on_reaction(client, event, self._clock())
        self._handle(client, work)

    def on_reactions_cleared(
        self,
        client: GatewayClient,
        event: discord.RawReactionClearEvent | discord.RawReactionClearEmojiEvent,
    ) -> None:
        """All reactions to a message were removed, or all of one emoji."""
        self._handle(client, self._reaction_inbound.on_cleared(client, event, self._clock()))

    def on_command(self, interaction: Interaction) -> None:
        """Somebody sent a command."""
        self._answer(interaction, self._answers.command(interaction))

    def on_autocomplete(self, interaction: Interaction) -> None:
        """Somebody is typing a command."""
        self._answer(interaction, self._answers.complete(interaction))

    def on_press(self, interaction: Interaction, line: str) -> None:
        """Somebody pressed a button, or picked from a menu, that carries this command line."""
        self._answer(interaction, self._answers.press(interaction, line))

    def on_submit(self, interaction: Interaction) -> None:
        """Somebody submitted a form."""
        self._answer(interaction, self._answers.submit(interaction))

    def _reader(self, client: GatewayClient) -> DiscordThreadReader:
        return DiscordThreadReader(
            client,
            self._rest,
            self._inbound,
            shard=self._shard,
            replies=self._replies,
            clock=self._clock,
        )

    async def _before(self, client: GatewayClient, thread: discord.Thread) -> None:
        await self._backfill.before(self._reader(client), thread)

    async def _catch_up(self, client: GatewayClient) -> None:
        reader = self._reader(client)
        self._backfill.resumed()
        if await self._backfill.catch_up(reader, client.is_closed):
            await self._reactions.catch_up(
                DiscordReactionReader(self._rest, clock=self._clock),
                lambda: client.is_closed() or self._backfill.has_gap,
            )
            await self._backfill.compare(
                reader, is_over=lambda: client.is_closed() or self._backfill.has_gap
            )

    async def _keep_moving(self, client: GatewayClient) -> None:
        reader = self._reader(client)
        while not client.is_closed():
            await self._sleep(MOVED_EVERY)
            if client.is_connected and not self._backfill.has_gap:
                await self._backfill.move(reader, self._clock())

    def _answer(self, interaction: Interaction, work: Coroutine[Any, Any, None]) -> None:
        task = self._handle(interaction.client, work)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    def _handle(
        self, client: discord.Client, work: Coroutine[Any, Any, None]
    ) -> asyncio.Task[None]:
        return self._tasks.create_task(_guarded(client, work))


async def _guarded(client: discord.Client, work: Awaitable[None]) -> None:
    try:
        await work
    except (ChatError, *RAISED, *interactions.RAISED) as error:
        log.warning("Discord: an answer was not delivered: %s", chat_error(error))
    except Exception as error:
        # The inbox's edge: what breaks on one event must not stop the others.
        if isinstance(error, RuntimeError) and client.is_closed():
            log.warning("Discord: a connection ended before every event was handled")
        else:
            log.exception("Discord: an event could not be handled")
