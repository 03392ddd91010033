"""Hints between the processes on one database, by LISTEN and NOTIFY (issue 15, item 5).

A hint says only that it is worth looking now; the tables are the truth, and whoever hears no hint
looks at an interval. Hints that are given together are one NOTIFY. Behind a pooler, whose
connections are shared, nobody can listen: then everything works, only later.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import psycopg

from bot.core.domain.errors import StorageError

log = logging.getLogger(__name__)

CHANNEL = "paperbot"
TOGETHER = 0.02
"""Seconds in which hints are collected into one NOTIFY."""
_AGAIN = 5.0
"""Seconds between two attempts to listen."""


class Hints:
    """What one process says to the others. `notify` sends a payload; `connect` opens a connection."""

    def __init__(
        self,
        notify: Callable[[str], Awaitable[object]],
        connect: Callable[[], Awaitable[psycopg.AsyncConnection[tuple[object, ...]]]],
    ) -> None:
        self._notify = notify
        self._connect = connect
        self._name = uuid.uuid4().hex
        self._topics: set[str] = set()
        self._given = asyncio.Event()

    def give(self, topic: str) -> None:
        """Tell the other processes soon; topics are single words. Called after a commit."""
        self._topics.add(topic)
        self._given.set()

    async def run(self, heard: Callable[[str], object] | None) -> None:
        """Send what is given, and call `heard` with what other processes give, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send())
            if heard is not None:
                group.create_task(self._listen(heard))

    async def _send(self) -> None:
        while True:
            await self._given.wait()
            await asyncio.sleep(TOGETHER)
            self._given.clear()
            payload = " ".join((self._name, *sorted(self._topics)))
            self._topics.clear()
            with suppress(StorageError):  # they look at an interval anyway
                await self._notify(payload)

    async def _listen(self, heard: Callable[[str], object]) -> None:
        is_cut = False
        while True:
            try:
                async with await self._connect() as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    if is_cut:
                        log.info("this process hears from the others again")
                        is_cut = False
                    async for told in connection.notifies():
                        self._hear(told.payload.split(), heard)
            except psycopg.Error as error:
                if not is_cut:  # once, however long the server is away
                    log.info(
                        "this process hears nothing from the others for now (%s), and looks at "
                        "intervals",
                        type(error).__name__,
                    )
                is_cut = True
            await asyncio.sleep(_AGAIN)

    def _hear(self, words: Sequence[str], heard: Callable[[str], object]) -> None:
        """Whoever may connect to the database may notify, without a word, too."""
        if words and words[0] != self._name:
            for topic in words[1:]:
                heard(topic)
