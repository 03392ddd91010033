"""One session at Discord's gateway: its events go to a listener.

discord.py resumes after a drop by itself, without any pause: so the supervisor is asked
before each of its connections but the first, and waits. Where there is no session to resume, this
ends, and the supervisor builds a new client: some of discord.py's own ways back do not work
(Rapptz/discord.py#10520) and would identify without end.
"""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any, Protocol, cast

import aiohttp
import discord
from discord.gateway import DiscordWebSocket, KeepAliveHandler

from bot.core.domain.i18n import translatable
from bot.platforms.discord.inbound.close_codes import closed_with
from bot.platforms.discord.inbound.shard import Shard
from bot.platforms.discord.rendering.controls import BUTTON, MENU, option_line

HEARTBEAT_TIMEOUT = 60.0
"""Seconds without data after which a connection counts as dead."""


GUILDS_WITHIN = 2.0
"""Seconds without another GUILD_CREATE after which a session is ready."""


SESSION_INVALID = translatable("the gateway no longer knows the session")


class SessionLostError(Exception):
    """The session cannot be resumed: a new client has to identify. Its text says why."""


class Listener(Protocol):
    """Handles what comes over a connection; every method returns at once."""

    def on_ready(self, client: "GatewayClient") -> None:
        """A new session has begun: events before it are lost."""
        ...

    def on_guild_return(self, client: "GatewayClient") -> None:
        """A server of this session is available again: events in it meanwhile are lost."""
        ...

    def on_message(self, client: "GatewayClient", message: discord.Message) -> None:
        """Somebody sent or edited a message."""
        ...

    def on_deleted(self, client: "GatewayClient", channel: int, messages: set[int]) -> None:
        """Messages were deleted."""
        ...

    def on_thread_deleted(
        self, client: "GatewayClient", event: discord.RawThreadDeleteEvent
    ) -> None:
        """A whole thread was deleted; no deletion of its messages comes."""
        ...

    def on_reaction(self, client: "GatewayClient", event: discord.RawReactionActionEvent) -> None:
        """Somebody gave a reaction, or took it back."""
        ...

    def on_reactions_cleared(
        self,
        client: "GatewayClient",
        event: discord.RawReactionClearEvent | discord.RawReactionClearEmojiEvent,
    ) -> None:
        """All reactions to a message were removed, or all of one emoji."""
        ...

    def on_command(self, interaction: "discord.Interaction[Any]") -> None:
        """Somebody sent a command."""
        ...

    def on_autocomplete(self, interaction: "discord.Interaction[Any]") -> None:
        """Somebody is typing a command."""
        ...

    def on_press(self, interaction: "discord.Interaction[Any]", line: str) -> None:
        """Somebody pressed a button, or picked from a menu, that carries this command line."""
        ...

    def on_submit(self, interaction: "discord.Interaction[Any]") -> None:
        """Somebody submitted a modal."""
        ...


class Watcher(Protocol):
    """Decides when a connection is made again."""

    async def before_resuming(self, reason: str, lived: float) -> None:
        """Wait before the session is resumed; the last connection was up for `lived` seconds.

        Less than 45 seconds, since discord.py allows a connection 60. Raises `SessionLostError`
        where the session is to be given up.
        """
        ...

    def on_connected(self, client: "GatewayClient") -> None:
        """A session has begun or was resumed."""
        ...


