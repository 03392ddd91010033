"""Paper updates in threads: a new arXiv version, a withdrawal, a later entry that cites it.

A withdrawal is also announced in the threads of entries that refer to the paper.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from bot.archive.domain.arxiv_record import PaperEvent, PaperEventKind
from bot.archive.domain.entry import Related, StoredEntry
from bot.archive.store import arxiv_records, entries, paper_events
from bot.archive.store.guards import PAPER_EVENT
from bot.channels.domain.schedule import LATE_NOTES
from bot.channels.store import channel_preferences
from bot.core.database.database import Database, Transaction
from bot.core.domain.document import Document, translated
from bot.core.domain.i18n import Translate
from bot.discussion.domain.present_discussion import present_event, present_event_of_reference
from bot.discussion.services.discuss import DiscussionContext
from bot.discussion.services.thread_messages import channel_voice, readers, reply_in
from bot.outbox.store import threads

_EVENTS = 50


async def note_citations(db: Database, now: datetime) -> int:
    """Record new entries' references to papers that have entries; returns how many are new.

    May be repeated. As in digests, an entry counts as new if it is imported within a week of its
    date (`LATE_NOTES`), for a week; importing an old archive announces nothing.
    """
    since = now - LATE_NOTES
    first = (since - LATE_NOTES).date()
    async with db.reading() as tx:
        found = await paper_events.list_citations(tx, dated_from=first, came_from=since)
    news = [each for each in found if each.came_at.date() - each.on <= LATE_NOTES]
    if news:
        async with db.transaction() as tx:
            await tx.guard(PAPER_EVENT)
            await paper_events.add_citations(tx, news, now)
    return len(news)


async def pass_on(context: DiscussionContext) -> int:
    """Announce paper events in threads; returns the number of messages planned.

    May be repeated: an event is announced once in a thread, and only in threads that existed
    when the event was noticed.
    """
    planned = 0
    while True:
        async with context.db.transaction() as tx:
            await tx.guard(PAPER_EVENT)
            news = await paper_events.list_after(tx, await threads.events_until(tx), _EVENTS)
            for event in news:
                planned += await _tell(tx, context, event)
                await threads.passed_on(tx, event.id)
        if len(news) < _EVENTS:
            break
    if planned:
        context.to_send()
    return planned


async def _tell(tx: Transaction, context: DiscussionContext, event: PaperEvent) -> int:
    by = await entries.find(tx, event.entry_id) if event.entry_id is not None else None
    citing, name = _related(by), await _name(tx, event, by)
    planned = 0
    for thread in await threads.list_about(tx, event.number, event.noticed_at):
        if thread.entry_id != event.entry_id:
            planned += await _say_in(
                tx,
                context,
                thread,
                name,
                partial(present_event, event.kind, event.new_version, event.number, citing),
            )
    if event.kind in _STRIKES_WHAT_BUILDS_ON_IT:
        title = await _title(tx, event.number)
        for thread in await threads.list_referring(tx, event.number, event.noticed_at):
            present = partial(present_event_of_reference, event.kind, event.number, title)
            planned += await _say_in(tx, context, thread, name, present)
    return planned


_STRIKES_WHAT_BUILDS_ON_IT = frozenset({PaperEventKind.WITHDRAWN, PaperEventKind.REINSTATED})
"""Announced in the threads of referring entries too; new versions are not."""


async def _say_in(
    tx: Transaction,
    context: DiscussionContext,
    thread: threads.Posted,
    name: tuple[str, ...],
    present: Callable[[Translate], Document | None],
) -> int:
    """Plan the announcement of an event in a thread, unless its channel has `notices:off`."""
    channel = str(thread.channel)
    if not (await channel_preferences.get(tx, channel)).notices:
        return 0
    say = await channel_voice(tx, context.voices, channel)
    document = present(say)
    if document is None:
        return 0
    others = readers(context.voices, thread.channel, say)
    translations = {other.locale: present(other) for other in others}
    document = translated(document, {k: v for k, v in translations.items() if v is not None})
    its_name = ("news", channel, thread.message.id, *name)
    return await reply_in(tx, thread.message, document, its_name, context.clock())


async def _name(tx: Transaction, event: PaperEvent, citing: StoredEntry | None) -> tuple[str, ...]:
    """What names an event, without the ids of rows: after a restore it may be another row."""
    if citing is None:
        # A version may be withdrawn, reinstated and withdrawn again.
        again = await paper_events.count_before(tx, event)
        return (event.number, event.kind, str(event.new_version), *([str(again)] if again else []))
    source = citing.entry.source
    return (event.number, event.kind, source.path, str(source.part))


async def _title(tx: Transaction, number: str) -> str:
    known = await arxiv_records.find(tx, [number])
    return known[number].title if number in known else f"arXiv:{number}"


def _related(stored: StoredEntry | None) -> Related | None:
    if stored is None or stored.withdrawn_at is not None:
        return None
    return Related(stored.id, stored.entry.paper.title, stored.entry.date)
