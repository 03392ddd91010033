"""A command's form in Discord: a modal, its submission, and the way back to what was typed."""

import asyncio
from dataclasses import replace

import pytest

from bot.core.domain.document import Button, Buttons, Document, notice
from bot.core.domain.errors import StorageError
from bot.core.domain.form import Form, FormAction
from bot.core.ports import FilledForm
from tests.fakes.discord import components_of, text_of
from tests.fakes.discord.interactions import Asked
from tests.fakes.discord.world import EPHEMERAL, FORUM
from tests.platforms.discord.stage import PAPERS, RunningBot, key, paper
from tests.platforms.form_inbox import BLANK, remarked


async def values_of(asked: Asked) -> dict[str, str]:
    modal = await asked.form()
    held = [label["component"] for label in modal["components"]]
    return {each["custom_id"]: each.get("value") or "" for each in held}


async def test_a_form_opens_and_is_carried_out(bot: RunningBot):
    bot.desk.known = lambda blank: replace(blank.filled({"ko": "초안"}), key="key-2")
    opened = await bot.discord.types("note", {"paper": "2502.01456"}, by=102)

    assert await values_of(opened) == {
        "paper": "2502.01456",
        "ko": "초안",
        "en": "",
        "tags": "",
        "date": "",
    }
    sent = await bot.discord.submits(opened, {"ko": "새 " * 1999, "tags": "rl"})
    answer = await sent.answer()

    assert (text_of(answer), answer["flags"] & EPHEMERAL) == ("Saved.", EPHEMERAL)
    (filled,) = bot.desk.submitted
    assert (filled.name, filled.key, filled.channel) == ("note", "key-2", PAPERS)
    assert (filled.user.id, filled.locale) == ("102", "ko")
    assert filled.values["ko"] == "새 " * 1999
    assert filled.values["tags"] == "rl"


async def test_a_draft_is_said_beside_a_field(bot: RunningBot):
    about = ("This is your draft of 09:00.", "A paper — Ada")
    actions = (FormAction("without-draft", "Without the draft"),)
    bot.desk.known = lambda blank: replace(blank, about=about, actions=actions)

    modal = await (await bot.discord.types("note", {})).form()

    beside = [label.get("description") for label in modal["components"]]
    assert beside[:2] == ["This is your draft of 09:00.", None]
    assert beside[3] == "#moe #rl"


async def test_who_may_not_write_is_told_so(bot: RunningBot):
    bot.desk.known = lambda _: notice("Only curators may write notes.")

    asked = await bot.discord.types("note", {})

    answer = await asked.answer()
    assert (text_of(answer), asked.private) == ("Only curators may write notes.", True)


async def test_a_form_opens_while_the_database_is_locked(bot: RunningBot):
    locked = asyncio.Event()

    async def waits(command: object, blank: Form) -> Form:
        await locked.wait()
        return blank

    bot.desk.open_form = waits  # type: ignore[method-assign]

    opened = await bot.discord.types("note", {"paper": "2502.01456"})

    assert (await values_of(opened))["paper"] == "2502.01456"


async def test_buttons_and_messages_open_the_form(bot: RunningBot):
    card = Document((Buttons((Button("Change", "/note entry:5"),)),), summary="A paper")
    await bot.chat.post(PAPERS, card, key=key())
    (message,) = bot.discord.messages(11)

    pressed = await bot.discord.presses(message, "Change")
    assert (await values_of(pressed))["paper"] == "entry:5"

    for content, found in (
        ("look: <https://arxiv.org/abs/2502.01456v2>!", "2502.01456"),
        ("no paper", ""),
        ("", "entry:5"),
    ):
        shown = message | ({"content": content, "components": []} if content else {})
        chosen = await bot.discord.chooses_on(shown, "Note on this paper")
        assert (await values_of(chosen))["paper"] == found


async def test_in_a_post_of_a_forum_the_form_belongs_to_the_forum(idle: RunningBot):
    idle.discord.world.add_channel(20, "papers", type=FORUM)
    idle.start()
    await idle.connected()
    root = await idle.chat.post(replace(PAPERS, id="20"), paper(), key=key())
    post = int(root.id.partition("/")[0])

    opened = await idle.discord.types("note", {"paper": "2502.01456"}, at=post)
    await (await idle.discord.submits(opened, {})).answer()

    assert idle.desk.opened[-1].root == root
    assert idle.desk.submitted[-1].channel == root.channel


