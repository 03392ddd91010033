"""What Discord says of people who signed in on the web."""

import pytest

from bot.core.ports import ChannelRef, ChatError, Identity, Platform, User
from bot.platforms.discord.rights import DiscordRights
from tests.fakes.discord import Fault
from tests.fakes.discord.world import MANAGE_CHANNELS, READ_HISTORY, VIEW
from tests.platforms.discord.stage import RunningBot, Stage, staged

ADA = Identity(Platform.DISCORD, ("1", "2"), "101", "Ada")  # owns both guilds
SKY = Identity(Platform.DISCORD, ("1", "2"), "102", "하늘")


def channel(id_: int, guild: int = 1) -> ChannelRef:
    return ChannelRef(Platform.DISCORD, str(guild), str(id_))


CHANNELS = [channel(11), channel(12), channel(13), channel(14), channel(21, 2)]


def furnish(stage: Stage) -> DiscordRights:
    """Channels that 102 sees, does not see, sees without history and manages; and another guild."""
    world = stage.discord.world
    world.add_guild(2, "Another")
    for id_ in (12, 13, 14):
        world.add_channel(id_, f"c{id_}")
    world.add_channel(21, "c21", guild=2)
    for id_, allow, deny in (
        (12, 0, VIEW),
        (13, 0, READ_HISTORY),
        (14, MANAGE_CHANNELS, 0),
    ):
        world.channels[id_].overwrites = [
            {"id": "102", "type": 1, "allow": str(allow), "deny": str(deny)}
        ]
    world.people[102].not_in = {2}
    return DiscordRights(stage.rest)


async def test_people_see_and_manage_what_discord_lets_them():
    async with staged() as stage:
        rights = furnish(stage)

        assert await rights.list_visible(SKY, CHANNELS) == {
            channel(11): "papers",
            channel(14): "c14",
        }
        assert set(await rights.list_visible(ADA, CHANNELS)) == set(CHANNELS)
        managed = [each.id for each in CHANNELS if await rights.may_manage(SKY, each)]
        assert managed == ["14"]
        assert await rights.may_manage(ADA, channel(12))


async def test_membership_is_asked_in_each_guild():
    async with staged() as stage:
        rights = furnish(stage)

        assert await rights.shared_workspaces(SKY) == ("1",)
        assert await rights.shared_workspaces(ADA) == ("1", "2")
        stage.discord.world.guilds[1].has_bot = False
        assert await rights.shared_workspaces(SKY) == ()
        assert await rights.guilds() == {"2"}


async def test_a_guild_that_the_person_did_not_name_gives_no_rights():
    async with staged() as stage:
        rights = furnish(stage)
        only_second = Identity(Platform.DISCORD, ("2",), "101", "Ada")

        assert await rights.list_visible(only_second, CHANNELS) == {channel(21, 2): "c21"}
        assert not await rights.may_manage(only_second, channel(11))


async def test_where_discord_cannot_tell_there_is_an_error():
    async with staged() as stage:
        rights = furnish(stage)
        for path in (".*/members/.*", ".*/guilds/1"):
            stage.discord.fail(Fault(path=path, status=500, times=99))
        with pytest.raises(ChatError):
            await rights.shared_workspaces(SKY)
        with pytest.raises(ChatError):
            await rights.list_visible(SKY, CHANNELS)


async def vetted(bot: RunningBot, server: str) -> bool:
    return await bot.chat.vets(
        ChannelRef(Platform.DISCORD, server, "11"), User("101", "Ada", can_manage=True)
    )


async def test_of_several_servers_none_is_known_while_anybody_can_add_the_bot(idle: RunningBot):
    idle.start()
    await idle.connected()
    alone = await vetted(idle, "1")
    idle.discord.world.add_guild(2, "Strangers")
    await idle.restart()
    beside_strangers = [await vetted(idle, "1"), await vetted(idle, "2")]
    await idle.stop()
    while_away = await vetted(idle, "1")
    idle.discord.world.bot_public = False
    await idle.restart()
    only_the_operator_adds_it = [await vetted(idle, "1"), await vetted(idle, "2")]

    assert alone
    assert not any(beside_strangers)
    assert not while_away
    assert all(only_the_operator_adds_it)


async def test_servers_that_the_operator_names_are_known_and_no_others(idle: RunningBot):
    idle.discord.world.add_guild(2, "Strangers")
    idle.guilds = (1,)
    idle.start()
    await idle.connected()

    assert [await vetted(idle, "1"), await vetted(idle, "2")] == [True, False]
