"""An answer is seen once, also where the first way of showing it fails."""

from dataclasses import dataclass
from typing import Any

import pytest

from bot.core.domain.document import Document
from bot.core.ports import Command
from bot.platforms.slack.rendering.render import render
from tests.fakes.slack import Fault
from tests.fakes.slack.world import BOT_USER
from tests.platforms.slack.stage import LONG, Stage, echo
from tests.waiting import until

REFUSED = {
    "unauthorised": Fault("response_url", status=401, body="invalid_token", times=99),
    "forbidden": Fault("response_url", status=403, times=99),
    "used up": Fault("response_url", status=404, body="used_url", times=99),
    "expired": Fault("response_url", status=404, body="expired_url", times=99),
    "gone": Fault("response_url", status=410, times=99),
    "not ok": Fault(
        "response_url", status=200, body='{"ok": false, "error": "used_url"}', times=99
    ),
    "moved": Fault("response_url", status=302, times=99),
    "too many": Fault("response_url", status=429, retry_after=600, times=99),
    "broken server": Fault("response_url", status=500, times=99),
    "bad gateway": Fault("response_url", status=502, body="", times=99),
    "unavailable": Fault("response_url", status=503, times=99),
    "broken connection": Fault("response_url", drop=True, times=99),
}


@dataclass(frozen=True)
class ProcessedEvents:
    """What one person has seen of an answer: by which way, and its words."""

    way: str
    text: str


def seen_by(stage: Stage, user: str = "U1") -> list[ProcessedEvents]:
    slack = stage.slack
    responses = [
        ProcessedEvents("response", answer["text"])
        for asked in slack.asked
        for answer in asked.answers
        if answer["response_type"] == "ephemeral"
    ]
    ephemerals = [
        ProcessedEvents("ephemeral", e.text) for e in slack.world.ephemerals if e.user == user
    ]
    messages = [ProcessedEvents("message", m["text"]) for m in slack.messages()]
    direct = [
        ProcessedEvents("direct", message["text"])
        for message in slack.world.direct_channel(user).messages.values()
    ]
    return [*responses, *ephemerals, *messages, *direct]


def again(fault: Fault) -> Fault:
    return Fault(**vars(fault))


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("line", ["/paper reasoning", "/digest today", "/nonsense"])
async def test_a_response_url_that_fails_is_replaced_by_an_ephemeral_message(
    socket_stage: Stage, name: str, line: str
):
    socket_stage.slack.faults.append(again(REFUSED[name]))

    asked = await socket_stage.slack.command(line)
    await socket_stage.slack.until(lambda: socket_stage.slack.world.ephemerals)
    await settled(socket_stage)

    assert asked.acknowledged
    (seen,) = seen_by(socket_stage)
    assert seen.way == "ephemeral"


@pytest.mark.parametrize("name", REFUSED)
async def test_in_a_channel_without_the_bot_the_answer_is_a_direct_message(
    socket_stage: Stage, name: str
):
    socket_stage.slack.world.add_channel("C2", "elsewhere", joined=False)
    socket_stage.slack.faults.append(again(REFUSED[name]))

    await socket_stage.slack.command("/paper reasoning", channel="C2")
    direct = socket_stage.slack.world.direct_channel("U1")
    await socket_stage.slack.until(lambda: direct.messages)
    await settled(socket_stage)

    (seen,) = seen_by(socket_stage)
    assert (seen.way, seen.text.startswith("/paper reasoning")) == ("direct", True)


@pytest.mark.parametrize(
    "error", ["user_not_in_channel", "channel_not_found", "is_archived", "restricted_action"]
)
async def test_a_refused_ephemeral_message_becomes_a_direct_message(
    socket_stage: Stage, error: str
):
    socket_stage.slack.faults += [
        again(REFUSED["used up"]),
        Fault("chat.postEphemeral", error=error),
    ]

    await socket_stage.slack.command("/paper reasoning")
    direct = socket_stage.slack.world.direct_channel("U1")
    await socket_stage.slack.until(lambda: direct.messages)
    await settled(socket_stage)

    assert [seen.way for seen in seen_by(socket_stage)] == ["direct"]


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 503}, {"error": "internal_error"}])
async def test_an_ephemeral_message_that_fails_becomes_a_direct_message(
    socket_stage: Stage, fault: dict[str, Any]
):
    socket_stage.slack.faults += [
        again(REFUSED["expired"]),
        Fault("chat.postEphemeral", when="before", **fault),
    ]

    await socket_stage.slack.command("/digest today")
    direct = socket_stage.slack.world.direct_channel("U1")
    await socket_stage.slack.until(lambda: direct.messages)
    await settled(socket_stage)

    assert [seen.way for seen in seen_by(socket_stage)] == ["direct"]


