"""The fixtures of a running chat, and of a browser that opens its pages."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser import browsing
from tests.platforms.web.stage import Stage, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """One browser for a module: starting one takes longer than most tests."""
    async with browsing(chromium) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def archive() -> AsyncIterator[Stage]:
    """A running chat, in the loop of the module's browser."""
    async with staged() as running:
        yield running
