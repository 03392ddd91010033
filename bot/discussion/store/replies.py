"""Replies of people as rows (table `reply`)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.archive.domain.entry import EntryId
from bot.core.database.database import Row, Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.domain.dataclass import dataclass
from bot.core.ports import KeptReply, MessageRef, Platform, parse_channel
from bot.discussion.domain.copies import ReplyOrigin, StoredVersion
from bot.discussion.domain.questions import Reply
from bot.discussion.store import reply_search
from bot.outbox.store import threads

_MOST = 500
"""The most replies of one discussion that are read, the newest."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply to be stored, about an entry or, in a day's thread, about its slot.

    Without either it waits until its root message is known.

    `said_at` is when it was posted, `edited_at` its version.
    """

    message: MessageRef
    root: MessageRef
    entry_id: EntryId | None
    author_id: str
    author: str
    text: str
    said_at: datetime
    edited_at: datetime | None = None
    link: str | None = None
    slot_id: int | None = None


@dataclass(frozen=True, slots=True)
class StoredReply:
    """A stored reply; without `entry_id` it is about a day, or its root is not known yet."""

    id: int
    entry_id: EntryId | None
    author_id: str
    author: str
    text: str
    origin: ReplyOrigin


_STORED = """
SELECT id, entry_id, author_id, author, text, channel, message_id, said_at, gone_at FROM reply
"""


async def find(tx: Transaction, message: MessageRef) -> tuple[int, StoredVersion] | None:
    """The row id and version of a stored message."""
    row = await tx.one(
        """
        SELECT id, edited_at, gone_at FROM reply
         WHERE channel = :channel AND message_id = :message
        """,
        _named(message),
    )
    if row is None:
        return None
    return row["id"], StoredVersion(_instant(row["edited_at"]), row["gone_at"] is not None)


async def add(tx: Transaction, draft: Draft, now: datetime) -> int:
    """Store a new reply; returns its id."""
    row = await tx.one(
        """
        INSERT INTO reply (channel, message_id, root_message, entry_id, slot_id, author_id, author,
                           text, link, said_at, edited_at, received_at)
        VALUES (:channel, :message, :root, :entry, :slot, :author_id, :author, :text, :link, :said_at,
                :edited_at, :now)
        RETURNING id
        """,
        _named(draft.message)
        | {
            "root": draft.root.id,
            "entry": draft.entry_id,
            "slot": draft.slot_id,
            "author_id": draft.author_id,
            "author": draft.author,
            "text": draft.text,
            "link": draft.link,
            "said_at": to_text(draft.said_at),
            "edited_at": _text(draft.edited_at),
            "now": to_text(now),
        },
    )
    assert row is not None  # noqa: S101 - RETURNING gives the row that was inserted
    reply_id: int = row["id"]
    await reply_search.add(tx, reply_id, draft.text)
    return reply_id


async def find_root(tx: Transaction, reply_id: int) -> MessageRef:
    """The message whose thread a reply stands in."""
    row = await tx.one("SELECT channel, root_message FROM reply WHERE id = :id", {"id": reply_id})
    assert row is not None  # noqa: S101 - replies are never deleted
    return MessageRef(parse_channel(row["channel"]), row["root_message"])


async def count_before(tx: Transaction, reply: StoredReply, span: timedelta, most: int) -> int:
    """How much its author said in the span before a reply, in every thread; counted up to `most`."""
    row = await tx.one(
        """
        SELECT count(*) AS number FROM
            (SELECT 1 FROM reply own JOIN reply r ON r.author_id = own.author_id
              WHERE own.id = :id AND r.author_id <> '' AND r.id < :id
                AND r.said_at > :since AND r.said_at <= own.said_at
              LIMIT :most) AS earlier
        """,
        {"id": reply.id, "since": to_text(reply.origin.said_at - span), "most": most},
    )
    return int(row["number"]) if row is not None else 0


async def change(tx: Transaction, reply_id: int, text: str, edited_at: datetime | None) -> bool:
    """Store the text of a newer version; returns whether the reply is not forgotten."""
    changed = await tx.run(
        "UPDATE reply SET text = :text, edited_at = :edited_at WHERE id = :id AND gone_at IS NULL",
        {"id": reply_id, "text": text, "edited_at": _text(edited_at)},
    )
    if changed:
        await reply_search.remove(tx, reply_id)
        await reply_search.add(tx, reply_id, text)
    return changed > 0


async def forget(tx: Transaction, reply_ids: Iterable[int], now: datetime) -> None:
    """Delete the text of these replies; a tombstone stays, so that redeliveries are ignored."""
    for reply_id in reply_ids:
        await tx.run(
            """
            UPDATE reply SET text = '', link = NULL, author = '', author_id = '', gone_at = :now
             WHERE id = :id AND gone_at IS NULL
            """,
            {"id": reply_id, "now": to_text(now)},
        )
        await reply_search.remove(tx, reply_id)
        await tx.run("DELETE FROM reply_reference WHERE reply_id = :id", {"id": reply_id})


async def next_batch(tx: Transaction, after: int, before: datetime, limit: int) -> int | None:
    """The last id of the next replies after that id; `None` once they are younger than `before`."""
    row = await tx.one(
        """
        SELECT max(id) AS until, min(said_at) AS oldest FROM
            (SELECT id, said_at FROM reply WHERE id > :after ORDER BY id LIMIT :limit) AS batch
        """,
        {"after": after, "limit": limit},
    )
    if row is None or row["until"] is None or row["oldest"] >= to_text(before):
        return None
    return int(row["until"])


async def prune(tx: Transaction, after: int, until: int, before: datetime) -> int:
    """Forget the replies with these ids that were written before that instant, as `forget` does."""
    rows = await tx.all(
        """
        SELECT id FROM reply
         WHERE id > :after AND id <= :until AND said_at < :before AND gone_at IS NULL
         ORDER BY id
        """,
        {"after": after, "until": until, "before": to_text(before)},
    )
    await forget(tx, [row["id"] for row in rows], before)
    return len(rows)


async def mark_deleted(tx: Transaction, message: MessageRef, now: datetime) -> None:
    """Store a tombstone for a message deleted before it was received: ignore it if it arrives."""
    await tx.run(
        """
        INSERT INTO reply (channel, message_id, root_message, author_id, author, text, said_at,
                           received_at, gone_at)
        VALUES (:channel, :message, '', '', '', '', :now, :now, :now)
        ON CONFLICT DO NOTHING
        """,
        _named(message) | {"now": to_text(now)},
    )


async def list_by_author(tx: Transaction, author_id: str) -> tuple[int, ...]:
    """The ids of every stored reply of a person."""
    rows = await tx.all(
        "SELECT id FROM reply WHERE author_id = :author AND gone_at IS NULL", {"author": author_id}
    )
    return tuple(row["id"] for row in rows)


async def list_said(tx: Transaction, author_id: str) -> tuple[tuple[int, str, datetime], ...]:
    """Every stored reply of a person: its id, its channel, and when it was said."""
    rows = await tx.all(
        "SELECT id, channel, said_at FROM reply WHERE author_id = :author AND gone_at IS NULL",
        {"author": author_id},
    )
    return tuple((row["id"], row["channel"], from_text(row["said_at"])) for row in rows)


async def list_channels_of(tx: Transaction, author_id: str) -> frozenset[str]:
    """The channels with replies of a person."""
    rows = await tx.all(
        "SELECT DISTINCT channel FROM reply WHERE author_id = :author AND gone_at IS NULL",
        {"author": author_id},
    )
    return frozenset(row["channel"] for row in rows)


async def get(tx: Transaction, reply_id: int) -> StoredReply:
    """The reply of that id, which must exist."""
    row = await tx.one(_STORED + "WHERE id = :id", {"id": reply_id})
    if row is None:
        raise KeyError(reply_id)
    return _stored(row)


async def list_since(
    tx: Transaction, entry_id: EntryId, since: datetime
) -> tuple[StoredReply, ...]:
    """Replies of a discussion since then that are not deleted, in the order they were posted."""
    rows = await tx.all(
        _STORED + "WHERE entry_id = :entry AND said_at >= :since AND gone_at IS NULL"
        " ORDER BY said_at, id",
        {"entry": entry_id, "since": to_text(since)},
    )
    return tuple(map(_stored, rows))


async def list_of(tx: Transaction, entry_id: EntryId) -> tuple[Reply, ...]:
    """The newest replies of a discussion, in the order they were posted."""
    rows = await tx.all(
        """
        SELECT id, channel, message_id, author, text, link, said_at, edited_at FROM reply
         WHERE entry_id = :entry AND gone_at IS NULL ORDER BY said_at DESC, id DESC LIMIT :most
        """,
        {"entry": entry_id, "most": _MOST},
    )
    return tuple(
        Reply(
            id=row["id"],
            channel=row["channel"],
            message_id=row["message_id"],
            author=row["author"],
            text=row["text"],
            said_at=from_text(row["said_at"]),
            edited_at=_instant(row["edited_at"]),
            link=row["link"],
        )
        for row in reversed(rows)
    )


async def list_channels(tx: Transaction) -> tuple[str, ...]:
    """The channels with replies."""
    rows = await tx.all("SELECT DISTINCT channel FROM reply WHERE gone_at IS NULL")
    return tuple(row["channel"] for row in rows)


async def list_roots(
    tx: Transaction, platform: Platform, since: datetime, limit: int
) -> tuple[MessageRef, ...]:
    """The threads of a platform with replies since then, newest first."""
    rows = await tx.all(
        """
        SELECT channel, root_message FROM reply
         WHERE said_at >= :since AND gone_at IS NULL AND root_message <> ''
           AND channel >= :first AND channel < :beyond
         GROUP BY channel, root_message ORDER BY max(said_at) DESC, max(id) DESC LIMIT :limit
        """,
        # `;` sorts directly after `:`.
        {
            "first": f"{platform}:",
            "beyond": f"{platform};",
            "since": to_text(since),
            "limit": limit,
        },
    )
    return tuple(MessageRef(parse_channel(row["channel"]), row["root_message"]) for row in rows)


async def list_kept(tx: Transaction, root: MessageRef) -> tuple[KeptReply, ...]:
    """The stored replies of a thread, in the order they were posted."""
    rows = await tx.all(
        """
        SELECT message_id, said_at, edited_at FROM reply
         WHERE channel = :channel AND root_message = :message AND gone_at IS NULL
         ORDER BY said_at, id
        """,
        _named(root),
    )
    return tuple(
        KeptReply(
            MessageRef(root.channel, row["message_id"]),
            from_text(row["said_at"]),
            _instant(row["edited_at"]),
        )
        for row in rows
    )


async def list_waiting_channels(tx: Transaction) -> tuple[str, ...]:
    """The channels with replies whose root message is not known."""
    rows = await tx.all(
        """
        SELECT DISTINCT channel FROM reply
         WHERE entry_id IS NULL AND slot_id IS NULL ORDER BY channel
        """
    )
    return tuple(row["channel"] for row in rows)


async def assign_roots(
    tx: Transaction, channel: str, now: datetime, patience: datetime
) -> tuple[int, ...]:
    """Assign waiting replies of a channel to discussions and days whose root message is known now.

    Replies received before `patience` are deleted. Returns the ids of those assigned to
    entries, in the order they were received.
    """
    waiting = await tx.all(
        """
        SELECT id, channel, root_message, gone_at FROM reply
         WHERE entry_id IS NULL AND slot_id IS NULL AND channel = :channel ORDER BY id
        """,
        {"channel": channel},
    )
    if not waiting:
        return ()
    assigned: list[int] = []
    for row in waiting:
        root = await threads.find(
            tx, MessageRef(parse_channel(row["channel"]), row["root_message"])
        )
        if root is not None and root.has_discussion and row["gone_at"] is None:
            await tx.run(
                "UPDATE reply SET entry_id = :entry, slot_id = :slot WHERE id = :id",
                {"id": row["id"], "entry": root.entry_id, "slot": root.slot_id},
            )
            if root.entry_id is not None:
                assigned.append(row["id"])
    old = await tx.all(
        """
        SELECT id FROM reply
         WHERE entry_id IS NULL AND slot_id IS NULL AND received_at < :patience
           AND channel = :channel
        """,
        {"patience": to_text(patience), "channel": channel},
    )
    stale = [row["id"] for row in old]
    await forget(tx, stale, now)
    await tx.run_many("DELETE FROM reply WHERE id = :id", [{"id": each} for each in stale])
    return tuple(assigned)


def _named(message: MessageRef) -> dict[str, object]:
    return {"channel": str(message.channel), "message": message.id}


def _stored(row: Row) -> StoredReply:
    return StoredReply(
        id=row["id"],
        entry_id=EntryId(row["entry_id"]) if row["entry_id"] is not None else None,
        author_id=row["author_id"],
        author=row["author"],
        text=row["text"],
        origin=ReplyOrigin(
            channel=row["channel"],
            message_id=row["message_id"],
            said_at=from_text(row["said_at"]),
            gone=row["gone_at"] is not None,
        ),
    )


def _instant(text: str | None) -> datetime | None:
    return from_text(text) if text else None


def _text(at: datetime | None) -> str | None:
    return to_text(at) if at is not None else None
