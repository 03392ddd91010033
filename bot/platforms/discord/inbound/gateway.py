"""One connection to Discord's gateway, for as long as it lives: what it hears goes to a listener.

discord.py resumes after a drop by itself. After anything else this ends, with an error or
without, and the supervisor (`chat`) builds a new one: some of discord.py's own ways back do
not work (Rapptz/discord.py#10520) and would identify without end.
"""

import threading
from typing import Any, Protocol

import aiohttp
import discord
from discord.gateway import KeepAliveHandler

from bot.platforms.discord.rendering.controls import BUTTON, MENU, option_line

HEARTBEAT_TIMEOUT = 60.0
"""Seconds without a word from the gateway after which a connection counts as dead."""


GUILDS_WITHIN = 2.0
"""Seconds without another server after which all have come in, and a session is ready."""


class SessionLostError(Exception):
    """The session cannot be resumed: a new client has to identify."""

    def __init__(self) -> None:
        super().__init__("the session was invalidated")


class Listener(Protocol):
    """Who hears what comes over a connection; every method returns at once."""

    def on_ready(self, client: "GatewayClient") -> None:
        """A new session has begun: what happened before it was not heard."""
        ...

    def on_return(self, client: "GatewayClient") -> None:
        """A server of this session is back: what happened in it meanwhile was not heard."""
        ...

    def on_message(self, client: "GatewayClient", message: discord.Message) -> None:
        """Somebody said something, or changed what they said."""
        ...

    def on_deleted(self, client: "GatewayClient", channel: int, messages: set[int]) -> None:
        """Messages were taken back."""
        ...

    def on_typed(self, interaction: "discord.Interaction[Any]") -> None:
        """Somebody typed a command."""
        ...

    def on_typing(self, interaction: "discord.Interaction[Any]") -> None:
        """Somebody is typing one."""
        ...

    def on_pressed(self, interaction: "discord.Interaction[Any]", line: str) -> None:
        """Somebody pressed a button, or picked from a menu, that carries this line."""
        ...


class GatewayClient(discord.Client):
    """A client for one session; discord.py wants its events as methods of a subclass."""

    def __init__(
        self,
        listener: Listener,
        *,
        intents: discord.Intents,
        trace: aiohttp.TraceConfig,
        heartbeat_timeout: float = HEARTBEAT_TIMEOUT,
        guilds_within: float = GUILDS_WITHIN,
    ) -> None:
        super().__init__(
            intents=intents,
            http_trace=trace,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            heartbeat_timeout=heartbeat_timeout,
            guild_ready_timeout=guilds_within,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self._listener = listener
        self.is_connected = False
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._connect_socket = self.http.ws_connect
        self.http.ws_connect = self._kept_socket  # type: ignore[method-assign]
        self.add_dynamic_items(PressedButton, PickedOption)

    @property
    def listener(self) -> Listener:
        """Who hears what happens."""
        return self._listener

    @property
    def me(self) -> int:
        """The bot's own user id, once it is logged in."""
        return self.user.id if self.user is not None else 0

    async def _kept_socket(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        self._socket = await self._connect_socket(url, compress=compress)
        return self._socket

    async def hang_up(self) -> None:
        """End what is left of the connection, once the client is closed.

        discord.py forgets the socket and the heartbeat's thread of a connection that fails
        between greeting and session.
        """
        if self._socket is not None:
            await self._socket.close()
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
            raise SessionLostError

    async def on_ready(self) -> None:
        self.is_connected = True
        self._listener.on_ready(self)

    async def on_guild_available(self, _guild: discord.Guild) -> None:
        if self.is_ready():  # before, it is part of how a session begins
            self._listener.on_return(self)

    async def on_resumed(self) -> None:
        self.is_connected = True

    async def on_disconnect(self) -> None:
        self.is_connected = False

    async def on_message(self, message: discord.Message) -> None:
        self._listener.on_message(self, message)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        if event.message.edited_at is not None:  # not only a link's preview that has come
            self._listener.on_message(self, event.message)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self._listener.on_deleted(self, event.channel_id, {event.message_id})

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        self._listener.on_deleted(self, event.channel_id, event.message_ids)

    async def on_interaction(self, interaction: "discord.Interaction[Any]") -> None:
        if interaction.type is discord.InteractionType.application_command:
            self._listener.on_typed(interaction)
        elif interaction.type is discord.InteractionType.autocomplete:
            self._listener.on_typing(interaction)


class PressedButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=BUTTON):
    """Any button of this bot, also under messages of before it was started."""

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
            client.listener.on_pressed(interaction, match["line"])


class PickedOption(discord.ui.DynamicItem[discord.ui.Select[Any]], template=MENU):
    """Any menu of this bot, likewise."""

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
            client.listener.on_pressed(interaction, option_line(self.item.values[0]))
