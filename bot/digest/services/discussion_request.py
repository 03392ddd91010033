"""“Discuss”: a paper of a digest gets a message of its own in the channel, and so a thread.

The first press plans it in the outbox; presses after it, also repeated and simultaneous ones, lead
to that message. A paper that has a message already, as in the layout `papers`, gets no second one.
"""

import re
from collections.abc import Sequence

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.store import entries
from bot.channels.domain.digest_options import Intro
from bot.channels.domain.subscription import Subscription
from bot.channels.store import slots, subscriptions
from bot.core.database.database import Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document, Link, Paragraph, Text, notice
from bot.core.domain.errors import NotFoundError, UsageError
from bot.core.domain.i18n import Translate
from bot.core.ports import Command, MessageRef, parse_channel, person_ids
from bot.digest.domain.digest import Digest
from bot.digest.domain.present_digest import request_part
from bot.digest.services.plan import draft_posts
from bot.digest.services.presented import present_slot
from bot.discussion.domain.foreign_text import settled_name
from bot.discussion.services.discuss import DiscussionContext
from bot.discussion.store import discussion_requests
from bot.outbox.store import deliveries, threads


@dataclass(frozen=True, slots=True)
class _Place:
    """An entry in the digest of a channel."""

    subscription: Subscription
    slot: slots.ClosedSlot
    stored: StoredEntry


async def ask(talk: DiscussionContext, command: Command, text: str, say: Translate) -> Document:
    """The answer to a press of “Discuss” for the entry in `text`. Raises `UserError`."""
    entry_id = _entry_in(text)
    async with talk.db.transaction() as tx:
        await tx.guard(threads.GUARD)
        place = await _find(tx, str(command.channel), entry_id)
        channel = place.subscription.channel
        posted = await threads.find_posted(tx, entry_id, channel)
        if posted is not None:
            return _present_posted(talk, posted, say)
        known = {thread.channel for thread in await threads.list_of(tx, entry_id)}
        if await threads.is_deleted(tx, entry_id, channel):
            raise UsageError("Somebody has deleted this paper's message from the channel.")
        if channel in known:
            return _present_planned(say)
        if place.stored.withdrawn_at is not None:
            raise UsageError("The curator has withdrawn this entry.")
        author = settled_name(command.user.name)
        await discussion_requests.add(
            tx,
            channel,
            entry_id,
            author_id=person_ids(command.channel, command.user)[0],
            author=author,
            now=talk.clock(),
        )
        drafts = await _draft(tx, talk, place, author)
        planned = await deliveries.add(tx, drafts, talk.clock())
    if not planned:
        raise UsageError(
            "This paper's message was given up: the operator finds it with “paperbot deliveries”"
        )
    talk.to_send()
    return _present_planned(say)


def _entry_in(text: str) -> EntryId:
    found = re.fullmatch(r"entry:([1-9][0-9]{0,17})", text.strip(), re.ASCII)
    if found is None:
        raise UsageError("Press “Discuss” under a paper, or write /digest discuss entry:12")
    return EntryId(int(found[1]))


async def _find(tx: Transaction, channel: str, entry_id: EntryId) -> _Place:
    subscription = await subscriptions.find(tx, channel)
    stored = await entries.find(tx, entry_id)
    slot = None
    if subscription is not None:
        slot = await slots.find_showing(tx, subscription.id, entry_id)
    if subscription is None or slot is None or stored is None:
        raise NotFoundError("This paper was in no digest of this channel")
    return _Place(subscription, slot, stored)


async def _draft(
    tx: Transaction, talk: DiscussionContext, place: _Place, author: str
) -> Sequence[deliveries.Draft]:
    """The paper's message, and its intro if the channel wants one."""
    subscription, slot, stored = place.subscription, place.slot, place.stored
    digest = Digest(slot.on, (stored,))
    posts = await present_slot(
        tx,
        digest,
        channel=subscription.channel,
        languages=slot.languages,
        layout=slot.layout,
        spoken=slot.spoken,
        voices=talk.voices,
        link=talk.link,
        introduced=(stored,) if subscription.options.intro is Intro.ON else (),
        requests={stored.id: author},
    )
    part = request_part(stored.id)
    return draft_posts(
        [post for post in posts if part in (post.part, post.reply_to)],
        digest,
        parse_channel(subscription.channel),
        slot_id=slot.id,
        round_=slot.round,
        # After a restore it may have been posted by an earlier press that is not known any more.
        doubt_from=subscription.doubt_from,
    )


def _present_planned(say: Translate) -> Document:
    return notice(
        say("The paper is being posted in the channel: it is discussed in its thread there.")
    )


def _present_posted(talk: DiscussionContext, posted: MessageRef, say: Translate) -> Document:
    text = say("This paper has a message of its own in the channel.")
    address = talk.link(posted)
    if address is None:
        return notice(text)
    label = say("Open its discussion")
    return Document((Paragraph((Text(f"{text} "), Link(label, address))),), summary=text)
