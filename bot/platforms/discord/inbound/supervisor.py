"""Keeping a gateway connection: one client per session, and pauses that grow after failures."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus

import discord

from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable
from bot.core.ports import ChatError, KeyValueStore
from bot.platforms.discord.errors import BAD_TOKEN, chat_error
from bot.platforms.discord.http_hooks import HttpHooks
from bot.platforms.discord.inbound.backoff import Backoff
from bot.platforms.discord.inbound.close_codes import (
    AUTHENTICATION_FAILED,
    CLOSED,
    FINAL,
    REFUSED_INTENTS,
    SHARDING_REQUIRED,
    closed_with,
)
from bot.platforms.discord.inbound.events import Events
from bot.platforms.discord.inbound.gateway import (
    GUILDS_WITHIN,
    HEARTBEAT_TIMEOUT,
    GatewayClient,
    SessionLostError,
)
from bot.platforms.discord.inbound.shard import Shard
from bot.platforms.discord.registration import Registration
from bot.platforms.discord.rest import RAISED, Rest

log = logging.getLogger(__name__)

CONTENT_REFUSED = translatable("Discord refuses Message Content Intent")
CONTENT_GRANTED = translatable("Message Content Intent was turned on")
ONLY_MENTIONS = translatable(
    "Message Content Intent is off in the developer portal, under Bot: in threads the bot reads, "
    "stores and copies only messages that mention it"
)
_OUT_OF_SESSIONS = translatable(
    "the bot has connected too often today; it waits until Discord resets the daily limit"
)
_CONNECTED = "connected"
_FORESEEN = (ChatError, SessionLostError, TimeoutError, *RAISED)

_LONGEST_RESUMED = 40.0
"""Seconds after which a session is given up instead of resumed: Discord keeps none for long."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How the supervisor waits, in seconds."""

    first_pause: float = 1.0
    longest_pause: float = 150.0
    """Seldom enough for a day: Discord takes 1,000 identifications, then resets the token."""
    lasting: float = 150.0
    """A connection that was up for so long worked; after one that was not, pauses grow."""
    until_fixed: float = 3600.0
    """Between two tries while only a person can help."""
    content_looked_for: float = 300.0
    """Between two looks at whether the message content intent was turned on."""
    between_identifications: float = 5.5
    ready_within: float = 90.0
    heartbeat_timeout: float = HEARTBEAT_TIMEOUT
    guilds_within: float = GUILDS_WITHIN
    sessions_kept: int = 20
    """So many of the day's identifications are left for a person's restarts."""


PATIENCE = Patience()


class ReshardError(Exception):
    """Discord recommends `count` connections, which are more than there are."""

    def __init__(self, count: int) -> None:
        super().__init__(str(count))
        self.count = count


Turn = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]
"""Does something while no other process does the same."""


async def at_once(work: Callable[[], Awaitable[None]]) -> None:
    """`Turn` of a process that shares with no other."""
    await work()


class Identifications:
    """When a connection may identify: one after the other, and not the last times of a day.

    `alone` keeps other processes from it; when one identified last is in `memo`.
    """

    def __init__(
        self,
        rest: Rest,
        memo: KeyValueStore,
        *,
        patience: Patience,
        sleep: Callable[[float], Awaitable[None]],
        clock: Callable[[], datetime],
        alone: Turn,
    ) -> None:
        self._rest = rest
        self._memo = memo
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._alone = alone
        self._order = asyncio.Lock()

    async def wait(self, shard: Shard, tell: Callable[[str], None]) -> None:
        """Until the connection may identify; `tell` is given the reason of a long wait.

        Raises `ReshardError` where Discord recommends more connections.
        """
        async with self._order:
            await self._alone(lambda: self._wait(shard, tell))

    async def _wait(self, shard: Shard, tell: Callable[[str], None]) -> None:
        while True:
            starts = await self._rest.session_starts()
            if starts.connections > shard.count:
                raise ReshardError(starts.connections)
            if starts.remaining > self._patience.sessions_kept:
                break
            tell(_OUT_OF_SESSIONS)
            await self._sleep(starts.renewed_in + 1)
        name = f"discord/{(await self._rest.account()).application}/identified"
        last_at = float(await self._memo.find(name) or 0)
        wait = last_at + self._patience.between_identifications - self._clock().timestamp()
        if 0 < wait <= self._patience.between_identifications:  # else the clock was set
            await self._sleep(wait)
        await self._memo.put(name, str(self._clock().timestamp()))


