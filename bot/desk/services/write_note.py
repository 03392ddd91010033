"""Writes what was submitted, once: a file of the vault, or an entry in the database.

Without a file, the entry and the draft's end are one transaction.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.archive.domain.typed_dates import Days
from bot.archive.services import form_entries
from bot.archive.store.guards import ARCHIVE
from bot.core.database.database import Transaction
from bot.core.domain.document import Document
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import ENGLISH, Translate
from bot.desk.domain.decision import Decision, NothingChanged, ToCorrect, decide, paper_of
from bot.desk.domain.draft import Draft, DraftState
from bot.desk.domain.outcome import Outcome
from bot.desk.domain.present_note import present_outcome
from bot.desk.services.context import NoteContext
from bot.desk.services.write_file import finish_file, not_submitted
from bot.desk.store import drafts, known_papers

log = logging.getLogger(__name__)


async def finish(
    notes: NoteContext, key: str, say: Translate, remarks: tuple[str, ...] = ()
) -> Document | ToCorrect:
    """Write what was submitted under a key, unless it is written; may be repeated at any time.

    `remarks` are said with it, and again when it is submitted again.
    Something to correct is what has changed since it was submitted: the draft is typed again. Raises
    `StorageError`, and `UsageError` where the draft was deleted.
    """
    if notes.files is not None:
        outcome = await finish_file(notes, notes.files, key, say, remarks)
        if isinstance(outcome, ToCorrect):
            return outcome
        if outcome is not None:
            notes.written()
            return present_outcome(outcome, say)
    async with notes.db.transaction() as tx:
        await tx.guard(ARCHIVE)
        await tx.guard(drafts.guard_of(key))
        draft = await drafts.find(tx, key)
        if draft is None:
            raise UsageError("This form was deleted: open a new one with /note")
        if draft.state is DraftState.DONE:
            return present_outcome(Outcome.load(draft.outcome), say)
        if draft.state is not DraftState.SUBMITTED:
            return not_submitted(draft, say)
        now = notes.clock()
        known = await known_papers.find_known(tx, paper_of(draft))
        decision = decide(draft, known, Days(now.date()), say)
        if isinstance(decision, ToCorrect):
            await drafts.put(tx, replace(draft, state=DraftState.TYPED, changed_at=now))
            return decision
        outcome = replace(await _write(tx, draft, decision, now), remarks=remarks)
        done = replace(draft, state=DraftState.DONE, typed={}, outcome=outcome.dump())
        await drafts.put(tx, done)
    notes.written()
    log.info("%s wrote a note: entry %s, “%s”", draft.person, outcome.entry_id, outcome.title)
    return present_outcome(outcome, say)


async def _write(tx: Transaction, draft: Draft, decision: Decision, now: datetime) -> Outcome:
    assert not isinstance(decision, ToCorrect)  # noqa: S101 - for the types
    if isinstance(decision, NothingChanged):
        old = decision.old
        return Outcome(old.id, old.entry.paper.title, is_unchanged=True, typed=draft.plan)
    entry_id = await form_entries.put(tx, decision.entry, decision.old, key=draft.key, now=now)
    return Outcome(
        entry_id, decision.entry.paper.title, is_new=decision.old is None, typed=draft.plan
    )


async def finish_submitted(
    notes: NoteContext, *, before: datetime, alive: Callable[[], None] = lambda: None
) -> int:
    """Write what was submitted before then and is not written: the bot was killed in between.

    Returns how many were written.
    """
    async with notes.db.reading() as tx:
        keys = await drafts.list_submitted(tx, before)
    written = 0
    for key in keys:
        alive()
        finished = await finish(notes, key, ENGLISH)
        if isinstance(finished, ToCorrect):
            log.warning(
                "a note of %s could not be written; it is offered again with /note: %s",
                finished.draft.person,
                "; ".join(finished.problems.values()),
            )
            continue
        written += 1
    return written
