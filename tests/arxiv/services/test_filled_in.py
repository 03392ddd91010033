"""What the curator left out and arXiv knows is shown everywhere, and written down nowhere."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import AtArxiv
from bot.archive.domain.export_format import Format
from bot.archive.domain.present_entry import LANGUAGES, present_entry
from bot.archive.services.export import export_text, export_vault
from bot.archive.services.import_files import import_files
from bot.channels.store import slots
from bot.cli.output.text import render
from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.domain.document import load
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import ChannelRef, Command, Platform, User
from bot.digest.services import edited_entries, plan, subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.discussion.services.entry_page import show
from bot.lookup.services.lookup import look_up
from bot.lookup.services.selection import chosen
from tests.arxiv.stage import Stage, staged
from tests.fakes.arxiv import Paper
from tests.talk_stage import words

TUESDAY = datetime(2026, 11, 17, 6, tzinfo=UTC)
CHANNEL = ChannelRef(Platform.SLACK, "T1", "C1")
BARE = "https://arxiv.org/abs/2501.00001\n\n생각. https://arxiv.org/abs/2301.00007 이 먼저다.\n"
OWN = "https://arxiv.org/abs/2501.00002\n\n*Mine* (Bo Writer)\n\n> My own abstract.\n\n생각.\n"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "vault", TUESDAY) as made:
        made.world.add(
            Paper("2501.00001", "Bare", ("Ada One", "Bo Two"), "arXiv says this of it."),
            Paper("2501.00002", "Theirs", ("Cy Three",), "Not the curator's words."),
            Paper("2301.00007", "An older work", ("Di Four",)),
        )
        yield made


async def ask(stage: Stage, query: str) -> str:
    async def check(channel: ChannelRef) -> ChannelRef:
        return channel

    desk = DigestContext(stage.db, stage.time, UTC, check, lambda: None)  # type: ignore[arg-type]
    person = User("u1", "Reader", can_manage=True)
    bot = Bot(desk, voices=lambda _: ENGLISH)
    return render(await bot.command(Command("paper", {"query": query}, person, CHANNEL, "en")))


async def text_of(stage: Stage, form: Format) -> str:
    return "".join(
        [
            piece
            async for piece in export_text(
                chosen(stage.db, "", as_written=form.is_read_again), form
            )
        ]
    )


async def test_a_look_up_of_a_paper_has_its_authors_and_its_abstract(stage: Stage):
    await stage.write("261117 Bare", BARE)
    await stage.round()

    shown = await ask(stage, "2501.00001")

    assert "Ada One, Bo Two" in shown
    assert "arXiv says this of it." in shown
    assert "An older work" in shown


async def test_a_paper_that_is_only_referred_to_is_shown_as_arxiv_tells_it(stage: Stage):
    await stage.write("261117 Bare", BARE)
    await stage.round()

    shown = await ask(stage, "https://arxiv.org/abs/2301.00007")

    assert "An older work" in shown
    assert "Di Four" in shown
    assert "/paper cites:2301.00007" in shown
    assert "Nothing found" in await ask(stage, "2301.00008")


async def test_a_referenced_paper_has_the_title_of_its_newest_version(stage: Stage):
    await stage.write("261117 Bare", BARE)
    await stage.round()
    stage.world.revise("2301.00007", at=TUESDAY, title="A renamed work")
    stage.world.revise("2501.00001", at=TUESDAY, title="Not the note's title")
    stage.time.pass_by(days=1)
    await stage.round()

    page = await show(stage.db, "2501.00001")

    assert [each.reference.title for each in page.mentions] == ["A renamed work"]
    assert page.stored.entry.paper.title == "Bare"
    async with stage.db.reading() as tx:
        rows = await tx.all("SELECT title FROM paper ORDER BY title")
    assert [row["title"] for row in rows] == ["A renamed work", "Bare"]


async def test_what_the_curator_wrote_always_wins(stage: Stage):
    await stage.write("261117 Mine", OWN)
    await stage.round()

    (found,) = (await look_up(stage.db, "2501.00002")).entries

    assert found.entry.paper.title == "Mine"
    assert found.entry.paper.authors == ("Bo Writer",)
    assert found.entry.paper.abstract == "My own abstract."


async def test_what_is_filled_in_is_found(stage: Stage):
    await stage.write("261117 Bare", BARE)
    await stage.write("261117 Mine", OWN)
    await stage.round()

    assert await titles(stage, '"says this of it"') == ["Bare"]
    assert await titles(stage, "author:two") == ["Bare"]
    assert await titles(stage, "author:three") == []  # the curator named others


async def test_what_is_filled_in_is_found_after_the_note_was_changed(stage: Stage):
    await stage.write("261117 Bare", BARE)
    await stage.round()
    await stage.write("261117 Bare", BARE + "\n다시 생각.\n")

    assert await titles(stage, '"says this of it"') == ["Bare"]
    assert await titles(stage, "author:two 다시") == ["Bare"]


async def test_a_paper_that_was_found_by_its_title_is_found_by_arxivs_words(stage: Stage):
    await stage.write("261117 Named", "*An older work* (Di Four)\n\n생각.\n")
    await stage.round()

    assert await titles(stage, '"We study examples"') == ["An older work"]


async def titles(stage: Stage, query: str) -> list[str]:
    found = await look_up(stage.db, query)
    return [stored.entry.paper.title for stored in found.entries]


async def test_json_and_bibtex_are_filled_in_and_what_can_be_read_again_is_not(
    stage: Stage, tmp_path: Path
):
    await stage.write("261117 Bare", BARE)
    await stage.round()

    (line,) = (await text_of(stage, Format.JSONL)).splitlines()
    bibliography = await text_of(stage, Format.BIBTEX)
    page = await text_of(stage, Format.DIGEST)
    await export_vault(chosen(stage.db, "", as_written=True), tmp_path / "out")

    entry = json.loads(line)
    assert entry["authors"] == ["Ada One", "Bo Two"]
    assert entry["abstract"] == "arXiv says this of it."
    assert "Ada One and Bo Two" in bibliography
    assert "Ada One" not in page
    assert (tmp_path / "out" / "261117 Bare.md").read_text(encoding="utf-8") == BARE


async def test_a_second_import_finds_nothing_changed(stage: Stage):
    await stage.write("261117 Bare", BARE)
    await stage.round()
    (stage.folder / "261117 Bare.md").touch()

    report = await import_files(stage.db, [stage.folder], now=stage.time())

    assert (report.updated, report.unchanged) == (0, 1)


@pytest.mark.parametrize(
    "comment",
    [
        "This paper has been withdrawn by its authors",
        "This submission has been withdrawn by arXiv administrators due to text overlap",
    ],
)
async def test_a_withdrawn_paper_says_so_in_a_look_up_and_in_the_list_whoever_withdrew_it(
    stage: Stage, comment: str
):
    await stage.write("261117 Bare", BARE)
    await stage.round()
    stage.world.revise("2501.00001", at=TUESDAY, comment=comment)
    stage.time.pass_by(days=8)
    await stage.round()

    assert "This paper was withdrawn from arXiv." in await ask(stage, "2501.00001")
    assert "withdrawn from arXiv" in await ask(stage, "")


async def test_the_events_of_a_cited_paper_are_shown_beside_it(stage: Stage):
    await stage.write("261117 Bare", BARE)
    await stage.round()
    stage.world.revise("2301.00007", at=TUESDAY)
    stage.time.pass_by(days=1)
    await stage.round()
    newer = await ask(stage, "2501.00001")
    stage.world.revise("2301.00007", at=TUESDAY, comment="withdrawn: an error in section 3")
    stage.time.pass_by(days=1)
    await stage.round()

    page = await show(stage.db, "2501.00001")
    printed = render(present_entry(page.stored, languages=LANGUAGES, say=ENGLISH, detailed=True))

    assert "An older work" in newer
    assert "now at v2" in newer
    assert "withdrawn from arXiv" in printed
    (mention,) = page.mentions
    assert mention.reference.arxiv_id == ArxivId("2301.00007")
    assert mention.reference.at_arxiv == AtArxiv(3, is_withdrawn=True)


async def plan_a_digest(stage: Stage) -> None:
    """A digest of the note is planned before arXiv was asked."""
    await stage.write("261117 Bare", BARE)
    words_of = TypedOptions(at="15:00", zone="Asia/Seoul", languages="en")
    await subscribe.add(stage.db, CHANNEL, words_of, now=stage.time() - timedelta(minutes=1))
    await plan.plan_due(stage.db, now=stage.time(), voices=lambda _: ENGLISH)


async def planned(stage: Stage) -> list[str]:
    """What the outbox is going to say, message by message."""
    async with stage.db.reading() as tx:
        rows = await tx.all("SELECT document FROM delivery ORDER BY id")
    return [words(load(row["document"])) for row in rows]


async def test_an_opening_reply_is_completed_when_arxiv_has_answered(stage: Stage):
    await plan_a_digest(stage)
    before = await planned(stage)
    await stage.round()
    changed = await edited_entries.present_changed(
        stage.db, now=stage.time(), voices=lambda _: ENGLISH
    )
    after = await planned(stage)

    assert not any("arXiv says this of it." in text for text in before)
    assert changed
    assert "Ada One, Bo Two" in after[1]
    assert "arXiv says this of it." in after[2]


async def test_messages_of_long_ago_are_left_in_peace(stage: Stage):
    await plan_a_digest(stage)
    stage.time.pass_by(days=20)
    await stage.round()

    assert (
        await edited_entries.present_changed(stage.db, now=stage.time(), voices=lambda _: ENGLISH)
        == 0
    )


async def test_the_same_answer_again_changes_nothing(stage: Stage):
    await plan_a_digest(stage)
    await stage.round()
    await edited_entries.present_changed(stage.db, now=stage.time(), voices=lambda _: ENGLISH)
    stage.time.pass_by(days=1)
    await stage.round()

    assert (
        await edited_entries.present_changed(stage.db, now=stage.time(), voices=lambda _: ENGLISH)
        == 0
    )


@pytest.mark.parametrize("was_withdrawn", [True, False])
async def test_a_withdrawal_that_an_older_version_misread_is_shown_right_and_not_told_of(
    stage: Stage, was_withdrawn: bool
):
    if not was_withdrawn:
        stage.world.revise("2501.00001", at=TUESDAY, comment="This paper has been withdrawn")
    await plan_a_digest(stage)
    await stage.round()
    async with stage.db.transaction() as tx:
        await tx.run("UPDATE arxiv_record SET is_withdrawn = :is", {"is": was_withdrawn})
        await slots.touch(tx, ["2501.00001"], stage.time() - timedelta(days=1))
    await edited_entries.present_changed(stage.db, now=stage.time(), voices=lambda _: ENGLISH)
    before = await planned(stage)
    stage.time.pass_by(days=1)
    swept = await stage.round()
    await edited_entries.present_changed(stage.db, now=stage.time(), voices=lambda _: ENGLISH)
    after = await planned(stage)

    assert any("withdrawn" in text for text in before) == was_withdrawn
    assert any("withdrawn" in text for text in after) != was_withdrawn
    assert swept.resolved.found
    assert swept.resolved.events == 0
