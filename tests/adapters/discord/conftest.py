from collections.abc import AsyncIterator

import pytest

from tests.adapters.discord.stage import Stage, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as opened:
        yield opened
