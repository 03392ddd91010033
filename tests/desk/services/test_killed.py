"""kill -9 at every step of a submission keeps the draft, and the note is written once."""

import signal
from pathlib import Path

import pytest

from bot.core.domain.document import Document
from bot.core.ports import FilledForm
from bot.desk.domain.draft import DraftState
from bot.desk.services import write_note
from bot.desk.store import drafts
from tests import forked
from tests.databases import place, throw_away
from tests.desk_stage import ADA, CHANNEL, VALUES, Desk
from tests.locations import as_argument

FILLED = FilledForm("note", "key1", VALUES, ADA, CHANNEL, "en")
STEPS = {
    (1, "before"): None,
    (1, "after"): DraftState.TYPED,
    (2, "before"): DraftState.TYPED,
    (2, "after"): DraftState.SUBMITTED,
    (3, "before"): DraftState.SUBMITTED,
    (3, "after"): DraftState.DONE,
}
"""What is stored by a process that was killed in its nth transaction, before or after the commit."""


@pytest.mark.parametrize(("step", "state"), STEPS.items(), ids=str)
async def test_a_killed_submission_is_kept_and_written_once(
    step: tuple[int, str], state: DraftState | None, tmp_path: Path
) -> None:
    with place(tmp_path / "paperbot.db") as location:
        async with throw_away(location):
            """The tables."""

        code = await _submit_and_die(as_argument(location), *step)
        async with throw_away(location) as db:
            desk = Desk(db)
            async with db.reading() as tx:
                draft = await drafts.find(tx, FILLED.key)
            desk.clock.turn(minutes=1)
            finished = await write_note.finish_submitted(desk.notes, before=desk.clock())
            offered = await desk.opens()
            once = await desk.inbox.submit_form(FILLED)
            twice = await desk.inbox.submit_form(FILLED)
            found = await desk.found("2602.00001")
            stored = await desk.found("추론")

    assert code == -signal.SIGKILL
    assert (draft.state if draft is not None else None) is state
    if draft is not None and state is not DraftState.DONE:
        assert draft.typed["ko"] == VALUES["ko"]
    assert finished == (state is DraftState.SUBMITTED)
    assert (offered.values["ko"] == VALUES["ko"]) is (state is DraftState.TYPED)
    assert isinstance(once, Document)
    assert once == twice
    assert found == stored == ["A Paper on Reasoning"]


async def _submit_and_die(address: str, nth: int, moment: str) -> int | None:
    process = await forked.start("tests.desk.dies", address, FILLED.key, str(nth), moment)
    return await process.wait()
