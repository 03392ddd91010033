"""Socket Mode: connections that break, and the ways in which they come back."""

import pytest

from bot.core.domain.errors import UsageError
from bot.core.ports import ChannelRef, Platform
from tests.fakes.slack import APP_TOKEN, BOT_TOKEN, FakeSlack, Fault
from tests.platforms.slack.stage import (
    CHANNEL,
    KEY,
    Clock,
    RecordingInbox,
    Remembered,
    Stage,
    make_chat,
    paragraph,
    running,
)
from tests.waiting import until


def ref(channel: str, *, workspace: str = "T1") -> ChannelRef:
    return ChannelRef(Platform.SLACK, workspace, channel)


async def test_both_connections_are_open_and_health_says_so(socket_stage: Stage):
    await until(lambda: socket_stage.chat.condition.detail == "2 of 2 connections")

    assert socket_stage.chat.condition.ok
    assert len(socket_stage.slack.sockets.open) == 2


async def test_a_refresh_loses_no_command(socket_stage: Stage):
    slack = socket_stage.slack
    for socket in list(slack.sockets.open):
        await slack.sockets.disconnect(socket)
        asked = await slack.command("/paper reasoning")
        assert asked.acknowledged
        await until(lambda: len(slack.sockets.open) == 2)


async def test_broken_connections_are_restored(socket_stage: Stage):
    slack = socket_stage.slack
    opened = slack.sockets.opened
    slack.sockets.abort()

    await until(lambda: slack.sockets.opened >= opened + 2 and len(slack.sockets.open) == 2)
    await until(lambda: socket_stage.chat.condition.detail == "2 of 2 connections")
    asked = await slack.command("/paper reasoning")
    assert asked.acknowledged


async def test_a_connection_without_pongs_is_replaced(socket_stage: Stage):
    slack = socket_stage.slack
    opened = slack.sockets.opened
    slack.sockets.silent = True

    await until(lambda: slack.sockets.opened > opened)
    slack.sockets.silent = False
    await until(lambda: len([s for s in slack.sockets.open if not s.closed]) >= 2)
    await until(lambda: socket_stage.chat.condition.ok)


async def test_a_dead_connection_is_replaced_and_reported_in_health(socket_stage: Stage):
    slack = socket_stage.slack
    slack.sockets.refusing = True
    slack.sockets.abort()
    await until(lambda: not socket_stage.chat.condition.ok)
    assert socket_stage.chat.condition.detail == "0 of 2 connections"

    slack.sockets.refusing = False

    await until(lambda: socket_stage.chat.condition.ok)
    asked = await slack.command("/paper reasoning")
    assert asked.acknowledged


async def test_malformed_frames_do_not_stop_the_connection(socket_stage: Stage):
    for frame in (
        "{",
        "[]",
        "null",
        '{"type": 5}',
        '{"type":"hello"}',
        "plain",
        '{"envelope_id":"x"}',
    ):
        await socket_stage.slack.sockets.send_to_all(frame)

    asked = await socket_stage.slack.command("/paper reasoning")
    assert asked.acknowledged
    await socket_stage.asked()


async def test_slack_down_at_the_start_and_back_later_is_waited_for():
    clock, inbox = Clock(), RecordingInbox()
    async with FakeSlack() as slack:
        slack.faults.append(Fault("auth.test", status=503, times=3))
        slack.faults.append(Fault("apps.connections.open", drop=True, times=2))
        chat = make_chat(slack, clock, Remembered())
        async with running(chat, inbox):
            await until(lambda: len(slack.calls_of("auth.test")) >= 2)
            assert not chat.condition.ok
            await until(lambda: chat.condition.ok)
            asked = await slack.command("/paper rl")
            assert asked.acknowledged


@pytest.mark.parametrize("error", ["invalid_auth", "account_inactive", "token_revoked"])
@pytest.mark.parametrize("token", [BOT_TOKEN, APP_TOKEN])
async def test_a_rejected_token_stops_the_chat_with_a_clear_error(token, error):
    async with FakeSlack() as slack:
        slack.tokens[token] = error
        chat = make_chat(slack, Clock(), Remembered())

        with pytest.raises(UsageError) as refused:
            await chat.run(RecordingInbox())

    name = "SLACK_BOT_TOKEN" if token == BOT_TOKEN else "SLACK_APP_TOKEN"
    assert name in str(refused.value)
    assert token not in str(refused.value)


async def test_posting_before_the_bot_is_connected_is_unavailable(socket_stage: Stage):
    chat = make_chat(socket_stage.slack, socket_stage.clock, Remembered())

    with pytest.raises(Exception, match="not connected yet"):
        await chat.post(CHANNEL, paragraph("x"), key=KEY)


async def test_a_channel_is_checked_before_it_is_subscribed(socket_stage: Stage):
    world = socket_stage.slack.world
    world.add_channel("C8", "not-there", joined=False)
    world.add_channel("C9", "old").archived = True

    checked = await socket_stage.chat.check(ref("C1", workspace=""))

    assert checked == CHANNEL
    for channel, words in (("C8", "/invite"), ("C9", "archived"), ("C404", "check the id")):
        with pytest.raises(Exception, match=words):
            await socket_stage.chat.check(ref(channel))


def test_secrets_are_not_in_what_an_access_shows():
    chat = make_chat(FakeSlack(), Clock(), Remembered())

    assert BOT_TOKEN not in repr(chat._access)
    assert APP_TOKEN not in repr(chat._access)
