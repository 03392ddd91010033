"""The form of a note: opened with what is known, kept as it is typed, submitted once."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import tzinfo

from bot.archive.domain.typed_dates import Days
from bot.core.database.database import Database, Transaction
from bot.core.domain.document import Document
from bot.core.domain.errors import StorageError, UserError
from bot.core.domain.form import Form, FormAction
from bot.core.domain.i18n import Translate, error_text, translatable
from bot.core.ports import ChannelRef, Choice, Command, FilledForm, person_ids
from bot.desk.domain import note_form
from bot.desk.domain.decision import (
    NothingChanged,
    ToCorrect,
    decide,
    paper_of,
    readable_part,
    with_date,
)
from bot.desk.domain.draft import Draft, DraftState
from bot.desk.domain.drafting import OTHER, SUMMARY
from bot.desk.domain.fields import DATE, PAPER, TAGS, changed_names, values_of
from bot.desk.domain.known import Known
from bot.desk.domain.outcome import Outcome, fingerprint
from bot.desk.domain.paper_line import PaperLine, read_paper_line
from bot.desk.domain.present_note import present_outcome, present_refusal
from bot.desk.domain.remarks import Remark, by_field
from bot.desk.services import curators, write_note
from bot.desk.services.context import NoteContext
from bot.desk.services.draft_text import draft_text
from bot.desk.services.keep import keep, put_unless_done, shown_values
from bot.desk.services.remarked import list_remarks
from bot.desk.services.shown import as_typed, form_of
from bot.desk.services.write_file import path_in_vault
from bot.desk.store import drafts, known_papers
from bot.lookup.store.typed_names import list_titled

log = logging.getLogger(__name__)

_AWAY = translatable(
    "The bot cannot reach its database right now. Everything you typed is still here: try again in "
    "a moment."
)
_FAILED = translatable(
    "Something went wrong in the bot. Everything you typed is still here; the operator finds the "
    "reason in the log."
)


_CHOICES = 10
_LABEL = 100
"""Characters of a suggestion that Discord shows."""

ZoneOf = Callable[[ChannelRef], Awaitable[tzinfo]]
"""The zone that decides which day it is in a channel."""


def blank(notes: NoteContext, command: Command, say: Translate) -> Form:
    """The form that a command opens, from the command alone."""
    return note_form.blank_form(notes.new_key(), command.options.get("paper", "").strip(), say)


async def open_form(
    notes: NoteContext, command: Command, blank_form: Form, *, zone: tzinfo, say: Translate
) -> Form | Document:
    """The form with the paper, the note that there is, or what this person typed and did not save."""
    refusal = await curators.find_refusal(notes, command.channel, command.user, say)
    if refusal is not None:
        return present_refusal(refusal)
    person = person_ids(command.channel, command.user)[0]
    text = blank_form.values.get(PAPER, "")
    line = read_paper_line(text)
    async with notes.db.reading() as tx:
        known = await known_papers.find_known(tx, line)
        path = await _unwritable(tx, notes, known)
        key = known.paper.key if known.paper is not None else line.key
        draft = await drafts.find_newest(tx, person, key if text else None)
        if draft is not None and not text:
            known = await known_papers.find_known(tx, paper_of(draft))
    if path is not None:
        return present_refusal(_is_in_vault(path, say))
    if draft is not None:
        return form_of(notes, draft, known, zone, say)
    opened = _opened(notes, known, text, line, str(command.channel))
    opened = replace(
        opened,
        person=person,
        name=command.user.name,
        locale=command.locale[:20],
    )
    async with notes.db.transaction() as tx:
        await drafts.put(tx, opened)
    problems = {}
    if line.entry_id is not None and known.entry is None:
        problems[PAPER] = say("There is no entry {id}", id=line.entry_id)
    return form_of(notes, opened, known, zone, say, problems=problems)


async def _unwritable(tx: Transaction, notes: NoteContext, known: Known) -> str | None:
    """The path of the note's file in the vault, where the bot cannot write it."""
    if notes.files is not None or notes.vault is None:
        return None
    return await path_in_vault(tx, notes.vault, known.entry)


def _is_in_vault(path: str, say: Translate) -> str:
    return say("This note is a file of the vault: change it there. {path}", path=path)


def _opened(notes: NoteContext, known: Known, text: str, line: PaperLine, channel: str) -> Draft:
    """A filling of the form with a new key: for the entry that there is, or for a new one.

    A new key, since what was typed into the blank form must not count as a change of the entry.
    """
    opened = Draft(notes.new_key(), "", "", channel, "", notes.clock())
    if known.entry is not None:
        base = values_of(known.entry.entry, opened.text_most)
        paper, entry_id = known.entry.entry.paper.key, known.entry.id
    else:
        base = {PAPER: text, "ko": "", "en": "", TAGS: "", DATE: ""}
        paper, entry_id = line.key, None
    return replace(opened, paper=paper, entry_id=entry_id, base=base, typed=base)


