"""The web chat's channels and messages in the database: `Board`."""

from collections.abc import Collection
from datetime import datetime

from bot.core.database.database import Database, Row, Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.domain.document import Document, dump, load
from bot.core.domain.errors import UsageError
from bot.core.domain.late import late_pattern
from bot.webchat.domain.board import Author, BoardMessage, inbox_of

_MESSAGE = """
SELECT m.id, m.channel, m.root_id, m.author_id, m.author_name, m.author_locale, m.by_bot,
       m.question, m.content, m.message_key, m.posted_at, m.edited_at, m.deleted_at, m.revision,
       (SELECT count(*) FROM board_message r
         WHERE r.root_id = m.id AND r.deleted_at IS NULL) AS replies,
       (SELECT max(r.posted_at) FROM board_message r
         WHERE r.root_id = m.id AND r.deleted_at IS NULL) AS last_reply_at,
       (SELECT count(DISTINCT l.person) FROM reaction l
         WHERE l.channel = 'web:' || m.channel AND l.message_id = CAST(m.id AS TEXT)
           AND l.is_there = TRUE) AS likes
  FROM board_message m
"""

# A deleted message is shown only as the root of a thread that has replies.
_VISIBLE = """
(m.deleted_at IS NULL
 OR EXISTS (SELECT 1 FROM board_message r WHERE r.root_id = m.id AND r.deleted_at IS NULL))
"""


_CHANNEL_NAME = late_pattern(r"\w[\w-]{0,39}")
_PERSON = late_pattern(r"[0-9a-f]{16}")


GUARD = "board"
"""The guard of transactions that add, change or remove messages."""


