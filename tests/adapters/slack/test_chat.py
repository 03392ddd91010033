"""What people do in Slack, through the real SDK, in both modes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import aiohttp
import pytest

from bot.domain.document import Button, Buttons, Document, Paragraph, Text
from bot.domain.errors import UsageError
from bot.ports import ChannelRef, Command, DeliveryKey, MessageRef, Platform
from tests.adapters.slack.stage import (
    CHANNEL,
    Clock,
    RecordingInbox,
    Remembered,
    Stage,
    make_chat,
    running,
    serving_http,
    staged,
    until,
)
from tests.fakes.slack import FakeSlack, Fault
from tests.fakes.slack.server import APP_TOKEN, BOT_TOKEN, signed
from tests.fakes.slack.world import BOT_USER

KEY, KEY_2 = DeliveryKey("d01"), DeliveryKey("d02")
BUTTONS = (
    Paragraph((Text("A paper"),)),
    Buttons((Button("Abstract", command="/paper entry:7"),)),
)
LONG = Document(tuple(Paragraph((Text(f"Part {n}. " * 300),)) for n in range(14)), "Long")


def paragraph(text: str) -> Document:
    return Document((Paragraph((Text(text),)),), text)


def ref(channel: str, *, workspace: str = "T1") -> ChannelRef:
    return ChannelRef(Platform.SLACK, workspace, channel)


@pytest.fixture(params=["socket", "http"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with staged(http=request.param == "http") as opened:
        yield opened


@pytest.fixture
async def socket_stage() -> AsyncIterator[Stage]:
    async with staged() as opened:
        yield opened


@pytest.fixture
async def http_stage() -> AsyncIterator[Stage]:
    async with staged(http=True) as opened:
        yield opened


def button(message: dict[str, Any]) -> dict[str, Any]:
    """The first button of a message, as Slack tells that it was pressed."""
    block = next(block for block in message["blocks"] if block["type"] == "actions")
    return {**block["elements"][0], "block_id": block.get("block_id", "")}


async def test_a_command_is_acknowledged_and_answered_in_the_channel(stage: Stage):
    asked = await stage.slack.command("/paper reasoning", user="U2")

    answer = await stage.slack.until(lambda: asked.answers)
    assert asked.acknowledged
    assert asked.response == {}
    assert answer[0]["response_type"] == "in_channel"
    assert answer[0]["text"].startswith("/paper reasoning: page 1")
    (command,) = stage.inbox.commands
    assert (command.name, dict(command.options)) == ("paper", {"query": "reasoning"})
    assert (command.channel, command.root) == (CHANNEL, None)
    assert (command.user.id, command.user.name, command.locale) == ("U2", "하늘", "ko-KR")


async def test_a_private_command_is_answered_to_its_asker_alone(stage: Stage):
    asked = await stage.slack.command("/digest today")

    answer = await stage.slack.until(lambda: asked.answers)
    assert answer[0]["response_type"] == "ephemeral"
    assert stage.slack.messages() == []


async def test_what_is_no_command_is_said_in_the_askers_language(stage: Stage):
    asked = await stage.slack.command("/nonsense x", user="U2")

    answer = await stage.slack.until(lambda: asked.answers)
    assert answer[0]["response_type"] == "ephemeral"
    assert "/nonsense" in answer[0]["text"]
    assert "없습니다" in answer[0]["text"]
    assert stage.inbox.commands == []


async def test_a_command_works_where_the_bot_is_no_member(stage: Stage):
    stage.slack.world.add_channel("C2", "elsewhere", joined=False)

    asked = await stage.slack.command("/paper rl", channel="C2")

    await stage.slack.until(lambda: asked.answers)
    assert stage.inbox.commands[0].channel.id == "C2"


async def test_signs_that_slack_escapes_arrive_as_they_were_typed(stage: Stage):
    await stage.slack.command("/paper a &lt;b&gt; &amp; c")

    assert (await stage.asked())[0].options["query"] == "a <b> & c"


async def test_who_may_manage_a_channel_is_slacks_answer(stage: Stage):
    stage.slack.world.add_channel("C3", "made-by-2", creator="U2")
    stage.slack.world.add_person("U3", "Grace")

    for user, channel in (("U1", "C3"), ("U2", "C3"), ("U2", "C1"), ("U3", "C3")):
        await stage.slack.command("/digest status", user=user, channel=channel)

    asked = await stage.asked(4)
    found = {(c.user.id, c.channel.id): c.user.can_manage for c in asked}
    assert found == {
        ("U1", "C3"): True,
        ("U2", "C3"): True,
        ("U2", "C1"): False,
        ("U3", "C3"): False,
    }


async def test_who_cannot_be_looked_up_is_still_answered(stage: Stage):
    stage.slack.faults.append(Fault("users.info", error="internal_error", times=9))

    asked = await stage.slack.command("/paper rl")

    await stage.slack.until(lambda: asked.answers)
    assert stage.inbox.commands[0].user.name == "Ada"


async def test_a_mention_is_answered_in_the_thread(stage: Stage):
    message = await stage.slack.say(f"<@{BOT_USER}> reasoning")

    await stage.slack.until(lambda: stage.slack.replies(message["ts"]))
    (answer,) = stage.slack.replies(message["ts"])
    assert answer["text"].startswith("/paper reasoning: page 1")
    assert stage.inbox.commands[0].root is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<@UBOT> reasoning", ("paper", {"query": "reasoning"})),
        ("<@UBOT>: digest today", ("digest", {"what": "today"})),
        ("<@UBOT> /paper rl page:2", ("paper", {"query": "rl", "page": "2"})),
        ("tell me, <@UBOT> 보상 모델", ("paper", {"query": "보상 모델"})),
        ("rl please <@UBOT>", ("paper", {"query": "rl please"})),
        ("<@UBOT>", ("help", {})),
        (
            "<@UBOT> <https://arxiv.org/abs/2502.01456>",
            ("paper", {"query": "https://arxiv.org/abs/2502.01456"}),
        ),
    ],
)
async def test_a_mention_says_what_a_command_would(socket_stage: Stage, text, line):
    await socket_stage.slack.say(text)

    (command,) = await socket_stage.asked()
    assert (command.name, dict(command.options)) == line


async def test_a_mention_in_a_thread_of_ours_is_heard_there_and_no_command(stage: Stage):
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    await stage.slack.say(f"<@{BOT_USER}> reasoning", thread=root.id)

    (heard,) = await stage.heard()
    assert heard.root == root
    assert heard.text == "@paperbot reasoning"
    assert heard.mentions_bot
    assert stage.inbox.commands == []


async def test_a_mention_in_somebody_elses_thread_is_answered_there(stage: Stage):
    root = await stage.slack.say("Who knows a paper about that?")
    await stage.slack.say(f"<@{BOT_USER}> reasoning", thread=root["ts"])

    await stage.slack.until(lambda: len(stage.slack.replies(root["ts"])) == 2)
    assert stage.inbox.commands[0].root == MessageRef(CHANNEL, root["ts"])
    assert stage.slack.replies(root["ts"])[1]["text"].startswith("/paper reasoning")


async def test_a_private_answer_to_a_mention_is_seen_by_the_asker_alone(stage: Stage):
    await stage.slack.say(f"<@{BOT_USER}> digest today", user="U1")

    await stage.slack.until(lambda: stage.slack.world.ephemerals)
    assert stage.slack.world.ephemerals[0].user == "U1"
    assert stage.slack.messages() == []


async def test_a_direct_message_needs_no_mention(stage: Stage):
    direct = stage.slack.world.direct_channel("U2")
    await stage.slack.say("reasoning", user="U2", channel=direct.id)

    await stage.slack.until(lambda: stage.slack.messages(direct.id))
    (answer,) = stage.slack.messages(direct.id)
    assert "thread_ts" not in answer
    assert stage.inbox.commands[0].user.can_manage


async def test_what_people_say_in_our_threads_reaches_the_inbox(stage: Stage):
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    said = await stage.slack.say(
        "See <https://arxiv.org/abs/1706.03762|arxiv.org> &amp; <@U1>, <!here>",
        user="U2",
        thread=root.id,
    )

    (heard,) = await stage.heard()
    assert heard.root == root
    assert heard.message == MessageRef(CHANNEL, said["ts"])
    assert heard.user.name == "하늘"
    assert heard.text == "See arxiv.org (https://arxiv.org/abs/1706.03762) & @Ada, @here"
    assert not heard.mentions_bot


async def test_an_edit_repeats_the_message_and_a_deletion_takes_it_back(stage: Stage):
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    said = await stage.slack.say("first", thread=root.id)
    await stage.heard()
    await stage.slack.edit(said, "second")
    first, second = await stage.heard(2)
    await stage.slack.take_back(said)
    await until(lambda: stage.inbox.forgotten)

    assert (first.text, second.text) == ("first", "second")
    assert first.message == second.message == stage.inbox.forgotten[0]


async def test_other_talk_is_none_of_our_business(socket_stage: Stage):
    stage = socket_stage
    theirs = await stage.slack.say("a thread of people")
    await stage.slack.say("a reply to it", thread=theirs["ts"])
    ours = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    await stage.chat.reply(ours, paragraph("our own reply"), key=KEY_2)
    await stage.slack.say("ours", thread=ours.id)

    (heard,) = await stage.heard()
    assert heard.text == "ours"
    assert stage.inbox.commands == []


async def test_everything_is_acknowledged_also_what_nobody_listens_to(stage: Stage):
    asked = [
        await stage.slack.event({"type": "team_join", "user": {"id": "U9"}}),
        await stage.slack.event({"type": "message", "subtype": "channel_topic", "channel": "C1"}),
        await stage.slack.event({"type": "message"}),
        await stage.slack.press(None, {"type": "button", "action_id": "x", "url": "https://a.b"}),
        await stage.slack.press(
            None, {"type": "button", "action_id": "y", "value": {"not": "text"}}
        ),
    ]

    assert all(one.acknowledged for one in asked)
    assert stage.inbox.commands == []


async def test_an_unknown_interaction_is_acknowledged(stage: Stage):
    for kind in ("shortcut", "view_submission", "view_closed"):
        asked = await stage.slack.press(
            None,
            {"action_id": "z"},
            type=kind,
            callback_id="c",
            view={"type": "modal", "callback_id": "c"},
        )
        assert asked.acknowledged, kind


async def test_what_is_no_event_at_all_is_acknowledged():
    told = {"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1}
    async with staged() as stage:
        acknowledged, _ = await stage.slack.sockets.push("events_api", dict(told), {}, seconds=3)
        assert acknowledged
    async with staged(http=True) as stage:
        body = json.dumps(told).encode()
        headers = {"Content-Type": "application/json"} | signed(body)
        assert (await stage.slack.post_raw(body, headers))[0] == 200


async def test_an_answer_waits_where_slack_asks_to_wait(socket_stage: Stage):
    slack = socket_stage.slack
    limit = Fault("chat.postMessage", error="ratelimited", status=429, retry_after=1, times=2)
    slack.faults.append(limit)

    message = await slack.say(f"<@{BOT_USER}> reasoning")

    await slack.until(lambda: slack.replies(message["ts"]))
    assert len(slack.calls_of("chat.postMessage")) == 3


async def test_a_redelivered_event_has_no_second_effect(stage: Stage):
    await stage.slack.say(f"<@{BOT_USER}> reasoning")
    await stage.asked()
    asked = next(one for one in stage.slack.asked if one.payload["event"]["type"] == "app_mention")

    again = await stage.slack.redeliver(asked)
    await stage.slack.say(f"<@{BOT_USER}> another")

    assert again.acknowledged
    await stage.asked(2)
    assert [c.options["query"] for c in stage.inbox.commands] == ["reasoning", "another"]


async def test_a_redelivered_command_has_no_second_effect(socket_stage: Stage):
    asked = await socket_stage.slack.command("/paper reasoning")
    await socket_stage.asked()

    await socket_stage.slack.redeliver(asked)
    await socket_stage.slack.command("/paper another")

    await socket_stage.asked(2)
    assert len(socket_stage.inbox.commands) == 2


async def test_it_is_acknowledged_long_before_it_is_answered(socket_stage: Stage):
    going_on = asyncio.Event()

    class Slow(RecordingInbox):
        async def command(self, command: Command) -> Document:
            await going_on.wait()
            return await RecordingInbox.command(self, command)

    stage = socket_stage
    stage.slack.sockets.open.clear()
    slow = Slow()
    chat = make_chat(stage.slack, stage.clock, Remembered())
    async with running(chat, slow):
        await until(lambda: chat.condition.ok and stage.slack.sockets.open)
        asked = await stage.slack.command("/paper reasoning")
        assert asked.acknowledged
        assert asked.answers == []
        going_on.set()
        await stage.slack.until(lambda: asked.answers)


async def test_what_breaks_on_one_message_does_not_take_the_others_along(socket_stage: Stage):
    def answer(command: Command) -> Document:
        if command.options["query"] == "bad":
            raise ZeroDivisionError
        return paragraph("fine")

    socket_stage.inbox.answer = answer
    bad = await socket_stage.slack.command("/paper bad")
    good = await socket_stage.slack.command("/paper good")

    await socket_stage.slack.until(lambda: good.answers)
    assert bad.acknowledged


# Pressing


async def test_turning_ones_own_page_turns_it_in_place(stage: Stage):
    asked = await stage.slack.command("/paper reasoning", user="U2")
    await stage.slack.until(lambda: asked.answers)
    (message,) = stage.slack.messages()

    await stage.slack.press(message, button(message), user="U2")

    await stage.slack.until(lambda: "page 2" in message["text"])
    assert len(stage.slack.messages()) == 1
    await stage.slack.press(message, button(message), user="U2")
    await stage.slack.until(lambda: "page 3" in message["text"])


async def test_turning_somebody_elses_page_is_seen_by_the_presser_alone(stage: Stage):
    asked = await stage.slack.command("/paper reasoning", user="U2")
    await stage.slack.until(lambda: asked.answers)
    (message,) = stage.slack.messages()

    pressed = await stage.slack.press(message, button(message), user="U1")

    answer = await stage.slack.until(lambda: pressed.answers)
    assert answer[0]["response_type"] == "ephemeral"
    assert not answer[0]["replace_original"]
    assert "page 1" in message["text"]


async def test_a_page_that_one_alone_sees_is_turned_in_place(stage: Stage):
    asked = await stage.slack.command("/paper reasoning", user="U2")
    await stage.slack.until(lambda: asked.answers)
    (message,) = stage.slack.messages()
    looked = await stage.slack.press(message, button(message), user="U1")
    (shown,) = await stage.slack.until(lambda: looked.answers)

    pressed = await stage.slack.press(dict(shown), button(shown), user="U1")

    answer = await stage.slack.until(lambda: pressed.answers)
    assert answer[0]["replace_original"]
    assert "page 3" in answer[0]["text"]


async def test_a_button_of_a_digest_from_before_a_restart_works(stage: Stage):
    stage.inbox.answer = lambda _: paragraph("the answer")
    document = Document((*BUTTONS,), "A paper")
    await stage.chat.post(CHANNEL, document, key=KEY)
    (message,) = stage.slack.messages()

    pressed = await stage.slack.press(message, button(message), user="U2")

    answer = await stage.slack.until(lambda: pressed.answers)
    assert stage.inbox.commands[0].options == {"query": "entry:7"}
    assert answer[0]["response_type"] == "ephemeral"
    assert len(stage.slack.messages()) == 1


async def test_a_button_in_a_thread_is_answered_in_the_thread(stage: Stage):
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    await stage.chat.reply(root, Document((*BUTTONS,), "A remark"), key=KEY_2)
    (reply,) = stage.slack.replies(root.id)

    await stage.slack.press(reply, button(reply), user="U1")

    await stage.slack.until(lambda: stage.slack.world.ephemerals)
    assert stage.slack.world.ephemerals[0].thread == root.id
    assert stage.inbox.commands[0].root == root


async def test_an_option_of_a_select_carries_its_command(stage: Stage):
    stage.inbox.answer = lambda _: paragraph("the paper")
    asked = {
        "type": "static_select",
        "action_id": "choose.0",
        "block_id": "b",
        "selected_option": {"text": {"type": "plain_text", "text": "1"}, "value": "/paper entry:9"},
    }

    await stage.slack.press(None, asked)

    assert (await stage.asked())[0].options == {"query": "entry:9"}


async def test_a_long_answer_goes_on_in_the_thread(stage: Stage):
    stage.inbox.answer = lambda _: LONG
    await stage.slack.command("/paper long")

    await stage.slack.until(
        lambda: (
            stage.slack.messages()
            and len(stage.slack.replies(stage.slack.messages()[0]["ts"])) >= 3
        )
    )
    assert len(stage.slack.messages()) == 1


async def test_a_long_private_answer_goes_on_by_the_response_url(stage: Stage):
    stage.inbox.answer = lambda _: LONG
    asked = await stage.slack.command("/digest today")

    await stage.slack.until(lambda: len(asked.answers) >= 4)
    assert {answer["response_type"] for answer in asked.answers} == {"ephemeral"}


# Home


async def test_the_home_shows_the_newest_digest_and_what_is_pressed_there(stage: Stage):
    await stage.slack.open_home(user="U2")
    home = await stage.slack.until(lambda: stage.slack.world.homes.get("U2"))
    (command,) = stage.inbox.commands
    assert (command.name, command.options["what"]) == ("digest", "newest")

    await stage.slack.press_home({**button(home), "type": "button"}, user="U2")

    await stage.slack.until(lambda: stage.slack.world.homes["U2"] is not home)
    turned = stage.slack.world.homes["U2"]
    assert turned["blocks"][0]["elements"][0]["value"] == "/digest newest"


# Connections


async def test_both_connections_are_open_and_health_says_so(socket_stage: Stage):
    condition = socket_stage.chat.condition

    assert (condition.ok, condition.detail) == (True, "2 of 2 connections")
    assert len(socket_stage.slack.sockets.open) == 2


async def test_a_refresh_loses_no_command(socket_stage: Stage):
    slack = socket_stage.slack
    for socket in list(slack.sockets.open):
        await slack.sockets.disconnect(socket)
        asked = await slack.command("/paper reasoning")
        assert asked.acknowledged
        await until(lambda: len(slack.sockets.open) == 2)


async def test_cut_connections_come_back_by_themselves(socket_stage: Stage):
    slack = socket_stage.slack
    opened = slack.sockets.opened
    slack.sockets.abort()

    await until(lambda: slack.sockets.opened >= opened + 2 and len(slack.sockets.open) == 2)
    await until(lambda: socket_stage.chat.condition.detail == "2 of 2 connections")
    asked = await slack.command("/paper reasoning")
    assert asked.acknowledged


async def test_a_server_that_answers_no_pings_is_left(socket_stage: Stage):
    slack = socket_stage.slack
    opened = slack.sockets.opened
    slack.sockets.silent = True

    await until(lambda: slack.sockets.opened > opened)
    slack.sockets.silent = False
    await until(lambda: len([s for s in slack.sockets.open if not s.closed]) >= 2)
    await until(lambda: socket_stage.chat.condition.ok)


async def test_a_dead_line_is_rebuilt_and_said_in_health(socket_stage: Stage):
    slack = socket_stage.slack
    slack.sockets.refusing = True
    slack.sockets.abort()
    await until(lambda: not socket_stage.chat.condition.ok)
    assert socket_stage.chat.condition.detail == "0 of 2 connections"

    slack.sockets.refusing = False

    await until(lambda: socket_stage.chat.condition.ok)
    asked = await slack.command("/paper reasoning")
    assert asked.acknowledged


async def test_malformed_frames_are_survived(socket_stage: Stage):
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
async def test_a_token_that_slack_does_not_accept_ends_it_with_a_clear_word(token, error):
    async with FakeSlack() as slack:
        slack.tokens[token] = error
        chat = make_chat(slack, Clock(), Remembered())

        with pytest.raises(UsageError) as refused:
            await asyncio.wait_for(chat.run(RecordingInbox()), 10)

    name = "SLACK_BOT_TOKEN" if token == BOT_TOKEN else "SLACK_APP_TOKEN"
    assert name in str(refused.value)
    assert token not in str(refused.value)


async def test_posting_before_the_connection_is_there_waits(socket_stage: Stage):
    chat = make_chat(socket_stage.slack, socket_stage.clock, Remembered())

    with pytest.raises(Exception, match="not connected yet"):
        await chat.post(CHANNEL, paragraph("x"), key=KEY)


# HTTP mode


def command_body(trigger: str = "forged.1") -> bytes:
    return (
        b"command=%2Fpaper&text=rl&user_id=U1&user_name=Ada&channel_id=C1&team_id=T1"
        b"&response_url=http%3A%2F%2F127.0.0.1%3A9%2F&trigger_id=" + trigger.encode()
    )


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Slack-Signature": "v0=00"},
        {"X-Slack-Request-Timestamp": "now", "X-Slack-Signature": "v0=00"},
        {"X-Slack-Request-Timestamp": "-1", "X-Slack-Signature": "v0=00"},
        {"X-Slack-Request-Timestamp": "9" * 40, "X-Slack-Signature": "v0=00"},
        {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=\u00e9"},
        signed(command_body(), secret="another"),
        signed(b"another body"),
        signed(command_body(), at=time.time() - 301 - 5),
        signed(command_body(), at=time.time() + 301 + 86_400),
    ],
)
async def test_forged_and_stale_requests_get_401_and_have_no_effect(http_stage: Stage, headers):
    body = command_body()

    status, answer = await http_stage.slack.post_raw(body, FORM | headers)

    assert status == 401
    assert answer == ""
    assert http_stage.inbox.commands == []


async def test_a_forged_request_cannot_hide_behind_a_check_of_certificates(http_stage: Stage):
    status, _ = await http_stage.slack.post_raw(command_body() + b"&ssl_check=1", FORM)

    assert status == 401


async def test_a_replayed_request_gets_401_and_has_no_second_effect(http_stage: Stage):
    body = command_body("once.1")
    headers = FORM | signed(body)

    first, _ = await http_stage.slack.post_raw(body, headers)
    second, _ = await http_stage.slack.post_raw(body, headers)

    assert (first, second) == (200, 401)
    await http_stage.asked()
    assert len(http_stage.inbox.commands) == 1


async def test_a_request_replayed_after_a_restart_has_no_effect(http_stage: Stage):
    body = command_body("once.2")
    headers = FORM | signed(body)
    await http_stage.slack.post_raw(body, headers)
    await http_stage.asked()
    inbox = RecordingInbox()
    chat = make_chat(http_stage.slack, http_stage.clock, http_stage.seen, http=True)

    async with serving_http(chat, http_stage.slack), running(chat, inbox):
        await until(lambda: chat.condition.ok)
        await http_stage.slack.post_raw(body, headers)
        await http_stage.slack.command("/paper another")
        await until(lambda: inbox.commands)

    assert [command.options["query"] for command in inbox.commands] == ["another"]


async def test_slack_may_verify_the_address(http_stage: Stage):
    body = json.dumps({"type": "url_verification", "challenge": "c", "token": "t"}).encode()

    status, answer = await http_stage.slack.post_raw(
        body, {"Content-Type": "application/json"} | signed(body)
    )

    assert (status, json.loads(answer)["challenge"]) == (200, "c")


@pytest.mark.parametrize("body", [b"", b"{", b"payload=%7B", b"\xff\xfe", b"a=" + b"x" * 2_000_000])
async def test_signed_nonsense_is_survived(http_stage: Stage, body: bytes):
    with suppress(aiohttp.ClientError):  # a body that is far too long may be cut off
        await http_stage.slack.post_raw(body, FORM | signed(body))
    asked = await http_stage.slack.command("/paper rl")

    assert asked.acknowledged
    assert len(await http_stage.asked()) == 1


async def test_before_we_know_who_we_are_slack_is_told_to_come_back():
    async with FakeSlack() as slack:
        chat = make_chat(slack, Clock(), Remembered(), http=True)
        async with serving_http(chat, slack):
            asked = await slack.command("/paper rl")

    assert asked.status == 503


async def test_a_press_that_carries_a_large_message_is_read(http_stage: Stage):
    message = await http_stage.slack.say("가" * 40_000)
    asked = {"type": "button", "action_id": "command.0", "block_id": "b", "value": "/paper rl"}

    pressed = await http_stage.slack.press(message, asked)

    assert pressed.acknowledged
    await http_stage.asked()


# Channels


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
