"""Text from Slack that is no text: it is answered like any other."""

import json

import pytest

from bot.platforms.slack.well_formed import well_formed
from tests.fakes.slack.world import BOT_USER
from tests.platforms.slack.stage import CHANNEL, KEY, Stage, paragraph

MALFORMED = [
    "\ud800",
    "\udfff",
    "x\udc00\ud83d",
    "\x00",
    "\ufffe",
    "\U0001ffff",
    "\u0301",
    "\ufdd0",
]


@pytest.mark.parametrize("text", MALFORMED)
async def test_a_command_with_malformed_text_is_answered(stage: Stage, text: str):
    asked = await stage.slack.command(f"/paper reasoning {text}")

    await stage.slack.until(lambda: asked.answers)
    (command,) = stage.inbox.commands
    assert command.options["query"].startswith("reasoning")
    assert "\x00" not in command.options["query"]
    command.options["query"].encode()


@pytest.mark.parametrize("text", MALFORMED)
async def test_a_command_of_malformed_text_alone_is_answered(stage: Stage, text: str):
    asked = await stage.slack.command(f"/digest {text}")

    await stage.slack.until(lambda: asked.answers)


@pytest.mark.parametrize("text", MALFORMED)
async def test_a_mention_with_malformed_text_is_answered(stage: Stage, text: str):
    message = await stage.slack.say(f"<@{BOT_USER}> {text} reasoning {text}")

    await stage.slack.until(lambda: stage.slack.replies(message["ts"]))


@pytest.mark.parametrize("text", MALFORMED)
async def test_a_button_with_a_malformed_line_is_answered(stage: Stage, text: str):
    message = await stage.slack.say("Choose")
    button = {"type": "button", "action_id": "command.0", "block_id": f"b{text}"}

    pressed = await stage.slack.press(message, button | {"value": f"/paper rl {text}"})

    await stage.slack.until(lambda: pressed.answers)


async def test_a_malformed_name_is_made_well_formed(stage: Stage):
    stage.slack.world.add_person("U8", "Zo\ud800e\x00")
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    await stage.slack.say("hello \ud800<@U8>", user="U8", thread=root.id)

    (heard,) = await stage.heard()
    assert heard.user.name == "Zoe"
    assert heard.text == "hello @Zoe"


def test_every_text_of_a_json_is_well_formed():
    value = json.loads('{"a": ["\\ud800", {"b": "\\u0000c"}], "n": 1, "none": null, "yes": true}')

    assert well_formed(value) == {"a": ["", {"b": "c"}], "n": 1, "none": None, "yes": True}