async def complete(db: Database, typed: str) -> tuple[Choice, ...]:
    """Entries whose title has what is typed behind `/note`: their notes can be changed."""
    if not typed.strip():
        return ()
    async with db.reading() as tx:
        found = await list_titled(tx, typed.strip(), limit=_CHOICES)
    return tuple(Choice(each.title[:_LABEL], f"entry:{each.id}") for each in found)


async def keep_draft(notes: NoteContext, filled: FilledForm, say: Translate) -> bool:
    """Keep what is typed so far, of those who may write; returns whether it is kept.

    Raises `UsageError` and `StorageError`.
    """
    if await curators.find_refusal(notes, filled.channel, filled.user, say) is not None:
        return False
    await keep(notes, filled)
    return True


async def press(
    notes: NoteContext, filled: FilledForm, action: str, *, zone_of: ZoneOf, say: Translate
) -> Form:
    """Carry out an action of the form; what was typed is kept first."""
    try:
        return await _press(notes, filled, action, await zone_of(filled.channel), say)
    except StorageError as error:
        log.error("a form's action: %s", error)
        return as_typed(filled, say, say(_AWAY))
    except UserError as error:
        return as_typed(filled, say, error_text(error, say))


async def _press(
    notes: NoteContext, filled: FilledForm, action: str, zone: tzinfo, say: Translate
) -> Form:
    refusal = await curators.find_refusal(notes, filled.channel, filled.user, say)
    if refusal is not None:
        return as_typed(filled, say, refusal)
    if action in {SUMMARY, OTHER}:
        return await draft_text(notes, filled, action, zone=zone, say=say)
    draft = await keep(notes, filled, goes_on=True)
    async with notes.db.reading() as tx:
        known = await known_papers.find_known(tx, paper_of(draft))
        other = await drafts.find_newest(tx, draft.person, draft.paper, other_than=draft.key)
    if action == note_form.WITH_DRAFT and other is not None:
        return form_of(notes, other, known, zone, say)
    if action != note_form.WITHOUT_DRAFT:
        return form_of(notes, draft, known, zone, say, actions=())
    text = draft.typed.get(PAPER, "")
    fresh = replace(
        _opened(notes, known, text, read_paper_line(text), draft.channel),
        person=draft.person,
        name=draft.name,
        locale=draft.locale,
    )
    async with notes.db.transaction() as tx:
        await drafts.put(tx, fresh)
    back = (FormAction(note_form.WITH_DRAFT, say("With the draft")),)
    return form_of(notes, fresh, known, zone, say, actions=back)


async def submit(
    notes: NoteContext, filled: FilledForm, *, zone_of: ZoneOf, say: Translate
) -> Form | Document:
    """Carry out the form, once for its key; never raises for what a person did."""
    try:
        return await _submit(notes, filled, await zone_of(filled.channel), say)
    except StorageError as error:
        log.error("a note could not be saved: %s", error)
        return as_typed(filled, say, say(_AWAY))
    except UserError as error:
        return as_typed(filled, say, error_text(error, say))
    except Exception:
        # Catch everything here: a person waits, and their text is in our hands (CONTRIBUTING.md).
        log.exception("a note could not be saved")
        return as_typed(filled, say, say(_FAILED))


async def _submit(
    notes: NoteContext, filled: FilledForm, zone: tzinfo, say: Translate
) -> Form | Document:
    refusal = await curators.find_refusal(notes, filled.channel, filled.user, say)
    if refusal is not None:
        return as_typed(filled, say, refusal)
    draft = await keep(notes, filled)
    if draft.key != filled.key:
        await _finish_submitted(notes, filled.key, say)
        draft = await keep(notes, filled)
    if draft.state is DraftState.DONE:
        return present_outcome(Outcome.load(draft.outcome), say)
    if draft.key != filled.key and not draft.is_submitted:
        return await _saved_already(notes, draft, zone, say)
    unseen = frozenset(fingerprint(_unseen(draft, filled)).split())
    if not draft.is_submitted and not unseen <= draft.seen:
        words = say(
            "Not saved yet: this draft was changed elsewhere meanwhile. Look at it, and save again."
        )
        again = replace(draft, seen=draft.seen | unseen)
        return await _to_correct(notes, ToCorrect(again, {}, {"": words}), filled, zone, say)
    return await _save(notes, draft, filled, zone, say)


def _unseen(draft: Draft, filled: FilledForm) -> dict[str, str]:
    """The fields that say something else than the form did that was sent: another device wrote them."""
    shown = shown_values(filled)
    return {name: draft.typed.get(name, "") for name in changed_names(draft.typed, shown)}


