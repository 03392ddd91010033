"""Several processes keep the connections of one bot: each is at one of them, and moves with its part."""

from functools import partial

from tests.platforms.discord.stage import RunningBot
from tests.platforms.discord.test_shards import a_thread_each, heard
from tests.platforms.owners import Owners


def two_bots(idle: RunningBot) -> tuple[RunningBot, RunningBot, Owners]:
    """Two processes of one bot, which share what is stored."""
    owners = Owners({0: "first", 1: "first", 2: "second"})
    first = idle
    second = RunningBot(idle.discord, notes=idle.notes, once=idle.once)
    for name, bot in (("first", first), ("second", second)):
        bot.part_of, bot.alone = partial(owners.part, name), owners.alone
    return first, second, owners


async def all_up(bot: RunningBot) -> None:
    """Every connection is there once."""
    await bot.until(
        lambda: (
            sorted(session.shard for session in bot.discord.gateway.live)
            == [(0, 3), (1, 3), (2, 3)]
        )
    )


async def test_each_connection_is_kept_by_the_process_whose_part_it_is(idle: RunningBot):
    idle.discord.gateway.shards = 3
    first, second, owners = two_bots(idle)
    first.start()
    second.start()
    try:
        threads = await a_thread_each(first)
        await all_up(first)
        await first.until(lambda: first.chat.condition.detail == "connected")
        await first.until(lambda: second.chat.condition.detail == "connected")

        for number, thread in enumerate(threads):
            await first.discord.says(f"in {number}", at=thread)
        await first.until(lambda: sorted(heard(first)) == ["in 0", "in 1"])
        await first.until(lambda: heard(second) == ["in 2"])

        owners.move(1, "second")
        await first.until(lambda: first.chat.condition.detail == "connected")
        await all_up(first)
        await first.discord.says("moved", at=threads[1])
        await first.until(lambda: "moved" in heard(second))

        assert "moved" not in heard(first)
        assert len(first.discord.sent("commands")) == 1
    finally:
        await second.stop()


async def test_a_process_without_a_connection_is_well_and_posts(idle: RunningBot):
    first, second, owners = two_bots(idle)
    del owners
    second.start()
    try:
        await second.until(lambda: second.chat.condition.detail == "connected by another process")
        assert second.chat.condition.ok
        await a_thread_each(second)
        assert first.discord.gateway.identifies == 0
    finally:
        await second.stop()
