"""Buttons, menus and the bot's home, in both modes."""

from bot.core.domain.document import Document
from tests.platforms.slack.stage import (
    CHANNEL,
    KEY,
    KEY_2,
    LONG,
    WITH_BUTTON,
    Stage,
    button,
    paragraph,
)


async def test_a_page_of_ones_own_answer_replaces_it(stage: Stage):
    asked = await stage.slack.command("/paper reasoning", user="U2")
    await stage.slack.until(lambda: asked.answers)
    (message,) = stage.slack.messages()

    await stage.slack.press(message, button(message), user="U2")

    await stage.slack.until(lambda: "page 2" in message["text"])
    assert len(stage.slack.messages()) == 1
    await stage.slack.press(message, button(message), user="U2")
    await stage.slack.until(lambda: "page 3" in message["text"])


async def test_a_page_of_another_persons_answer_is_shown_to_the_presser_alone(stage: Stage):
    asked = await stage.slack.command("/paper reasoning", user="U2")
    await stage.slack.until(lambda: asked.answers)
    (message,) = stage.slack.messages()

    pressed = await stage.slack.press(message, button(message), user="U1")

    answer = await stage.slack.until(lambda: pressed.answers)
    assert answer[0]["response_type"] == "ephemeral"
    assert not answer[0]["replace_original"]
    assert "page 1" in message["text"]


async def test_the_page_of_an_ephemeral_answer_is_turned_in_place(stage: Stage):
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
    document = Document((*WITH_BUTTON,), "A paper")
    await stage.chat.post(CHANNEL, document, key=KEY)
    (message,) = stage.slack.messages()

    pressed = await stage.slack.press(message, button(message), user="U2")

    answer = await stage.slack.until(lambda: pressed.answers)
    assert stage.inbox.commands[0].options == {"query": "entry:7"}
    assert answer[0]["response_type"] == "ephemeral"
    assert len(stage.slack.messages()) == 1


async def test_a_button_in_a_thread_is_answered_in_the_thread(stage: Stage):
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    await stage.chat.reply(root, Document((*WITH_BUTTON,), "A remark"), key=KEY_2)
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


async def test_the_home_shows_the_newest_digest_and_answers_to_presses(stage: Stage):
    await stage.slack.open_home(user="U2")
    home = await stage.slack.until(lambda: stage.slack.world.homes.get("U2"))
    (command,) = stage.inbox.commands
    assert (command.name, command.options["what"]) == ("digest", "newest")

    await stage.slack.press_home({**button(home), "type": "button"}, user="U2")

    await stage.slack.until(lambda: stage.slack.world.homes["U2"] is not home)
    turned = stage.slack.world.homes["U2"]
    assert turned["blocks"][0]["elements"][0]["value"] == "/digest newest"
