"""Two processes serve the web chat of one database: a page shows what the other one was told."""

import asyncio
from datetime import UTC, datetime

from bot.core.database.database import opened
from bot.platforms.web.change_feed import ChangeFeed, Changes
from bot.webchat.store.board import DatabaseBoard
from tests.databases import new_database
from tests.waiting import until

NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)


async def test_a_change_that_another_process_made_wakes_the_open_pages(postgresql: str):
    with new_database(postgresql) as address:
        async with opened(address) as one, opened(address) as other, asyncio.TaskGroup() as tasks:
            here = ChangeFeed(DatabaseBoard(one), lambda: one.hint("board"))
            there = ChangeFeed(DatabaseBoard(other))
            heard: list[str] = []

            def hear(topic: str) -> None:
                heard.append(topic)
                there.wake()

            listening = [
                tasks.create_task(one.listen(print)),
                tasks.create_task(other.listen(hear)),
            ]
            assert await there.changes(0, "") == Changes((), 0)
            await DatabaseBoard(one).add("general", "hello", at=NOON)
            with there.subscribe() as changed:

                def is_told() -> bool:
                    here.notify()  # again: the other one may not listen yet
                    return changed.is_set()

                await until(is_told)
                found = await there.changes(0, "")
            for each in listening:
                each.cancel()

    assert set(heard) == {"board"}
    assert found is not None
    assert [message.content for message in found.messages] == ["hello"]
