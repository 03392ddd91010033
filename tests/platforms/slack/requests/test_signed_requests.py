"""HTTP mode: which requests are accepted, and which are refused."""

import json
import time
from contextlib import suppress

import aiohttp
import pytest

from tests.fakes.slack import FakeSlack, signed
from tests.fakes.slack.api import message_event
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
    serving_http,
)
from tests.waiting import until


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


async def test_a_forged_ssl_check_gets_401(http_stage: Stage):
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


async def test_url_verification_is_answered(http_stage: Stage):
    body = json.dumps({"type": "url_verification", "challenge": "c", "token": "t"}).encode()

    status, answer = await http_stage.slack.post_raw(
        body, {"Content-Type": "application/json"} | signed(body)
    )

    assert (status, json.loads(answer)["challenge"]) == (200, "c")


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (JSON, b"{"),
        (JSON, b"[]"),
        (JSON, b'"text"'),
        (JSON, b"null"),
        (JSON, b""),
        (JSON, b'{"type": "event_callback"'),
        (JSON, b'{"n": ' + b"9" * 5000 + b"}"),
        (JSON, b"[" * 100_000),
        (JSON, b'{"a":' * 900 + b"1" + b"}" * 900),
        (JSON, b"command=%2Fpaper&text=rl"),
        (JSON, "\ufeff{}".encode()),
        (JSON, b"\xff\xfe"),
        (FORM, b"{"),
        (FORM, b"payload=%7B"),
        (FORM, b"payload=[]"),
        (FORM, b"payload="),
        (FORM, b"\xff\xfe"),
        ({"Content-Type": "application/json; charset=nonsense"}, b'{"type": "event_callback"}'),
        ({"Content-Type": "application/json; charset=utf-16"}, b'{"type": "event_callback"}'),
        ({"Content-Type": FORM["Content-Type"] + "; charset=nonsense"}, command_body("n.1")),
        ({"Content-Type": FORM["Content-Type"] + '; charset="\\u0000"'}, command_body("n.2")),
    ],
)
async def test_a_signed_request_that_cannot_be_read_gets_400_without_a_traceback(
    http_stage: Stage, caplog, headers, body: bytes
):
    status, answer = await http_stage.slack.post_raw(body, headers | signed(body))

    assert (status, answer) == (400, "")
    assert [record for record in caplog.records if record.exc_info] == []
    assert [record.levelname for record in caplog.records if record.name.startswith("bot.")] == [
        "WARNING"
    ]
    asked = await http_stage.slack.command("/paper rl")
    assert asked.acknowledged
    assert [command.options["query"] for command in await http_stage.asked()] == ["rl"]


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8", '"utf-8"'])
async def test_a_request_may_declare_utf_8(http_stage: Stage, charset: str):
    body = command_body("charset.1")
    headers = {"Content-Type": f"{FORM['Content-Type']}; charset={charset}"}

    status, _ = await http_stage.slack.post_raw(body, headers | signed(body))

    assert status == 200
    await http_stage.asked()


async def test_a_body_over_the_limit_does_not_stop_the_server(http_stage: Stage):
    body = b"a=" + b"x" * 2_000_000
    with suppress(aiohttp.ClientError):  # it may be cut off
        await http_stage.slack.post_raw(body, FORM | signed(body))

    asked = await http_stage.slack.command("/paper rl")

    assert asked.acknowledged


ANOTHER = [
    {"team_id": "T2"},
    {"api_app_id": "A0002"},
    {"team_id": "T2", "api_app_id": "A0002"},
]


@pytest.mark.parametrize("named", ANOTHER)
async def test_a_request_for_another_app_or_workspace_gets_401_and_has_no_effect(
    http_stage: Stage, named: dict[str, str]
):
    refused = await http_stage.slack.command("/paper refused", **named)
    asked = await http_stage.slack.command("/paper rl")

    assert (refused.status, refused.acknowledged, asked.acknowledged) == (401, False, True)
    assert [command.options["query"] for command in await http_stage.asked()] == ["rl"]


