from collections.abc import AsyncIterator

import pytest

from tests.platforms.discord.stage import RunningBot, Stage, running_bot, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as opened:
        yield opened


@pytest.fixture
async def bot() -> AsyncIterator[RunningBot]:
    """A bot that is connected."""
    async with running_bot() as opened:
        opened.start()
        await opened.connected()
        yield opened


@pytest.fixture
async def idle() -> AsyncIterator[RunningBot]:
    """A bot that is not started yet."""
    async with running_bot() as opened:
        yield opened
