"""What Discord says of people who signed in on the web."""

import pytest

from bot.core.ports import ChannelRef, ChatError, Identity, Platform
from bot.platforms.discord.rights import DiscordRights
from tests.fakes.discord import Fault
from tests.fakes.discord.world import MANAGE_CHANNELS, READ_HISTORY, VIEW
from tests.platforms.discord.stage import Stage, staged

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
