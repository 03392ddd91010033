"""A draft as the form that a person sees."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from bot.core.domain.form import Form, FormAction
from bot.core.domain.i18n import Translate
from bot.core.ports import FilledForm
from bot.desk.domain import note_form
from bot.desk.domain.draft import Draft, DraftState
from bot.desk.domain.drafting import actions_for
from bot.desk.domain.known import Known
from bot.desk.services.context import NoteContext


def form_of(
    notes: NoteContext,
    draft: Draft,
    known: Known,
    zone: tzinfo,
    say: Translate,
    *,
    problems: Mapping[str, str] | None = None,
    remarks: Mapping[str, str] | None = None,
    actions: Iterable[FormAction] | None = None,
) -> Form:
    """The form as the draft is now; `actions` are other ones than to leave the draft out."""
    values = {
        name: draft.typed.get(name, text) for name, text in {**draft.base, **draft.typed}.items()
    }
    about: tuple[str, ...] = ()
    if draft.entry_id is not None and known.entry is not None:
        about += note_form.left_out_lines(known.entry.entry, values, say)
    is_offered = (
        draft.state is DraftState.TYPED and not problems and not remarks and actions is None
    )
    if is_offered:
        about += note_form.draft_lines(draft.changed_at.astimezone(zone), say)
        actions = (FormAction(note_form.WITHOUT_DRAFT, say("Without the draft")),)
    drafts = actions_for(values, say) if notes.drafting is not None else ()
    return note_form.form_with(
        values,
        draft.key,
        say,
        known=known,
        about=about,
        problems=problems,
        remarks=remarks,
        actions=(*(actions or ()), *drafts),
    )


def as_typed(filled: FilledForm, say: Translate, problem: str) -> Form:
    """The form with all that was typed, where nothing else is known."""
    values = {name: filled.values.get(name, "") for name in filled.values}
    return note_form.form_with(values, filled.key, say, problems={"": problem})
