"""A stage for tests of the adapter: our Discord, and a bot's posting at it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.adapters.discord import sdk
from bot.adapters.discord.posting import Posting
from bot.adapters.discord.rest import Rest
from bot.adapters.discord.wire import Wire
from bot.domain.document import Document, Heading, Paragraph, Text
from bot.ports import ChannelRef, DeliveryKey, Platform
from tests.fakes.discord import TOKEN, FakeDiscord

PAPERS = ChannelRef(Platform.DISCORD, "", "11")


def now() -> datetime:
    return datetime.now(UTC)


async def briefly(_seconds: float) -> None:
    """A pause that costs a test nothing."""
    await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Stage:
    discord: FakeDiscord
    wire: Wire
    rest: Rest
    posting: Posting


@asynccontextmanager
async def staged(*, token: str = TOKEN) -> AsyncIterator[Stage]:
    async with FakeDiscord() as discord:
        sdk.point_at(discord.api_base, discord.gateway_url)
        wire = Wire(per_second=1000)
        rest = Rest(token, wire)
        try:
            yield Stage(discord, wire, rest, Posting(rest, readable=str, clock=now, sleep=briefly))
        finally:
            await rest.close()
        assert discord.complaints == []


def key(number: int = 1) -> DeliveryKey:
    return DeliveryKey(f"d{number:024x}")


def said(text: str) -> Document:
    return Document((Paragraph((Text(text),)),), summary=text)


def paper(title: str = "A paper", text: str = "What it says.") -> Document:
    return Document(
        (Heading((Text(title),)), Paragraph((Text(text),))),
        summary=title,
        opens_thread=True,
        thread_name=title,
    )


def long_paper(title: str = "A long paper") -> Document:
    """One that fills four messages."""
    words = " ".join(f"word{number}" for number in range(2600))
    return paper(title, words)
