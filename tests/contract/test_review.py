"""`/digest review` and its buttons, on every platform, over the real bot and its database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from bot.core.catalogue import Catalogues
from bot.digest.services import plan
from tests.archive_stage import an_entry, keep
from tests.contract.test_commands import NOW, PLATFORMS, Room, Shown
from tests.databases import throw_away
from tests.stage import english

TOMORROW = date(2025, 2, 5)
CHANGED = "This digest has changed since then, and nothing was done: look at it as it is now."
APPROVED = "Exactly this is posted. Approved by: {name}"
SKIPPED = "Nothing is posted on this day; its papers are in the next digest. Skipped by: {name}"
TITLES = ("Patient machines", "Late rewards", "Small models")

VOICES = (english("en"), Catalogues()("ko"))


@pytest.fixture(params=sorted(PLATFORMS))
async def room(request: pytest.FixtureRequest) -> AsyncIterator[Room]:
    """A channel whose digest of tomorrow has three papers."""
    async with throw_away() as db:
        for number, title in enumerate(TITLES, start=1):
            number_at_arxiv, path = f"2502.0000{number}", f"{number}.md"
            text = f"About {title}."
            await keep(
                db, an_entry(title, on=TOMORROW, en=text, arxiv_id=number_at_arxiv, path=path)
            )
        async with PLATFORMS[request.param](db) as opened_room:
            await opened_room.types("/digest here 9am Asia/Seoul")
            await plan.plan_due(db, now=NOW, voices=english)
            yield opened_room


def says(shown: Shown, text: str) -> bool:
    """Whether it says that in the language of whoever sees it; not of whom."""
    return any(say(text).partition("{name}")[0].strip() in shown.text for say in VOICES)


async def posted(room: Room) -> str:
    """What is planned for the channel by the next morning."""
    await plan.plan_due(room.db, now=NOW + timedelta(hours=21), voices=english)
    async with room.db.reading() as tx:
        rows = await tx.all(
            "SELECT document FROM delivery WHERE channel = :channel ORDER BY id",
            {"channel": str(room.channel)},
        )
    return "\n".join(row["document"] for row in rows)


async def test_a_digest_is_reviewed_and_posted_as_it_was_approved(room: Room):
    card = await room.types("/digest review")
    paper = await room.picks(card, "Late rewards")
    moved = await room.presses(paper, "Move up")
    card = await room.presses(moved, "Back to the review")
    paper = await room.picks(card, "Small models")
    held = await room.presses(paper, "Hold for another day")
    approved = await room.presses(held, "Approve")
    again = await room.types("/digest review")
    document = await posted(room)

    assert card.is_private
    assert "Review of the digest of" in card.text
    assert card.text.index("Late rewards") < card.text.index("Patient machines")
    assert "Paper 3 of 3" in paper.text
    assert "About Small models." in paper.text
    assert "Held for another day:" in held.text
    assert "Small models" in held.text.partition("Held for another day:")[2]
    assert "Exactly this is posted. Approved by: " in approved.text
    assert "Approve" not in approved.buttons
    assert "Exactly this is posted. Approved by: " in again.text
    assert document.index("Late rewards") < document.index("Patient machines")
    assert "Small models" not in document


async def test_what_is_changed_behind_the_card_is_said_to_have_changed(room: Room):
    card = await room.types("/digest review")
    paper = await room.picks(card, "Late rewards")
    approved = await room.presses(card, "Approve")

    saved = await room.changes(paper, "Edit", {"en": "Rewards that come late."})
    shown = await room.types("/digest review")
    old = await room.presses(card, "Skip this day")
    document = await posted(room)

    assert "Late rewards" in saved
    assert "Written or changed after the approval" not in approved.text
    after = shown.text.partition("Written or changed after the approval")[2]
    assert "Late rewards" in after
    assert says(old, CHANGED)
    assert "Patient machines" in document
    assert "late." not in document


async def test_a_press_on_an_old_card_shows_the_digest_as_it_is_now(room: Room):
    card = await room.types("/digest review")
    paper = await room.picks(card, "Late rewards")
    await room.changes(paper, "Edit", {"en": "Rewards that come late."})

    answers = [await room.presses(card, each) for each in ("Approve", "Skip this day")]
    approved = await room.presses(answers[-1], "Approve")
    document = await posted(room)

    for answer in answers:
        assert says(answer, CHANGED)
        assert "Nobody has approved it yet." in answer.text
    assert "Exactly this is posted." in approved.text
    assert "Rewards that come late." in document


async def test_of_two_people_at_once_one_decides_and_both_see_it(room: Room):
    card = await room.types("/digest review")

    one, other = await asyncio.gather(
        room.presses(card, "Approve"), room.presses(card, "Skip this day", other=True)
    )
    shown = await room.types("/digest review")
    document = await posted(room)

    late = [each for each in (one, other) if says(each, CHANGED)]
    assert len(late) == 1
    if late == [other]:
        assert all(says(each, APPROVED) for each in (one, other, shown))
        assert "Late rewards" in document
    else:
        assert all(says(each, SKIPPED) for each in (one, other, shown))
        assert document == ""


async def test_where_it_has_to_be_approved_and_nobody_does_nothing_is_posted(room: Room):
    await room.types("/digest settings unapproved:hold")
    before = await room.types("/digest review")

    document = await posted(room)

    assert "It is not posted before somebody approves it." in before.text
    assert document == ""
