"""Threads: the deliveries that posted an entry, each the presence of a discussion in a channel."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from bot.archive.domain.entry import EntryId
from bot.core.database.database import Row, Transaction
from bot.core.database.instants import to_text
from bot.core.domain.dataclass import dataclass
from bot.core.ports import ChannelRef, MessageRef, Platform, parse_channel
from bot.outbox.domain.delivery import CLOSED
from bot.outbox.domain.thread import DAY_PART, Thread

GUARD: Final = "threads"
"""For whoever plans a message that shows an entry: `list_new` reads those after an id, so none with a
smaller id may be committed later."""


@dataclass(frozen=True, slots=True)
class Root:
    """The message whose thread it is: its delivery, and what its thread is about.

    That is the entry it shows, or the day of the slot, or neither.
    """

    delivery_id: int
    entry_id: EntryId | None
    slot_id: int | None = None

    @property
    def has_discussion(self) -> bool:
        """Whether what is said in its thread is stored."""
        return self.entry_id is not None or self.slot_id is not None


async def find(tx: Transaction, root: MessageRef) -> Root | None:
    """The delivery that posted that message, if the bot posted it as a root."""
    row = await tx.one(
        """
        SELECT id, entry_id, CASE WHEN part = :day THEN slot_id END AS day_of FROM delivery
         WHERE message_id = :message AND channel = :channel AND root_id IS NULL
           AND root_message IS NULL
        """,
        {"message": root.id, "channel": str(root.channel), "day": DAY_PART},
    )
    if row is None:
        return None
    entry_id = EntryId(row["entry_id"]) if row["entry_id"] is not None else None
    return Root(row["id"], entry_id, row["day_of"])


async def find_entry(tx: Transaction, message: MessageRef) -> EntryId | None:
    """The entry that a message of a digest shows, whether it stands alone or in the day's thread."""
    row = await tx.one(
        """
        SELECT entry_id FROM delivery
         WHERE message_id = :message AND channel = :channel AND entry_id IS NOT NULL
           AND slot_id IS NOT NULL
        """,
        {"message": message.id, "channel": str(message.channel)},
    )
    return EntryId(row["entry_id"]) if row is not None else None


async def list_papers(
    tx: Transaction, platform: Platform, since: datetime, limit: int
) -> tuple[MessageRef, ...]:
    """The messages of a platform that show an entry and were posted since then, newest first."""
    rows = await tx.all(
        """
        SELECT channel, message_id FROM delivery
         WHERE state = 'sent' AND sent_at >= :since AND removed_at IS NULL
           AND entry_id IS NOT NULL AND slot_id IS NOT NULL
           AND channel >= :first AND channel < :last
         ORDER BY id DESC LIMIT :limit
        """,
        {
            "since": to_text(since),
            "first": f"{platform}:",
            "last": f"{platform};",
            "limit": limit,
        },
    )
    return tuple(MessageRef(parse_channel(row["channel"]), row["message_id"]) for row in rows)


async def may_be_ours(tx: Transaction, root: MessageRef) -> bool:
    """Whether an entry or a day is being posted into the channel: the message may be it."""
    row = await tx.one(
        """
        SELECT 1 FROM delivery
         WHERE channel = :channel AND state = 'sending' AND root_id IS NULL
           AND (entry_id IS NOT NULL OR part = :day) LIMIT 1
        """,
        {"channel": str(root.channel), "day": DAY_PART},
    )
    return row is not None


async def list_of(tx: Transaction, entry_id: EntryId) -> tuple[Thread, ...]:
    """The threads of a discussion, oldest first; those not posted yet are there too.

    So are those whose roots wait for their subscriptions to be resumed.
    """
    rows = await tx.all(
        """
        SELECT d.id, d.channel,
               NOT EXISTS (SELECT 1 FROM delivery r
                            WHERE r.root_id = d.id AND r.state = 'dead' AND r.reason = :closed)
               AS is_open
          FROM delivery d
         WHERE d.entry_id = :entry AND d.root_id IS NULL
           AND (d.state <> 'dead' OR d.waits_for = 'resume')
         ORDER BY d.id
        """,
        {"entry": entry_id, "closed": CLOSED},
    )
    return tuple(Thread(row["id"], row["channel"], bool(row["is_open"])) for row in rows)


@dataclass(frozen=True, slots=True)
class Shown:
    """A message that shows an entry in a channel, as a part of a slot."""

    channel: ChannelRef
    slot_id: int
    part: str
    entry_id: EntryId


async def find_shown(tx: Transaction, delivery_id: int) -> Shown | None:
    """What the delivery of that id shows, if it is an entry of a digest."""
    row = await tx.one(
        """
        SELECT channel, slot_id, part, entry_id FROM delivery
         WHERE id = :id AND slot_id IS NOT NULL AND entry_id IS NOT NULL AND root_id IS NULL
        """,
        {"id": delivery_id},
    )
    if row is None:
        return None
    channel = parse_channel(row["channel"])
    return Shown(channel, row["slot_id"], row["part"], EntryId(row["entry_id"]))


async def find_posted(tx: Transaction, entry_id: EntryId, channel: str) -> MessageRef | None:
    """The message that shows an entry in a channel, if it is posted there and not known as deleted."""
    row = await tx.one(
        """
        SELECT message_id FROM delivery
         WHERE entry_id = :entry AND channel = :channel AND root_id IS NULL AND state = 'sent'
           AND removed_at IS NULL
         ORDER BY id DESC LIMIT 1
        """,
        {"entry": entry_id, "channel": channel},
    )
    return MessageRef(parse_channel(channel), row["message_id"]) if row is not None else None


