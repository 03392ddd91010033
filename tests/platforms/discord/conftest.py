from collections.abc import AsyncIterator

import pytest

from tests.platforms.discord.stage import Hall, Stage, hall, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as opened:
        yield opened


@pytest.fixture
async def bot() -> AsyncIterator[Hall]:
    """A bot that is connected."""
    async with hall() as opened:
        opened.start()
        await opened.connected()
        yield opened


@pytest.fixture
async def idle() -> AsyncIterator[Hall]:
    """A bot that is not started yet."""
    async with hall() as opened:
        yield opened
