"""Writes what was submitted as a file of the vault, and imports that file like any other."""

from dataclasses import replace
from pathlib import Path

from bot.archive.domain.entry import Entry, EntryId, SourceKind, StoredEntry
from bot.archive.domain.formats.note_text import NoteTextError
from bot.archive.domain.note import Note
from bot.archive.domain.typed_dates import Days
from bot.archive.services.import_files import import_files
from bot.archive.store import sources
from bot.core.database.database import Transaction
from bot.core.domain.errors import StorageError, UsageError, UserError
from bot.core.domain.i18n import Translate, error_text, in_language
from bot.desk.domain.decision import (
    Decision,
    NothingChanged,
    ToCorrect,
    ToWrite,
    decide,
    paper_of,
)
from bot.desk.domain.draft import Draft, DraftState
from bot.desk.domain.fields import DATE, PAPER, TAGS
from bot.desk.domain.known import Known
from bot.desk.domain.outcome import Outcome
from bot.desk.services.context import NoteContext, NoteFiles
from bot.desk.services.keep import put_state
from bot.desk.store import drafts, known_papers
from bot.vault.domain.writing import Author, Change, Conflict, WriteResult
from bot.vault.services.own_writes import signature_of

_FIELDS = {"title": PAPER, "tags": TAGS, "date": DATE}
"""The field of the form for each part of a note that cannot be written."""


async def finish_file(
    notes: NoteContext, files: NoteFiles, key: str, say: Translate, remarks: tuple[str, ...]
) -> Outcome | ToCorrect | None:
    """Write the file of a submitted note, unless it is written; `None` where it has no file.

    May be repeated: the same text is not written twice. Raises `StorageError`.
    """
    async with files.own.lock:
        async with notes.db.reading() as tx:
            draft = await drafts.find(tx, key)
            if draft is None:
                raise UsageError("This form was deleted: open a new one with /note")
            if draft.state is DraftState.DONE:
                return Outcome.load(draft.outcome)
            if draft.state is not DraftState.SUBMITTED:
                return not_submitted(draft, say)
            known = await known_papers.find_known(tx, paper_of(draft))
            old = known.entry if draft.entry_id is not None else None
            path = await path_in_vault(tx, files.folder, old)
        if old is not None and path is None:
            return None
        decision = _decide(draft, known, Days(notes.clock().date()), say)
        if isinstance(decision, NothingChanged):
            title = decision.old.entry.paper.title
            outcome = Outcome(decision.old.id, title, is_unchanged=True, typed=draft.plan)
            return await put_state(notes, draft, DraftState.DONE, outcome)
        if isinstance(decision, ToWrite):
            try:
                outcome = await _write(notes, files, draft, decision, path, say=say)
                outcome = replace(outcome, remarks=remarks)
            except StorageError:
                raise
            except NoteTextError as error:
                field = _FIELDS.get(error.field, "")
                decision = ToCorrect(draft, {field: error_text(error, say)})
            except UserError as error:
                decision = ToCorrect(draft, {"": error_text(error, say)})
            else:
                return await put_state(notes, draft, DraftState.DONE, outcome)
        await put_state(notes, draft, DraftState.TYPED)
        return decision


def _decide(draft: Draft, known: Known, days: Days, say: Translate) -> Decision:
    """What to do now. A new note was submitted when its paper had no entry.

    An entry that is there now is either its own file, written before a kill, or somebody else's,
    which was saved while this one waited for the files.
    """
    if draft.entry_id is not None or known.entry is None:
        return decide(draft, known, days, say)
    decision = decide(draft, replace(known, entry=None), days, say)
    is_written = isinstance(decision, ToWrite) and _is_file_of(decision.entry, known.entry.entry)
    return decision if is_written else decide(draft, known, days, say)


def _is_file_of(written: Entry, found: Entry) -> bool:
    """Whether a file of the vault says what is to be written."""
    is_file = found.source.kind is SourceKind.VAULT_NOTE
    return is_file and (found.commentary, found.tags, found.date) == (
        written.commentary,
        written.tags,
        written.date,
    )


def not_submitted(draft: Draft, say: Translate) -> ToCorrect:
    """A draft that another submission of the same form found something to correct in."""
    problem = say("Something is to be corrected. Look at the form and save again.")
    return ToCorrect(draft, {"": problem})


async def path_in_vault(tx: Transaction, vault: Path, old: StoredEntry | None) -> str | None:
    """The path within the vault of the file of an entry, if it has one there."""
    if old is None or old.entry.source.kind is not SourceKind.VAULT_NOTE:
        return None
    source = await sources.find_of_entry(tx, old.id)
    if source is None or source.location is None:
        return None
    folder = f"{vault}/"
    return source.location.removeprefix(folder) if source.location.startswith(folder) else None


async def _write(
    notes: NoteContext,
    files: NoteFiles,
    draft: Draft,
    decision: ToWrite,
    path: str | None,
    *,
    say: Translate,
) -> Outcome:
    author = Author(draft.name, draft.person)
    result: WriteResult
    if decision.old is None:
        result = await files.writer.add(_note(decision.entry, None), author)
    else:
        before = decision.old.entry
        change = Change(before.source.text, _note(before, path), _note(decision.entry, path))
        result = await files.writer.change(change, author)
    ours = result.ours if isinstance(result, Conflict) else result.path
    file = Path(files.folder, ours)
    found = signature_of(file)
    await import_files(notes.db, [file], now=notes.clock(), within=files.folder)
    files.own.note(file, found)
    return Outcome(
        await _entry_at(notes, str(file)),
        decision.entry.paper.title,
        is_new=decision.old is None,
        path=ours,
        theirs=result.theirs if isinstance(result, Conflict) else "",
        trouble=in_language(result.trouble, say),
        typed=draft.plan,
    )


def _note(entry: Entry, path: str | None) -> Note:
    return replace(Note.of(entry), path=path)


async def _entry_at(notes: NoteContext, location: str) -> EntryId | None:
    """The entry of the file, as it was imported."""
    async with notes.db.reading() as tx:
        return await known_papers.find_entry_at(tx, location)
