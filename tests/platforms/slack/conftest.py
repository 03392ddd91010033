"""A running chat, in one mode or in both."""

from collections.abc import AsyncIterator

import pytest

from tests.platforms.slack.stage import Stage, staged


@pytest.fixture(params=["socket", "http"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with staged(http=request.param == "http") as opened:
        yield opened


@pytest.fixture
async def socket_stage() -> AsyncIterator[Stage]:
    async with staged() as opened:
        yield opened


@pytest.fixture
async def http_stage() -> AsyncIterator[Stage]:
    async with staged(http=True) as opened:
        yield opened
