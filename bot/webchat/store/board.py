"""The web chat's channels and messages as rows."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.database.database import Row, Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.domain.document import Document, dump, load
from bot.webchat.domain.board import Author, BoardMessage

_MESSAGE = """
SELECT m.id, m.channel, m.root_id, m.author_id, m.author_name, m.by_bot, m.question, m.content,
       m.message_key, m.posted_at, m.edited_at, m.deleted_at, m.revision,
       (SELECT count(*) FROM board_message r
         WHERE r.root_id = m.id AND r.deleted_at IS NULL) AS replies,
       (SELECT max(r.posted_at) FROM board_message r
         WHERE r.root_id = m.id AND r.deleted_at IS NULL) AS last_reply_at
  FROM board_message m
"""

# A deleted message stays visible only as the root of a thread that others wrote in.
_VISIBLE = """
(m.deleted_at IS NULL
 OR EXISTS (SELECT 1 FROM board_message r WHERE r.root_id = m.id AND r.deleted_at IS NULL))
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that is to be kept; see `ports.Board.add`."""

    channel: str
    content: Document | str
    at: datetime
    root: int | None = None
    author: Author | None = None
    question: str = ""
    key: str | None = None


async def list_channels(tx: Transaction) -> tuple[str, ...]:
    """The names of the channels, oldest first."""
    rows = await tx.all("SELECT name FROM board_channel ORDER BY created_at, name")
    return tuple(row["name"] for row in rows)


async def add_channel(tx: Transaction, name: str, at: datetime) -> None:
    """Make a channel exist; repeating it changes nothing."""
    await tx.run(
        "INSERT INTO board_channel (name, created_at) VALUES (:name, :at) ON CONFLICT DO NOTHING",
        {"name": name, "at": to_text(at)},
    )


async def add(tx: Transaction, draft: Draft) -> BoardMessage:
    """Keep a message, or give the one that already has its key."""
    if draft.key is not None:
        present = await tx.one(_MESSAGE + "WHERE m.message_key = :key", {"key": draft.key})
        if present is not None:
            return _message(present)
    row = await tx.one(
        """
        INSERT INTO board_message (channel, root_id, author_id, author_name, by_bot, question,
                                   content, message_key, posted_at, revision, unheard)
        VALUES (:channel, :root, :author_id, :author_name, :by_bot, :question,
                :content, :key, :at, :revision, NOT :by_bot AND :root IS NOT NULL)
        RETURNING id
        """,
        {
            "channel": draft.channel,
            "root": draft.root,
            "author_id": draft.author.id if draft.author else None,
            "author_name": draft.author.name if draft.author else None,
            "by_bot": int(isinstance(draft.content, Document)),
            "question": draft.question,
            "content": _content_text(draft.content),
            "key": draft.key,
            "at": to_text(draft.at),
            "revision": await _next_revision(tx),
        },
    )
    assert row is not None  # noqa: S101 - RETURNING gives the row that was inserted
    await _touch(tx, draft.root)
    return await _get(tx, row["id"])


async def find(tx: Transaction, message: int) -> BoardMessage | None:
    """The message of that id, deleted ones included."""
    row = await tx.one(_MESSAGE + "WHERE m.id = :id", {"id": message})
    return _message(row) if row else None


async def find_by_key(
    tx: Transaction, channel: str, key: str, since: datetime
) -> BoardMessage | None:
    """The message with that key in that channel, if posted at or after `since`."""
    row = await tx.one(
        _MESSAGE + "WHERE m.message_key = :key AND m.channel = :channel AND m.posted_at >= :since",
        {"key": key, "channel": channel, "since": to_text(since)},
    )
    return _message(row) if row else None


async def update(
    tx: Transaction, message: int, content: Document | str, at: datetime, question: str | None
) -> BoardMessage | None:
    """Replace what a message says; `None` when it is gone. The same again changes nothing."""
    present = await find(tx, message)
    if present is None or present.deleted:
        return None
    asked = present.question if question is None else question
    if (present.content, present.question) == (content, asked):
        return present
    await tx.run(
        """
        UPDATE board_message
           SET content = :content, by_bot = :by_bot, question = :question, edited_at = :at,
               revision = :revision, unheard = NOT :by_bot AND root_id IS NOT NULL
         WHERE id = :id
        """,
        {
            "id": message,
            "content": _content_text(content),
            "by_bot": int(isinstance(content, Document)),
            "question": asked,
            "at": to_text(at),
            "revision": await _next_revision(tx),
        },
    )
    return await _get(tx, message)


async def remove(tx: Transaction, message: int, at: datetime) -> BoardMessage | None:
    """Forget what a message said; `None` when there never was one."""
    present = await find(tx, message)
    if present is None or present.deleted:
        return present
    await tx.run(
        """
        UPDATE board_message
           SET content = '', question = '', deleted_at = :at, revision = :revision,
               unheard = NOT by_bot AND root_id IS NOT NULL
         WHERE id = :id
        """,
        {"id": message, "at": to_text(at), "revision": await _next_revision(tx)},
    )
    await _touch(tx, present.root)
    return await _get(tx, message)


async def forget_author(tx: Transaction, author_id: str, at: datetime) -> int:
    """Forget everything that somebody wrote or had answered, and that it was them.

    Returns how many messages they had written.
    """
    rows = await tx.all(
        "SELECT id, by_bot FROM board_message WHERE author_id = :author AND deleted_at IS NULL",
        {"author": author_id},
    )
    for row in rows:
        await remove(tx, row["id"], at)
    await tx.run(
        """
        UPDATE board_message SET author_id = NULL, author_name = NULL, message_key = NULL
         WHERE author_id = :author
        """,
        {"author": author_id},
    )
    return sum(not row["by_bot"] for row in rows)


async def list_unheard(tx: Transaction, limit: int) -> tuple[BoardMessage, ...]:
    """What people wrote, changed or took back in threads and the bot has not heard, in order."""
    rows = await tx.all(
        _MESSAGE + "WHERE m.unheard = 1 ORDER BY m.revision LIMIT :limit", {"limit": limit}
    )
    return tuple(_message(row) for row in rows)


async def mark_heard(tx: Transaction, heard: BoardMessage) -> None:
    """The bot has heard the message as it was read; it may have been changed since."""
    await tx.run(
        "UPDATE board_message SET unheard = 0 WHERE id = :id AND revision = :revision",
        {"id": heard.id, "revision": heard.revision},
    )


async def list_messages(
    tx: Transaction, channel: str, *, limit: int, root: int | None, before: int | None
) -> tuple[BoardMessage, ...]:
    """The newest visible messages below `before`, oldest of them first."""
    place = "m.root_id IS NULL" if root is None else "m.root_id = :root"
    rows = await tx.all(
        f"{_MESSAGE} WHERE m.channel = :channel AND {place} AND m.id < :before AND {_VISIBLE}"
        " ORDER BY m.id DESC LIMIT :limit",
        {
            "channel": channel,
            "root": root,
            "before": before if before is not None else 2**63 - 1,
            "limit": limit,
        },
    )
    return tuple(_message(row) for row in reversed(rows))


async def list_changes(tx: Transaction, after: int, limit: int) -> tuple[BoardMessage, ...]:
    """The messages with a revision above `after`, in that order, deleted ones included."""
    rows = await tx.all(
        _MESSAGE + "WHERE m.revision > :after ORDER BY m.revision LIMIT :limit",
        {"after": after, "limit": limit},
    )
    return tuple(_message(row) for row in rows)


async def newest_revision(tx: Transaction) -> int:
    """The highest revision there is, or 0."""
    row = await tx.one("SELECT newest FROM board_revision")
    return int(row["newest"]) if row else 0


async def _next_revision(tx: Transaction) -> int:
    row = await tx.one("UPDATE board_revision SET newest = newest + 1 RETURNING newest")
    assert row is not None  # noqa: S101 - the migration made the row
    return int(row["newest"])


async def _touch(tx: Transaction, root: int | None) -> None:
    """Count a change of a thread as a change of its root: it shows how many replies there are."""
    if root is not None:
        await tx.run(
            "UPDATE board_message SET revision = :revision WHERE id = :id",
            {"id": root, "revision": await _next_revision(tx)},
        )


async def _get(tx: Transaction, message: int) -> BoardMessage:
    row = await tx.one(_MESSAGE + "WHERE m.id = :id", {"id": message})
    assert row is not None  # noqa: S101 - callers have just written it
    return _message(row)


def _content_text(content: Document | str) -> str:
    return dump(content) if isinstance(content, Document) else content


def _message(row: Row) -> BoardMessage:
    deleted = row["deleted_at"] is not None
    author = None
    if row["author_id"] is not None:
        author = Author(row["author_id"], row["author_name"])
    content: Document | str = row["content"]
    if row["by_bot"] and not deleted:
        content = load(row["content"])
    return BoardMessage(
        id=row["id"],
        channel=row["channel"],
        root=row["root_id"],
        author=author,
        by_bot=bool(row["by_bot"]),
        question=row["question"],
        content=content,
        posted_at=from_text(row["posted_at"]),
        edited_at=from_text(row["edited_at"]) if row["edited_at"] else None,
        deleted=deleted,
        key=row["message_key"],
        replies=row["replies"],
        last_reply_at=from_text(row["last_reply_at"]) if row["last_reply_at"] else None,
        revision=row["revision"],
    )


async def next_batch(tx: Transaction, after: int, before: datetime, limit: int) -> int | None:
    """The last id of the next messages after that id; `None` once they are younger than `before`."""
    row = await tx.one(
        """
        SELECT max(id) AS until, min(posted_at) AS oldest FROM
            (SELECT id, posted_at FROM board_message WHERE id > :after ORDER BY id LIMIT :limit)
        """,
        {"after": after, "limit": limit},
    )
    if row is None or row["until"] is None or row["oldest"] >= to_text(before):
        return None
    return int(row["until"])


async def prune_deleted(tx: Transaction, after: int, until: int, before: datetime) -> int:
    """Drop what is left of messages with these ids that were deleted before that instant."""
    return await tx.run(
        """
        DELETE FROM board_message
         WHERE id > :after AND id <= :until AND deleted_at < :before AND unheard = 0
           AND NOT EXISTS (SELECT 1 FROM board_message r WHERE r.root_id = board_message.id)
        """,
        {"after": after, "until": until, "before": to_text(before)},
    )


async def prune(tx: Transaction, after: int, until: int, before: datetime) -> int:
    """Delete messages with these ids that were posted before that instant.

    Messages that the outbox posted stay, and roots of threads that others wrote in.
    """
    return await tx.run(
        """
        DELETE FROM board_message
         WHERE id > :after AND id <= :until AND posted_at < :before AND unheard = 0
           AND message_key IS NULL
           AND NOT EXISTS (SELECT 1 FROM board_message r WHERE r.root_id = board_message.id)
        """,
        {"after": after, "until": until, "before": to_text(before)},
    )
