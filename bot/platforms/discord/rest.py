"""Discord's REST API: typed calls with time limits over one log-in.

It needs no gateway: messages are posted while the gateway is down, and its client outlives those
that the supervisor builds. Exceptions are discord.py's or the HTTP hooks'; `errors.chat_error`
sorts them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar

import aiohttp
import discord
from discord.http import HTTPClient

from bot.core.domain.dataclass import dataclass
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.core.ports import ChatUnavailableError, ChatUncertainError
from bot.core.ports.error_table import ErrorKind
from bot.platforms.discord import sdk
from bot.platforms.discord.answers import THREADS, Place, Posted, read_id, read_place, read_posted
from bot.platforms.discord.errors import (
    DISCONNECTED,
    NO_ANSWER,
    NOT_SENT,
    NotRepeatedError,
    PausedError,
    TooManyRequests,
    chat_error,
    meaning_of,
    uncertain_error,
)
from bot.platforms.discord.http_hooks import HttpHooks, call_context
from bot.platforms.discord.rendering.payload import Payload

Result = TypeVar("Result")
Json = dict[str, Any]

CALL_SECONDS = 10.0
"""The time limit of a call; several fit into the outbox's time limit for one message."""
ARCHIVE_MINUTES: Final = 10080
"""A thread is archived after a week without messages; the next message reopens it."""
_PAGE = 100
_GUILDS_PAGE = 200

RAISED = (
    discord.DiscordException,
    aiohttp.ClientError,
    OSError,
    TooManyRequests,
    NotRepeatedError,
    PausedError,
)
"""What a call may raise besides a `ChatError`."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who the token is for."""

    user: int
    name: str
    application: int


@dataclass(frozen=True, slots=True)
class SessionStarts:
    """How many `connections` Discord recommends; `remaining` is renewed in so many seconds."""

    connections: int
    remaining: int
    renewed_in: float


@dataclass(frozen=True, slots=True)
class _Session:
    """A client that is logged in, and as whom."""

    client: discord.Client
    account: Account


