"""What is worth a look stands beside its field before a note is saved (issue 17, item 4)."""

from datetime import date, timedelta

import pytest

from bot.arxiv.store import asked_papers
from bot.core.domain.document import Document
from bot.core.domain.form import Form
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from tests.archive_stage import an_entry, keep
from tests.databases import throw_away
from tests.desk.services.test_note_form import LINK, entry_count, know
from tests.desk_stage import ADA, CHANNEL, NOW, Desk
from tests.talk_stage import words


async def test_remarks_are_shown_once_and_saving_again_keeps_the_note() -> None:
    async with throw_away() as db:
        await know(db)
        for n in range(3):
            await keep(db, an_entry(f"Paper {n}", tags="pretraining", path=f"{n}.md"))
        async with db.transaction() as tx:
            for days in (2, 1):
                asked_on = NOW.date() - timedelta(days=days)
                await asked_papers.note_asked(tx, asked_on, found=(), missing=["2602.00001"])
        await subscribe.add(
            db, CHANNEL, TypedOptions(at="09:00", zone="Asia/Seoul", languages="en"), now=NOW
        )
        desk = Desk(db)
        form = await desk.opens(LINK)
        typed = {
            "ko": "https://arxiv.org/abs/2501.00009\n\n이 논문은 arXiv:2602.00001 논문과 같은 추론을 다룬다.",
            "tags": "pretrainig",
            "date": "2026-04-01",
        }

        looked = await desk.submits(form, ADA, **typed)
        before = await entry_count(db)
        saved = await desk.submits(form, ADA, **typed)
        after = await entry_count(db)

    assert isinstance(looked, Form)
    assert looked.problems == {}
    assert looked.values["tags"] == "pretrainig"
    assert {name: text.split("\n") for name, text in looked.remarks.items()} == {
        "": ["Not saved yet: look at the remarks, or save again to keep it as it is."],
        "paper": ["arXiv knows no paper 2602.00001: correct the link"],
        "ko": [
            "The text refers to the paper itself.",
            "The text begins with the link of another paper: a note is about one paper.",
        ],
        "en": ["English: there is no text, and this channel's digest is posted in it."],
        "tags": ["#pretrainig is a new tag: did you mean #pretraining?"],
        "date": ["The date is in the future: 2026-04-01"],
    }
    assert isinstance(saved, Document)
    assert words(saved) == "Saved: A Paper on Reasoning"
    assert (before, after) == (3, 4)


@pytest.mark.parametrize(
    ("paper", "is_told"),
    [
        ("2502.1456", True),
        ("2502.99999x", True),
        ("arxiv.org/abs/2502.1456", True),
        ("arXiv:2502.1456", True),
        ("openreview.net/forum?id=abc", True),
        ("https://arxiv.org/abs/2602.00001", False),
        ("https://openreview.net/forum?id=abc A Title", False),
        ("GPT-4o/o1", False),
        ("Attention", False),
        ("3.5 Ways to Read arXiv.org", False),
    ],
)
async def test_a_mistyped_id_or_link_is_not_taken_for_a_title_in_silence(
    paper: str, is_told: bool
) -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        form = await desk.opens("")
        typed = {
            "paper": paper,
            "ko": "추론을 다룬 글이다.",
            "en": "A text on reasoning.",
            "tags": "",
        }

        looked = await desk.submits(form, ADA, **typed)
        saved = await desk.submits(form, ADA, **typed) if is_told else looked

    assert isinstance(saved, Document)
    if is_told:
        assert isinstance(looked, Form)
        assert looked.remarks["paper"] == (
            f"“{paper}” is no arXiv id and no whole link, so it would be the title: correct it, or begin "
            "it with https://"
        )


async def test_a_remark_that_was_seen_does_not_stop_another_change() -> None:
    async with throw_away() as db:
        await know(db)
        desk = Desk(db)
        form = await desk.opens(LINK)
        typed = {
            "ko": "이 논문은 arXiv:2602.00001 논문과 같은 추론을 다룬다.",
            "date": "2026-04-01",
        }
        await desk.submits(form, ADA, **typed)

        other = await desk.submits(form, ADA, **typed | {"date": "2026-05-01"})
        saved = await desk.submits(
            form,
            ADA,
            **typed | {"date": "2026-05-01", "ko": "arXiv:2602.00001 논문과 같은 추론이다."},
        )

    assert isinstance(other, Form)
    assert "2026-05-01" in other.remarks["date"]
    assert isinstance(saved, Document)


async def test_what_is_no_warning_is_said_after_saving() -> None:
    async with throw_away() as db:
        await know(db)
        await subscribe.add(
            db, CHANNEL, TypedOptions(at="09:00", zone="Asia/Seoul", languages="ko,en"), now=NOW
        )
        desk = Desk(db)

        saved = await desk.submits(await desk.opens(LINK), ko="글", date="2026-02-05")

    assert isinstance(saved, Document)
    assert words(saved).split("\n") == [
        "Saved: A Paper on Reasoning",
        "English: there is no text, and this channel's digest is posted in it.",
        "The date is in the future: 2026-02-05",
    ]


async def test_only_what_is_changed_is_remarked() -> None:
    async with throw_away() as db:
        for day in (date(2026, 1, 5), date(2026, 2, 1)):
            await keep(
                db,
                an_entry(
                    "Old", arxiv_id="2601.00001", ko="arXiv:2601.00001", on=day, path=f"{day}.md"
                ),
            )
        desk = Desk(db)

        tagged = await desk.submits(await desk.opens("2601.00001"), tags="moe")
        dated = await desk.submits(await desk.opens("2601.00001"), date="2026-01-06")
        emptied = await desk.submits(await desk.opens("2601.00001"), ko=" ")

    assert isinstance(tagged, Document)
    assert isinstance(dated, Form)
    assert dated.remarks["date"] == (
        "There is another note on this paper, of 2026-01-05: both are posted."
    )
    assert isinstance(emptied, Form)
    assert emptied.problems == {"": "Write something in one language, at least."}


async def test_remarks_stand_beside_problems_and_are_not_made_again() -> None:
    async with throw_away() as db:
        await know(db)
        await keep(db, an_entry("Old", arxiv_id="2601.00001", ko="옛 글"))
        desk = Desk(db)
        await desk.subscribe()
        form, change = await desk.opens(LINK), await desk.opens("2601.00001")

        empty = await desk.submits(form)
        wrong = await desk.submits(form, ko="글", tags="1", date="2026-04-01")
        saved = await desk.submits(form, ko="글", tags="rl", date="2026-04-01")
        changed = await desk.submits(change, tags="1", date="2026-04-01")

    assert isinstance(empty, Form)
    assert (set(empty.problems), empty.remarks) == ({""}, {})
    assert isinstance(wrong, Form)
    assert (set(wrong.problems), set(wrong.remarks)) == ({"tags"}, {"en", "date"})
    assert isinstance(saved, Document)
    assert words(saved) == "Saved: A Paper on Reasoning"
    assert isinstance(changed, Form)
    assert (set(changed.problems), set(changed.remarks)) == ({"tags"}, {"date"})
