"""As many gateway connections as Discord recommends, each for its share of the servers."""

from bot.core.ports import ChannelRef, Platform
from tests.platforms.discord.stage import RunningBot, key, paper

SERVERS = (1, 1 << 22, 2 << 22)
"""One for each of three connections."""


def channel(number: int) -> ChannelRef:
    return ChannelRef(Platform.DISCORD, str(SERVERS[number]), str(11 + number))


async def a_thread_each(bot: RunningBot) -> list[int]:
    """The thread of a paper in each server."""
    for number, server in enumerate(SERVERS[1:], 1):
        bot.discord.world.add_guild(server, "Reading group")
        bot.discord.world.add_channel(11 + number, "papers", guild=server)
    posts = [await bot.chat.post(channel(n), paper(), key=key(n)) for n in range(len(SERVERS))]
    return [int(post.id) for post in posts]


async def connected(bot: RunningBot, count: int) -> None:
    def are_up() -> bool:
        up = {session.shard for session in bot.discord.gateway.live}
        return up == {(n, count) for n in range(count)} and bot.chat.condition.detail == "connected"

    await bot.until(are_up)


def heard(bot: RunningBot) -> list[str]:
    return [each.text for each in bot.desk.heard]


async def all_heard(bot: RunningBot, wanted: set[str]) -> None:
    await bot.until(lambda: wanted <= set(heard(bot)))


async def test_every_server_is_served_by_one_of_the_connections(idle: RunningBot):
    idle.discord.gateway.shards = 3
    idle.start()
    threads = await a_thread_each(idle)
    await connected(idle, 3)

    for number, thread in enumerate(threads):
        await idle.discord.says(f"in {number}", at=thread)
        asked = await idle.discord.types("paper", {"query": "rl"}, at=11 + number)
        await asked.answer()
    await idle.until(lambda: sorted(heard(idle)) == ["in 0", "in 1", "in 2"])

    assert {each.message.channel for each in idle.desk.heard} == {channel(n) for n in range(3)}
    assert idle.discord.gateway.identifies == 3
    assert len(idle.discord.sent("commands")) == 1


async def test_a_connection_that_is_down_stops_no_other(idle: RunningBot):
    idle.discord.gateway.shards = 3
    idle.start()
    threads = await a_thread_each(idle)
    await connected(idle, 3)
    gateway = idle.discord.gateway

    gateway.refusing = True
    [down] = [session for session in gateway.live if session.shard == (1, 3)]
    assert down.connection is not None
    assert down.connection.transport is not None
    down.connection.transport.abort()
    await idle.until(lambda: idle.chat.condition.detail.startswith("connections: 2 of 3; "))
    await idle.discord.says("meanwhile", at=threads[1])
    await idle.discord.says("now", at=threads[2])
    await idle.until(lambda: heard(idle) == ["now"])
    assert idle.chat.condition.ok

    gateway.refusing = False
    await idle.until(lambda: heard(idle) == ["now", "meanwhile"])
    await connected(idle, 3)


async def test_what_was_said_before_the_number_changed_is_read(bot: RunningBot):
    threads = await a_thread_each(bot)
    await bot.until(lambda: len(bot.notes.kept) > 1)
    for count in (3, 2, 1):
        await bot.stop()
        bot.discord.gateway.shards = count
        wanted = {f"with {count} in {thread}" for thread in threads}
        for thread in threads:
            await bot.discord.says(f"with {count} in {thread}", at=thread)

        bot.start()

        await all_heard(bot, wanted)
        await connected(bot, count)
    assert len(heard(bot)) == len(set(heard(bot))) == 9


async def test_a_bot_that_outgrows_its_connections_makes_more(bot: RunningBot):
    bot.pauses.clear()
    assert bot.discord.gateway.live[0].shard == (0, 1)

    bot.discord.gateway.shards = 2
    await bot.discord.gateway.close(4011)
    await connected(bot, 2)

    assert not [pause for pause in bot.pauses if pause >= bot.patience.until_fixed]
