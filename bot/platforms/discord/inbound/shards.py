"""The gateway connections of one bot: as many as Discord recommends, each for its share of servers.

Discord recommends about one for a thousand servers, and accepts none for more than 2,500 (docs:
topics/gateway, "Sharding"). Each has its own supervisor, events and backfill position, so that
one that is down delays no other. All identify one after the other.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from bot.core.domain.errors import StorageError
from bot.core.ports import ChatError, KeyValueStore
from bot.core.ports.part import Part
from bot.platforms.discord.http_hooks import HttpHooks
from bot.platforms.discord.inbound.events import Events
from bot.platforms.discord.inbound.shard import Shard, carry_positions, stored_count
from bot.platforms.discord.inbound.supervisor import (
    Identifications,
    Patience,
    ReshardError,
    Supervisor,
    Turn,
    at_once,
)
from bot.platforms.discord.registration import Registration
from bot.platforms.discord.rest import RAISED, Rest

log = logging.getLogger(__name__)


LOOK_EVERY = 10.0
"""Seconds between two looks at how many connections there are to be."""


class Shards:
    """Keeps all connections, or those that are this process's part; `trouble` says why one is missing."""

    def __init__(
        self,
        token: str,
        rest: Rest,
        registration: Registration,
        hooks: HttpHooks,
        *,
        memo: KeyValueStore,
        patience: Patience,
        sleep: Callable[[float], Awaitable[None]],
        clock: Callable[[], datetime],
        part_of: Callable[[int], Part],
        alone: Turn,
    ) -> None:
        self._token = token
        self._rest = rest
        self._registration = registration
        self._hooks = hooks
        self._memo = memo
        self._patience = patience
        self._sleep = sleep
        self._part_of = part_of
        self._is_shared = alone is not at_once
        self._identifications = Identifications(
            rest, memo, patience=patience, sleep=sleep, clock=clock, alone=alone
        )
        self._supervisors: tuple[Supervisor, ...] = (self._supervisor(Shard()),)

    @property
    def count(self) -> int:
        """How many connections the bot has, over all processes."""
        return len(self._supervisors)

    @property
    def _ours(self) -> tuple[Supervisor, ...]:
        return tuple(e for e in self._supervisors if self._part_of(e.shard.number).is_ours())

    @property
    def connected(self) -> tuple[int, int]:
        """How many connections there are, of how many that this process is to keep."""
        ours = self._ours
        return sum(each.is_connected for each in ours), len(ours)

    @property
    def reads_content(self) -> bool:
        """Whether every connection asked for the message content intent."""
        return all(each.reads_content for each in self._supervisors)

    @property
    def trouble(self) -> str:
        """Why the first of those that are missing is missing."""
        return next((each.trouble for each in self._ours if not each.is_connected), "")

    @property
    def has_several_servers(self) -> bool:
        """Whether the bot is in more than one server; where there are several connections it is."""
        return self.count > 1 or sum(each.servers for each in self._supervisors) > 1

    @property
    def unavailable(self) -> tuple[int, ...]:
        """The servers of which Discord says that they are unavailable."""
        return tuple(server for each in self._supervisors for server in each.unavailable)

    async def run(self, events_of: Callable[[Shard], Events]) -> None:
        """Until cancelled. Raises `UsageError` where Discord does not accept the token."""
        while True:
            try:
                async with asyncio.TaskGroup() as tasks:
                    for each in self._supervisors:
                        tasks.create_task(self._keep(each, events_of))
                    if self._is_shared:
                        tasks.create_task(self._follow_count())
            except ExceptionGroup as group:
                error = group.exceptions[0]
                if not isinstance(error, ReshardError):
                    raise error from group
                await self._reshard(error.count)

    async def _keep(self, supervisor: Supervisor, events_of: Callable[[Shard], Events]) -> None:
        """Keep a connection while it is this process's."""
        part = self._part_of(supervisor.shard.number)
        await part.while_ours(lambda: supervisor.run(events_of(supervisor.shard)))

    async def _follow_count(self) -> None:
        """Raise `ReshardError` where another process has changed the number of connections."""
        while True:
            await self._sleep(LOOK_EVERY)
            with suppress(ChatError, StorageError, *RAISED):
                count = await stored_count(self._memo, (await self._rest.account()).application)
                if count > self.count:
                    raise ReshardError(count)

    async def _reshard(self, count: int) -> None:
        log.info("Discord: connections that Discord recommends: %d", count)
        while True:
            try:
                application = (await self._rest.account()).application
                await carry_positions(self._memo, application, count)
                break
            except StorageError as error:
                log.warning("Discord: the backfill positions cannot be moved: %s", error)
                await self._sleep(self._patience.longest_pause)
        self._supervisors = tuple(self._supervisor(Shard(n, count)) for n in range(count))

    def _supervisor(self, shard: Shard) -> Supervisor:
        return Supervisor(
            self._token,
            self._rest,
            self._registration,
            self._hooks,
            shard=shard,
            identifications=self._identifications,
            patience=self._patience,
            sleep=self._sleep,
        )
