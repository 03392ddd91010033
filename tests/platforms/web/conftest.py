"""The fixture of a running chat."""

from collections.abc import AsyncIterator

import pytest

from tests.platforms.web.stage import Stage, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as running:
        yield running
