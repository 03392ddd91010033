"""Edited entries, and headers whose papers are posted: presents their messages again.

`present_changed` stores what they should say; `bot.outbox.services.changes` edits them.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.store import entries
from bot.channels.domain.digest_options import Intro
from bot.channels.store import slots, subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.ports import parse_channel
from bot.digest.domain.digest import Digest
from bot.digest.domain.present_digest import Post, request_part
from bot.digest.services.plan import Voices, draft_posts
from bot.digest.services.presented import present_slot
from bot.discussion.services.answers import Link, no_link
from bot.discussion.store import discussion_requests
from bot.outbox.domain.content_hash import content_hash
from bot.outbox.domain.delivery import OPEN, State
from bot.outbox.store import deliveries, edits, settled_slots, threads
from bot.outbox.store.edits import Part

_ENTRIES = 20


async def present_changed(
    db: Database, *, now: datetime, voices: Voices, link: Link = no_link
) -> int:
    """Present changed entries again, and the headers of slots; returns how many messages must be edited.

    A header is presented again when an entry of its slot changed, and once the messages of its
    papers are settled: then its titles lead to them. The messages of other entries are left alone,
    so that a new version of the bot, which presents them otherwise, edits no old ones.
    """
    changed = 0
    while True:
        async with db.transaction() as tx:
            await _guard(tx)
            stale = await slots.take_changed(tx, _ENTRIES)
            for slot, entry_ids in stale:
                changed += await _present_slot(
                    tx, slot, entry_ids, now=now, voices=voices, link=link
                )
        if not stale:
            break
    while True:
        async with db.transaction() as tx:
            await _guard(tx)
            settled = await settled_slots.take(tx, _ENTRIES)
            for slot in await slots.list_closed(tx, settled):
                changed += await _present_slot(
                    tx, slot, frozenset(), now=now, voices=voices, link=link
                )
        if not settled:
            return changed


async def _guard(tx: Transaction) -> None:
    """Two that present one slot at the same time would store the older header last."""
    await tx.guard("edited entries", threads.GUARD)


async def _present_slot(
    tx: Transaction,
    slot: slots.ClosedSlot,
    entry_ids: Collection[EntryId],
    *,
    now: datetime,
    voices: Voices,
    link: Link,
) -> int:
    """Present the messages of these entries of a slot, and those of the whole slot."""
    shown = await entries.list_by_id(tx, slot.entries)
    digest = Digest(slot.on, shown, slot.left_out, slot.missed)
    subscription = await subscriptions.get(tx, slot.subscription_id)
    parts = {part.part: part for part in await edits.list_parts(tx, slot.id)}
    requested = [each.id for each in shown if request_part(each.id) in parts]
    posts = await present_slot(
        tx,
        digest,
        channel=subscription.channel,
        languages=slot.languages,
        layout=slot.layout,
        spoken=slot.spoken,
        voices=voices,
        link=link,
        requests=await discussion_requests.authors_of(tx, subscription.channel, requested),
        introduced=[stored for stored in shown if stored.id in entry_ids],
        messages=_addresses(parts.values(), link),
    )
    by_id = {stored.id: stored for stored in shown}
    changed = 0
    for post in posts:
        if post.entry_id is not None and post.entry_id not in entry_ids:
            continue
        part = parts.get(post.part)
        stored = by_id.get(post.entry_id) if post.entry_id is not None else None
        if part is not None:
            changed += await _want(tx, part, post, stored)
    introduces = slot.intro is Intro.ON and subscription.options.intro is Intro.ON
    added = [post for post in posts if post.part not in parts and post.reply_to in parts]
    if added and introduces:
        # New parts, such as a thread intro that was empty before, are posted in the thread.
        channel = parse_channel(subscription.channel)
        drafts = draft_posts(added, digest, channel, slot_id=slot.id, round_=slot.round)
        changed += await deliveries.add(tx, drafts, now)
    return changed


def _addresses(parts: Collection[Part], link: Link) -> Mapping[EntryId, str]:
    """The addresses of the papers' messages; none while one of them is still to be posted.

    So a header is edited once, after the last of them.
    """
    papers = [part for part in parts if part.is_paper]
    if any(part.state in OPEN for part in papers):
        return {}
    found = {}
    for part in papers:
        if part.entry_id is None or part.message is None:
            continue
        address = link(part.message, part.root)
        if address is not None:
            found[part.entry_id] = address
    return found


async def _want(tx: Transaction, part: Part, post: Post, stored: StoredEntry | None) -> bool:
    if part.state is State.DEAD:
        return False
    withdrawn = stored is not None and stored.withdrawn_at is not None
    waits = part.state in (State.PLANNED, State.HELD)
    if withdrawn and waits and await edits.withdraw(tx, part.id):
        return True
    # One that was claimed since the parts were read is edited once it is posted.
    if content_hash(post.document) == part.content_hash:
        return False
    await edits.want(tx, part.id, post.document)
    return True
