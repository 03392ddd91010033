"""Edits: when an entry changes, what was posted of it changes too.

`want_again` presents the slots anew that show changed entries and writes down what their
messages should say; `edit_due` has the platforms say it. An edit may be repeated safely, so it
needs no more care than that.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.domain.delivery import Patience, State, pause
from bot.domain.digest import Digest
from bot.domain.document import dump
from bot.domain.entry import StoredEntry
from bot.domain.pace import Pace
from bot.domain.present import Post, present_digest
from bot.domain.words import mark
from bot.ports import (
    Chat,
    ChatRefusedError,
    ChatUnavailableError,
    ChatUncertainError,
    Platform,
    parse_channel,
)
from bot.services.answers import Link, no_link
from bot.services.deliver import lane_of
from bot.services.openings import openings
from bot.services.plan import Voices, draft_posts, shape_of
from bot.store import deliveries, edits, entries, slots, subscriptions
from bot.store.database import Database, Transaction
from bot.store.edits import Part, Unshown

log = logging.getLogger(__name__)

UNEDITABLE = mark("The message could not be edited; it shows an older version")

_ENTRIES = 20
_MESSAGES = 100
_ATTEMPTS = 20
_PATIENCE = Patience(first_pause=timedelta(seconds=5))


async def want_again(db: Database, *, now: datetime, voices: Voices, link: Link = no_link) -> int:
    """Look at the slots of entries that changed; returns how many messages are to change."""
    changed = 0
    while True:
        async with db.transaction() as tx:
            stale = await slots.take_changed(tx, _ENTRIES)
            for slot in stale:
                changed += await _present_again(tx, slot, now, voices, link)
        if not stale:
            return changed


async def _present_again(
    tx: Transaction, slot: slots.ClosedSlot, now: datetime, voices: Voices, link: Link
) -> int:
    shown = await entries.list_by_id(tx, slot.entries)
    digest = Digest(slot.on, shown, slot.left_out, slot.missed)
    say = voices(slot.languages[0])
    subscription = await subscriptions.get(tx, slot.subscription_id)
    posts = present_digest(
        digest,
        languages=slot.languages,
        layout=slot.layout,
        say=say,
        openings=await openings(tx, shown, channel=subscription.channel, link=link, say=say),
    )
    parts = {part.part: part for part in await edits.list_parts(tx, slot.id)}
    by_id = {stored.id: stored for stored in shown}
    changed = 0
    for post in posts:
        part = parts.get(post.part)
        stored = by_id.get(post.entry_id) if post.entry_id is not None else None
        if part is not None:
            changed += await _want(tx, part, post, stored)
    added = [post for post in posts if post.part not in parts and post.reply_to in parts]
    if added:
        # What an entry gained beyond its message goes on in the thread.
        channel = parse_channel(subscription.channel)
        drafts = draft_posts(added, digest, channel, slot_id=slot.id, round_=slot.round)
        changed += await deliveries.add(tx, drafts, now)
    return changed


async def _want(tx: Transaction, part: Part, post: Post, stored: StoredEntry | None) -> bool:
    if part.state is State.DEAD:
        return False
    withdrawn = stored is not None and stored.withdrawn_at is not None
    if withdrawn and part.state in (State.PLANNED, State.HELD):
        return await edits.withdraw(tx, part.id)
    content = dump(post.document)
    shape = shape_of(content)
    if shape == part.shape:
        return False
    await edits.want(tx, part.id, content, shape)
    return True


async def edit_due(
    db: Database,
    chats: Mapping[Platform, Chat],
    *,
    clock: Callable[[], datetime],
    pace: Pace,
    jitter: Callable[[], float],
    stopping: asyncio.Event,
    within: timedelta = timedelta(seconds=30),
) -> int:
    """Edit the posted messages that do not say what they should; returns how many say it now.

    Messages that waited go first; one that fails waits longer each time and stops no other.
    """
    loop = asyncio.get_running_loop()
    edited = 0
    while not stopping.is_set():
        async with db.reading() as tx:
            due = await edits.list_unshown(tx, chats, clock(), _MESSAGES)
        for each in due:
            if stopping.is_set():
                break
            chat = chats[each.message.channel.platform]
            await asyncio.sleep(pace.take(lane_of(each.message.channel), loop.time()) - loop.time())
            edited += await _edit(db, chat, each, clock=clock, jitter=jitter, within=within)
        if not due:
            break
    return edited


async def _edit(
    db: Database,
    chat: Chat,
    wanted: Unshown,
    *,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
    within: timedelta,
) -> bool:
    wait: timedelta | None = None
    try:
        async with asyncio.timeout(within.total_seconds()):
            await chat.edit(wanted.message, wanted.document)
    except ChatRefusedError as error:
        async with db.transaction() as tx:
            await edits.give_up(tx, wanted, UNEDITABLE, str(error))
        return False
    except ChatUnavailableError as error:
        reason, wait = str(error), error.retry_after
    except (ChatUncertainError, TimeoutError) as error:
        reason = str(error) or "no answer in time"
    except Exception as error:
        log.exception("the edit of delivery %d broke", wanted.id)
        reason = type(error).__name__
    else:
        async with db.transaction() as tx:
            await edits.mark_shown(tx, wanted)
        return True
    async with db.transaction() as tx:
        if wanted.failures >= _ATTEMPTS and wait is None:
            await edits.give_up(tx, wanted, UNEDITABLE, reason)
        else:
            later = wait or pause(wanted.failures + 1, jitter(), _PATIENCE)
            await edits.edit_later(tx, wanted, clock() + later, reason)
    return False
