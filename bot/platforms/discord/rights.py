"""What Discord says of a person who signed in on the web: membership, rights, channels."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import discord
from discord.http import HTTPClient

from bot.core.domain.dataclass import dataclass
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.core.ports import ChannelRef, Identity
from bot.platforms.discord.errors import chat_error
from bot.platforms.discord.rest import RAISED, Rest

_SECONDS = 5.0
_PAGE = 200
"""Guilds of one answer, the most that Discord gives."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A channel's name, and what a member may do there."""

    name: str
    may: discord.Permissions

    @property
    def is_read(self) -> bool:
        return self.may.view_channel and self.may.read_message_history


class DiscordRights:
    """`ports.Rights` over REST: the permissions that discord.py computes for a member."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def shared_workspaces(self, who: Identity) -> tuple[str, ...]:
        return tuple([guild for guild in who.workspaces if await self._is_member(guild, who.user)])

    async def may_manage(self, who: Identity, channel: ChannelRef) -> bool:
        found = (await self._permissions(who, channel.workspace)).get(channel.id)
        return found is not None and found.may.view_channel and found.may.manage_channels

    async def list_visible(
        self, who: Identity, channels: Collection[ChannelRef]
    ) -> Mapping[ChannelRef, str]:
        theirs = [channel for channel in channels if who.is_of(channel)]
        may = {
            guild: await self._permissions(who, guild)
            for guild in {channel.workspace for channel in theirs}
        }
        found = {channel: may[channel.workspace].get(channel.id) for channel in theirs}
        return {channel: seen.name for channel, seen in found.items() if seen and seen.is_read}

    async def guilds(self) -> frozenset[str]:
        """The ids of the guilds that the bot is in; raises `ChatError`."""
        found: list[str] = []
        with _sorted_errors():
            while True:
                after = int(found[-1]) if found else None

                async def page(http: HTTPClient, after: int | None = after) -> Any:
                    return await http.get_guilds(_PAGE, after=after)

                ids = [str(guild["id"]) for guild in await self._rest.call(page)]
                found += ids
                if len(ids) < _PAGE:
                    return frozenset(found)

    async def _is_member(self, guild: str, user: str) -> bool:
        with _sorted_errors():
            try:
                await self._rest.call(
                    lambda http: http.get_member(int(guild), int(user)), seconds=_SECONDS
                )
            except (discord.NotFound, discord.Forbidden):
                return False  # not a member, or the bot has left the guild
        return True

    async def _permissions(self, who: Identity, guild: str) -> Mapping[str, _Seen]:
        """By channel of a guild; none for somebody who is not a member."""
        if guild not in who.workspaces:
            return {}
        with _sorted_errors():
            client = (await self._rest.session()).client

            async def compute(_: HTTPClient) -> Mapping[str, _Seen]:
                fetched = await client.fetch_guild(int(guild), with_counts=False)
                member = await fetched.fetch_member(int(who.user))
                channels = await fetched.fetch_channels()
                return {
                    str(channel.id): _Seen(
                        well_formed(channel.name), channel.permissions_for(member)
                    )
                    for channel in channels
                }

            try:
                return await self._rest.call(compute, seconds=_SECONDS)
            except (discord.NotFound, discord.Forbidden):
                return {}


@contextmanager
def _sorted_errors() -> Iterator[None]:
    try:
        yield
    except RAISED as error:
        raise chat_error(error) from error
