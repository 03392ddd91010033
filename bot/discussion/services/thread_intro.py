"""Thread intros: the first reply in a paper's thread, with abstract and references."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.store import entries
from bot.channels.domain.digest_options import Intro
from bot.channels.store import subscriptions
from bot.core.database.database import Transaction
from bot.core.domain.document import Document, translated
from bot.core.domain.i18n import Translate
from bot.core.ports import DeliveryKey
from bot.discussion.domain.present_discussion import present_opening
from bot.discussion.services.answers import Link, what_was_written
from bot.discussion.services.thread_messages import Voices, readers
from bot.discussion.store import entry_page
from bot.outbox.domain.delivery import entry_key
from bot.outbox.store import deliveries, threads


async def openings(
    tx: Transaction, shown: Iterable[StoredEntry], *, channel: str, link: Link, say: Translate
) -> Mapping[EntryId, Document]:
    """The intro of each entry; entries with an empty intro and withdrawn ones are left out."""
    found = {}
    for stored in shown:
        if stored.withdrawn_at is not None:
            continue
        page = await entry_page.page_of(tx, stored)
        document = present_opening(
            stored,
            abstract=page.stored.entry.paper.abstract,
            references=[(mention.reference, mention.entry_id) for mention in page.mentions],
            cited_by=page.cited_by,
            earlier=await what_was_written(tx, page, channel=channel, link=link, say=say),
            say=say,
        )
        if document is not None:
            found[stored.id] = document
    return found


async def introduce(
    tx: Transaction, thread_id: int, *, voices: Voices, link: Link, now: datetime
) -> int:
    """Plan the intro of a thread that has a first reply, where the channel has `intro:later`.

    `thread_id` is the delivery of its root. May be repeated; returns how many messages are new.
    """
    shown = await threads.find_shown(tx, thread_id)
    subscription = await subscriptions.find(tx, str(shown.channel)) if shown is not None else None
    if shown is None or subscription is None or subscription.options.intro is not Intro.LATER:
        return 0
    stored = await entries.find(tx, shown.entry_id)
    if stored is None:
        return 0
    say = voices(subscription.options.spoken)
    found: dict[str, Document] = {}
    for each in (say, *readers(voices, shown.channel, say)):
        channel = subscription.channel
        made = await openings(tx, (stored,), channel=channel, link=link, say=each)
        found |= {each.locale: made[stored.id]} if stored.id in made else {}
    document = found.pop(say.locale, None)
    if document is None:
        return 0
    own = shown.part.removeprefix(f"entry-{stored.id}")
    source = stored.entry.source
    key = entry_key(str(shown.channel), source.path, source.part, f"{own}-opening")
    draft = deliveries.Draft(
        key=DeliveryKey(key),
        channel=shown.channel,
        part=f"{shown.part}-opening",
        document=translated(document, found) if found else document,
        slot_id=shown.slot_id,
        entry_id=stored.id,
        root_id=thread_id,
        is_unasked=True,
    )
    return await deliveries.add(tx, [draft], now)
