"""Drafts: what was typed last is found again, what is done is not offered."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.archive.domain.entry import EntryId
from bot.desk.domain.draft import Draft, DraftState
from bot.desk.store import drafts
from tests.databases import throw_away

AT = datetime(2026, 2, 3, tzinfo=UTC)
PAPER = "arxiv:2502.01456"


def typed(key: str, minutes: int, **values: str) -> Draft:
    return Draft(
        key,
        "slack:T1/U1",
        "Ada",
        "slack:T1/C1",
        "ko",
        AT + timedelta(minutes=minutes),
        paper=PAPER,
        entry_id=EntryId(7),
        base={"ko": "전"},
        typed=values,
        state=DraftState.TYPED,
    )


async def test_a_draft_is_what_was_stored() -> None:
    draft = typed("k1", 0, ko="후", en="after")

    async with throw_away() as db:
        async with db.transaction() as tx:
            await drafts.put(tx, replace(draft, typed={}))
            await drafts.put(tx, draft)
        async with db.reading() as tx:
            found, missing = await drafts.find(tx, "k1"), await drafts.find(tx, "k2")

    assert (found, missing) == (draft, None)


async def test_the_newest_unfinished_draft_is_offered() -> None:
    early, late = typed("k1", 0, ko="a"), typed("k2", 1, ko="b")
    other = replace(typed("k3", 2, ko="c"), paper="arxiv:2502.09999")
    opened = replace(typed("k4", 3), state=DraftState.OPEN)
    done = replace(late, state=DraftState.DONE, typed={}, changed_at=AT + timedelta(minutes=5))

    async with throw_away() as db, db.transaction() as tx:
        for draft in (early, late, other, opened):
            await drafts.put(tx, draft)
        of_paper = await drafts.find_newest(tx, early.person, PAPER)
        of_any = await drafts.find_newest(tx, early.person)
        of_another_person = await drafts.find_newest(tx, "slack:T1/U2")
        await drafts.put(tx, done)
        after_it_is_done = await drafts.find_newest(tx, early.person, PAPER)
        submitted = replace(other, state=DraftState.SUBMITTED)
        await drafts.put(tx, submitted)
        to_finish = await drafts.list_submitted(tx, submitted.changed_at)
        too_early = await drafts.list_submitted(tx, AT)
        counted = await drafts.count(tx, early.person)
        await drafts.forget(tx, early.person)
        left = await drafts.find(tx, "k1")

    assert (of_paper, of_any, of_another_person) == (late, other, None)
    assert after_it_is_done is None
    assert (to_finish, too_early) == (("k3",), ())
    assert (counted, left) == (2, None)
