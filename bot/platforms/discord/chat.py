"""Discord as a `Chat`: posting over REST, people over a gateway connection that is supervised."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.core.domain.document import Document
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate, translatable
from bot.core.ports import (
    ChannelRef,
    Condition,
    DeliveryKey,
    Inbox,
    KeyValueStore,
    MessageRef,
    Platform,
    ProcessedEvents,
    Replies,
    User,
)
from bot.core.ports.part import ALONE, Part
from bot.platforms.discord import sdk
from bot.platforms.discord.access import Access
from bot.platforms.discord.doctor import check_channel
from bot.platforms.discord.http_hooks import HttpHooks
from bot.platforms.discord.inbound.events import Events
from bot.platforms.discord.inbound.interactions import Interactions
from bot.platforms.discord.inbound.shard import Shard
from bot.platforms.discord.inbound.shards import Shards
from bot.platforms.discord.inbound.supervisor import (
    ONLY_MENTIONS,
    PATIENCE,
    Patience,
    Turn,
    at_once,
)
from bot.platforms.discord.people import open_direct_channel
from bot.platforms.discord.posting.posting import Posting
from bot.platforms.discord.registration import Registration
from bot.platforms.discord.rest import Rest
from bot.platforms.discord.rights import DiscordRights

UNAVAILABLE = translatable("Discord says that this server is unavailable: an outage there")
ELSEWHERE = "connected by another process"


class DiscordChat:
    """`Chat` for every server that the bot was let into.

    Posting needs no gateway. Events need one: a client is built for each session, and a new one
    after any failure. The bot reads messages in threads of its own messages; without the message
    content intent only those that mention it, as `condition` then says. `part_of` is given a
    connection's number; `alone` is the turn of a process among others to identify.
    """

    platform = Platform.DISCORD

    def __init__(
        self,
        access: Access,
        *,
        seen: ProcessedEvents,
        memo: KeyValueStore,
        voices: Callable[[str], Translate],
        clock: Callable[[], datetime],
        replies: Replies | None = None,
        patience: Patience = PATIENCE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        hooks: HttpHooks | None = None,
        part_of: Callable[[int], Part] = lambda _shard: ALONE,
        alone: Turn = at_once,
    ) -> None:
        sdk.point_at(access.api_base, access.gateway_url)
        hooks = hooks or HttpHooks()
        self._seen = seen
        self._memo = memo
        self._replies = replies
        self._voices = voices
        self._clock = clock
        self._sleep = sleep
        self._rest = Rest(access.token, hooks)
        self.rights = DiscordRights(self._rest)
        self._posting = Posting(self._rest, sleep=sleep)
        self._shards = Shards(
            access.token,
            self._rest,
            Registration(self._rest, memo, guilds=access.guilds, voices=voices),
            hooks,
            memo=memo,
            patience=patience,
            sleep=sleep,
            clock=clock,
            part_of=part_of,
            alone=alone,
        )
        self._servers = frozenset(map(str, access.guilds))
        self._last_ok_at: datetime | None = None

    @property
    def condition(self) -> Condition:
        """For `/healthz`: whether people can reach the bot.

        Of several connections one is enough: a restart would interrupt the others.
        """
        up, count = self._shards.connected
        if not count:
            return Condition(self.platform.value, ok=True, detail=ELSEWHERE)
        if up:
            self._last_ok_at = self._clock()
            detail = "connected" if self._shards.reads_content else ONLY_MENTIONS
        else:
            detail = self._shards.trouble
        if 0 < up < count:
            detail = f"connections: {up} of {count}; {self._shards.trouble}"
        return Condition(self.platform.value, up > 0, detail, self._last_ok_at)

    @property
    def connections(self) -> int:
        """How many connections there are to be, over all processes."""
        return self._shards.count

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """For `/healthz`: the servers that are unavailable, named `discord:1234`."""
        return tuple(
            Condition(f"{self.platform}:{server}", ok=False, detail=UNAVAILABLE)
            for server in self._shards.unavailable
        )

    async def post(
        self,
        channel: ChannelRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        return await self._posting.post(channel, document, key, since)

    async def reply(
        self,
        root: MessageRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        return await self._posting.reply(root, document, key, since)

    async def find(
        self,
        channel: ChannelRef,
        key: DeliveryKey,
        *,
        since: datetime,
        root: MessageRef | None = None,
    ) -> MessageRef | None:
        return await self._posting.find(channel, key, since=since, root=root)

    async def edit(self, message: MessageRef, document: Document) -> None:
        await self._posting.edit(message, document)

    async def delete(self, message: MessageRef) -> None:
        await self._posting.delete(message)

    async def direct_channel(self, workspace: str, user: str) -> ChannelRef:  # noqa: ARG002 - of none
        return await open_direct_channel(self._rest, user)

    async def check(self, channel: ChannelRef) -> ChannelRef:
        """The channel as it is kept; `ChatRefusedError` says what the bot lacks there."""
        return await check_channel(self._rest, channel)

    async def vets(self, channel: ChannelRef, _user: User) -> bool:
        """Whether the operator knows the server of a channel.

        It is one of `access.guilds`, or the only one, or only the operator can add the bot to one.
        """
        if self._servers:
            return channel.workspace in {*self._servers, ""}
        return not (self._shards.has_several_servers and self._rest.is_public)

    async def close(self) -> None:
        """Close what posting has opened; `run` does so by itself at its end."""
        await self._rest.close()

    async def run(self, inbox: Inbox) -> None:
        """Serve until cancelled; raises `UsageError` when Discord does not accept the token."""
        answers = Interactions(inbox, voices=self._voices)
        try:
            async with asyncio.TaskGroup() as tasks:

                def events_of(shard: Shard) -> Events:
                    return Events(
                        self._rest,
                        inbox,
                        tasks,
                        answers,
                        shard=shard,
                        seen=self._seen,
                        memo=self._memo,
                        replies=self._replies,
                        clock=self._clock,
                        sleep=self._sleep,
                    )

                await self._shards.run(events_of)
        except ExceptionGroup as group:
            raise _usage_error(group) from group
        finally:
            await self._rest.close()


def _usage_error(group: ExceptionGroup[Exception]) -> Exception:
    """The error that a person can act on, where there is one; else all of them."""
    for error in group.exceptions:
        if isinstance(error, UsageError):
            return error
    return group
