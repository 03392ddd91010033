"""News of a paper comes into its threads: a new version, a withdrawal, a later entry about it."""

from bot.domain.entry import EntryId, Related
from bot.domain.present_discussion import present_event
from bot.domain.record import PaperEvent
from bot.services.discuss import Talk
from bot.services.saying import channel_voice, reply_in
from bot.store import channel_wishes, entries, events, threads
from bot.store.database import Transaction

_EVENTS = 50


async def pass_on(talk: Talk) -> int:
    """Tell the threads of papers what became of these; returns how many messages that is.

    May be repeated: an event comes into a thread once, and only into those that were there
    when it was noticed.
    """
    planned = 0
    while True:
        async with talk.db.transaction() as tx:
            news = await events.list_after(tx, await threads.events_until(tx), _EVENTS)
            for event in news:
                planned += await _tell(tx, talk, event)
                await threads.passed_on(tx, event.id)
        if len(news) < _EVENTS:
            break
    if planned:
        talk.to_send()
    return planned


async def _tell(tx: Transaction, talk: Talk, event: PaperEvent) -> int:
    citing = await _related(tx, event.entry_id) if event.entry_id is not None else None
    planned = 0
    for thread in await threads.list_about(tx, event.number, event.noticed_at):
        channel = str(thread.channel)
        if thread.entry_id == event.entry_id:
            continue
        if not (await channel_wishes.get(tx, channel)).notices:
            continue
        say = await channel_voice(tx, talk.voices, channel)
        document = present_event(event.kind, event.new_version, event.number, citing, say)
        if document is not None:
            name = ("news", channel, thread.message.id, str(event.id))
            planned += await reply_in(tx, thread.message, document, name, talk.clock())
    return planned


async def _related(tx: Transaction, entry_id: EntryId) -> Related | None:
    stored = await entries.find(tx, entry_id)
    if stored is None or stored.withdrawn_at is not None:
        return None
    return Related(entry_id, stored.entry.paper.title, stored.entry.date)