class Supervisor:
    """Keeps one connection to the gateway. `trouble` says why there is none."""

    def __init__(
        self,
        token: str,
        rest: Rest,
        registration: Registration,
        hooks: HttpHooks,
        *,
        shard: Shard,
        identifications: Identifications,
        patience: Patience,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.shard = shard
        self._identifications = identifications
        self._token = token
        self._rest = rest
        self._registration = registration
        self._hooks = hooks
        self._patience = patience
        self._sleep = sleep
        self._backoff = Backoff(
            first=patience.first_pause,
            longest=patience.longest_pause,
            lasting=patience.lasting,
            chance=random.random,
        )
        self._client: GatewayClient | None = None
        self._servers = 0
        self._task: asyncio.Task[None] | None = None
        self._is_in_discord_py = False
        """Whether a cancellation may be lost; one that was not lost has begun to end the session."""
        self._ready_limit: asyncio.Timeout | None = None
        self._told: set[str] = set()
        """What was logged since the last connection that lasted."""
        self._lived = 0.0
        """For how many seconds the last connection was up."""
        self.trouble = "not connected yet"
        self.reads_content = True
        """Whether the last session asked for the message content intent."""
        self._content_refused_until = 0.0
        self._ended_since = CLOSED

    @property
    def unavailable(self) -> tuple[int, ...]:
        """The servers of which Discord says that they are unavailable."""
        if self._client is None or not self._client.is_connected:
            return ()
        return tuple(guild.id for guild in self._client.guilds if guild.unavailable)

    @property
    def servers(self) -> int:
        """How many servers it is for, or was for while it was connected."""
        if self._client is not None and self._client.is_connected:
            self._servers = len(self._client.guilds)
        return self._servers

    @property
    def is_connected(self) -> bool:
        """Whether people can reach the bot."""
        return self._client is not None and self._client.is_connected

    async def run(self, events: Events) -> None:
        """Until cancelled.

        Raises `UsageError` where Discord does not accept the token, and `ReshardError`.
        """
        self._task = asyncio.current_task()
        while True:
            pause = 0.0
            try:
                await self._run_session(events)
                self._tell_trouble(self._ended_since)
            except (UsageError, ReshardError):
                raise
            except Exception as error:  # noqa: BLE001 - a malformed event breaks it in any way
                # It ends this client only: the next one is built from nothing.
                self._tell_trouble(_trouble(error), error)
                if isinstance(error, discord.ConnectionClosed) and error.code in FINAL:
                    await self._see_how_many(error.code)
                    pause = self._patience.until_fixed
            pause = max(pause, self._backoff.pause(self._lived))
            self._end_if_cancelled()
            await self._sleep(pause)

    def _is_cancelled(self) -> bool:
        """Whether it is to end, also where that was lost.

        Python 3.11's `wait_for`, in which discord.py connects, loses a cancellation that comes just as
        it returns.
        """
        return self._task is not None and self._task.cancelling() > 0

    def _end_if_cancelled(self) -> None:
        """Raises `CancelledError`, before a pause of up to an hour."""
        if self._is_cancelled():
            raise asyncio.CancelledError

    async def _see_how_many(self, code: int) -> None:
        """Raises `ReshardError` where more connections help against this close code."""
        if code != SHARDING_REQUIRED:
            return
        with suppress(ChatError, *RAISED):
            recommended = (await self._rest.session_starts()).connections
            if recommended > self.shard.count:
                raise ReshardError(recommended)

    async def before_resuming(self, reason: str, lived: float) -> None:
        """Wait before a session is resumed; the last connection was up for `lived` seconds.

        Raises `SessionLostError` where the session is to be given up.
        """
        self._end_if_cancelled()
        self._forget_trouble(lived)
        self._tell_trouble(reason)
        pause = self._backoff.pause(lived)
        if pause > _LONGEST_RESUMED:
            raise SessionLostError(reason)
        await self._sleep(pause)

    def on_connected(self, client: GatewayClient) -> None:
        """A connection is up; logged once after each trouble that was logged."""
        if self._task is not None and self._is_in_discord_py and self._is_cancelled():
            self._task.uncancel()  # `ready_limit`, too, counts how often it is cancelled
            self._task.cancel()
            return
        if self._ready_limit is not None:
            self._ready_limit.reschedule(None)
        self._servers = len(client.guilds)
        if _CONNECTED not in self._told:
            self._told.add(_CONNECTED)
            log.info("Discord: connected as %s; servers: %d", client.user, len(client.guilds))

    def _forget_trouble(self, lived: float) -> None:
        if self._backoff.lasted(lived):
            self._told.clear()

    def _tell_trouble(self, trouble: str, error: Exception | None = None) -> None:
        """Why there is no connection; logged once, until one has lasted."""
        self.trouble = trouble
        if trouble in self._told:
            return
        self._told.add(trouble)
        self._told.discard(_CONNECTED)
        unforeseen = error is not None and not isinstance(error, _FORESEEN)
        log.warning(
            "Discord: %s; reconnecting, with a longer pause each time",
            trouble,
            exc_info=error if unforeseen else None,
        )

    async def _run_session(self, events: Events) -> None:
        """One session, from log-in to its end. Raises `UsageError` for a person to act on."""
        self._lived = 0.0
        self._ended_since = CLOSED
        try:
            self.reads_content = await self._may_ask_for_content()
            if not self.reads_content and ONLY_MENTIONS not in self._told:
                self._told.add(ONLY_MENTIONS)
                log.warning("Discord: %s", ONLY_MENTIONS)
            if self.shard.number == 0:
                await self._registration.synchronize()
            await self._identifications.wait(self.shard, self._tell_trouble)
            await self._connect(events)
        except discord.LoginFailure as error:
            raise UsageError(BAD_TOKEN) from error
        except discord.HTTPException as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                raise UsageError(BAD_TOKEN) from error
            raise
        except discord.ConnectionClosed as error:
            if error.code == AUTHENTICATION_FAILED:
                raise UsageError(BAD_TOKEN) from error
            if error.code in REFUSED_INTENTS and self.reads_content:
                until = asyncio.get_running_loop().time() + self._patience.until_fixed
                self._content_refused_until = until
                raise SessionLostError(CONTENT_REFUSED) from error
            raise
        except AttributeError as error:
            if self._client is not None and self._client.ws is None:
                # The first connection ended before the gateway's greeting: discord.py#10520.
                raise SessionLostError(self._client.reason) from error
            raise
        finally:
            if self._client is not None:
                self._lived = self._client.lived()
                self._forget_trouble(self._lived)
                await self._client.hang_up()
            self._client = None

    async def _connect(self, events: Events) -> None:
        await events.begin_session()
        self._client = client = GatewayClient(
            events,
            self,
            intents=discord.Intents(
                guilds=True,
                guild_messages=True,
                guild_reactions=True,
                message_content=self.reads_content,
            ),
            trace=self._hooks.trace(),
            shard=self.shard,
            heartbeat_timeout=self._patience.heartbeat_timeout,
            guilds_within=self._patience.guilds_within,
        )
        async with asyncio.timeout(self._patience.ready_within) as self._ready_limit, client:
            if not self.reads_content:
                events.beside(client, self._watch_for_content(client))
            self._is_in_discord_py = True
            try:
                await client.start(self._token, reconnect=False)
            finally:
                self._is_in_discord_py = False
                # What was asked over this connection can only be answered over it.
                await events.settle()

    async def _may_ask_for_content(self) -> bool:
        """Whether to ask for the message content intent.

        Not for `until_fixed` after the gateway refused it, whatever REST says: each refused
        identification is one of the day's.
        """
        if asyncio.get_running_loop().time() < self._content_refused_until:
            return False
        return await self._rest.may_read_content()

    async def _watch_for_content(self, client: GatewayClient) -> None:
        """End a session without the message content intent once it is turned on."""
        while not client.is_closed():
            await self._sleep(self._patience.content_looked_for)
            with suppress(ChatError, *RAISED):
                if not client.is_closed() and await self._may_ask_for_content():
                    self._ended_since = CONTENT_GRANTED
                    await client.close()


def _trouble(error: Exception) -> str:
    if isinstance(error, discord.ConnectionClosed):
        return closed_with(error.code)
    if isinstance(error, (ChatError, *RAISED)):
        return str(chat_error(error))
    if isinstance(error, SessionLostError):
        return str(error)
    return type(error).__name__
