"""The PostgreSQL server is stopped while messages are being posted (issue 15, item 6)."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from bot.core.database.address import PostgresAddress
from bot.core.database.database import opened
from bot.core.domain.document import Document
from bot.core.domain.errors import storage_error
from bot.core.ports import ChannelRef, DeliveryKey, MessageRef
from bot.outbox.domain.delivery import State
from tests.databases import PostgresServer, own_server
from tests.outbox_stage import draft, drain, plan, states
from tests.stage import MORNING, Clock, MemoryChat, Stage


class StoppingChat(MemoryChat):
    """Stops the server before or after it keeps a message: 1 is before the first, 2 after it, …"""

    server: PostgresServer
    moment = 0
    stops_at = 0

    async def post(
        self,
        channel: ChannelRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        await self._stop_if_due()
        posted = await super().post(channel, document, key=key, since=since)
        await self._stop_if_due()
        return posted

    async def _stop_if_due(self) -> None:
        self.moment += 1
        if self.moment == self.stops_at:
            await asyncio.to_thread(self.server.stop)


async def test_a_server_that_stops_before_or_after_any_call_loses_and_doubles_nothing(
    tmp_path: Path,
):
    with own_server() as server:
        async with opened(PostgresAddress.of(server.dsn)) as db:
            for moment in range(1, 5):
                clock = Clock(MORNING)
                chat = StoppingChat(clock)
                chat.server, chat.stops_at = server, moment
                stage = Stage(db, tmp_path, clock, chat)
                words = [f"{moment}: {n}" for n in range(3)]
                await plan(stage, *map(draft, words))

                with pytest.raises(ExceptionGroup) as failed:
                    await drain(stage)
                lost = storage_error(failed.value)
                await asyncio.to_thread(server.start)
                clock.turn(seconds=60)  # until the lease of the call in flight has ended
                await drain(stage)

                assert lost is not None
                assert "cannot be reached" in str(lost)
                assert stage.said() == words
                assert set(await states(stage)) == {State.SENT}
