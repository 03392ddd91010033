"""Discord's real adapter, posting; it has no gateway."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.core.domain.i18n import ENGLISH
from bot.core.ports import Chat, MessageRef
from bot.platforms.discord.access import Access
from bot.platforms.discord.chat import DiscordChat
from tests.chaos.process import now
from tests.fakes.tokens import TOKEN
from tests.platforms.memory import Notes, SeenIds


class BlindDiscordChat(DiscordChat):
    """Never finds anything: whoever uses it sends again whatever is in doubt."""

    async def find(self, *_: object, **__: object) -> MessageRef | None:
        return None


@asynccontextmanager
async def discord_chat(url: str, *, blind: bool) -> AsyncIterator[Chat]:
    """The bot."""
    chat = (BlindDiscordChat if blind else DiscordChat)(
        Access(TOKEN, url),
        seen=SeenIds(),
        memo=Notes(),
        voices=lambda _: ENGLISH,
        clock=now,
        sleep=lambda seconds: asyncio.sleep(seconds / 10),
    )
    try:
        yield chat
    finally:
        await chat.close()
