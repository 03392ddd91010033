from datetime import UTC, datetime, timedelta

import pytest

from bot.services.seen import KEPT, DatabaseSeen
from bot.store.database import Database, open_database


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2025, 2, 4, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def db(tmp_path):
    opened = await open_database(tmp_path / "paperbot.db")
    yield opened
    await opened.close()


async def test_an_event_is_new_once(db: Database, clock: Clock):
    seen = DatabaseSeen(db, clock=clock)

    assert await seen.first_time("slack:Ev1") is True
    assert await seen.first_time("slack:Ev1") is False
    assert await seen.first_time("discord:Ev1") is True


async def test_it_is_remembered_across_a_restart(db: Database, clock: Clock):
    await DatabaseSeen(db, clock=clock).first_time("slack:Ev1")

    assert await DatabaseSeen(db, clock=clock).first_time("slack:Ev1") is False


async def test_it_is_forgotten_after_a_day(db: Database, clock: Clock):
    seen = DatabaseSeen(db, clock=clock)
    await seen.first_time("slack:Ev1")

    clock.at += KEPT + timedelta(seconds=1)

    assert await seen.first_time("slack:Ev2") is True
    async with db.reading() as tx:
        rows = await tx.all("SELECT id FROM seen_event")
    assert [row["id"] for row in rows] == ["slack:Ev2"]
