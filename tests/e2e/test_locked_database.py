"""`paperbot run` while another process keeps the database locked for long."""

import asyncio
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.e2e.process import ready, starting
from tests.waiting import HANGING

KEY = "SELECT 1 FROM key_value WHERE name LIKE 'web: key%'"
LONGER_THAN_A_STATEMENT_WAITS = 13.0


async def test_a_lock_while_the_web_server_starts_ends_nothing(tmp_path: Path):
    database = tmp_path / "data" / "paperbot.db"
    async with starting(tmp_path, "run", settings={}) as running:
        await asyncio.to_thread(wait_for_signing_key, database)
        with sqlite3.connect(database, isolation_level=None, timeout=5) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(running.process.wait(), LONGER_THAN_A_STATEMENT_WAITS)
            other.execute("ROLLBACK")
        other.close()

        await ready(running)
        assert await running.stop() == 0


def wait_for_signing_key(database: Path) -> None:
    """Until the web server is about to listen: it has made the key of its cookies."""
    end = time.monotonic() + HANGING
    while time.monotonic() < end:
        with suppress(sqlite3.OperationalError):  # not there yet
            with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
                while not reader.execute(KEY).fetchone():
                    assert time.monotonic() < end
            return
    raise TimeoutError
