"""HTTP mode: what is believed, and what is not."""

import json
import time
from contextlib import suppress

import aiohttp
import pytest

from tests.fakes.slack import FakeSlack, signed
from tests.platforms.slack.stage import (
    Clock,
    RecordingInbox,
    Remembered,
    Stage,
    make_chat,
    running,
    serving_http,
    until,
)


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
