"""The fixture of a database of the test's own, on either engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, opened


@pytest.fixture
async def db(location: Path | PostgresAddress) -> AsyncIterator[Database]:
    async with opened(location) as database:
        yield database
