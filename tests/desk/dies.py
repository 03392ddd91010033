"""A process that submits a note and kills itself in its nth transaction, before or after the commit.

python -m tests.desk.dies DATABASE KEY NTH before|after
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.core.database.database import Transaction, open_database
from bot.core.ports import FilledForm
from tests.desk_stage import ADA, CHANNEL, VALUES, Desk
from tests.locations import as_location
from tests.wrapped_database import WrappedDatabase


class Dying(WrappedDatabase):
    """Kills the process in its nth transaction."""

    nth = 0
    is_after = False
    begun = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        self.begun += 1
        is_last = self.begun == self.nth
        async with self.inner.transaction() as tx:
            yield tx
            if is_last and not self.is_after:
                os.kill(os.getpid(), signal.SIGKILL)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(address: str, key: str, nth: int, moment: str) -> None:
    db = Dying(await open_database(as_location(address)))
    desk = Desk(db)
    db.nth, db.is_after = nth, moment == "after"
    await desk.inbox.submit_form(FilledForm("note", key, VALUES, ADA, CHANNEL, "en"))
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
