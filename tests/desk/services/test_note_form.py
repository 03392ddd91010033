"""A curator writes and changes notes in a form (issue 17, item 1)."""

import asyncio
from dataclasses import replace
from pathlib import Path

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.arxiv_record import ArxivRecord
from bot.archive.domain.entry import EntryId, Language, SourceKind, StoredEntry
from bot.archive.services.export import export_vault
from bot.archive.services.import_files import import_files
from bot.archive.store import arxiv_records, entries
from bot.channels.domain.managers import ManagersChange
from bot.core.database.database import Database
from bot.core.domain.document import Document
from bot.core.domain.form import Form
from bot.core.ports import ChannelRef, Choice, Command, User, parse_channel
from bot.desk.services import write_note
from bot.desk.store import drafts
from bot.digest.services import managers
from bot.lookup.services.selection import chosen
from tests.archive_stage import an_entry, keep
from tests.databases import throw_away
from tests.desk_stage import ADA, BO, CHANNEL, NOW, VALUES, Desk, without_key
from tests.talk_stage import words

KNOWN = ArxivRecord(
    id=ArxivId("2602.00001", 1),
    title="A Paper on Reasoning",
    authors=("Jane Lee", "Min Kim"),
    abstract="We reason about reasoning.",
    categories=("cs.CL",),
    submitted_at=NOW,
    updated_at=NOW,
)
PAGE = """2025년 2월 4일
A Paper on Reasoning
https://arxiv.org/abs/2502.00001
(Jane Lee, Min Kim)
The abstract of the first paper is here, and it is long enough to be one.
추론에 대한 첫 논문입니다.
#reasoning #rl
A Paper on Embeddings
(Ada Park)
The abstract of the second paper is here, and it is long enough to be one.
임베딩에 대한 논문.
#embedding
"""
LINK = "https://arxiv.org/abs/2602.00001"


async def know(db: Database) -> None:
    async with db.transaction() as tx:
        await arxiv_records.put(tx, [KNOWN])


async def newest(db: Database) -> StoredEntry:
    """The newest entry, as it is kept."""
    async with db.reading() as tx:
        row = await tx.one("SELECT max(id) AS id FROM entry")
        assert row is not None
        (stored,) = await entries.list_by_id(tx, [EntryId(row["id"])], as_written=True)
    return stored


async def entry_count(db: Database) -> int:
    async with db.reading() as tx:
        row = await tx.one("SELECT count(*) AS n FROM entry WHERE newness > 0")
    assert row is not None
    count: int = row["n"]
    return count


async def test_a_note_is_written_with_what_arxiv_knows() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)

        form = await desk.opens("2602.00001v2")
        answer = await desk.submits(
            form,
            ko="추론에 대한 논문.\n\n둘째 문단.",
            en="About reasoning.",
            tags="#RL, long_context rl",
        )
        again = await desk.submits(
            form,
            ko="추론에 대한 논문.\n\n둘째 문단.",
            en="About reasoning.",
            tags="#RL, long_context rl",
        )
        stored = await newest(db)
        found = await desk.found("추론")

        assert form.about == (
            "A Paper on Reasoning — Jane Lee, Min Kim",
            "We reason about reasoning.",
        )
        assert isinstance(answer, Document)
        assert answer.is_private
        assert words(answer) == "Saved: A Paper on Reasoning"
        assert again == answer
        assert (await entry_count(db), desk.written) == (1, 1)
        entry = stored.entry
        assert (entry.paper.title, entry.paper.authors) == (KNOWN.title, KNOWN.authors)
        assert entry.paper.key == "arxiv:2602.00001"
        assert entry.paragraphs(Language.KO) == ("추론에 대한 논문.", "둘째 문단.")
        assert entry.paragraphs(Language.EN) == ("About reasoning.",)
        assert entry.tags == ("rl", "long-context")
        assert str(entry.date) == "2026-02-03"
        assert entry.source.kind is SourceKind.CHAT_FORM
        assert found == [KNOWN.title]


async def test_what_is_wrong_stands_beside_its_field_and_is_kept() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        form = await desk.opens()

        nothing = await desk.submits(form)
        wrong = await desk.submits(
            form,
            paper=f"{LINK} https://arxiv.org/abs/2602.00002",
            ko="글",
            tags="moe 123",
            date="2/4",
        )
        untitled = await desk.submits(form, paper="https://example.org/paper", ko="글")
        heading = await desk.submits(form, paper=LINK, ko="# Links")
        titled = await desk.submits(
            form, paper="https://example.org/paper *A Fine Paper* (Ada Park)", ko="글"
        )
        stored = await newest(db)

    assert isinstance(nothing, Form)
    assert nothing.problems.keys() == {"paper", ""}
    assert isinstance(wrong, Form)
    assert wrong.problems.keys() == {"paper", "tags", "date"}
    assert (wrong.values["tags"], wrong.values["ko"]) == ("moe 123", "글")
    assert isinstance(untitled, Form)
    assert "title" in untitled.problems["paper"]
    assert isinstance(heading, Form)
    assert heading.problems.keys() == {"ko"}
    assert isinstance(titled, Document)
    assert (stored.entry.paper.title, stored.entry.paper.authors) == ("A Fine Paper", ("Ada Park",))
    assert stored.entry.paper.key == "url:https://example.org/paper"


