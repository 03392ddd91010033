"""Whether the bot may post in a channel, asked before anything is subscribed to it."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.core.domain.errors import UsageError
from bot.core.ports import ChannelRef, Platform
from bot.digest.services.subscribe import Check
from bot.webchat.domain.board import Board


def checker(
    checks: Mapping[Platform, Check], board: Board, *, clock: Callable[[], datetime]
) -> Check:
    """Asks the channel's platform by its check; a web channel is made where there is none."""

    async def check(channel: ChannelRef) -> ChannelRef:
        if channel.platform is Platform.WEB:
            await board.add_channel(channel.id, at=clock())
            return ChannelRef(Platform.WEB, "", channel.id)
        if channel.platform not in checks:
            raise UsageError("{platform} is not set up", platform=channel.platform.title())
        return await checks[channel.platform](channel)

    return check
