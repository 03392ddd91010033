"""Keeps what is typed into a form as the person's draft."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from bot.archive.domain.entry import EntryId
from bot.core.database.database import Database, Transaction
from bot.core.domain.errors import UsageError
from bot.core.domain.form import text_most
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.core.ports import ChannelRef, FilledForm, Platform, User, person_ids
from bot.desk.domain.draft import Draft, DraftState
from bot.desk.domain.fields import DATE, PAPER, TAGS, TEXT_NAMES, mixed, values_of
from bot.desk.domain.outcome import Outcome, is_said
from bot.desk.domain.paper_line import PaperLine, read_paper_line
from bot.desk.services.context import NoteContext
from bot.desk.store import drafts, known_papers

_NAMES = (PAPER, *TEXT_NAMES, TAGS, DATE)
_LONGEST = text_most(Platform.WEB)
"""Characters of a field; the web page takes longer texts than Slack."""
_LONGEST_KEY = 64
_KEY = 16
"""Characters of a key: Discord has little room for it."""


async def keep(notes: NoteContext, filled: FilledForm, *, goes_on: bool = False) -> Draft:
    """Store what is typed so far, also where another device submitted this form meanwhile.

    What was submitted stays as it is: another text under its key is kept under a key that follows from
    it, as a change of what was written. Returns the draft as it is stored: the submitted one where it
    says the same, unless it `goes_on`. Raises `UsageError` for the key of another person, and
    `StorageError`.
    """
    async with notes.db.transaction() as tx:
        await tx.guard(drafts.guard_of(filled.key))
        known = await drafts.find(tx, filled.key)
        _check_person(filled, known)
        shown = shown_values(filled)
        values = _typed_of(shown, filled) if known is not None else shown
        while known is not None and known.is_submitted:
            if not goes_on and is_said(known.plan, shown):
                return known
            known = await _following(tx, replace(known, channel=str(filled.channel)))
            shown, values = _changes(shown, known), _changes(values, known)
        draft = _typed(notes, filled, known, values)
        await drafts.put(tx, draft)
    return draft


def _check_person(filled: FilledForm, known: Draft | None) -> None:
    person = person_ids(filled.channel, filled.user)[0]
    if (known is not None and known.person != person) or len(filled.key) > _LONGEST_KEY:
        raise UsageError("This form belongs to somebody else: open a new one with /note")


def _typed(
    notes: NoteContext, filled: FilledForm, known: Draft | None, values: Mapping[str, str]
) -> Draft:
    if known is None:
        person = person_ids(filled.channel, filled.user)[0]
        known = Draft(filled.key, person, "", "", "", notes.clock())
    typed = {**known.base, **known.typed, **values}
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


async def _following(tx: Transaction, before: Draft) -> Draft:
    """The draft of what is typed under the key of a submission after it; it need not be stored.

    Once the submission is carried out, it is a change of what that wrote.
    """
    key = hashlib.sha256(before.key.encode()).hexdigest()[:_KEY]
    await tx.guard(drafts.guard_of(key))
    found = await drafts.find(tx, key)
    is_done = before.state is DraftState.DONE
    if found is not None and (found.is_submitted or not is_done or found.base != before.base):
        return found
    following = replace(before, key=key, state=DraftState.OPEN, plan="", outcome="")
    if is_done:
        following = await _with_entry(tx, following, Outcome.load(before.outcome).entry_id)
    since = {name: found.typed[name] for name in found.changed} if found is not None else {}
    typed = {**_changes(following.typed, following), **_changes(since, following)}
    return replace(following, typed=mixed(typed, typed, following.base))


async def _with_entry(tx: Transaction, draft: Draft, entry_id: EntryId | None) -> Draft:
    """The draft as a change of that entry; of one that was deleted, its fields are empty."""
    if entry_id is None:
        return draft
    known = await known_papers.find_known(tx, PaperLine(entry_id=entry_id))
    if known.entry is not None:
        base = values_of(known.entry.entry, draft.text_most)
    else:
        base = {name: "" for name in draft.base if name != PAPER}
    return replace(draft, entry_id=entry_id, base=base)


def _changes(values: Mapping[str, str], draft: Draft) -> dict[str, str]:
    """What the fields of a submitted form say of what it wrote; no date was that day's."""
    return {
        name: text
        for name, text in values.items()
        if (name != PAPER or draft.entry_id is None) and (name != DATE or text.strip())
    }


def _typed_of(shown: dict[str, str], filled: FilledForm) -> dict[str, str]:
    """The fields that were typed into, as far as the platform knows: the others may be old."""
    touched = filled.touched
    return {name: shown[name] for name in shown if touched is None or name in touched}


def shown_values(filled: FilledForm) -> dict[str, str]:
    """All fields of the form, well-formed and no longer than they may be."""
    values = filled.values
    return {name: well_formed(values[name])[:_LONGEST] for name in _NAMES if name in values}


async def put_unless_done(tx: Transaction, draft: Draft) -> Draft:
    """Store the draft unless it was submitted or carried out meanwhile; returns what is stored."""
    await tx.guard(drafts.guard_of(draft.key))
    known = await drafts.find(tx, draft.key)
    if known is not None and known.is_submitted:
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
        if outcome is not None:
            now = replace(draft, state=state, typed={}, outcome=outcome.dump())
        else:
            now = replace(draft, state=state, changed_at=notes.clock())
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