async def test_what_was_typed_is_offered_again() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        form = await desk.opens(LINK)
        await desk.keeps(form, ko="반쯤")

        by_paper = await desk.opens("2602.00001")
        by_nothing = await desk.opens()
        of_another = await desk.opens(LINK, BO)
        without = await desk.inbox.press_form(desk.filled(by_paper), "without-draft")
        back = await desk.inbox.press_form(desk.filled(without), "with-draft")
        await desk.submits(back, ko="다 썼다")
        afterwards = await desk.opens()

    assert by_paper.values["ko"] == "반쯤"
    assert by_paper.key == form.key
    assert "This is your draft of 2026-02-03" in by_paper.about[0]
    assert by_nothing == by_paper
    assert of_another.values["ko"] == ""
    assert without.values["ko"] == ""
    assert [action.name for action in without.actions] == ["with-draft"]
    assert without_key(back) == without_key(by_paper)
    assert afterwards.values["ko"] == ""


async def test_only_what_changed_is_changed() -> None:
    async with throw_away() as db:
        await keep(db, an_entry("Old Paper", arxiv_id="2601.00001", ko="옛 글", en="Old"))
        desk = Desk(db)
        before = await newest(db)

        form = await desk.opens("2601.00001")
        unchanged = await desk.submits(form)
        changed = await desk.submits(await desk.opens("2601.00001"), ko="새 글", tags="moe")
        after = await newest(db)

        assert isinstance(unchanged, Document)
        assert words(unchanged) == "Nothing was changed: Old Paper"
        assert "paper" not in form.values
        assert isinstance(changed, Document)
        assert (await entry_count(db)) == 1
        assert after.id == before.id
        assert after.entry.paragraphs(Language.KO) == ("새 글",)
        assert after.entry.paragraphs(Language.EN) == ("Old",)
        assert after.entry.tags == ("moe",)
        assert (after.entry.date, after.entry.paper) == (before.entry.date, before.entry.paper)


async def test_two_people_change_one_note() -> None:
    async with throw_away() as db:
        await keep(db, an_entry("Old Paper", arxiv_id="2601.00001", ko="옛 글", en="Old"))
        desk = Desk(db)
        hers, his = await desk.opens("2601.00001"), await desk.opens("2601.00001", BO)
        await desk.submits(hers, ko="에이다의 글")

        other_field = await desk.submits(his, BO, en="Bo's text")
        third = await desk.opens("2601.00001", BO)
        await desk.submits(await desk.opens("2601.00001"), en="Ada's text")
        conflict = await desk.submits(third, BO, en="Bo's second text")
        repeated = await desk.submits(third, BO, en="Bo's second text")
        assert isinstance(conflict, Form)
        replaced = await desk.submits(conflict, BO)
        stored = await newest(db)

    assert isinstance(other_field, Document)
    assert isinstance(repeated, Form)
    assert "Ada's text" in conflict.problems["en"]
    assert conflict.values["en"] == "Bo's second text"
    assert isinstance(replaced, Document)
    assert stored.entry.paragraphs(Language.KO) == ("에이다의 글",)
    assert stored.entry.paragraphs(Language.EN) == ("Bo's second text",)


async def test_a_new_note_on_a_paper_that_has_one_shows_both() -> None:
    async with throw_away() as db:
        await keep(db, an_entry("Old Paper", arxiv_id="2601.00001", ko="옛 글"))
        desk = Desk(db)
        blank = desk.inbox.blank_form(desk.command("2601.00001"))

        both = await desk.submits(blank, ko="새 글", tags="moe")
        assert isinstance(both, Form)
        saved = await desk.submits(both)
        stored = await newest(db)
        assert (await entry_count(db)) == 1

    assert both.values["ko"] == "옛 글\n\n새 글"
    assert both.problems.keys() == {""}
    assert isinstance(saved, Document)
    assert stored.entry.paragraphs(Language.KO) == ("옛 글", "새 글")


async def test_another_text_under_the_key_of_a_saved_note_is_a_change_of_it() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        form = await desk.opens(LINK)
        await desk.submits(form, ko="첫 글")

        asked = await desk.submits(form, ko="고친 글")
        assert isinstance(asked, Form)
        unchanged = (await newest(db)).entry.paragraphs(Language.KO)
        await desk.submits(asked)
        changed = (await newest(db)).entry.paragraphs(Language.KO)
        assert (await entry_count(db)) == 1

    assert "saved already" in asked.problems[""]
    assert (unchanged, changed) == (("첫 글",), ("고친 글",))


