"""What a form takes, it can correct: on the web much longer texts than in a modal."""

import pytest

from bot.archive.domain.entry import Language
from bot.core.database.database import Database
from bot.core.domain.document import Document
from bot.core.domain.form import Form
from bot.core.ports import parse_channel
from tests.databases import throw_away
from tests.desk_stage import ADA, VALUES, Desk

PARAGRAPH = "가나다라 마바사. " * 40
LONG = "\n\n".join([PARAGRAPH.strip()] * 20)


def desk_in(db: Database, channel: str) -> Desk:
    return Desk(db, channel=parse_channel(channel))


async def korean(desk: Desk) -> str:
    (stored,) = (await desk.look_up("2602.00001")).entries
    return "\n\n".join(stored.entry.paragraphs(Language.KO))


@pytest.mark.parametrize(
    ("channel", "text"),
    [("web:general", LONG), ("discord:123", "말" * 3_900), ("slack:T1/C1", "말" * 2_900)],
)
async def test_a_text_that_was_typed_into_a_form_is_corrected_there(
    channel: str, text: str
) -> None:
    async with throw_away() as db:
        desk = desk_in(db, channel)
        blank = desk.inbox.blank_form(desk.command())
        await desk.submits(blank, ADA, **VALUES | {"ko": text})

        form = await desk.opens("2602.00001")
        corrected = await desk.submits(form, ko=f"{form.values['ko']} 끝.")

        assert form.values["ko"] == text
        assert isinstance(corrected, Document)
        assert await korean(desk) == f"{text} 끝."


async def test_a_form_goes_on_where_its_fields_are_shorter_and_nothing_is_mixed_up() -> None:
    text = "\n\n".join([PARAGRAPH.strip()] * 10)
    async with throw_away() as db:
        page, modal = desk_in(db, "web:general"), desk_in(db, "slack:T1/C1")
        await page.submits(
            page.inbox.blank_form(page.command()), ADA, **VALUES | {"ko": text, "en": ""}
        )
        opened = await page.opens("2602.00001")
        other = await modal.opens("2602.00001")

        await modal.submits(opened, tags="moe")
        told = await modal.submits(other, ko2=f"{other.values['ko2']} 끝.")

        assert "ko2" not in opened.values
        assert isinstance(told, Document)
        assert await korean(page) == f"{text} 끝."


async def test_a_second_submission_of_a_new_note_holds_its_text_once() -> None:
    text = "\n\n".join(["말" * 1_900] * 2)
    async with throw_away() as db:
        desk = desk_in(db, "discord:123")
        blank = desk.inbox.blank_form(desk.command())
        await desk.submits(blank, ADA, **VALUES | {"ko": text})

        again = await desk.submits(blank, ADA, **VALUES | {"ko": f"{text} 끝.", "tags": "moe"})
        assert isinstance(again, Form)
        await desk.submits(again)

        assert await korean(desk) == f"{text} 끝."
