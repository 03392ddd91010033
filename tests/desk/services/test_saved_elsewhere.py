"""Text is typed into a form that was submitted meanwhile: nothing of it is lost, nothing is said twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.archive.domain.entry import Language
from bot.core.database.database import Database, Transaction
from bot.core.domain.document import Document
from bot.core.domain.errors import StorageError
from bot.core.domain.form import Form
from bot.core.ports import FilledForm
from bot.desk.services import write_note
from tests.archive_stage import an_entry, keep
from tests.databases import throw_away
from tests.desk.services.test_drafting import OTHER, SUMMARY, staged
from tests.desk.services.test_note_form import LINK, entry_count, know, newest
from tests.desk.services.test_vault_notes import desk_with, files_in
from tests.desk_stage import ADA, VALUES, Desk
from tests.talk_stage import words
from tests.waiting import until
from tests.wrapped_database import WrappedDatabase

MORE = {**VALUES, "ko": "추론에 대한 논문. 나중에 쓴 문장.", "tags": "rl moe"}


class Full(WrappedDatabase):
    """A database that stores nothing more after so many transactions, until it is `None`."""

    left: int | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        if self.left == 0:
            raise StorageError("database or disk is full")
        if self.left is not None:
            self.left -= 1
        async with self.inner.transaction() as tx:
            yield tx


async def korean(db: Database) -> str:
    return "\n".join((await newest(db)).entry.paragraphs(Language.KO))


async def draft_count(db: Database) -> int:
    async with db.reading() as tx:
        row = await tx.one("SELECT count(*) AS n FROM draft WHERE state = 'typed'")
    assert row is not None
    count: int = row["n"]
    return count


async def test_what_is_written_after_a_save_that_failed_is_saved_by_the_next() -> None:
    async with throw_away() as inner:
        db = Full(inner)
        desk = Desk(db)
        form = await desk.opens()
        db.left = 2  # the submission is stored, the entry is not

        failed = await desk.submits(form, ADA, **VALUES)
        db.left = None
        asked = await desk.submits(form, ADA, **MORE)
        assert isinstance(asked, Form)
        first = await korean(db)
        saved = await desk.submits(asked)
        again = await desk.submits(form, ADA, **MORE)
        afterwards = await desk.opens()
        stored = (await newest(db)).entry
        count = await entry_count(db)

    assert isinstance(failed, Form)
    assert "Everything you typed is still here" in failed.problems[""]
    assert "saved already" in asked.problems[""]
    assert (asked.values["ko"], asked.values["tags"]) == (MORE["ko"], MORE["tags"])
    assert first == VALUES["ko"]
    assert isinstance(saved, Document)
    assert (stored.paragraphs(Language.KO), stored.tags) == ((MORE["ko"],), ("rl", "moe"))
    assert again == saved
    assert (afterwards.values["ko"], count) == ("", 1)


async def test_what_is_written_after_a_save_that_failed_is_kept_when_the_form_is_closed() -> None:
    async with throw_away() as inner:
        db = Full(inner)
        desk = Desk(db)
        form = await desk.opens()
        db.left = 2
        await desk.submits(form, ADA, **VALUES)
        db.left = None

        await desk.keeps(form, ADA, **MORE)
        finished = await write_note.finish_submitted(desk.notes, before=desk.clock())
        desk.clock.turn(minutes=1)
        offered = await desk.opens(LINK.replace("abs", "pdf"))
        by_nothing = await desk.opens()
        asked = await desk.submits(form, ADA, **MORE)
        assert isinstance(asked, Form)
        saved = await desk.submits(asked)
        stored = (await newest(db)).entry.paragraphs(Language.KO)

    assert finished == 1
    assert offered.values["ko"] == by_nothing.values["ko"] == MORE["ko"]
    assert asked.values["ko"] == MORE["ko"]
    assert isinstance(saved, Document)
    assert stored == (MORE["ko"],)


async def test_a_file_that_could_not_be_written_at_first_gets_the_newer_text(
    tmp_path: Path,
) -> None:
    async with throw_away() as db:
        desk, writer = desk_with(db, tmp_path)
        form = await desk.opens()
        writer.error = OSError(5, "Input/output error")

        failed = await desk.submits(form, ADA, **VALUES)
        asked = await desk.submits(form, ADA, **MORE)
        assert isinstance(asked, Form)
        saved = await desk.submits(asked)
        texts = [file.read_text(encoding="utf-8") for file in files_in(tmp_path)]

    assert isinstance(failed, Form)
    assert isinstance(saved, Document)
    (text,) = texts
    assert MORE["ko"] in text


async def test_of_two_devices_that_save_at_once_one_is_asked() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        await desk.keeps(await desk.opens(LINK), ko="초안")
        phone, laptop = await desk.opens(LINK), await desk.opens(LINK)

        answers = await asyncio.gather(
            desk.submits(phone, ko="전화기 글"), desk.submits(laptop, ko="노트북 글")
        )
        (asked,) = [each for each in answers if isinstance(each, Form)]
        (saved,) = [each for each in answers if isinstance(each, Document)]
        first = await korean(db)
        replaced = await desk.submits(asked)
        second = await korean(db)

    assert phone.key == laptop.key
    assert words(saved).startswith("Saved:")
    assert {first, asked.values["ko"]} == {"전화기 글", "노트북 글"}
    assert "saved already" in asked.problems[""]
    assert isinstance(replaced, Document)
    assert second == asked.values["ko"]


async def test_what_is_typed_into_a_form_that_another_device_saved_is_kept() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        await desk.keeps(await desk.opens(LINK), ko="초안", en="A draft", tags="rl")
        phone, laptop = await desk.opens(LINK), await desk.opens(LINK)
        await desk.submits(laptop, en="Finished")

        unchanged = await desk.inbox.keep_form(sent(desk, phone, ko="초안"))
        none = await draft_count(db)
        kept = [
            await desk.inbox.keep_form(sent(desk, phone, ko="초안, 전화기에서")),
            await desk.inbox.keep_form(sent(desk, phone, ko="초안, 전화기에서 더")),
        ]
        one = await draft_count(db)
        offered = await desk.opens(LINK)
        saved = await desk.submits(offered)
        entry = (await newest(db)).entry

    assert (unchanged, none) == (True, 0)
    assert (kept, one) == ([True, True], 1)
    assert "This is your draft" in offered.about[0]
    assert offered.values["ko"] == "초안, 전화기에서 더"
    assert offered.values["en"] == "Finished"
    assert isinstance(saved, Document)
    assert entry.paragraphs(Language.KO) == ("초안, 전화기에서 더",)
    assert entry.paragraphs(Language.EN) == ("Finished",)


def sent(desk: Desk, form: Form, **values: str) -> FilledForm:
    """What a page sends that knows which fields were typed into."""
    return replace(desk.filled(form, ADA, **values), touched=frozenset(values))


async def test_an_old_page_replaces_nothing_that_another_device_wrote_since() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        await desk.keeps(await desk.opens(LINK), ko="초안", en="A draft", tags="rl")
        phone, laptop = await desk.opens(LINK), await desk.opens(LINK)
        await desk.inbox.keep_form(sent(desk, laptop, ko="초안, 노트북에서 더"))

        kept = await desk.inbox.keep_form(sent(desk, phone, tags="rl moe"))
        offered = await desk.opens(LINK)
        pressed = await desk.inbox.press_form(sent(desk, phone, en="Mine"), "with-draft")

    assert kept
    assert (offered.values["ko"], offered.values["tags"]) == ("초안, 노트북에서 더", "rl moe")
    assert (pressed.values["ko"], pressed.values["en"]) == ("초안, 노트북에서 더", "Mine")


async def test_an_old_page_that_is_saved_shows_what_another_device_wrote_since() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        await desk.keeps(await desk.opens(LINK), ko="초안", en="A draft")
        phone, laptop = await desk.opens(LINK), await desk.opens(LINK)
        await desk.inbox.keep_form(sent(desk, laptop, ko="초안, 노트북에서 더"))

        asked = await desk.inbox.submit_form(sent(desk, phone, en="Mine"))
        assert isinstance(asked, Form)
        count = await entry_count(db)
        saved = await desk.inbox.submit_form(sent(desk, asked))
        entry = (await newest(db)).entry

    assert "changed elsewhere" in asked.remarks[""]
    assert (asked.values["ko"], asked.values["en"], count) == ("초안, 노트북에서 더", "Mine", 0)
    assert isinstance(saved, Document)
    assert entry.paragraphs(Language.KO) == ("초안, 노트북에서 더",)
    assert entry.paragraphs(Language.EN) == ("Mine",)


async def test_a_page_is_told_only_once_that_its_text_is_old() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        phone = await desk.opens(LINK)
        await desk.inbox.keep_form(sent(desk, phone, ko="글", en="Text"))

        asked = await desk.inbox.submit_form(sent(desk, phone, en="Mine"))
        saved = await desk.inbox.submit_form(sent(desk, phone, en="Mine"))
        text = await korean(db)

    assert isinstance(asked, Form)
    assert isinstance(saved, Document)
    assert text == "글"


async def test_an_old_page_brings_no_old_text_back_into_a_note_that_was_saved() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        await desk.keeps(await desk.opens(LINK), ko="초안", en="A draft")
        phone, laptop = await desk.opens(LINK), await desk.opens(LINK)
        await desk.inbox.submit_form(sent(desk, laptop, ko="다 쓴 글"))

        untouched = await desk.inbox.submit_form(sent(desk, phone))
        assert isinstance(untouched, Form)
        asked = await desk.inbox.submit_form(sent(desk, phone, tags="moe"))
        assert isinstance(asked, Form)
        await desk.inbox.submit_form(sent(desk, asked))
        entry = (await newest(db)).entry

    assert "saved already" in untouched.problems[""]
    assert untouched.values["ko"] == "다 쓴 글"
    assert "saved already" in asked.problems[""]
    assert (entry.paragraphs(Language.KO), entry.tags) == (("다 쓴 글",), ("moe",))


async def test_the_first_draft_of_a_blank_form_has_all_its_fields() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        blank = desk.inbox.blank_form(desk.command(LINK))

        await desk.inbox.keep_form(sent(desk, blank, ko="글"))
        offered = await desk.opens(LINK)

    assert offered.values == {**blank.values, "ko": "글"}


async def test_text_for_a_note_that_was_deleted_meanwhile_is_kept() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        form = await desk.opens(LINK)
        await desk.submits(form, ko="첫 글")
        async with db.transaction() as tx:
            await tx.run("DELETE FROM entry")

        asked = await desk.submits(form, ko="고친 글")
        assert isinstance(asked, Form)
        anew = await desk.submits(asked)
        assert isinstance(anew, Form)
        saved = await desk.submits(anew)
        text = await korean(db)

    assert asked.values["ko"] == anew.values["ko"] == "고친 글"
    assert "deleted meanwhile" in anew.problems[""]
    assert isinstance(saved, Document)
    assert text == "고친 글"


async def test_a_deleted_note_without_a_field_for_its_date_gets_the_day_of_its_zone() -> None:
    long = "\n\n".join("가" * 1_000 for _ in range(4))
    async with throw_away() as db:
        await keep(db, an_entry("Long", arxiv_id="2601.00001", ko=long, en=long.replace("가", "a")))
        desk = Desk(db)
        desk.clock.turn(hours=19)  # 07:00 of the next day in Seoul
        form = await desk.opens("2601.00001")
        async with db.transaction() as tx:
            await tx.run("DELETE FROM entry")

        asked = await desk.submits(form, ko="고친 글")
        assert isinstance(asked, Form)
        saved = await desk.submits(asked)
        date = (await newest(db)).entry.date

    assert "date" not in form.values
    assert "deleted meanwhile" in asked.problems[""]
    assert isinstance(saved, Document)
    assert str(date) == "2026-02-04"


@pytest.mark.parametrize("action", [OTHER, SUMMARY, "without-draft", "with-draft"])
async def test_an_action_of_a_form_that_was_saved_elsewhere_keeps_its_text(action: str) -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        form = await desk.opens(LINK)
        await desk.submits(form, ko="첫 글", en="First")

        same = await desk.inbox.press_form(desk.filled(form, ko="첫 글", en="First"), action)
        typed = await desk.inbox.press_form(desk.filled(form, ko="더 쓴 글", en="First"), action)
        back = await desk.inbox.press_form(desk.filled(typed), "with-draft")

    assert (same.values["ko"], same.values["en"]) == ("첫 글", "First")
    assert typed.values["ko"] == ("첫 글" if action == "without-draft" else "더 쓴 글")
    assert (back.values["ko"], back.values["en"]) == ("더 쓴 글", "First")


@pytest.mark.parametrize("fault", ["", "broken"])
async def test_a_note_that_is_saved_while_a_text_is_drafted_stays_in_the_form(fault: str) -> None:
    async with staged() as stage:
        desk, service = stage.desk(), stage.service
        form = await desk.opens(LINK)
        service.fault = fault
        service.free.clear()

        async with asyncio.TaskGroup() as tasks:
            pressing = tasks.create_task(desk.inbox.press_form(desk.filled(form, ko="글"), OTHER))
            await until(lambda: service.asked)
            saved = await desk.submits(form, ko="글")
            if isinstance(saved, Form):
                saved = await desk.submits(saved)
            service.free.set()
        shown = await pressing

    assert isinstance(saved, Document)
    assert shown.values["ko"] == "글"