async def test_only_curators_write() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db, frozenset({"slack:T1/U2"}))

        blank = desk.inbox.blank_form(desk.command(LINK))
        refused = await desk.inbox.open_form(desk.command(LINK), blank)
        kept = await desk.submits(blank, ko="글")
        await desk.keeps(blank, ko="글")
        async with db.reading() as tx:
            stored = await drafts.find(tx, blank.key)
        allowed = await desk.submits(await desk.opens(LINK, BO), BO, ko="글")
        foreign = await desk.submits(await desk.opens(LINK, BO), ADA, ko="남의 글")

    assert isinstance(refused, Document)
    assert "slack:T1/U1" in words(refused)
    assert isinstance(kept, Form)
    assert (kept.values["ko"], stored) == ("글", None)
    assert isinstance(allowed, Document)
    assert isinstance(foreign, Form)
    assert foreign.problems.keys() == {""}


OWN_MESSAGES = replace(BO, manages_only_own=True)


async def test_a_right_over_ones_own_direct_messages_allows_no_notes() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db, channel=parse_channel("slack:T1/D1"))
        await managers.change(
            db, desk.channel, ManagersChange(("U2",), ()), names={}, changed_by="", now=NOW
        )
        command = desk.command(LINK, OWN_MESSAGES)

        blank = desk.inbox.blank_form(command)
        refused = await desk.inbox.open_form(command, blank)
        sent = await desk.submits(blank, OWN_MESSAGES, ko="글")
        named = Desk(db, frozenset({"slack:T1/U2"}), channel=desk.channel)
        saved = await named.submits(await named.opens(LINK, OWN_MESSAGES), OWN_MESSAGES, ko="글")
        assert (await entry_count(db)) == 1

    assert isinstance(refused, Document)
    assert "slack:T1/U2" in words(refused)
    assert "in a channel that you manage" in words(refused)
    assert isinstance(sent, Form)
    assert sent.problems.keys() == {""}
    assert isinstance(saved, Document)


async def test_managers_of_places_that_added_the_bot_themselves_write_no_notes() -> None:
    async def vets(channel: ChannelRef, _user: User) -> bool:
        return channel.workspace == "T1"

    there = parse_channel("slack:T9/C9")
    async with throw_away() as db:
        await know(db)
        own, foreign = Desk(db, vets=vets), Desk(db, vets=vets, channel=there)
        await managers.change(
            db, there, ManagersChange(("U2",), ()), names={}, changed_by="", now=NOW
        )
        saved = await own.submits(await own.opens(LINK), ko="글")
        blank = foreign.inbox.blank_form(foreign.command(LINK))
        refused = await foreign.inbox.open_form(foreign.command(LINK), blank)
        sent = await foreign.submits(blank, ko="남의 글")
        named = await foreign.submits(blank, replace(BO, can_manage=False), ko="남의 글")
        curator = Desk(db, frozenset({"slack:T9/U1"}), vets=vets, channel=there)
        changed = await curator.submits(await curator.opens(LINK), ko="고친 글")
        text = (await newest(db)).entry.paragraphs(Language.KO)

    assert isinstance(saved, Document)
    assert isinstance(refused, Document)
    assert "sets PAPERBOT_CURATORS: slack:T9/U1" in words(refused)
    assert isinstance(sent, Form)
    assert isinstance(named, Form)
    assert "PAPERBOT_CURATORS: slack:T9/U2" in named.problems[""]
    assert isinstance(changed, Document)
    assert text == ("고친 글",)


UNSURE = replace(BO, can_manage=False, is_unsure=True)


async def test_whom_the_platform_cannot_look_up_for_now_is_told_to_try_again() -> None:
    async def refusal(desk: Desk, user: User) -> str:
        blank = desk.inbox.blank_form(desk.command(LINK))
        refused = await desk.submits(blank, user, ko="글")
        assert isinstance(refused, Form)
        return refused.problems[""]

    async with throw_away() as db:
        await know(db)
        desk, with_curators = Desk(db), Desk(db, frozenset({"slack:T9/U2"}))
        told = [
            await refusal(desk, UNSURE),
            await refusal(desk, replace(UNSURE, can_manage=True, manages_only_own=True)),
            await refusal(with_curators, UNSURE),
        ]
        await managers.change(
            db, CHANNEL, ManagersChange(("U2",), ()), names={}, changed_by="", now=NOW
        )
        named = await desk.submits(await desk.opens(LINK, UNSURE), UNSURE, ko="글")

    assert all("try again in a moment" in each for each in told)
    assert isinstance(named, Document)