async def list_posted_in(
    tx: Transaction, entry_ids: Collection[EntryId], channels: Collection[str]
) -> Mapping[tuple[EntryId, str], MessageRef]:
    """The messages that show these entries in these channels, as `find_posted` finds each."""
    rows = await tx.all(
        """
        SELECT entry_id, channel, message_id FROM delivery
         WHERE entry_id IN (SELECT value FROM numbers(:entries))
           AND channel IN (SELECT value FROM texts(:channels))
           AND root_id IS NULL AND state = 'sent' AND removed_at IS NULL
         ORDER BY id
        """,
        {"entries": list(entry_ids), "channels": list(channels)},
    )
    return {
        (EntryId(row["entry_id"]), row["channel"]): MessageRef(
            parse_channel(row["channel"]), row["message_id"]
        )
        for row in rows
    }


async def is_deleted(tx: Transaction, entry_id: EntryId, channel: str) -> bool:
    """Whether a message that showed an entry in a channel is known as deleted."""
    row = await tx.one(
        """
        SELECT 1 FROM delivery
         WHERE entry_id = :entry AND channel = :channel AND root_id IS NULL AND state = 'sent'
           AND removed_at IS NOT NULL LIMIT 1
        """,
        {"entry": entry_id, "channel": channel},
    )
    return row is not None


async def list_posted(tx: Transaction, entry_id: EntryId) -> tuple[MessageRef, ...]:
    """The messages with the threads of a discussion, oldest first: those that are posted."""
    rows = await tx.all(
        """
        SELECT channel, message_id FROM delivery
         WHERE entry_id = :entry AND root_id IS NULL AND state = 'sent' ORDER BY id
        """,
        {"entry": entry_id},
    )
    return tuple(MessageRef(parse_channel(row["channel"]), row["message_id"]) for row in rows)


@dataclass(frozen=True, slots=True)
class New:
    """A thread that `catch_up` has not processed yet."""

    delivery_id: int
    entry_id: EntryId
    channel: str


async def list_new(tx: Transaction, limit: int) -> tuple[New, ...]:
    """Threads that `catch_up` has not processed yet, oldest first."""
    rows = await tx.all(
        """
        SELECT id, entry_id, channel FROM delivery
         WHERE id > (SELECT delivery_id FROM discussion_progress)
           AND entry_id IS NOT NULL AND root_id IS NULL
         ORDER BY id LIMIT :limit
        """,
        {"limit": limit},
    )
    return tuple(New(row["id"], EntryId(row["entry_id"]), row["channel"]) for row in rows)


async def looked_until(tx: Transaction) -> int:
    """The id of the last delivery that `catch_up` processed."""
    row = await tx.one("SELECT delivery_id FROM discussion_progress")
    return row["delivery_id"] if row is not None else 0


async def looked_at(tx: Transaction, delivery_id: int) -> None:
    """Store that `catch_up` processed every thread up to that delivery."""
    await tx.run("UPDATE discussion_progress SET delivery_id = :id", {"id": delivery_id})


async def events_until(tx: Transaction) -> int:
    """The newest event of a paper that was passed on."""
    row = await tx.one("SELECT event_id FROM discussion_progress")
    return row["event_id"] if row is not None else 0


async def passed_on(tx: Transaction, event_id: int) -> None:
    """Every event of a paper up to that one has been passed on."""
    await tx.run("UPDATE discussion_progress SET event_id = :id", {"id": event_id})


@dataclass(frozen=True, slots=True)
class Posted:
    """A thread whose root is posted."""

    channel: ChannelRef
    message: MessageRef
    entry_id: EntryId


async def list_about(tx: Transaction, number: str, at: datetime) -> tuple[Posted, ...]:
    """The threads about a paper of arXiv that were there at that instant and are not closed."""
    about = "JOIN entry e ON e.paper_id = p.id"
    return await _list_posted(tx, about, number, at)


async def list_referring(tx: Transaction, number: str, at: datetime) -> tuple[Posted, ...]:
    """The threads of entries that refer to a paper of arXiv, as `list_about` gives those about it."""
    referring = "JOIN reference f ON f.paper_id = p.id JOIN entry e ON e.newness = f.newness"
    return await _list_posted(tx, referring, number, at)


async def _list_posted(
    tx: Transaction, entries: str, number: str, at: datetime
) -> tuple[Posted, ...]:
    rows = await tx.all(
        f"""
        SELECT d.channel, d.message_id, d.entry_id
          FROM paper p {entries} JOIN delivery d ON d.entry_id = e.id
         WHERE p.key = 'arxiv:' || :number AND e.newness > 0 AND d.root_id IS NULL
           AND d.state = 'sent' AND d.sent_at <= :at
           AND NOT EXISTS (SELECT 1 FROM delivery r
                            WHERE r.root_id = d.id AND r.state = 'dead' AND r.reason = :closed)
         ORDER BY d.id
        """,  # noqa: S608 - our own text
        {"number": number, "at": to_text(at), "closed": CLOSED},
    )
    return tuple(map(_posted, rows))


def _posted(row: Row) -> Posted:
    channel = parse_channel(row["channel"])
    return Posted(channel, MessageRef(channel, row["message_id"]), EntryId(row["entry_id"]))
