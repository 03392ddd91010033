"""Reading Discord's threads for the backfill, over one gateway session."""

from collections.abc import AsyncIterator, Callable, Collection
from datetime import datetime, timedelta
from functools import partial

import discord

from bot.core.ports import ChatRefusedError, MessageRef, Platform, Replies
from bot.discussion.inbound.backfill import COMPARED_BACK
from bot.discussion.inbound.thread_reader import FoundMessage, PositionFormat
from bot.platforms.discord.inbound.gateway import GatewayClient
from bot.platforms.discord.inbound.shard import Shard, position_name
from bot.platforms.discord.inbound.thread_inbound import ThreadInbound
from bot.platforms.discord.people import parent_ref
from bot.platforms.discord.places import channel_number, read_reference, reference
from bot.platforms.discord.rest import Rest, sorted_errors

_SOONEST_ARCHIVED = timedelta(hours=1)
"""The shortest silence after which Discord archives a thread."""


def position_format(application: int, shard: Shard) -> PositionFormat:
    """The position is a snowflake: every message with a smaller id was received."""
    return PositionFormat(
        position_name(application, shard),
        lambda text: discord.utils.snowflake_time(int(text)),
        lambda at: str(discord.utils.time_snowflake(at)),
    )


class DiscordThreadReader:
    """`ThreadReader` for the servers of one gateway connection."""

    def __init__(
        self,
        client: GatewayClient,
        rest: Rest,
        inbound: ThreadInbound,
        *,
        shard: Shard,
        replies: Replies | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._rest = rest
        self._inbound = inbound
        self._shard = shard
        self._replies = replies
        self._clock = clock
        self._archived_in: set[int] = set()

    def _active(self) -> list[discord.Thread]:
        return [thread for guild in self._client.guilds for thread in guild.threads]

    def _active_in(self, parent: int) -> list[discord.Thread]:
        """Of one channel: only its own server is searched, for there may be hundreds."""
        place = self._client.get_channel(parent)
        guild = getattr(place, "guild", None)
        active = guild.threads if isinstance(guild, discord.Guild) else self._active()
        return [thread for thread in active if thread.parent_id == parent]

    async def channels(self, since: datetime) -> Collection[str]:
        active = {t.parent_id for t in self._active() if _is_newer(t, since)}
        self._archived_in = set()
        if self._clock() - since >= _SOONEST_ARCHIVED:
            ours = {t.parent_id for t in self._active() if t.owner_id == self._client.me}
            self._archived_in = ours | await self._talked_in(since)
        return [str(parent) for parent in sorted(active | self._archived_in)]

    async def _talked_in(self, since: datetime) -> set[int]:
        """The channels of threads with stored replies of the last days."""
        if self._replies is None:
            return set()
        roots = await self._replies.roots(Platform.DISCORD, since - COMPARED_BACK)
        return {
            channel_number(root.channel)
            for root in roots
            if self._shard.serves(root.channel.workspace)
        }

    async def threads(self, channel: str, since: datetime) -> Collection[discord.Thread]:
        parent = int(channel)
        active = [thread for thread in self._active_in(parent) if _is_newer(thread, since)]
        archived = await self._archived(parent, since) if parent in self._archived_in else []
        return [*active, *archived]

    async def _archived(self, parent: int, since: datetime) -> list[discord.Thread]:
        """Threads with messages after that which are archived again by now."""
        with sorted_errors():
            places = await self._rest.threads(await self._rest.place(parent), since)
        found = []
        for place in places:
            if self._client.get_channel(place.id) is None:
                thread = await self._thread(place.id)
                found += [thread] if thread is not None else []
        return found

    async def messages(
        self, thread: discord.Thread, since: datetime
    ) -> AsyncIterator[FoundMessage]:
        if not await self._inbound.is_ours(self._client, thread):
            return
        after = discord.Object(discord.utils.time_snowflake(since) - 1)
        with sorted_errors():
            async for message in thread.history(limit=None, after=after, oldest_first=True):
                hand_on = partial(self._inbound.hand_on, self._client, thread, message)
                yield FoundMessage(
                    reference(parent_ref(thread), thread.id, message.id).id,
                    thread.id,
                    message.created_at,
                    message.edited_at,
                    hand_on if message.author.id != self._client.me else None,
                )

    async def find(self, root: MessageRef) -> discord.Thread | None:
        if not self._shard.serves(root.channel.workspace):
            return None  # another connection looks at it
        place = self._place(read_reference(root).discussion)
        if place is None:
            return None
        return await self._inbound.thread_that_stands(self._client, place)

    async def _thread(self, number: int) -> discord.Thread | None:
        place = self._place(number)
        return None if place is None else await self._inbound.thread(self._client, place)

    def _place(self, number: int) -> discord.Thread | discord.PartialMessageable | None:
        place = self._client.get_channel(number) or self._client.get_partial_messageable(number)
        return place if isinstance(place, discord.Thread | discord.PartialMessageable) else None

    def time_of(self, message: MessageRef) -> datetime | None:
        try:
            return discord.utils.snowflake_time(read_reference(message).message)
        except ChatRefusedError:
            return None

    async def shows_all(
        self,
        root: MessageRef,
        found: Collection[str],  # noqa: ARG002 - the history does not say whether it is whole
    ) -> bool:
        # Without the permission Discord returns an empty history, not an error.
        with sorted_errors():
            place = await self._rest.place(channel_number(root.channel))
            may = await self._rest.permissions(place)
        return may.view_channel and may.read_message_history

    async def is_deleted(self, root: MessageRef) -> bool:
        # Of a thread that it hides Discord says something else, so the channel alone is in doubt.
        return await self.shows_all(root, ())

    async def hand_on_deletion(self, message: MessageRef) -> None:
        await self._inbound.hand_on_deletion(self._client, message)

    def receives_all(self) -> bool:
        return not any(guild.unavailable for guild in self._client.guilds)


def _is_newer(thread: discord.Thread, since: datetime) -> bool:
    newest = max(thread.last_message_id or 0, thread.id)
    return newest > discord.utils.time_snowflake(since)
