"""How people are named in `/digest managers …`."""

import pytest

from bot.channels.domain.managers import ManagersChange, read_change
from bot.core.domain.errors import UsageError
from bot.core.ports import Platform

SLACK, DISCORD, WEB = Platform.SLACK, Platform.DISCORD, Platform.WEB


@pytest.mark.parametrize(
    ("text", "platform", "change"),
    [
        ("", SLACK, None),
        ("<@U1> <@U2|ada>, <@U1>", SLACK, ManagersChange(added=("U1", "U2"))),
        ("add <@!123> and <@9>", DISCORD, ManagersChange(added=("123", "9"))),
        ("remove <@123>", DISCORD, ManagersChange(removed=("123",))),
        ("삭제 @0123456789abcdef", WEB, ManagersChange(removed=("0123456789abcdef",))),
        ("0123456789abcdef", WEB, ManagersChange(added=("0123456789abcdef",))),
    ],
)
def test_people_are_named_and_removed(text: str, platform: Platform, change):
    assert read_change(text, platform) == change


@pytest.mark.parametrize("platform", [SLACK, DISCORD, WEB])
@pytest.mark.parametrize(
    "text",
    ["@ada", "add ada", "remove", "<!subteam^S1>", "@관리자", "@123", "@everyone", "<@everyone>", "<@&9>", "<@ada>", "<@U1><@U2>", "<@U1|<@U2>>", "<@１２３>"],
)  # fmt: skip
def test_a_name_a_group_and_nobody_are_refused(text: str, platform: Platform):
    with pytest.raises(UsageError):
        read_change(text, platform)


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("<@123>", SLACK),
        ("<@B12345>", SLACK),
        ("<@U12345>", DISCORD),
        ("<@123>", WEB),
        ("<@U1>", WEB),
    ],
)
def test_a_mention_of_another_platform_is_refused(text: str, platform: Platform):
    with pytest.raises(UsageError):
        read_change(text, platform)