async def test_what_was_submitted_and_not_written_is_finished_later() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        form = await desk.opens(LINK)
        await desk.keeps(form, ko="글")
        async with db.transaction() as tx:
            await tx.run("UPDATE draft SET state = 'submitted'")

        early = await write_note.finish_submitted(desk.notes, before=NOW)
        late = await write_note.finish_submitted(desk.notes, before=desk.clock())
        again = await write_note.finish_submitted(desk.notes, before=desk.clock())
        assert (await entry_count(db)) == 1

    assert (early, late, again) == (0, 1, 0)


def asked(query: str) -> Command:
    return Command("paper", {"query": query}, ADA, CHANNEL, "en")


async def test_forget_me_deletes_drafts() -> None:
    async with throw_away() as db:
        desk = Desk(db)
        await desk.keeps(await desk.opens(LINK), ko="글")

        told = await desk.inbox.command(asked("forget-me"))
        await desk.inbox.command(asked("forget-me confirm"))
        after = await desk.opens(LINK)

    assert "1 draft of a note" in words(told)
    assert after.values["ko"] == ""


async def test_a_page_is_read_again_without_the_entry_that_a_form_changed(tmp_path: Path) -> None:
    page = tmp_path / "2025-02-04.txt"
    page.write_text(PAGE, encoding="utf-8")
    async with throw_away() as db:
        desk = Desk(db)
        await import_files(db, [page], now=NOW)
        await desk.submits(await desk.opens("2502.00001"), ko="고친 글")
        page.write_text(PAGE.replace("첫 논문", "바뀐 논문") + "\n#rl\n", encoding="utf-8")

        report = await import_files(db, [page], now=desk.clock())
        again = await import_files(db, [page], now=desk.clock())
        found = await desk.found("date:2025-02-04")
        (stored,) = (await desk.look_up("2502.00001")).entries

    assert (report.new, report.updated, report.withdrawn) == (0, 1, 0)
    assert (again.new, again.changed, again.problems) == (0, (), ())
    assert [str(problem.message) for problem in report.problems] == [
        "entries of this file that were changed with /note since, and stay so: 1"
    ]
    assert sorted(found) == ["A Paper on Embeddings", "A Paper on Reasoning"]
    assert stored.entry.paragraphs(Language.KO) == ("고친 글",)


async def test_a_note_of_a_form_is_exported_and_imported_as_the_same_entry(tmp_path: Path) -> None:
    async with throw_away() as db:
        desk = Desk(db)
        await desk.submits(desk.inbox.blank_form(desk.command()), ADA, **VALUES)
        written = (await newest(db)).entry
        await export_vault(chosen(db, "", as_written=True), tmp_path / "vault")
    async with throw_away() as db:
        await import_files(db, [tmp_path / "vault"], now=NOW)
        read = (await newest(db)).entry

    assert replace(read, source=written.source) == written


async def test_a_title_is_suggested_and_leads_to_its_note() -> None:
    async with throw_away() as db:
        (id_,) = await keep(db, an_entry("Old Paper", arxiv_id="2601.00001", ko="옛 글"))
        desk = Desk(db)

        found = await desk.inbox.complete(desk.command("old"), "paper", "old")
        by_title, by_id = await desk.opens("old  paper"), await desk.opens(f"entry:{id_}")
        unknown = await desk.opens("Older Paper")

    assert found == (Choice("Old Paper", f"entry:{id_}"),)
    assert by_title.values == by_id.values
    assert by_id.values["ko"] == "옛 글"
    assert unknown.values["paper"] == "Older Paper"


async def test_what_is_submitted_at_once_is_written_once() -> None:
    async with throw_away() as db:
        desk = Desk(db)
        hers, his = (desk.inbox.blank_form(desk.command()) for _ in range(2))
        his_values = {**VALUES, "ko": "보람의 글"}

        answers = await asyncio.gather(
            *(desk.submits(hers, ADA, **VALUES) for _ in range(4)),
            desk.submits(his, BO, **his_values),
        )
        one = await entry_count(db)
        forms = [answer for answer in answers if isinstance(answer, Form)]
        # Which of her four submissions comes too late is not certain, nor whether its form shows what
        # he wrote already: one that another of hers overtook shows it when it is saved again.
        for person, given in ((ADA, answers[:4]), (BO, answers[4:])):
            late = [answer for answer in given if isinstance(answer, Form)]
            for form in late[:1]:
                again = await desk.submits(form, person)
                if isinstance(again, Form):
                    again = await desk.submits(again, person)
                assert isinstance(again, Document)
        texts = (await newest(db)).entry.paragraphs(Language.KO)

    assert one == 1
    assert forms
    assert set(texts) == {VALUES["ko"], "보람의 글"}