@pytest.mark.parametrize(("when", "way"), [("before", "ephemeral"), ("after", "thread")])
async def test_a_mention_whose_answer_nobody_confirmed_is_answered_once(
    socket_stage: Stage, when: str, way: str
):
    socket_stage.slack.faults.append(Fault("chat.postMessage", when=when, drop=True))

    said = await socket_stage.slack.say(f"<@{BOT_USER}> reasoning")

    def answers() -> list[str]:
        in_thread = len(socket_stage.slack.replies(said["ts"]))
        return ["thread"] * in_thread + ["ephemeral"] * len(socket_stage.slack.world.ephemerals)

    await socket_stage.slack.until(answers)
    await settled(socket_stage)
    assert answers() == [way]


async def test_a_pressed_button_is_answered_without_its_response_url(stage: Stage):
    stage.slack.faults.append(again(REFUSED["expired"]))
    message = await stage.slack.say("Choose")
    button = {"type": "button", "action_id": "command.0", "block_id": "b"}

    await stage.slack.press(message, button | {"value": "/paper rl"})
    await stage.slack.until(lambda: stage.slack.world.ephemerals)
    await settled(stage)

    assert [seen.way for seen in seen_by(stage)] == ["ephemeral"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 500}])
async def test_an_unconfirmed_public_answer_is_looked_for_in_the_channel(
    socket_stage: Stage, when: str, fault: dict[str, Any]
):
    socket_stage.slack.faults.append(Fault("response_url", when=when, **fault))

    await socket_stage.slack.command("/paper reasoning")
    await socket_stage.slack.until(lambda: seen_by(socket_stage))
    await settled(socket_stage)

    (seen,) = seen_by(socket_stage)
    assert seen.way == ("message" if when == "after" else "ephemeral")


async def test_the_same_question_again_is_answered_again(socket_stage: Stage):
    await socket_stage.slack.command("/paper reasoning")
    await socket_stage.slack.until(lambda: seen_by(socket_stage))
    socket_stage.slack.faults.append(Fault("response_url", drop=True))

    await socket_stage.slack.command("/paper reasoning")
    await socket_stage.slack.until(lambda: socket_stage.slack.world.ephemerals)
    await settled(socket_stage)

    assert [seen.way for seen in seen_by(socket_stage)] == ["ephemeral", "message"]


VERY_LONG = Document(LONG.blocks + LONG.blocks[:6], LONG.summary)


@pytest.mark.parametrize("uses", [0, 1, 3, 5, 9])
async def test_a_long_answer_goes_on_where_the_response_url_stops(socket_stage: Stage, uses: int):
    parts = [payload.text for payload in render(VERY_LONG, mark="m")]
    socket_stage.inbox.answer = lambda _: VERY_LONG
    left = uses

    def fail(method: str) -> Fault | None:
        nonlocal left
        if method != "response_url":
            return None
        left -= 1
        return Fault(status=404, body="used_url") if left < 0 else None

    socket_stage.slack.chaos = fail
    await socket_stage.slack.command("/digest today")
    await until(lambda: len(seen_by(socket_stage)) >= len(parts))

    assert len(parts) > 5
    assert [seen.text for seen in seen_by(socket_stage)] == parts
    ways = [seen.way for seen in seen_by(socket_stage)]
    assert ways.count("response") == min(uses, 5)
    assert ways.count("ephemeral") == len(parts) - min(uses, 5)


async def test_a_short_wait_for_the_response_url_is_waited_out(socket_stage: Stage):
    socket_stage.slack.faults.append(Fault("response_url", status=429, retry_after=1))

    asked = await socket_stage.slack.command("/digest today")

    await socket_stage.slack.until(lambda: asked.answers)
    assert [seen.way for seen in seen_by(socket_stage)] == ["response"]


async def test_a_mention_that_cannot_be_answered_in_public_is_answered_alone(
    socket_stage: Stage,
):
    socket_stage.slack.faults.append(Fault("chat.postMessage", error="restricted_action"))

    await socket_stage.slack.say(f"<@{BOT_USER}> reasoning")
    await socket_stage.slack.until(lambda: socket_stage.slack.world.ephemerals)

    assert [seen.way for seen in seen_by(socket_stage)] == ["ephemeral"]


async def test_after_all_routes_failed_the_next_command_is_answered(socket_stage: Stage, caplog):
    socket_stage.slack.faults += [
        Fault("response_url", status=404),
        Fault("chat.postEphemeral", error="user_not_in_channel"),
        Fault("chat.postMessage", error="messages_tab_disabled"),
    ]
    await socket_stage.slack.command("/paper reasoning")
    await until(lambda: "messages_tab_disabled" in caplog.text)

    asked = await socket_stage.slack.command("/digest today")

    await socket_stage.slack.until(lambda: asked.answers)


async def settled(stage: Stage) -> None:
    """Ask something else and wait for its answer: what is still under way comes before."""

    def lookup(command: Command) -> Document:
        return echo(command)

    stage.inbox.answer = lookup
    stage.slack.faults.clear()
    before = len(stage.slack.calls)
    asked = await stage.slack.command("/digest status", user="U2")
    await stage.slack.until(lambda: asked.answers)
    asked.answers.clear()
    assert len(stage.slack.calls) > before
