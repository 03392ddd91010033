"""What stands beside the fields of a modal and stops nothing, and buttons that take their time."""

import asyncio
from dataclasses import replace

from bot.core.domain.document import notice
from bot.core.domain.form import Form, FormAction
from bot.core.ports import FilledForm
from tests.platforms.form_inbox import BLANK, LOOK, remarked
from tests.platforms.slack.stage import RecordingInbox, Stage, staged
from tests.platforms.slack.test_forms import opened
from tests.waiting import until

DRAFT = FormAction("draft-other", "Draft the other language")


async def test_remarks_stand_beside_their_fields_and_the_form_is_saved_again(socket_stage: Stage):
    stage = socket_stage
    stage.inbox.outcome = remarked
    modal = await opened(stage)
    await stage.slack.hands.type(modal, "Korean", "글")

    await stage.slack.hands.submit(modal)

    assert all(f"💡 {words}" in modal.words for words in LOOK.values())
    assert modal.words.index(LOOK[""]) < modal.words.index(LOOK["en"])
    assert modal.text("Korean") == "글"
    stage.inbox.outcome = lambda _: notice("Saved.")
    await stage.slack.hands.submit(modal)
    assert not modal.is_open
    assert [filled.values["ko"] for filled in stage.inbox.submitted] == ["글", "글"]


class WaitingInbox(RecordingInbox):
    """An inbox whose buttons take as long as the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.free = asyncio.Event()

    async def press_form(self, filled: FilledForm, action: str) -> Form:
        self.pressed.append((filled, action))
        await self.free.wait()
        return self.on_press(filled)


async def test_a_button_that_takes_its_time_is_acknowledged_and_typing_goes_on() -> None:
    inbox = WaitingInbox()
    inbox.known = lambda blank: replace(blank, actions=(DRAFT,))
    inbox.on_press = lambda filled: replace(
        BLANK.filled({**filled.values, "en": "[draft]\nMine."}), remarks={"en": "By a machine."}
    )
    async with staged(http=True, inbox=inbox) as stage:
        modal = await opened(stage)
        await stage.slack.hands.type(modal, "Korean", "글")

        sent = await stage.slack.hands.press(modal, DRAFT.label)
        await until(lambda: inbox.pressed)
        await stage.slack.until(lambda: "One moment." in modal.words)
        await stage.slack.hands.type(modal, "Korean", "글 하나 더")
        inbox.free.set()
        await stage.slack.until(lambda: "By a machine." in modal.words)

        assert sent is not None
        assert sent.acknowledged_after is not None
        assert (modal.text("Korean"), modal.text("English")) == ("글 하나 더", "[draft]\nMine.")
        assert inbox.pressed[0][0].values["ko"] == "글"
