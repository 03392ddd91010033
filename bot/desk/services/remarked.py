"""Gathers what the remarks on a note go by, and makes them."""

from datetime import date

from bot.archive.domain.entry import StoredEntry
from bot.archive.domain.typed_dates import Days
from bot.archive.store import entries, tag_merges, tags
from bot.arxiv.store import asked_papers
from bot.channels.store import subscriptions
from bot.core.database.database import Transaction
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, Platform
from bot.desk.domain.decision import ToWrite, read_again
from bot.desk.domain.draft import Draft
from bot.desk.domain.fields import changed_names
from bot.desk.domain.remarks import Remark, Surroundings, remarks_on
from bot.desk.services.context import NoteContext


async def list_remarks(
    notes: NoteContext,
    draft: Draft,
    decision: ToWrite,
    channel: ChannelRef,
    *,
    days: Days,
    say: Translate,
    is_whole: bool = True,
) -> tuple[Remark, ...]:
    """The remarks on what a draft writes, or on a part of it. Raises `StorageError`."""
    entry, old = decision.entry, decision.old
    number = entry.paper.arxiv_id.number if entry.paper.arxiv_id is not None else None
    async with notes.db.reading() as tx:
        subscription = await subscriptions.find(tx, str(channel))
        around = Surroundings(
            days.today,
            uses=await tags.count_uses(tx),
            merged=await tag_merges.roots(tx),
            wanted=subscription.options.languages if subscription is not None else (),
            is_absent=number is not None and await asked_papers.is_absent(tx, number),
            days=await _other_days(tx, number, old),
            # Discord's forms have no buttons, only the message with the remarks has.
            offers_language=notes.drafting is not None and channel.platform is Platform.DISCORD,
        )
    changed = draft.typed if old is None else changed_names(draft.base, draft.typed)
    read = read_again(entry) if is_whole else entry
    return remarks_on(entry, read, tuple(changed), around, say)


async def _other_days(
    tx: Transaction, number: str | None, old: StoredEntry | None
) -> tuple[date, ...]:
    """The days of the other entries about the paper of one that is changed."""
    if number is None or old is None:
        return ()
    found = await entries.list_days_of_papers(tx, [number], least=2)
    days = [day for day, _ in found.get(number, ())]
    if old.entry.date in days:
        days.remove(old.entry.date)
    return tuple(days)
