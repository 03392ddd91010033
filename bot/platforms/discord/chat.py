"""Discord as a `Chat`: posting over REST, people over a gateway connection that is supervised."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import discord

from bot.core.domain.document import Document
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate, translatable
from bot.core.ports import (
    ChannelRef,
    ChatError,
    Condition,
    DeliveryKey,
    Inbox,
    Memo,
    MessageRef,
    Platform,
    Replies,
    Seen,
)
from bot.platforms.discord import sdk
from bot.platforms.discord.access import Access
from bot.platforms.discord.backoff import Backoff
from bot.platforms.discord.closes import (
    AUTHENTICATION_FAILED,
    CLOSED,
    FINAL,
    REFUSED_INTENTS,
    closed_with,
)
from bot.platforms.discord.doctor import check_channel
from bot.platforms.discord.errors import BAD_TOKEN, chat_error
from bot.platforms.discord.http_hooks import Wire
from bot.platforms.discord.inbound import interactions
from bot.platforms.discord.inbound.backfill import CatchingUp
from bot.platforms.discord.inbound.gateway import (
    GUILDS_WITHIN,
    HEARTBEAT_TIMEOUT,
    GatewayClient,
    SessionLostError,
)
from bot.platforms.discord.inbound.interactions import Answering
from bot.platforms.discord.inbound.thread_inbound import Hearing
from bot.platforms.discord.posting.posting import Posting
from bot.platforms.discord.registration import Registration
from bot.platforms.discord.rendering.markdown import Readable
from bot.platforms.discord.rest import RAISED, Rest

log = logging.getLogger(__name__)

NO_INTENT = translatable(
    "Discord refuses the intents that the bot asks for: turn on Message Content Intent in the "
    "developer portal, under Bot, then restart the bot"
)
NOT_HEARING = translatable(
    "Message Content Intent is off in the developer portal, under Bot: in threads the bot reads "
    "only messages that mention it"
)
_OUT_OF_SESSIONS = translatable(
    "the bot has connected too often today; it waits until Discord resets the daily limit"
)

Interaction = discord.Interaction[Any]

_SETTLED_WITHIN = 5.0
"""Seconds that a connection which ended is kept for what was asked over it."""
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
    until_mended: float = 3600.0
    """Between two tries while only a person can help."""
    between_identifications: float = 5.5
    ready_within: float = 90.0
    heartbeat_timeout: float = HEARTBEAT_TIMEOUT
    guilds_within: float = GUILDS_WITHIN
    sessions_kept: int = 20
    """So many of the day's identifications are left for a person's restarts."""


class DiscordChat:
    """`ports.Chat` for every server that the bot was let into.

    Posting needs no gateway. What people do needs one: a client is built for each session, and
    a new one after any failure. The bot hears only what is said in threads of its messages;
    without the message content intent only what mentions it, as `condition` then says.
    """

    platform = Platform.DISCORD

    def __init__(
        self,
        access: Access,
        *,
        seen: Seen,
        memo: Memo,
        readable: Readable,
        voices: Callable[[str], Translate],
        clock: Callable[[], datetime],
        replies: Replies | None = None,
        patience: Patience = Patience(),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        wire: Wire | None = None,
    ) -> None:
        sdk.point_at(access.api_base, access.gateway_url)
        self._access = access
        self._seen = seen
        self._memo = memo
        self._replies = replies
        self._readable = readable
        self._voices = voices
        self._clock = clock
        self._patience = patience
        self._sleep = sleep
        self._wire = wire or Wire()
        self._rest = Rest(access.token, self._wire)
        self._posting = Posting(self._rest, readable=readable, clock=clock, sleep=sleep)
        self._registration = Registration(self._rest, memo, guilds=access.guilds, voices=voices)
        self._client: GatewayClient | None = None
        self._ears: _Ears | None = None
        self._backoff = Backoff(
            first=patience.first_pause,
            longest=patience.longest_pause,
            lasting=patience.lasting,
            chance=random.random,
        )
        self._told: set[str] = set()
        """What was logged since the last connection that lasted."""
        self._identified_at = -patience.between_identifications
        self._lived = 0.0
        """For how many seconds the last connection was up."""
        self._trouble = "not connected yet"
        self._hears_all = True
        self._last_ok_at: datetime | None = None

    @property
    def condition(self) -> Condition:
        """For `/healthz`: whether people can reach the bot."""
        ok = self._client is not None and self._client.is_connected
        if ok:
            self._last_ok_at = self._clock()
            detail = "connected" if self._hears_all else NOT_HEARING
        else:
            detail = self._trouble
        return Condition(self.platform.value, ok, detail, self._last_ok_at)

    async def post(
        self, channel: ChannelRef, document: Document, *, key: DeliveryKey
    ) -> MessageRef:
        return await self._posting.post(channel, document, key)

    async def reply(self, root: MessageRef, document: Document, *, key: DeliveryKey) -> MessageRef:
        return await self._posting.reply(root, document, key)

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

    async def check(self, channel: ChannelRef) -> ChannelRef:
        """The channel as it is kept; `ChatRefusedError` says what the bot lacks there."""
        return await check_channel(self._rest, channel)

    async def close(self) -> None:
        """Close what posting has opened; `run` does so by itself at its end."""
        await self._rest.close()

    async def run(self, inbox: Inbox) -> None:
        """Serve until cancelled; raises `UsageError` when Discord does not accept the token."""
        hearing = Hearing(self._rest, inbox, seen=self._seen, sleep=self._sleep)
        catching_up = CatchingUp(
            self._rest,
            hearing,
            memo=self._memo,
            replies=self._replies,
            clock=self._clock,
            sleep=self._sleep,
        )
        answers = Answering(inbox, readable=self._readable, voices=self._voices)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._ears = _Ears(self, tasks, hearing, catching_up, answers)
                await self._keep_connected(self._ears)
        except ExceptionGroup as group:
            raise _told_to_a_person(group) from group
        finally:
            self._ears = None
            await self._rest.close()

    async def _keep_connected(self, ears: "_Ears") -> None:
        task = asyncio.current_task()
        while True:
            if task is not None and task.cancelling():
                # Python 3.11's `wait_for`, around discord.py's connecting, may lose it.
                raise asyncio.CancelledError
            pause = 0.0
            try:
                await self._connect(ears)
                self._tell_trouble(CLOSED)
            except UsageError:
                raise
            except Exception as error:  # noqa: BLE001 - a malformed event breaks it in any way
                # It ends this client only: the next one is built from nothing.
                self._tell_trouble(_trouble(error), error)
                if isinstance(error, discord.ConnectionClosed) and error.code in FINAL:
                    pause = self._patience.until_mended
            pause = max(pause, self._backoff.pause(self._lived))
            await self._sleep(pause)

    async def before_resuming(self, reason: str, lived: float) -> None:
        """Called by the client before each connection but its first; see `Listener`."""
        self._forget_trouble(lived)
        self._tell_trouble(reason)
        pause = self._backoff.pause(lived)
        if pause > _LONGEST_RESUMED:
            raise SessionLostError(reason)
        await self._sleep(pause)

    def _forget_trouble(self, lived: float) -> None:
        if self._backoff.lasted(lived):
            self._told.clear()

    def _tell_trouble(self, trouble: str, error: Exception | None = None) -> None:
        """Why there is no connection; logged once, until one has lasted."""
        self._trouble = trouble
        if trouble in self._told:
            return
        self._told.add(trouble)
        self._told.discard(_CONNECTED)
        unforeseen = error is not None and not isinstance(error, _FORESEEN)
        log.warning(
            "Discord: %s; it is tried again, with pauses that grow",
            trouble,
            exc_info=error if unforeseen else None,
        )

    def tell_connected(self, client: GatewayClient) -> None:
        """That a connection is up; logged once after each trouble that was logged."""
        if _CONNECTED not in self._told:
            self._told.add(_CONNECTED)
            log.info("Discord: connected as %s in %d servers", client.user, len(client.guilds))

    async def _connect(self, ears: "_Ears") -> None:
        """One session, from log-in to its end. Raises `UsageError` for a person to mend."""
        self._lived = 0.0
        try:
            self._hears_all = await self._rest.may_read_content()
            await self._registration.bring_up_to_date()
            await self._wait_for_a_session()
            intents = discord.Intents(
                guilds=True, guild_messages=True, message_content=self._hears_all
            )
            if not self._hears_all and NOT_HEARING not in self._told:
                self._told.add(NOT_HEARING)
                log.warning("Discord: %s", NOT_HEARING)
            client = GatewayClient(
                ears,
                intents=intents,
                trace=self._wire.trace(),
                heartbeat_timeout=self._patience.heartbeat_timeout,
                guilds_within=self._patience.guilds_within,
            )
            self._client = client
            async with asyncio.timeout(self._patience.ready_within) as limit:
                ears.limit = limit
                ears.expect_a_session()
                async with client:
                    try:
                        await client.start(self._access.token, reconnect=False)
                    finally:
                        # What was asked over this connection can only be answered over it.
                        await ears.settle()
        except discord.LoginFailure as error:
            raise UsageError(BAD_TOKEN) from error
        except discord.HTTPException as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                raise UsageError(BAD_TOKEN) from error
            raise
        except discord.ConnectionClosed as error:
            if error.code == AUTHENTICATION_FAILED:
                raise UsageError(BAD_TOKEN) from error
            if error.code in REFUSED_INTENTS:
                raise UsageError(NO_INTENT) from error
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

    async def _wait_for_a_session(self) -> None:
        """Until the bot may identify again: not too often, and not the last times of a day."""
        while True:
            remaining, renewed_in = await self._rest.session_starts()
            if remaining > self._patience.sessions_kept:
                break
            self._tell_trouble(_OUT_OF_SESSIONS)
            await self._sleep(renewed_in + 1)
        loop = asyncio.get_running_loop()
        wait = self._identified_at + self._patience.between_identifications - loop.time()
        if wait > 0:
            await self._sleep(wait)
        self._identified_at = loop.time()


class _Ears:
    """What connections hear, dealt with in tasks of their own."""

    def __init__(
        self,
        chat: DiscordChat,
        tasks: asyncio.TaskGroup,
        hearing: Hearing,
        catching_up: CatchingUp,
        answers: Answering,
    ) -> None:
        self._chat = chat
        self._tasks = tasks
        self._hearing = hearing
        self._catching_up = catching_up
        self._answers = answers
        self._answering: set[asyncio.Task[None]] = set()
        self.limit: asyncio.Timeout | None = None
        """The time until a connection must be ready."""

    def expect_a_session(self) -> None:
        """What comes before it is ready waits for what was missed."""
        self._catching_up.expect()

    async def settle(self) -> None:
        """Give what is being answered a moment to be finished."""
        if self._answering:
            await asyncio.wait(self._answering, timeout=_SETTLED_WITHIN)

    async def before_resuming(self, reason: str, lived: float) -> None:
        await self._chat.before_resuming(reason, lived)

    def on_resumed(self, client: GatewayClient) -> None:
        self._chat.tell_connected(client)

    def on_ready(self, client: GatewayClient) -> None:
        if self.limit is not None:
            self.limit.reschedule(None)
        self._chat.tell_connected(client)
        self._deal_with(client, self._catching_up.catch_up(client))
        self._deal_with(client, self._catching_up.keep_noting(client))

    def on_return(self, client: GatewayClient) -> None:
        self._deal_with(client, self._catching_up.catch_up(client))

    def on_message(self, client: GatewayClient, message: discord.Message) -> None:
        heard = self._hearing.message(client, message, self._catching_up.before)
        self._deal_with(client, heard)

    def on_deleted(self, client: GatewayClient, channel: int, messages: set[int]) -> None:
        self._deal_with(client, self._hearing.deleted(client, channel, messages))

    def on_typed(self, interaction: Interaction) -> None:
        self._answer(interaction, self._answers.typed(interaction))

    def on_typing(self, interaction: Interaction) -> None:
        self._answer(interaction, self._answers.completed(interaction))

    def on_pressed(self, interaction: Interaction, line: str) -> None:
        self._answer(interaction, self._answers.pressed(interaction, line))

    def _answer(self, interaction: Interaction, work: Coroutine[Any, Any, None]) -> None:
        task = self._deal_with(interaction.client, work)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    def _deal_with(
        self, client: discord.Client, work: Coroutine[Any, Any, None]
    ) -> asyncio.Task[None]:
        return self._tasks.create_task(self._guarded(client, work))

    async def _guarded(self, client: discord.Client, work: Awaitable[None]) -> None:
        try:
            await work
        except (ChatError, *RAISED, *interactions.RAISED) as error:
            log.warning("Discord: an answer was not delivered: %s", chat_error(error))
        except Exception as error:
            # The inbox's edge: what breaks on one message must not take the others along.
            if isinstance(error, RuntimeError) and client.is_closed():
                log.warning("Discord: a connection ended before every event was handled")
            else:
                log.exception("Discord: an event could not be handled")


_CONNECTED = "connected"
_FORESEEN = (ChatError, SessionLostError, TimeoutError, *RAISED)


def _trouble(error: Exception) -> str:
    if isinstance(error, discord.ConnectionClosed):
        return closed_with(error.code)
    if isinstance(error, (ChatError, *RAISED)):
        return str(chat_error(error))
    if isinstance(error, SessionLostError):
        return str(error)
    return type(error).__name__


def _told_to_a_person(group: ExceptionGroup[Exception]) -> Exception:
    """The error that a person can act on, where there is one; else all of them."""
    for error in group.exceptions:
        if isinstance(error, UsageError):
            return error
    return group
