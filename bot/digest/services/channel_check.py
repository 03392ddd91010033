"""Checks that the bot may post in a channel before it is subscribed."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.core.domain.errors import UsageError
from bot.core.ports import ChannelRef, Platform
from bot.digest.services.subscribe import Check
from bot.webchat.domain.board import Board


def checker(
    checks: Mapping[Platform, Check], board: Board, *, clock: Callable[[], datetime]
) -> Check:
    """A check that asks the channel's platform; a missing web channel is created."""

    async def check(channel: ChannelRef) -> ChannelRef:
        if channel.platform is Platform.WEB:
            if not await board.has_channel(channel.id):
                await board.add_channel(channel.id, at=clock())
            return ChannelRef(Platform.WEB, "", channel.id)
        if channel.platform not in checks:
            raise UsageError("{platform} is not set up", platform=channel.platform.title())
        return await checks[channel.platform](channel)

    return check
