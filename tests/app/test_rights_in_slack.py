"""What Slack says of people who signed in on the web; all ids are the same in both workspaces."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.ports import ChannelRef, ChatError, Identity, Platform
from tests.app.test_slack_workspaces import Stage, staged
from tests.fakes.slack import Fault

PLACES = tuple(
    ChannelRef(Platform.SLACK, team, each) for team in ("T1", "T2") for each in ("C1", "C2", "C3")
)


def member(user: str, team: str = "T1") -> Identity:
    return Identity(Platform.SLACK, (team,), user, "")


def furnish(stage: Stage) -> None:
    """U2 is in C1 of T1 and C2 of T2; the bot is not in the private C3, where U2 is."""
    for team, theirs in (("T1", "C1"), ("T2", "C2")):
        world = stage.fake.of[team].world
        world.add_channel("C2", "other", private=True)
        world.add_channel("C3", "secret", private=True, joined=False)
        for place in (theirs, "C3"):
            world.channels[place].members.add("U2")
    stage.fake.of["T2"].world.people["U1"].admin = False
    stage.fake.of["T2"].world.people["U2"].admin = True


async def test_people_see_and_manage_what_their_own_workspace_lets_them():
    async with staged("T1", "T2", fixed="T1") as stage:
        await stage.connected("T1", "T2")
        furnish(stage)
        slack = stage.slack

        assert await slack.list_visible(member("U2"), PLACES) == {PLACES[0]: "papers"}
        assert await slack.list_visible(member("U2", "T2"), PLACES) == {PLACES[4]: "other"}
        assert not await slack.may_manage(member("U2"), PLACES[0])
        assert not await slack.may_manage(member("U2"), PLACES[4])  # an admin of T2 by that id
        assert await slack.may_manage(member("U2", "T2"), PLACES[4])
        assert not await slack.may_manage(member("U2", "T2"), PLACES[0])
        assert await slack.may_manage(member("U1"), PLACES[0])


async def test_members_are_those_of_a_workspace_of_the_bot():
    async with staged("T1", "T2", fixed="T1") as stage:
        await stage.connected("T1", "T2")
        people = stage.fake.of["T1"].world.people
        slack = stage.slack

        assert await slack.shared_workspaces(member("U2")) == ("T1",)
        assert await slack.shared_workspaces(member("U2", "T3")) == ()
        assert await slack.shared_workspaces(member("U99")) == ()
        people["U1"].deleted, people["U2"].team = True, "T9"
        assert await slack.shared_workspaces(member("U1")) == ()
        assert await slack.shared_workspaces(member("U2")) == ()  # by a shared channel only
        assert await slack.shared_workspaces(member("U2", "T2")) == ("T2",)


async def test_where_slack_cannot_tell_there_is_an_error():
    async with staged("T1", "T2", fixed="T1") as stage:
        await stage.connected("T1", "T2")
        fake = stage.fake.of["T1"]
        fake.tokens[fake.bot_token] = "token_revoked"

        with pytest.raises(ChatError):
            await stage.slack.shared_workspaces(member("U2"))
        with pytest.raises(ChatError):
            await stage.slack.list_visible(member("U2"), PLACES)
        assert await stage.slack.shared_workspaces(member("U2", "T2")) == ("T2",)


async def test_a_right_that_slack_cannot_tell_for_now_is_no_refusal():
    async with staged("T1", "T2", fixed="T1") as stage:
        await stage.connected("T1", "T2")
        furnish(stage)
        faults = stage.fake.of["T1"].faults
        faults.append(Fault("conversations.info", drop=True, times=9))

        with pytest.raises(ChatError):
            await stage.slack.may_manage(member("U2"), PLACES[0])
        faults.clear()
        stage.clock.ahead += timedelta(seconds=5)  # for three, the failure counts
        assert not await stage.slack.may_manage(member("U2"), PLACES[0])


async def test_nobody_is_taken_for_a_stranger_before_it_is_known_which_workspaces_there_are():
    async with staged("T1", "T2", fixed="T1") as stage:
        await stage.connected("T1", "T2")
        again = Stage(stage.fake, fixed=None, http=False)
        again.apps = stage.apps

        with pytest.raises(ChatError):  # just started: its first look is to come
            await again.slack.shared_workspaces(member("U2", "T2"))

        # New tokens: the workspace is disconnected for a moment.
        kept = stage.access("T2")
        stage.apps["T2"] = replace(kept, app_token="xapp-another")
        before = stage.slack.chats()[-1]
        answers: set[tuple[str, ...] | str] = set()
        while stage.slack.chats()[-1] in {before, stage.slack.chats()[0]}:
            try:
                answers.add(await stage.slack.shared_workspaces(member("U2", "T2")))
            except ChatError:
                answers.add("unknown")
            await asyncio.sleep(0)
        assert answers <= {("T2",), "unknown"}