async def test_a_problem_is_said_and_the_form_goes_on(bot: RunningBot):
    problem = {"date": "“soon” is not a date"}
    bot.desk.outcome = lambda filled: replace(BLANK.filled(filled.values), problems=problem)
    opened = await bot.discord.types("note", {"paper": "2502.01456"})

    answer = await (await bot.discord.submits(opened, {"ko": "글", "date": "soon"})).answer()

    assert "Date: “soon” is not a date" in text_of(answer)
    assert answer["flags"] & EPHEMERAL
    assert bot.desk.kept[-1].values["ko"] == "글"
    bot.desk.known = lambda blank: blank.filled(bot.desk.kept[-1].values)
    again = await bot.discord.presses(answer, "Continue")
    assert (await values_of(again))["ko"] == "글"
    assert bot.desk.opened[-1].options == {"paper": "2502.01456"}


async def test_remarks_are_said_and_the_same_form_is_sent_again(bot: RunningBot):
    bot.desk.outcome = remarked
    opened = await bot.discord.types("note", {"paper": "2502.01456"})

    answer = await (await bot.discord.submits(opened, {"ko": "글"})).answer()

    assert text_of(answer).split("\n\n") == [
        "💡 Look at the remarks.",
        "💡 Date: The date is in the future.",
        "💡 English: No text.",
    ]
    bot.desk.known = lambda blank: blank.filled(bot.desk.kept[-1].values)
    bot.desk.outcome = lambda _: notice("Saved.")
    again = await bot.discord.presses(answer, "Continue")
    saved = await (await bot.discord.submits(again, {})).answer()
    assert text_of(saved) == "Saved."
    assert bot.desk.submitted[-1].values == bot.desk.submitted[0].values
    as_it_is = await (await bot.discord.presses(answer, "Save")).answer()
    assert text_of(as_it_is) == "Saved."
    assert (bot.desk.submitted[-1].key, bot.desk.submitted[-1].values) == ("key-1", {})


async def test_a_further_button_stands_below_what_is_said_and_the_form_opens_filled(
    bot: RunningBot,
):
    draft = FormAction("draft-other", "Draft the other language")
    bot.desk.outcome = lambda filled: replace(remarked(filled), actions=(draft,))
    bot.desk.on_press = lambda _: replace(
        BLANK.filled({"paper": "2502.01456", "en": "[draft]\nMine."}), remarks={"en": "A draft."}
    )
    opened = await bot.discord.types("note", {"paper": "2502.01456"})
    answer = await (await bot.discord.submits(opened, {"ko": "글"})).answer()

    drafted = await bot.discord.presses(answer, draft.label)
    told = await drafted.answer()

    assert (text_of(told), drafted.private) == ("💡 English: A draft.", True)
    ((filled, action),) = bot.desk.pressed
    assert (filled.name, filled.key, action) == ("note", "key-1", "draft-other")
    assert (filled.user.id, filled.channel, filled.values) == ("101", PAPERS, {})
    bot.desk.known = lambda blank: blank.filled({"en": "[draft]\nMine."})
    again = await values_of(await bot.discord.presses(told, "Continue"))
    assert (again["paper"], again["en"]) == ("2502.01456", "[draft]\nMine.")
    bot.desk.known = lambda blank: replace(blank, actions=(draft,))
    assert await values_of(await bot.discord.presses(told, "Continue"))


@pytest.mark.parametrize("raises", [True, False])
async def test_what_cannot_be_stored_is_not_lost(bot: RunningBot, raises: bool):
    async def fails(filled: FilledForm) -> bool:
        raise StorageError("the database is locked")

    async def submit_fails(filled: FilledForm) -> Form:
        if raises:
            raise StorageError("the database is locked")
        return replace(BLANK.filled(filled.values), key=filled.key, problems={"": "Away."})

    keep, submit = bot.desk.keep_form, bot.desk.submit_form
    bot.desk.keep_form, bot.desk.submit_form = fails, submit_fails  # type: ignore[method-assign]
    opened = await bot.discord.types("note", {"paper": "2502.01456"})
    text = "생각 " * 900

    sent = await bot.discord.submits(opened, {"ko": text})
    answer = await sent.answer()

    bot.desk.keep_form, bot.desk.submit_form = keep, submit  # type: ignore[method-assign]
    await sent.until(lambda asked: any(components_of(each) for each in (answer, *asked.follow_ups)))
    shown = [answer, *sent.follow_ups]
    assert sum(text_of(each).count("생각") for each in shown) == 900
    (last,) = [each for each in shown if components_of(each)]
    again = await bot.discord.presses(last, "Continue")
    assert (await values_of(again))["ko"] == text
    await (await bot.discord.submits(again, {})).answer()
    assert bot.desk.submitted[-1].key == "key-1"


async def test_a_note_that_no_modal_can_show_is_refused(bot: RunningBot):
    bot.desk.known = lambda blank: blank.filled({"ko": "글" * 4001})

    asked = await bot.discord.types("note", {"paper": "entry:5"})

    assert "too long for a form in Discord" in text_of(await asked.answer())