async def _save(
    notes: NoteContext, draft: Draft, filled: FilledForm, zone: tzinfo, say: Translate
) -> Form | Document:
    remarks: tuple[str, ...] = ()
    if draft.state is not DraftState.SUBMITTED:
        days = Days(notes.clock().astimezone(zone).date())
        async with notes.db.reading() as tx:
            known = await known_papers.find_known(tx, paper_of(draft))
            path = await _unwritable(tx, notes, known)
        if path is not None:
            return as_typed(filled, say, _is_in_vault(path, say))
        decision = decide(draft, known, days, say)
        if isinstance(decision, NothingChanged):
            return await _unchanged(notes, draft, decision, say)
        if isinstance(decision, ToCorrect):
            if decision.draft is draft:
                part = readable_part(draft, known, days)
                found = await list_remarks(
                    notes, draft, part, filled.channel, days=days, say=say, is_whole=False
                )
                decision = _with_both(decision, found)
            return await _to_correct(notes, decision, filled, zone, say)
        found = await list_remarks(notes, draft, decision, filled.channel, days=days, say=say)
        if any(each.is_warning and each.mark not in draft.seen for each in found):
            return await _to_correct(notes, _with_remarks(draft, found, say), filled, zone, say)
        remarks = tuple(each.text for each in found if each.mark not in draft.seen)
        plan = fingerprint(draft.typed)
        draft = replace(with_date(draft, decision.entry.date), paper=decision.entry.paper.key)
        draft = replace(draft, state=DraftState.SUBMITTED, changed_at=notes.clock(), plan=plan)
        async with notes.db.transaction() as tx:
            draft = await put_unless_done(tx, draft)
        if draft.plan != plan:
            # Another device submitted another text in between: this one is a change of that.
            return await _submit(notes, filled, zone, say)
    finished = await write_note.finish(notes, draft.key, say, remarks)
    if isinstance(finished, ToCorrect):
        return await _to_correct(notes, finished, filled, zone, say)
    return finished


async def _finish_submitted(notes: NoteContext, key: str, say: Translate) -> None:
    """Write what was submitted under a key before another text was; it may have to be corrected."""
    async with notes.db.reading() as tx:
        draft = await drafts.find(tx, key)
    if draft is not None and draft.state is DraftState.SUBMITTED:
        await write_note.finish(notes, key, say)


def _with_both(decision: ToCorrect, remarks: tuple[Remark, ...]) -> ToCorrect:
    """Remarks beside the fields in which nothing has to be corrected first."""
    shown = [each for each in remarks if each.field not in decision.problems]
    seen = decision.draft.seen | {each.mark for each in shown}
    draft = replace(decision.draft, seen=seen)
    return ToCorrect(draft, decision.problems, by_field(shown))


def _with_remarks(draft: Draft, remarks: tuple[Remark, ...], say: Translate) -> ToCorrect:
    """The form with what is worth a look: the same submission again saves it as it is."""
    seen = draft.seen | {each.mark for each in remarks}
    words = say("Not saved yet: look at the remarks, or save again to keep it as it is.")
    return ToCorrect(replace(draft, seen=seen), {}, {"": words, **by_field(remarks)})


async def _unchanged(
    notes: NoteContext, draft: Draft, decision: NothingChanged, say: Translate
) -> Document:
    """Nothing differs from the entry, so nothing is left to be offered as a draft."""
    outcome = Outcome(decision.old.id, decision.old.entry.paper.title, is_unchanged=True)
    async with notes.db.transaction() as tx:
        await put_unless_done(tx, replace(draft, typed=draft.base, state=DraftState.OPEN))
    return present_outcome(outcome, say)


async def _to_correct(
    notes: NoteContext, decision: ToCorrect, filled: FilledForm, zone: tzinfo, say: Translate
) -> Form | Document:
    """Show the form again, with what is to be corrected, unless it was carried out meanwhile.

    A form that shows what somebody else wrote gets a new key: the same submission again, which did
    not see it, must not replace it.
    """
    again = replace(decision.draft, state=DraftState.TYPED, changed_at=notes.clock())
    async with notes.db.transaction() as tx:
        await tx.guard(drafts.guard_of(again.key))
        stored = await drafts.find(tx, again.key)
        is_shown = stored is not None and not stored.is_submitted
        if stored is not None and is_shown:
            if (stored.base, stored.entry_id) != (again.base, again.entry_id):
                again = replace(again, key=notes.new_key(), plan="")
            await drafts.put(tx, again)
        known = await known_papers.find_known(tx, paper_of(again))
    if not is_shown:
        finished = await write_note.finish(notes, again.key, say)
        if not isinstance(finished, ToCorrect):
            return await _submit(notes, filled, zone, say)
    return form_of(
        notes, again, known, zone, say, problems=decision.problems, remarks=decision.remarks
    )


async def _saved_already(notes: NoteContext, draft: Draft, zone: tzinfo, say: Translate) -> Form:
    """What was typed under the key of a note that is written, as a change of that note."""
    async with notes.db.reading() as tx:
        known = await known_papers.find_known(tx, paper_of(draft))
    problem = say("This note was saved already. Save again to change it.")
    return form_of(notes, draft, known, zone, say, problems={"": problem})