class DatabaseBoard:
    """`Board` over an open database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def list_channels(self) -> tuple[str, ...]:
        async with self._db.reading() as tx:
            return await list_channels(tx)

    async def add_channel(self, name: str, *, at: datetime) -> None:
        if not _CHANNEL_NAME.fullmatch(name):
            raise UsageError(
                "“{name}” cannot be a channel name: use 1 to 40 letters, digits and hyphens",
                name=name,
            )
        await self._make(name, at)

    async def has_channel(self, name: str) -> bool:
        async with self._db.reading() as tx:
            found = await tx.one("SELECT 1 FROM board_channel WHERE name = :name", {"name": name})
        return found is not None

    async def open_inbox(self, person: str, *, at: datetime) -> str:
        if not _PERSON.fullmatch(person):
            raise UsageError("the web chat knows nobody with the id “{person}”", person=person)
        name = inbox_of(person)
        if not await self.has_channel(name):
            await self._make(name, at)
        return name

    async def _make(self, name: str, at: datetime) -> None:
        async with self._db.transaction() as tx:
            await tx.run(
                "INSERT INTO board_channel (name, created_at) VALUES (:name, :at)"
                " ON CONFLICT DO NOTHING",
                {"name": name, "at": to_text(at)},
            )

    async def add(
        self,
        channel: str,
        content: Document | str,
        *,
        at: datetime,
        root: int | None = None,
        author: Author | None = None,
        question: str = "",
        key: str | None = None,
    ) -> BoardMessage:
        async with self._db.transaction() as tx:
            await tx.guard(GUARD)
            if key is not None:
                present = await tx.one(_MESSAGE + "WHERE m.message_key = :key", {"key": key})
                if present is not None:
                    return _message(present)
            row = await tx.one(
                """
                INSERT INTO board_message (channel, root_id, author_id, author_name, author_locale,
                                           by_bot, question, content, message_key, posted_at, revision,
                                           unheard)
                VALUES (:channel, :root, :author_id, :author_name, :author_locale, :by_bot,
                        :question, :content, :key, :at, :revision, :unheard)
                RETURNING id
                """,
                {
                    "channel": channel,
                    "root": root,
                    "author_id": author.id if author else None,
                    "author_name": author.name if author else None,
                    "author_locale": author.locale if author else None,
                    "by_bot": isinstance(content, Document),
                    "unheard": root is not None and not isinstance(content, Document),
                    "question": question,
                    "content": _content_text(content),
                    "key": key,
                    "at": to_text(at),
                    "revision": await _next_revision(tx),
                },
            )
            assert row is not None  # noqa: S101 - RETURNING gives the row that was inserted
            await touch(tx, root)
            return await _get(tx, row["id"])

    async def find(self, message: int) -> BoardMessage | None:
        async with self._db.reading() as tx:
            return await _find(tx, message)

    async def find_by_key(self, channel: str, key: str, *, since: datetime) -> BoardMessage | None:
        async with self._db.reading() as tx:
            row = await tx.one(
                _MESSAGE
                + "WHERE m.message_key = :key AND m.channel = :channel AND m.posted_at >= :since",
                {"key": key, "channel": channel, "since": to_text(since)},
            )
        return _message(row) if row else None

    async def update(
        self, message: int, content: Document | str, *, at: datetime, question: str | None = None
    ) -> BoardMessage | None:
        async with self._db.transaction() as tx:
            await tx.guard(GUARD)
            present = await _find(tx, message)
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
                    "by_bot": isinstance(content, Document),
                    "question": asked,
                    "at": to_text(at),
                    "revision": await _next_revision(tx),
                },
            )
            return await _get(tx, message)

    async def remove(self, message: int, *, at: datetime) -> BoardMessage | None:
        async with self._db.transaction() as tx:
            await tx.guard(GUARD)
            return await _remove(tx, message, at)

    async def touch(self, message: int) -> BoardMessage | None:
        async with self._db.transaction() as tx:
            await tx.guard(GUARD)
            await touch(tx, message)
            return await _find(tx, message)

    async def list_liked(
        self, person: str, channel: str, messages: Collection[int]
    ) -> frozenset[int]:
        async with self._db.reading() as tx:
            rows = await tx.all(
                """
                SELECT DISTINCT message_id FROM reaction
                 WHERE channel = 'web:' || :channel AND person = 'web:' || :person
                   AND is_there = TRUE AND message_id IN (SELECT value FROM texts(:messages))
                """,
                {"channel": channel, "person": person, "messages": list(map(str, messages))},
            )
        return frozenset(int(row["message_id"]) for row in rows)

    async def list_unprocessed(self, *, limit: int) -> tuple[BoardMessage, ...]:
        async with self._db.reading() as tx:
            rows = await tx.all(
                _MESSAGE + "WHERE m.unheard = TRUE ORDER BY m.revision LIMIT :limit",
                {"limit": limit},
            )
        return tuple(_message(row) for row in rows)

    async def mark_processed(self, message: BoardMessage) -> None:
        async with self._db.transaction() as tx:
            await tx.run(
                "UPDATE board_message SET unheard = FALSE WHERE id = :id AND revision = :revision",
                {"id": message.id, "revision": message.revision},
            )

    async def list_messages(
        self, channel: str, *, limit: int, root: int | None = None, before: int | None = None
    ) -> tuple[BoardMessage, ...]:
        place = "m.root_id IS NULL" if root is None else "m.root_id = :root"
        async with self._db.reading() as tx:
            rows = await tx.all(
                f"{_MESSAGE} WHERE m.channel = :channel AND {place} AND m.id < :before"
                f" AND {_VISIBLE} ORDER BY m.id DESC LIMIT :limit",
                {
                    "channel": channel,
                    "root": root,
                    "before": before if before is not None else 2**63 - 1,
                    "limit": limit,
                },
            )
        return tuple(_message(row) for row in reversed(rows))

    async def list_changes(
        self, after: int, *, limit: int, reader: str | None = None
    ) -> tuple[BoardMessage, ...]:
        inbox = inbox_of(reader) if reader is not None else None
        async with self._db.reading() as tx:
            rows = await tx.all(
                _MESSAGE
                + "WHERE m.revision > :after"
                + " AND (:all OR m.channel = :inbox OR m.channel NOT LIKE '@%')"
                + " ORDER BY m.revision LIMIT :limit",
                {"after": after, "limit": limit, "all": inbox is None, "inbox": inbox or ""},
            )
        return tuple(_message(row) for row in rows)

    async def newest_revision(self) -> int:
        async with self._db.reading() as tx:
            row = await tx.one("SELECT newest FROM board_revision")
        return int(row["newest"]) if row else 0


async def list_channels(tx: Transaction) -> tuple[str, ...]:
    """The names of the channels that everybody reads, oldest first."""
    rows = await tx.all(
        "SELECT name FROM board_channel WHERE name NOT LIKE '@%' ORDER BY created_at, name"
    )
    return tuple(row["name"] for row in rows)


async def count_by_author(tx: Transaction, author_id: str) -> int:
    """How many messages a visitor has written."""
    row = await tx.one(
        """
        SELECT count(*) AS messages FROM board_message
         WHERE author_id = :author AND deleted_at IS NULL AND NOT by_bot
        """,
        {"author": author_id},
    )
    return int(row["messages"]) if row is not None else 0


async def forget_author(tx: Transaction, author_id: str, at: datetime) -> int:
    """Delete everything that a visitor wrote or asked for, their id and name, and their inbox.

    Returns how many messages they had written.
    """
    await tx.guard(GUARD)
    rows = await tx.all(
        "SELECT id, by_bot FROM board_message WHERE author_id = :author AND deleted_at IS NULL",
        {"author": author_id},
    )
    told = await tx.all(
        "SELECT id FROM board_message WHERE channel = :inbox AND deleted_at IS NULL",
        {"inbox": inbox_of(author_id)},
    )
    for number in sorted({row["id"] for row in (*rows, *told)}):
        await _remove(tx, number, at)
    await tx.run(
        """
        UPDATE board_message SET author_id = NULL, author_name = NULL, author_locale = NULL,
               message_key = NULL
         WHERE author_id = :author
        """,
        {"author": author_id},
    )
    return sum(not row["by_bot"] for row in rows)


async def _find(tx: Transaction, message: int) -> BoardMessage | None:
    row = await tx.one(_MESSAGE + "WHERE m.id = :id", {"id": message})
    return _message(row) if row else None


async def _remove(tx: Transaction, message: int, at: datetime) -> BoardMessage | None:
    present = await _find(tx, message)
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
    await touch(tx, present.root)
    return await _get(tx, message)


async def _next_revision(tx: Transaction) -> int:
    row = await tx.one("UPDATE board_revision SET newest = newest + 1 RETURNING newest")
    assert row is not None  # noqa: S101 - the migration made the row
    return int(row["newest"])


async def touch(tx: Transaction, root: int | None) -> None:
    """Give a message a new revision: it shows how many replies or likes there are."""
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
        author = Author(row["author_id"], row["author_name"], row["author_locale"] or "")
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
        likes=row["likes"],
    )
