"""Who pressed “Discuss” first for an entry in a channel (table `discussion_request`)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.archive.domain.entry import EntryId
from bot.core.database.database import Transaction
from bot.core.database.instants import to_text


async def add(
    tx: Transaction, channel: str, entry_id: EntryId, *, author_id: str, author: str, now: datetime
) -> None:
    """Store the first request; does nothing if there is one."""
    await tx.run(
        """
        INSERT INTO discussion_request (channel, entry_id, author_id, author, asked_at)
        VALUES (:channel, :entry, :author_id, :author, :now)
        ON CONFLICT DO NOTHING
        """,
        {
            "channel": channel,
            "entry": entry_id,
            "author_id": author_id,
            "author": author,
            "now": to_text(now),
        },
    )


async def authors_of(
    tx: Transaction, channel: str, entry_ids: Iterable[EntryId]
) -> Mapping[EntryId, str]:
    """The name of the person who asked first for each entry; empty if the person is forgotten."""
    names = {}
    for entry_id in entry_ids:
        row = await tx.one(
            "SELECT author FROM discussion_request WHERE channel = :channel AND entry_id = :entry",
            {"channel": channel, "entry": entry_id},
        )
        names[entry_id] = row["author"] if row is not None else ""
    return names


async def prune(tx: Transaction, before: datetime) -> int:
    """Forget the names of those who asked before that instant; returns how many."""
    return await tx.run(
        """
        UPDATE discussion_request SET author = '', author_id = ''
         WHERE asked_at < :before AND author_id <> ''
        """,
        {"before": to_text(before)},
    )


async def count_of(tx: Transaction, author_id: str) -> int:
    """How many messages show a person's name."""
    row = await tx.one(
        """
        SELECT count(*) AS number FROM discussion_request
         WHERE author_id = :author AND author_id <> ''
        """,
        {"author": author_id},
    )
    return int(row["number"]) if row is not None else 0


async def forget_author(tx: Transaction, author_id: str) -> Sequence[EntryId]:
    """Forget a person's name and id; returns the entries whose messages show the name."""
    rows = await tx.all(
        """
        UPDATE discussion_request SET author = '', author_id = ''
         WHERE author_id = :author AND author_id <> '' RETURNING entry_id
        """,
        {"author": author_id},
    )
    return tuple(EntryId(row["entry_id"]) for row in rows)
