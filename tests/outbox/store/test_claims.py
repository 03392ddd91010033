"""Claiming takes as many steps however many messages wait in a channel."""

import sqlite3
from contextlib import closing, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.core.database.database import opened
from bot.core.database.dialect import for_sqlite
from bot.core.ports import ChannelRef, Platform
from bot.outbox.domain.reach import span
from bot.outbox.store import claims, deliveries
from tests.bench.recorded import RecordedDatabase
from tests.outbox_stage import draft
from tests.stage import MORNING

CHANNELS = [ChannelRef(Platform.SLACK, "T1", f"C{place:02}") for place in range(20)]


@pytest.mark.sqlite
async def test_claiming_takes_as_many_steps_with_a_hundred_waiting_in_each_channel(tmp_path: Path):
    few, many = [await steps(tmp_path / f"{each}.db", each) for each in (4, 100)]

    assert few == many


async def steps(path: Path, each: int) -> list[int]:
    """What SQLite takes to list the ready channels, and to claim a message of each."""
    taken: list[int] = []
    async with opened(path) as db:
        for part in range(each):
            async with db.transaction() as tx:
                await deliveries.add(
                    tx, [draft(str(part), channel) for channel in CHANNELS], MORNING
                )
        recorded = RecordedDatabase(db)
        with suppress(InterruptedError):
            async with recorded.transaction() as tx:
                ready = await tx.call(
                    partial(
                        claims.list_ready_channels,
                        spans=[span(Platform.SLACK)],
                        now=MORNING,
                        limit=2000,
                    )
                )
                until = MORNING + timedelta(minutes=1)
                found = await claims.claim(tx, ready, owner="a", now=MORNING, lease_until=until)
                assert len(found) == len(CHANNELS)
                raise InterruptedError  # so that it is all there once more
    with closing(sqlite3.connect(path)) as plain:
        for sql, parameters in recorded.asked:
            taken.append(0)

            def step() -> None:
                taken[-1] += 1

            plain.set_progress_handler(step, 1)
            assert len(plain.execute(for_sqlite(sql), parameters or {}).fetchall()) == len(CHANNELS)
            plain.set_progress_handler(None, 1)
    return taken
