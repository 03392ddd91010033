"""What is suggested after `/unfollow`, and what a message in a thread means."""

import pytest

from bot.commands.services import follow_command
from bot.commands.services.follow_command import FollowContext
from bot.core.domain import command_line
from bot.core.ports import Command
from tests.follow_stage import following, open_inbox
from tests.stage import MORNING
from tests.talk_stage import ADA, BO, SLACK


async def test_after_unfollow_the_persons_own_follows_are_suggested(tmp_path):
    async with following(tmp_path, MORNING) as stage:
        await stage.follow("#moe", "author:lee", "#rl")
        await stage.follow("#other", user=BO)
        context = FollowContext(stage.db, stage.clock, open_inbox)
        command = Command("unfollow", {}, ADA, SLACK, "en")

        every = await follow_command.complete_followed(context, command, "")
        some = await follow_command.complete_followed(context, command, "#")

        assert {each.value for each in every} == {"#moe", "author:lee", "#rl"}
        assert {each.value for each in some} == {"#moe", "#rl"}


@pytest.mark.parametrize(
    ("line", "is_shown"),
    [
        ("/follow list", True),
        ("/follow 설정 at:08:00", True),
        ("/unfollow", True),
        ("/follow #rl", False),
        ("/unfollow #rl", False),
        ("/paper #rl", False),
        (follow_command.in_thread("follow"), False),
    ],
)
def test_what_a_person_follows_is_nothing_for_a_thread(line: str, is_shown: bool):
    assert follow_command.shows_follows(command_line.parse_line(line)) is is_shown
