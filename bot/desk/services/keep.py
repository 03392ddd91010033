"""Keeps what is typed into a form as the person's draft."""

from collections.abc import Mapping
from dataclasses import replace

from bot.core.database.database import Database, Transaction
from bot.core.domain.errors import UsageError
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.core.ports import ChannelRef, FilledForm, User, person_ids
from bot.desk.domain.draft import Draft, DraftState
from bot.desk.domain.fields import DATE, PAPER, TAGS, TEXT_NAMES
from bot.desk.domain.outcome import Outcome
from bot.desk.domain.paper_line import read_paper_line
from bot.desk.services.context import NoteContext
from bot.desk.store import drafts

_NAMES = (PAPER, *TEXT_NAMES, TAGS, DATE)
_LONGEST = 20_000
"""Characters of a field; the web page takes longer texts than Slack."""
_LONGEST_KEY = 64


async def keep(notes: NoteContext, filled: FilledForm) -> Draft:
    """Store what is typed so far; what was submitted already stays as it is.

    Returns the draft as it is stored. Raises `UsageError` for the key of another person, and
    `StorageError`.
    """
    async with notes.db.transaction() as tx:
        await tx.guard(drafts.guard_of(filled.key))
        known = await drafts.find(tx, filled.key)
        draft = _typed(notes, filled, known)
        if known is None or known.state in (DraftState.OPEN, DraftState.TYPED):
            await drafts.put(tx, draft)
    return draft


def _typed(notes: NoteContext, filled: FilledForm, known: Draft | None) -> Draft:
    person = person_ids(filled.channel, filled.user)[0]
    if (known is not None and known.person != person) or len(filled.key) > _LONGEST_KEY:
        raise UsageError("This form belongs to somebody else: open a new one with /note")
    if known is not None and known.state in (DraftState.SUBMITTED, DraftState.DONE):
        return known
    if known is None:
        known = Draft(filled.key, person, "", "", "", notes.clock())
    typed = {**known.base, **known.typed, **typed_values(filled.values)}
    draft = replace(
        known,
        name=filled.user.name,
        channel=str(filled.channel),
        locale=filled.locale[:20],
        typed=typed,
        changed_at=notes.clock(),
    )
    if draft.entry_id is None:
        draft = replace(draft, paper=read_paper_line(typed.get(PAPER, "")).key)
    return replace(draft, state=DraftState.TYPED if draft.is_changed else DraftState.OPEN)


def typed_values(values: Mapping[str, str]) -> dict[str, str]:
    """The fields of the form, well-formed and no longer than they may be."""
    return {name: well_formed(values[name])[:_LONGEST] for name in _NAMES if name in values}


async def put_unless_done(tx: Transaction, draft: Draft) -> Draft:
    """Store the draft unless it was submitted or carried out meanwhile; returns what is stored."""
    await tx.guard(drafts.guard_of(draft.key))
    known = await drafts.find(tx, draft.key)
    if known is not None and known.state in (DraftState.SUBMITTED, DraftState.DONE):
        return known
    await drafts.put(tx, draft)
    return draft


async def put_state(
    notes: NoteContext, draft: Draft, state: DraftState, outcome: Outcome | None = None
) -> Outcome:
    """Store how far a draft is, with what was written, unless it is done or was deleted meanwhile.

    Returns what is stored.
    """
    async with notes.db.transaction() as tx:
        await tx.guard(drafts.guard_of(draft.key))
        known = await drafts.find(tx, draft.key)
        if known is not None and known.state is DraftState.DONE:
            return Outcome.load(known.outcome)
        now = replace(draft, state=state, changed_at=notes.clock())
        if outcome is not None:
            now = replace(now, typed={}, outcome=outcome.dump())
        if known is not None:  # else its person is forgotten
            await drafts.put(tx, now)
    return outcome if outcome is not None else Outcome(draft.entry_id, "")


async def count_drafts(db: Database, channel: ChannelRef, user: User) -> int:
    """How many drafts a person did not save."""
    async with db.reading() as tx:
        return sum([await drafts.count(tx, person) for person in person_ids(channel, user)])


async def forget_drafts(db: Database, channel: ChannelRef, user: User) -> None:
    """Delete what a person typed into forms; the notes that were saved are the archive's."""
    async with db.transaction() as tx:
        for person in person_ids(channel, user):
            await drafts.forget(tx, person)
