"""What commands that work on the database begin with: the settings, the database, the time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from bot.domain.errors import NotFoundError
from bot.domain.words import mark
from bot.settings import Settings, read_settings
from bot.store.database import Database, opened

T = TypeVar("T")


def now() -> datetime:
    """This instant."""
    return datetime.now(UTC)


def with_database(work: Callable[[Database, Settings], Awaitable[T]], *, make: bool = False) -> T:
    """What `work` returns, given the configured database and the settings.

    `make` also makes a database that is not there yet; otherwise that is a `NotFoundError`.
    """
    settings = read_settings()
    if not make and not settings.database.exists():
        raise NotFoundError(
            mark(
                "There is no such database yet: import something first, "
                "or say with PAPERBOT_DATABASE where it is"
            ),
            path=str(settings.database),
        )

    async def opened_for_work() -> T:
        async with opened(settings.database) as db:
            return await work(db, settings)

    return asyncio.run(opened_for_work())
