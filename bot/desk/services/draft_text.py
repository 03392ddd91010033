"""Has a text drafted that a person asked for, and puts it into the empty field of their form.

Nothing else ever sends anything to the model (issue 17, item 6).
"""

import logging
from dataclasses import replace
from datetime import tzinfo

from bot.archive.domain.entry import Language
from bot.channels.store import subscriptions
from bot.core.database.database import Transaction
from bot.core.domain.errors import StorageError, UsageError, UserError
from bot.core.domain.form import Form
from bot.core.domain.i18n import Translate, error_text, translatable
from bot.core.ports import ChannelRef, FilledForm
from bot.desk.domain.decision import paper_of
from bot.desk.domain.draft import Draft, DraftState
from bot.desk.domain.drafting import MARK, Wanted, marked, wanted
from bot.desk.domain.fields import text_in
from bot.desk.services.context import Drafting, NoteContext
from bot.desk.services.keep import keep
from bot.desk.services.shown import form_of
from bot.desk.store import drafting as spent
from bot.desk.store import drafts, known_papers

log = logging.getLogger(__name__)


async def draft_text(
    notes: NoteContext, filled: FilledForm, action: str, *, zone: tzinfo, say: Translate
) -> Form:
    """The form with the drafted text, or with one line beside the field that says why not.

    What is typed meanwhile stays. Raises `StorageError`, and `UsageError` as `keep` does.
    """
    draft = await keep(notes, filled, goes_on=True)
    async with notes.db.reading() as tx:
        known = await known_papers.find_known(tx, paper_of(draft))
        preferred = await _preferred(tx, filled.channel, say)
    place, problems, remarks = "", {}, {}
    try:
        if notes.drafting is None:
            raise UsageError(
                translatable("Nothing can be drafted here: the operator can set DRAFT_URL.")
            )
        asked = wanted(action, draft.typed, known.paper, preferred)
        place = asked.field
        text = await _drafted(notes, notes.drafting, asked, draft.person)
        draft, is_filled = await _fill(notes, draft, asked, text)
        if is_filled:
            words = say(
                "A draft by {model}. Correct it, and delete the line {mark}: then it is yours.",
                model=notes.drafting.model.name,
                mark=MARK,
            )
        else:
            words = say("Something was written here meanwhile, so the draft is left out.")
        remarks = {place: words}
    except StorageError:
        raise
    except UserError as error:
        log.warning("nothing was drafted for %s: %s", draft.person, error)
        problems = {place: error_text(error, say)}
        async with notes.db.reading() as tx:
            now = await drafts.find(tx, draft.key)
        if now is not None and not now.is_submitted:
            draft = now
    return form_of(notes, draft, known, zone, say, problems=problems, remarks=remarks, actions=())


async def _preferred(tx: Transaction, channel: ChannelRef, say: Translate) -> tuple[Language, ...]:
    """The channel's languages, else the one in which the person is spoken to."""
    subscription = await subscriptions.find(tx, str(channel))
    if subscription is not None:
        return subscription.options.languages
    return tuple(each for each in Language if each == say.locale)


async def _drafted(notes: NoteContext, drafting: Drafting, asked: Wanted, person: str) -> str:
    async with notes.db.transaction() as tx:
        has_budget = await spent.take(tx, notes.clock().date(), drafting.budget)
    if not has_budget:
        raise UsageError(
            translatable(
                "Today's drafts are used up: {n} a day (DRAFT_BUDGET). Try again tomorrow."
            ),
            n=drafting.budget,
        )
    log.info("%s has a text drafted; characters sent: %d", person, len(asked.material))
    text = marked(await drafting.model.write(asked.instruction, asked.material))
    if not text:
        raise UsageError(translatable("The drafting service answered without a text."))
    return text


async def _fill(notes: NoteContext, draft: Draft, asked: Wanted, text: str) -> tuple[Draft, bool]:
    """Put the text into its field, if that is still empty; the draft as it is then."""
    async with notes.db.transaction() as tx:
        await tx.guard(drafts.guard_of(draft.key))
        now = await drafts.find(tx, draft.key)
        if now is None or now.is_submitted:
            return draft, False
        if text_in(now.typed, asked.language):
            return now, False
        typed = {**now.typed, asked.field: text}
        now = replace(now, typed=typed, state=DraftState.TYPED, changed_at=notes.clock())
        await drafts.put(tx, now)
    return now, True
