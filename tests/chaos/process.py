"""What processes that are to be killed share: their clock, and a database that kills them."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from bot.core.database.database import Database, Transaction
from tests.wrapped_database import WrappedDatabase


def now() -> datetime:
    return datetime.now(UTC)


class DoomedDatabase(WrappedDatabase):
    """Kills its process just before or just after the n-th commit that it is asked for."""

    def __init__(self, inner: Database, moment: str, number: int) -> None:
        super().__init__(inner)
        self._moment, self._number = moment, number

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        self._number -= 1
        doomed = self._number == 0
        async with self.inner.transaction() as tx:
            yield tx
            if doomed and self._moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if doomed and self._moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)