class GatewayClient(discord.Client):
    """A client for one session; discord.py calls the methods named `on_…`."""

    def __init__(
        self,
        listener: Listener,
        watcher: Watcher,
        *,
        intents: discord.Intents,
        trace: aiohttp.TraceConfig,
        shard: Shard,
        heartbeat_timeout: float = HEARTBEAT_TIMEOUT,
        guilds_within: float = GUILDS_WITHIN,
    ) -> None:
        trace.on_request_start.append(self._before_request)
        super().__init__(
            intents=intents,
            http_trace=trace,
            shard_id=shard.number if shard.count > 1 else None,
            shard_count=shard.count if shard.count > 1 else None,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            heartbeat_timeout=heartbeat_timeout,
            guild_ready_timeout=guilds_within,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self._listener = listener
        self._watcher = watcher
        self.is_connected = False
        self._up_since: float | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._connect_socket = self.http.ws_connect
        self.http.ws_connect = self._kept_socket  # type: ignore[method-assign]
        self.add_dynamic_items(PressedButton, PickedOption)

    @property
    def listener(self) -> Listener:
        """What handles the events."""
        return self._listener

    @property
    def me(self) -> int:
        """The bot's own user id, once it is logged in."""
        return self.user.id if self.user is not None else 0

    def lived(self) -> float:
        """For how many seconds the connection has been up; 0 when it never was."""
        if self._up_since is None:
            return 0.0
        return asyncio.get_running_loop().time() - self._up_since

    @property
    def reason(self) -> str:
        """Why the last connection ended, as far as the gateway said."""
        return closed_with(self._socket.close_code if self._socket is not None else None)

    async def _before_request(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        params: aiohttp.TraceRequestStartParams,
    ) -> None:
        """Waits where discord.py is about to connect again."""
        if params.url.scheme not in {"ws", "wss"} or self._socket is None:
            return
        self.is_connected = False
        socket = cast("DiscordWebSocket | None", self.ws)
        if socket is None or socket.session_id is None:
            raise SessionLostError(self.reason)
        lived, self._up_since = self.lived(), None
        await self._watcher.before_resuming(self.reason, lived)

    async def _kept_socket(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        self._socket = await self._connect_socket(url, compress=compress)
        return self._socket

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Drop what comes after the end, when discord.py has no loop to handle it in.

        The bot's own messages as well: discord.py would begin a task for each answer.
        """
        if not self.is_closed() and not (event == "message" and args[0].author.id == self.me):
            super().dispatch(event, *args, **kwargs)

    async def hang_up(self) -> None:
        """Close what is left of the connection after the client was closed.

        discord.py leaks the socket and the heartbeat thread of a connection that fails between
        HELLO and READY.
        """
        if self._socket is not None:
            await self._socket.close()
        # A close that was cancelled half-way is not done again by `close`.
        await self.http.close()
        for thread in threading.enumerate():
            if isinstance(thread, KeepAliveHandler) and thread.ws.socket is self._socket:
                thread.stop()

    async def before_identify_hook(
        self,
        shard_id: int | None,  # noqa: ARG002 - discord.py's hook has it
        *,
        initial: bool = False,
    ) -> None:
        if not initial:
            raise SessionLostError(SESSION_INVALID)

    def _is_up(self) -> None:
        self.is_connected = True
        self._up_since = asyncio.get_running_loop().time()
        self._watcher.on_connected(self)

    async def on_ready(self) -> None:
        self._is_up()
        self._listener.on_ready(self)

    async def on_guild_available(self, _guild: discord.Guild) -> None:
        if self.is_ready():  # before, it is part of the session's start
            self._listener.on_guild_return(self)

    async def on_resumed(self) -> None:
        self._is_up()

    async def on_disconnect(self) -> None:
        self.is_connected = False

    async def on_message(self, message: discord.Message) -> None:
        self._listener.on_message(self, message)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        if event.message.edited_at is not None:  # not only a preview of a link was added
            self._listener.on_message(self, event.message)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self._listener.on_deleted(self, event.channel_id, {event.message_id})

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        self._listener.on_deleted(self, event.channel_id, event.message_ids)

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        self._listener.on_thread_deleted(self, event)

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        self._listener.on_reaction(self, event)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        self._listener.on_reaction(self, event)

    async def on_raw_reaction_clear(self, event: discord.RawReactionClearEvent) -> None:
        self._listener.on_reactions_cleared(self, event)

    async def on_raw_reaction_clear_emoji(self, event: discord.RawReactionClearEmojiEvent) -> None:
        self._listener.on_reactions_cleared(self, event)

    async def on_interaction(self, interaction: "discord.Interaction[Any]") -> None:
        if interaction.type is discord.InteractionType.application_command:
            self._listener.on_command(interaction)
        elif interaction.type is discord.InteractionType.autocomplete:
            self._listener.on_autocomplete(interaction)
        elif interaction.type is discord.InteractionType.modal_submit:
            self._listener.on_submit(interaction)


class PressedButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=BUTTON):
    """Any button of this bot, also below messages from before it was started."""

    @classmethod
    async def from_custom_id(
        cls,
        _interaction: "discord.Interaction[Any]",
        item: discord.ui.Item[Any],
        _match: Any,
        /,
    ) -> "PressedButton":
        return cls(item)  # type: ignore[arg-type]

    async def callback(self, interaction: "discord.Interaction[Any]") -> None:
        match = BUTTON.fullmatch(self.custom_id)
        client = interaction.client
        if match is not None and isinstance(client, GatewayClient):
            client.listener.on_press(interaction, match["line"])


class PickedOption(discord.ui.DynamicItem[discord.ui.Select[Any]], template=MENU):
    """Any menu of this bot, also below messages from before it was started."""

    @classmethod
    async def from_custom_id(
        cls,
        _interaction: "discord.Interaction[Any]",
        item: discord.ui.Item[Any],
        _match: Any,
        /,
    ) -> "PickedOption":
        return cls(item)  # type: ignore[arg-type]

    async def callback(self, interaction: "discord.Interaction[Any]") -> None:
        client = interaction.client
        if self.item.values and isinstance(client, GatewayClient):
            client.listener.on_press(interaction, option_line(self.item.values[0]))