@pytest.mark.parametrize("named", [{"team": {"id": "T2"}}, {"api_app_id": "A0002"}])
async def test_a_press_for_another_app_or_workspace_has_no_effect(stage: Stage, named):
    message = await stage.slack.say("Choose")
    button = {"type": "button", "action_id": "command.0", "block_id": "b"}

    await stage.slack.press(message, button | {"value": "/paper refused"}, **named)
    await stage.slack.press(message, button | {"value": "/paper rl"})

    assert [command.options["query"] for command in await stage.asked()] == ["rl"]


@pytest.mark.parametrize("named", ANOTHER)
async def test_an_envelope_for_another_app_or_workspace_has_no_effect(
    socket_stage: Stage, named: dict[str, str]
):
    await socket_stage.slack.command("/paper refused", **named)
    await socket_stage.slack.command("/paper rl")

    assert [command.options["query"] for command in await socket_stage.asked()] == ["rl"]


async def test_a_message_in_a_channel_shared_by_two_organisations_is_received(stage: Stage):
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    message = await stage.slack.say("From outside", thread=root.id, told=False)

    await stage.slack.event(
        message_event(stage.slack.channel(), message), team_id="T2", context_team_id="T1"
    )

    (heard,) = await stage.heard()
    assert heard.text == "From outside"


async def test_without_an_app_id_only_the_workspace_is_compared():
    async with FakeSlack() as slack:
        slack.world.scopes.discard("users:read")
        inbox = RecordingInbox()
        chat = make_chat(slack, Clock(), Remembered(), http=True)
        async with serving_http(chat, slack), running(chat, inbox):
            await until(lambda: chat.condition.ok)
            refused = await slack.command("/paper refused", team_id="T2")
            await slack.command("/paper rl", api_app_id="A7")
            await until(lambda: inbox.commands)

    assert refused.status == 401
    assert [command.options["query"] for command in inbox.commands] == ["rl"]


async def test_a_request_before_the_bot_is_identified_gets_503():
    async with FakeSlack() as slack:
        chat = make_chat(slack, Clock(), Remembered(), http=True)
        async with serving_http(chat, slack):
            asked = await slack.command("/paper rl")

    assert asked.status == 503


async def test_a_press_with_a_large_message_is_parsed(http_stage: Stage):
    message = await http_stage.slack.say("가" * 40_000)
    asked = {"type": "button", "action_id": "command.0", "block_id": "b", "value": "/paper rl"}

    pressed = await http_stage.slack.press(message, asked)

    assert pressed.acknowledged
    await http_stage.asked()


@pytest.mark.parametrize(
    "field",
    [
        {"event": "a text"},
        {"event": 5},
        {"event": {"type": "message", "channel": ["C1"], "user": {"id": 5}}},
        {"event": {"type": ["message"]}},
        {"event": {"type": "message", "blocks": 5, "files": "f", "attachments": [None]}},
        {"authorizations": ["T1"]},
        {"type": {}},
        {"is_enterprise_install": [], "enterprise": 7, "team": "T1"},
        {"user": "U1", "actions": "all"},
        {"type": "block_actions", "actions": [None], "user": 5, "channel": []},
        {"type": "block_actions", "actions": {}},
        {"type": "block_actions", "actions": ""},
        {"view": 1, "message": 2, "container": 3},
    ],
)
async def test_fields_of_other_types_are_a_bad_request_at_most(
    http_stage: Stage, field: dict[str, object], caplog: pytest.LogCaptureFixture
):
    event = {"type": "message", "channel": "C1", "user": "U1", "text": "hi", "ts": "1.000001"}
    whole = {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event} | field
    body = json.dumps(whole).encode()

    status, _ = await http_stage.slack.post_raw(
        body, {"Content-Type": "application/json"} | signed(body)
    )

    assert status in {200, 400, 401}
    assert [record for record in caplog.records if record.exc_info] == []
