"""Forms as modals, in both modes."""

import asyncio
from dataclasses import replace

import pytest

from bot.core.domain.document import Button, Buttons, Document, Paragraph, Text, notice
from bot.core.domain.errors import StorageBusyError
from bot.core.domain.form import Form, FormAction
from bot.core.ports import FilledForm
from tests.fakes.slack import Fault
from tests.fakes.slack.modals import Modal
from tests.platforms.form_inbox import BLANK
from tests.platforms.slack.stage import (
    CHANNEL,
    KEY,
    RecordingInbox,
    Stage,
    button,
    paragraph,
    staged,
)
from tests.waiting import HANGING, until

WITH_FORM = Document(
    (Paragraph((Text("A paper"),)), Buttons((Button("Edit", command="/note entry:7"),))), "A paper"
)


class SlowInbox(RecordingInbox):
    """An inbox whose database is locked until `free` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.free = asyncio.Event()

    async def open_form(self, *args: object) -> Form | Document:
        await self.free.wait()
        return await super().open_form(*args)  # type: ignore[arg-type]

    async def keep_form(self, filled: FilledForm) -> bool:
        await self.free.wait()
        return await super().keep_form(filled)

    async def submit_form(self, filled: FilledForm) -> Form | Document:
        await self.free.wait()
        return await super().submit_form(filled)


async def opened(stage: Stage, line: str = "/note 2502.01456", user: str = "U1") -> Modal:
    """A form that shows what is known."""
    await stage.slack.command(line, user=user)
    modal = await stage.slack.modal(user)
    await stage.slack.until(lambda: len(modal.shown) >= 2)
    return modal


async def test_a_note_is_written_in_a_modal(stage: Stage):
    stage.inbox.known = lambda blank: blank.filled({"paper": "A known title", "tags": "moe"})

    modal = await opened(stage)

    assert stage.inbox.opened[0].options == {"paper": "2502.01456"}
    assert modal.texts()["Paper"] == "A known title"
    assert "#moe #rl" in modal.block("Tags")["hint"]["text"]
    await stage.slack.hands.type(modal, "Korean", "좋은\n논문")
    await stage.slack.hands.submit(modal)
    assert not modal.is_open
    (filled,) = stage.inbox.submitted
    assert filled.values == {
        "paper": "A known title",
        "ko": "좋은\n논문",
        "en": "",
        "tags": "moe",
        "date": "",
    }
    assert (filled.name, filled.key, filled.channel) == ("note", "key-1", CHANNEL)
    assert filled.user.can_manage
    said = await stage.slack.until(lambda: stage.slack.world.ephemerals)
    assert (said[0].user, said[0].text) == ("U1", "Saved.")


async def test_a_button_opens_the_form(stage: Stage):
    root = await stage.chat.post(CHANNEL, WITH_FORM, key=KEY)
    (message,) = stage.slack.messages()

    await stage.slack.press(message, button(message), user="U2")

    modal = await stage.slack.modal("U2")
    assert modal.text("Paper") == "entry:7"
    await until(lambda: stage.inbox.opened)
    assert stage.inbox.opened[0].locale == "ko-KR"
    assert stage.inbox.commands == []
    assert root.id == message["ts"]


@pytest.mark.parametrize(
    ("message", "paper"),
    [
        (
            {"text": "see <https://arxiv.org/abs/2502.01456v2|this> and arXiv:2501.00001"},
            "2502.01456",
        ),
        ({"text": "a remark without a paper"}, ""),
        (
            {
                "text": "",
                "attachments": [{"title": "t", "title_link": "https://arxiv.org/pdf/2502.01456"}],
            },
            "2502.01456",
        ),
    ],
)
async def test_the_message_shortcut_takes_the_first_paper_of_the_message(
    socket_stage: Stage, message: dict[str, object], paper: str
):
    stage = socket_stage
    said = await stage.slack.say("", user="U2", told=False) | message

    await stage.slack.hands.shortcut(said, user="U1")

    assert (await stage.slack.modal()).text("Paper") == paper


async def test_the_shortcut_on_a_paper_of_a_digest_takes_its_entry(socket_stage: Stage):
    stage = socket_stage
    await stage.chat.post(CHANNEL, WITH_FORM, key=KEY)

    await stage.slack.hands.shortcut(stage.slack.messages()[0])

    assert (await stage.slack.modal()).text("Paper") == "entry:7"


async def test_a_shortcut_in_a_thread_is_answered_there(stage: Stage):
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    said = await stage.slack.say("arXiv:2502.01456", thread=root.id)

    await stage.slack.hands.shortcut(said)
    modal = await stage.slack.modal()
    await stage.slack.hands.submit(modal)

    await stage.slack.until(lambda: stage.slack.world.ephemerals)
    assert stage.slack.world.ephemerals[0].thread == root.id


async def test_a_mention_and_a_direct_message_get_a_button(stage: Stage):
    await stage.slack.say("<@UBOT> note 2502.01456")

    shown = await stage.slack.until(lambda: stage.slack.world.ephemerals)
    message = {"blocks": shown[0].blocks}
    await stage.slack.press(message, button(message))

    assert (await stage.slack.modal()).text("Paper") == "2502.01456"


async def test_help_on_the_command_is_no_form(socket_stage: Stage):
    await socket_stage.slack.command("/note help")

    assert (await socket_stage.asked())[0].name == "note"
    assert socket_stage.slack.world.modals.all == {}


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_the_form_opens_and_is_answered_while_the_database_is_locked(mode: str):
    """The form opens blank; what is typed into it stays, and what is known is added."""
    inbox = SlowInbox()
    inbox.known = lambda blank: blank.filled({"paper": "Known", "ko": "draft", "en": "draft"})
    async with staged(http=mode == "http", inbox=inbox) as stage:
        stage.slack.ack_seconds = HANGING  # the bot answers by its own time limit
        asked = await stage.slack.command("/note 2502.01456")
        modal = await stage.slack.modal()
        assert modal.text("Paper") == "2502.01456"
        for text in ("내", "내 말"):
            await stage.slack.hands.type(modal, "Korean", text)

        sent = await stage.slack.hands.submit(modal)

        assert asked.acknowledged_after is not None
        assert sent is not None
        assert sent.acknowledged_after is not None
        assert modal.is_open
        assert "Saving takes longer" in modal.words
        assert modal.text("Korean") == "내 말"
        inbox.free.set()
        await stage.slack.until(lambda: "Saved." in modal.words)
        assert [filled.values["ko"] for filled in inbox.submitted] == ["내 말"]
        assert modal.inputs == []
        assert stage.slack.world.ephemerals == []


async def test_a_submission_that_cannot_be_stored_keeps_all_in_the_form(stage: Stage):
    def fail(_: FilledForm) -> Document:
        raise StorageBusyError("the database is locked")

    stage.inbox.outcome = fail
    modal = await opened(stage)
    await stage.slack.hands.type(modal, "Korean", "내 말")

    await stage.slack.hands.submit(modal)

    assert "cannot reach its database" in modal.words
    assert modal.text("Korean") == "내 말"
    stage.inbox.outcome = lambda _: notice("Saved.")
    await stage.slack.hands.submit(modal)
    assert not modal.is_open


async def test_what_is_typed_while_the_form_is_filled_stays(socket_stage: Stage):
    inbox = SlowInbox()
    inbox.known = lambda blank: blank.filled({"paper": "Known", "ko": "draft", "en": "draft"})
    async with staged(inbox=inbox) as stage:
        await stage.slack.command("/note 2502.01456")
        modal = await stage.slack.modal()
        await stage.slack.hands.type(modal, "Korean", "내 말")

        inbox.free.set()

        await stage.slack.until(lambda: len(modal.shown) == 2)
        assert modal.texts() == {
            "Paper": "Known",
            "Korean": "내 말",
            "English": "draft",
            "Tags": "",
            "Date": "",
        }


async def test_every_step_is_kept_and_only_the_newest_waits(stage: Stage):
    modal = await opened(stage)

    await stage.slack.hands.type(modal, "English", "One")
    await until(lambda: stage.inbox.kept)
    await stage.slack.hands.type(modal, "English", "One two")
    await until(lambda: stage.inbox.kept[-1].values["en"] == "One two")
    await stage.slack.hands.close(modal)

    await until(lambda: len(stage.inbox.kept) == 3)
    assert stage.inbox.kept[-1].values["en"] == "One two"
    assert stage.inbox.kept[-1].key == "key-1"


async def test_a_closed_form_of_which_slack_tells_nothing_keeps_the_draft(socket_stage: Stage):
    stage = socket_stage
    modal = await opened(stage)
    await stage.slack.hands.type(modal, "English", "One")
    await until(lambda: stage.inbox.kept)

    await stage.slack.hands.close(modal, tells_state=False)
    await stage.slack.command("/paper next")

    await stage.asked()
    assert [filled.values["en"] for filled in stage.inbox.kept] == ["One"]


async def test_problems_stand_beside_their_fields(stage: Stage):
    stage.inbox.outcome = lambda filled: replace(
        BLANK.filled(filled.values), problems={"date": "The date is in the future."}
    )
    modal = await opened(stage)
    await stage.slack.hands.type(modal, "Date", "2999-01-01")

    await stage.slack.hands.submit(modal)

    assert modal.error("Date") == "The date is in the future."
    assert len(modal.shown) == 2
    assert modal.text("Date") == "2999-01-01"
    stage.inbox.outcome = lambda _: notice("Saved.")
    await stage.slack.hands.submit(modal)
    assert not modal.is_open


async def test_other_problems_stand_above_the_fields(stage: Stage):
    problems = {"": "You may not write here.", "ko": "Too short."}
    stage.inbox.outcome = lambda filled: replace(
        BLANK.filled(filled.values), problems=problems, about=("Unknown tag: #mo",)
    )
    modal = await opened(stage)
    await stage.slack.hands.type(modal, "Korean", "짧다")

    await stage.slack.hands.submit(modal)

    for words in ("You may not write here.", "Too short.", "Unknown tag: #mo"):
        assert words in modal.words
    assert modal.text("Korean") == "짧다"
    stage.inbox.outcome = lambda filled: replace(
        BLANK.filled(filled.values), problems={"ko": "Still too short."}
    )
    await stage.slack.hands.submit(modal)
    assert "Still too short." in modal.words
    assert "You may not" not in modal.words


async def test_a_value_that_the_bot_corrects_is_shown(socket_stage: Stage):
    stage = socket_stage
    stage.inbox.outcome = lambda filled: replace(
        BLANK.filled({**filled.values, "tags": "moe"}), problems={"date": "Which day?"}
    )
    modal = await opened(stage)
    await stage.slack.hands.type(modal, "Tags", "#Moe,")

    await stage.slack.hands.submit(modal)

    assert modal.text("Tags") == "moe"
    assert "Which day?" in modal.words


async def test_a_further_button_fills_a_field_and_keeps_what_was_typed(stage: Stage):
    action = FormAction("draft", "Draft the English")
    stage.inbox.known = lambda blank: replace(blank, actions=(action,))
    modal = await opened(stage)
    await stage.slack.hands.type(modal, "Korean", "내 말")

    await stage.slack.hands.press(modal, "Draft the English")

    await until(lambda: stage.inbox.pressed)
    filled, name = stage.inbox.pressed[0]
    assert (name, filled.values["ko"]) == ("draft", "내 말")
    await stage.slack.until(lambda: len(modal.shown) == 3)
    assert modal.text("Korean") == "내 말"


async def test_who_may_not_write_is_told_in_the_modal(stage: Stage):
    stage.inbox.known = lambda _: notice("You may not write here.")

    modal = await opened(stage)

    assert "You may not write here." in modal.words
    assert modal.inputs == []


async def test_a_form_that_slack_does_not_open_is_offered_by_a_button(stage: Stage):
    stage.slack.faults.append(Fault("views.open", error="expired_trigger_id"))

    asked = await stage.slack.command("/note 2502.01456")

    answers = await stage.slack.until(lambda: asked.answers)
    assert answers[0]["response_type"] == "ephemeral"
    await stage.slack.press(dict(answers[0]), button(answers[0]))
    assert (await stage.slack.modal()).text("Paper") == "2502.01456"


async def test_a_form_that_was_closed_is_not_replaced(socket_stage: Stage):
    inbox = SlowInbox()
    async with staged(inbox=inbox) as stage:
        await stage.slack.command("/note 2502.01456")
        modal = await stage.slack.modal()
        await stage.slack.hands.close(modal)

        inbox.free.set()

        await stage.slack.until(lambda: stage.slack.calls_of("views.update"))
        assert stage.slack.calls_of("views.update")[0].answer == "not_found"
        await stage.slack.hands.shortcut(await stage.slack.say("x", told=False))
        assert (await stage.slack.modal()).is_open


async def test_a_long_note_goes_on_in_a_second_input(stage: Stage):
    long = "\n".join(f"Paragraph {n}. " + "말 " * 200 for n in range(12)) + "x" * 3500
    stage.inbox.known = lambda blank: blank.filled({"ko": long})
    modal = await opened(stage)
    assert set(modal.texts()) > {"Korean", "Korean (2)", "Korean (3)"}

    await stage.slack.hands.type(modal, "English", "short")
    await stage.slack.hands.submit(modal)

    assert stage.inbox.submitted[0].values["ko"] == long


async def test_a_form_from_before_a_restart_is_submitted(stage: Stage):
    """Everything that a submission needs is in the modal: another process may take it."""
    modal = await opened(stage)
    await stage.slack.hands.type(modal, "Korean", "내 말")
    async with staged() as other:
        other.slack.world.modals.all[modal.id] = modal

        await other.slack.hands.submit(modal)

        assert other.inbox.submitted[0].values["ko"] == "내 말"
        assert other.inbox.submitted[0].key == "key-1"


async def test_malformed_views_are_acknowledged(stage: Stage):
    modal = await opened(stage)
    for broken in (
        {"private_metadata": "[]"},
        {"private_metadata": None},
        {"blocks": "none"},
        {"blocks": [{"type": "input", "block_id": 3}, 7]},
        {"callback_id": "theirs"},
    ):
        payload = modal.as_sent("T1") | broken
        for kind in ("view_submission", "block_actions", "view_closed"):
            actions = [{"type": "button", "action_id": "typed", "block_id": "b"}]
            body = {"type": kind, "view": payload, "actions": actions}
            asked = await stage.slack.hands.raw(body)
            assert asked.acknowledged, (kind, broken)


async def test_a_note_too_long_for_a_modal_is_not_shown_cut(socket_stage: Stage):
    stage = socket_stage
    stage.inbox.known = lambda blank: blank.filled({"ko": "말" * 30_000})

    modal = await opened(stage)

    assert "too long for a form" in modal.words
    assert modal.inputs == []


async def test_typing_that_arrives_late_does_not_replace_what_is_newer(http_stage: Stage):
    stage = http_stage
    modal = await opened(stage)
    first = await stage.slack.hands.type(modal, "English", "One")
    await stage.slack.hands.type(modal, "English", "One two")
    await until(lambda: [each.values["en"] for each in stage.inbox.kept][-1:] == ["One two"])

    assert first is not None
    await stage.slack.redeliver(first)
    await stage.slack.command("/paper next")

    await stage.asked()
    assert stage.inbox.kept[-1].values["en"] == "One two"


async def test_a_form_opened_in_direct_messages_is_answered_there(stage: Stage):
    stage.slack.world.direct_channel("U1")
    await stage.slack.command("/note 2502.01456", channel="DU1")
    modal = await stage.slack.modal()

    await stage.slack.hands.submit(modal)

    (message,) = await stage.slack.until(lambda: stage.slack.messages("DU1"))
    assert message["text"] == "Saved."


async def test_a_partner_of_a_shared_channel_writes_in_a_form(stage: Stage):
    stage.slack.world.add_person("U7", "Grace").team = "T7"
    modal = await opened(stage, user="U7")

    await stage.slack.hands.type(modal, "English", "Kept")
    await until(lambda: stage.inbox.kept)
    await stage.slack.hands.submit(modal)

    assert not modal.is_open
    (filled,) = stage.inbox.submitted
    assert (filled.values["en"], filled.user.id, filled.user.workspace) == ("Kept", "U7", "T7")
    assert stage.inbox.kept[-1].values["en"] == "Kept"


async def test_a_form_of_the_app_in_another_workspace_has_no_effect(socket_stage: Stage):
    stage = socket_stage
    modal = await opened(stage)
    view = modal.as_sent("T1") | {"app_installed_team_id": "T2"}

    await stage.slack.hands.raw({"type": "view_submission", "view": view, "response_urls": []})

    assert stage.inbox.submitted == []