class Rest:
    """One bot's REST calls; logs in at the first call; closed with `close`."""

    def __init__(self, token: str, hooks: HttpHooks) -> None:
        self._token = token
        self._hooks = hooks
        self._session: _Session | None = None
        self._login = asyncio.Lock()

    async def close(self) -> None:
        """Close the connections; a later call logs in again."""
        session, self._session = self._session, None
        if session is not None:
            await session.client.close()

    async def account(self) -> Account:
        """Who we are. Raises `discord.LoginFailure` where the token is wrong."""
        return (await self.session()).account

    @property
    def is_public(self) -> bool:
        """Whether anybody could add the bot to a server when it logged in (“Public Bot”)."""
        session = self._session
        known = session.client.application if session is not None else None
        return known is None or known.bot_public

    async def session(self) -> _Session:
        """The client of all calls, without a gateway; logs in if needed."""
        session = self._session
        if session is None:
            async with self._login:
                session = self._session = self._session or await self._logged_in()
        return session

    async def _logged_in(self) -> _Session:
        client = discord.Client(
            intents=discord.Intents(guilds=True),  # never used; without it discord.py warns
            http_trace=self._hooks.trace(),
            max_ratelimit_timeout=30.0,
            max_messages=None,
        )
        try:
            with call_context(may_repeat=False):
                async with asyncio.timeout(CALL_SECONDS):
                    await client.login(self._token)
            account = _account(client)
        except BaseException as error:
            await client.close()
            if isinstance(error, TimeoutError):
                raise ChatUnavailableError(NO_ANSWER) from error
            if isinstance(error, RAISED) and not isinstance(error, discord.LoginFailure):
                # Whatever failed, nothing was posted.
                sorted_error = chat_error(error)
                pause = getattr(sorted_error, "retry_after", None)
                raise ChatUnavailableError(str(sorted_error), retry_after=pause) from error
            raise
        return _Session(client, account)

    async def call(
        self,
        make: Callable[[HTTPClient], Awaitable[Result]],
        *,
        may_repeat: bool = True,
        seconds: float = CALL_SECONDS,
    ) -> Result:
        """The result of a method of discord.py's HTTP client.

        After `seconds` raises `ChatUnavailableError` if no request was sent, else
        `ChatUncertainError`. Only a call that `may_repeat` is sent again after a server error.
        """
        client = (await self.session()).client
        with call_context(may_repeat=may_repeat) as call:
            try:
                async with asyncio.timeout(seconds):
                    return await make(client.http)
            except TimeoutError as error:
                if call.sent:
                    raise ChatUncertainError(NO_ANSWER) from error
                raise ChatUnavailableError(NOT_SENT) from error
            except RAISED as error:
                if call.in_doubt and meaning_of(error).kind in {ErrorKind.RETRY, ErrorKind.HELD}:
                    # This request was not accepted, but an earlier one may have been.
                    raise uncertain_error(error) from error
                raise

    # Messages

    async def send(
        self, channel: int, payload: Payload, *, nonce: str, answers: int | None = None
    ) -> int:
        """Post a message; for some minutes the same nonce gives the same message.

        It is a reply to the message `answers`, if there is one.
        """
        params = sdk.parameters(payload, nonce=nonce)
        if answers is not None:
            reference = {"message_id": str(answers), "fail_if_not_exists": False}
            sdk.change_body(params, lambda body: body.update(message_reference=reference))
        found = await self.call(lambda http: http.send_message(channel, params=params))
        return read_id(found)

    async def edit(self, channel: int, message: int, payload: Payload) -> None:
        """Replace what a message says, and its picture."""
        params = sdk.parameters(payload)
        if payload.picture is None:
            sdk.change_body(params, lambda body: body.update(attachments=[]))
        if params.payload is not None:
            params.payload.pop("tts", None)
        await self.call(lambda http: http.edit_message(channel, message, params=params))

    async def delete(self, channel: int, message: int) -> None:
        """Remove a message."""
        await self.call(lambda http: http.delete_message(channel, message))

    async def message(self, channel: int, message: int) -> Posted:
        """The message."""
        found = await self.call(lambda http: http.get_message(channel, message))
        return read_posted(found, (await self.account()).user)

    async def history(self, channel: int, since: datetime) -> AsyncIterator[Posted]:
        """The messages since that time, oldest first.

        Also empty if the bot may not read the channel's history.
        """
        after = discord.utils.time_snowflake(since) - 1
        me = (await self.account()).user
        while True:
            start = after
            page: list[Any] = await self.call(
                lambda http, after=start: http.logs_from(channel, _PAGE, after=after)  # type: ignore[misc]
            )
            for found in sorted(page, key=read_id):
                yield read_posted(found, me)
            if len(page) < _PAGE:
                return
            after = max(map(read_id, page))

    # Channels and threads

    async def place(self, channel: int) -> Place:
        """The channel's type and parents."""
        return read_place(await self.call(lambda http: http.get_channel(channel)))

    async def open_thread(self, channel: int, message: int, name: str) -> None:
        """Open the thread of a message."""
        await self.call(
            lambda http: http.start_thread_with_message(
                channel, message, name=name, auto_archive_duration=ARCHIVE_MINUTES
            )
        )

    async def open_post(
        self, forum: int, name: str, payload: Payload, tags: tuple[int, ...]
    ) -> int:
        """Post into a forum; returns the thread's id, which is also its first message's.

        Discord has no nonce here, so the request is never repeated.
        """
        around: Json = {"name": name, "auto_archive_duration": ARCHIVE_MINUTES}
        if tags:
            around["applied_tags"] = [str(tag) for tag in tags]
        params = sdk.parameters(payload, extra=around)
        sdk.change_body(params, lambda body: body["message"].pop("tts", None))
        found = await self.call(
            lambda http: http.start_thread_in_forum(forum, params=params), may_repeat=False
        )
        return read_id(found)

    async def reopen(self, thread: int) -> None:
        """Reopen an archived thread."""
        await self.call(lambda http: http.edit_channel(thread, archived=False))

    async def threads(self, parent: Place, since: datetime) -> tuple[Place, ...]:
        """The threads of a channel with a message since that time, archived ones too."""
        if parent.guild is None:
            return ()
        guild = parent.guild
        active: Any = await self.call(lambda http: http.get_active_threads(guild))
        archived: Any = await self.call(
            lambda http: http.get_public_archived_threads(parent.id, limit=_PAGE)
        )
        start = discord.utils.time_snowflake(since)
        places = (read_place(found) for found in (*active["threads"], *archived["threads"]))
        return tuple(
            place
            for place in places
            if place.parent == parent.id and max(place.last_message, place.id) >= start
        )

    async def direct(self, user: int) -> int:
        """The channel of direct messages with a user."""
        return read_id(await self.call(lambda http: http.start_private_message(str(user))))

    async def permissions(self, place: Place) -> discord.Permissions:
        """The bot's permissions in a channel or thread."""
        session = await self.session()
        if place.guild is None:
            return discord.Permissions.all()
        guild_id, client, me = place.guild, session.client, session.account.user
        channel_id = place.parent if place.type in THREADS and place.parent else place.id

        async def compute(_: HTTPClient) -> discord.Permissions:
            guild = await client.fetch_guild(guild_id, with_counts=False)
            member = await guild.fetch_member(me)
            channel = await guild.fetch_channel(channel_id)
            return channel.permissions_for(member)

        return await self.call(compute)

    # The bot itself, its commands and the gateway

    async def may_read_content(self) -> bool:
        """Whether the message content intent is on in the developer portal."""
        client = (await self.session()).client
        flags = (await self.call(lambda _: client.application_info())).flags
        return flags.gateway_message_content or flags.gateway_message_content_limited

    async def servers(self) -> tuple[str, ...]:
        """The names of the guilds that the bot is in."""
        names: list[str] = []
        after: str | None = None
        while True:
            page: Any = await self.call(
                lambda http, after=after: http.get_guilds(_GUILDS_PAGE, after=after)  # type: ignore[misc]
            )
            names += (well_formed(str(guild["name"])) for guild in page)
            if len(page) < _GUILDS_PAGE:
                return tuple(names)
            after = str(max(map(read_id, page)))

    async def register(self, commands: list[Json], guild: int | None) -> None:
        """Replace the application commands of a guild or, `None`, the global ones."""
        application = (await self.account()).application
        if guild is None:
            await self.call(lambda http: http.bulk_upsert_global_commands(application, commands))
            return
        at = guild
        await self.call(lambda http: http.bulk_upsert_guild_commands(application, at, commands))

    async def session_starts(self) -> SessionStarts:
        """How often the bot may still identify today, and how many connections it should have."""
        recommended, _, limit = await self.call(lambda http: http.get_bot_gateway())
        renewed_in = float(limit["reset_after"]) / 1000
        return SessionStarts(int(recommended), int(limit["remaining"]), renewed_in)


@contextmanager
def sorted_errors() -> Iterator[None]:
    """Converts what calls raise to the port's exceptions."""
    try:
        yield
    except RAISED as error:
        raise chat_error(error) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # A response that is not Discord's makes discord.py raise these.
        raise ChatUncertainError(f"{DISCONNECTED} ({type(error).__name__})") from error


def _account(client: discord.Client) -> Account:
    if client.user is None or client.application is None:
        raise discord.ClientException("Discord did not say who this bot is")
    return Account(client.user.id, well_formed(client.user.name), client.application.id)
