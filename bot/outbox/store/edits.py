"""Edits: `document` is the wanted content, `shown` the hash of what the message shows."""

from collections.abc import Iterable
from datetime import datetime

from bot.archive.domain.entry import EntryId
from bot.core.database.database import Row, Transaction
from bot.core.database.instants import to_text
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document, dump
from bot.core.ports import ChannelRef, DeliveryKey, MessageRef, parse_channel
from bot.outbox.domain.content_hash import text_hash
from bot.outbox.domain.delivery import DROPPED, NOT_EDITED, NOT_REMOVED, WITHDRAWN, State
from bot.outbox.domain.reach import Reach
from bot.outbox.store import operator_view
from bot.outbox.store.claims import stored_document
from bot.outbox.store.in_reach import IN_REACH


@dataclass(frozen=True, slots=True)
class Part:
    """A message of a slot, and the hash of what it should say.

    `message` is set while it stands in its channel, `root` if it is a reply in the thread of that.
    """

    id: int
    part: str
    state: State
    channel: ChannelRef
    content_hash: str
    entry_id: EntryId | None = None
    message: MessageRef | None = None
    root: MessageRef | None = None

    @property
    def is_paper(self) -> bool:
        """Whether it is the message of a paper, not the header or a thread intro."""
        return self.entry_id is not None and self.part == f"entry-{self.entry_id}"


@dataclass(frozen=True, slots=True)
class Unshown:
    """A posted message that does not say yet what it should; the hash is that of the new content."""

    id: int
    message: MessageRef
    document: Document
    content_hash: str
    failures: int


async def list_parts(tx: Transaction, slot_id: int) -> tuple[Part, ...]:
    """The messages of a slot, in their order."""
    rows = await tx.all(
        """
        SELECT d.id, d.part, d.state, d.channel, d.wanted, d.entry_id,
               CASE WHEN d.state = 'sent' AND d.unwanted = 0 AND d.removed_at IS NULL
                    THEN d.message_id END AS message,
               root.message_id AS root
          FROM delivery d LEFT JOIN delivery root ON root.id = d.root_id
         WHERE d.slot_id = :slot ORDER BY d.id
        """,
        {"slot": slot_id},
    )
    return tuple(map(_part, rows))


def _part(row: Row) -> Part:
    channel = parse_channel(row["channel"])
    return Part(
        row["id"],
        row["part"],
        State(row["state"]),
        channel,
        row["wanted"],
        EntryId(row["entry_id"]) if row["entry_id"] is not None else None,
        MessageRef(channel, row["message"]) if row["message"] is not None else None,
        MessageRef(channel, row["root"]) if row["root"] is not None else None,
    )


async def want(tx: Transaction, delivery_id: int, document: Document) -> None:
    """The message should say this: one that is posted is edited, one in flight after it.

    One that is to be removed keeps what replaced its content.
    """
    content = dump(document)
    await tx.run(
        """
        UPDATE delivery
           SET document = :content, wanted = :hash, edit_after = '', edit_failures = 0
         WHERE id = :id AND unwanted <> 1
        """,
        {"id": delivery_id, "content": content, "hash": text_hash(content)},
    )


async def list_by_key(tx: Transaction, keys: Iterable[DeliveryKey]) -> dict[DeliveryKey, int]:
    """The messages with these keys that are posted, or will be, and are not to be removed."""
    rows = await tx.all(
        """
        SELECT key, id FROM delivery
         WHERE key IN (SELECT value FROM texts(:keys)) AND state <> 'dead'
           AND unwanted = 0 AND removed_at IS NULL
        """,
        {"keys": list(keys)},
    )
    return {DeliveryKey(row["key"]): row["id"] for row in rows}


async def is_planned(tx: Transaction, delivery_id: int) -> bool:
    """Whether no attempt to post the message has begun; it may begin once `tx` is committed."""
    row = await tx.one(
        "SELECT 1 FROM delivery WHERE id = :id AND state = 'planned'", {"id": delivery_id}
    )
    return row is not None


async def find_document(tx: Transaction, delivery_id: int) -> Document | None:
    """What the message should say, if it is one of those that `list_by_key` finds."""
    row = await tx.one(
        """
        SELECT document FROM delivery
         WHERE id = :id AND state <> 'dead' AND unwanted = 0 AND removed_at IS NULL
        """,
        {"id": delivery_id},
    )
    return stored_document(row["document"]) if row is not None else None


async def withdraw(tx: Transaction, delivery_id: int) -> bool:
    """Give up a message that is not posted yet, since its entry was withdrawn."""
    return await operator_view.drop(tx, delivery_id, WITHDRAWN)


async def list_unshown(
    tx: Transaction, reach: Reach, now: datetime, limit: int
) -> tuple[Unshown, ...]:
    """Posted messages of channels in reach that are to be edited now."""
    rows = await tx.all(
        f"""
        SELECT id, channel, message_id, document, wanted, edit_failures FROM delivery
         WHERE state = 'sent' AND shown <> wanted AND edit_after <= :now AND unwanted = 0
           AND {IN_REACH}
         ORDER BY edit_after, id LIMIT :limit
        """,  # noqa: S608 - our own text
        {"now": to_text(now), "limit": limit} | reach.beginnings,
    )
    return tuple(
        Unshown(
            id=row["id"],
            message=MessageRef(parse_channel(row["channel"]), row["message_id"]),
            document=stored_document(row["document"]),
            content_hash=row["wanted"],
            failures=row["edit_failures"],
        )
        for row in rows
    )


async def mark_shown(tx: Transaction, edited: Unshown) -> None:
    """The message shows what was wanted when `edited` was read; it may have changed since."""
    await tx.run(
        """
        UPDATE delivery SET shown = :hash, edit_after = '', edit_failures = 0,
                            failing_since = NULL, reason = '', detail = ''
         WHERE id = :id AND state = 'sent'
        """,
        {"id": edited.id, "hash": edited.content_hash},
    )


async def put_off(
    tx: Transaction, delivery_id: int, at: datetime, now: datetime, detail: str
) -> None:
    """An edit or a removal failed and is tried again at that instant."""
    await tx.run(
        """
        UPDATE delivery
           SET edit_after = :at, edit_failures = edit_failures + 1,
               failing_since = coalesce(failing_since, :now), detail = :detail,
               reason = CASE WHEN unwanted = 1 THEN :not_removed ELSE :not_edited END
         WHERE id = :id
        """,
        {"id": delivery_id} | _put_off(at, now, detail),
    )


async def put_off_channel(
    tx: Transaction, channel: ChannelRef, at: datetime, now: datetime, detail: str
) -> None:
    """No edit or removal of the channel's messages is tried before that instant."""
    await tx.run(
        """
        UPDATE delivery
           SET edit_after = :at, failing_since = coalesce(failing_since, :now), detail = :detail,
               reason = CASE WHEN unwanted = 1 THEN :not_removed ELSE :not_edited END
         WHERE id IN (SELECT id FROM delivery WHERE unwanted = 1 AND removed_at IS NULL
                       UNION ALL
                      SELECT id FROM delivery WHERE state = 'sent' AND shown <> wanted)
           AND channel = :channel AND state = 'sent' AND edit_after < :at
        """,
        {"channel": str(channel)} | _put_off(at, now, detail),
    )


def _put_off(at: datetime, now: datetime, detail: str) -> dict[str, object]:
    return {
        "at": to_text(at),
        "now": to_text(now),
        "detail": detail,
        "not_edited": NOT_EDITED,
        "not_removed": NOT_REMOVED,
    }


_FAILING = """
    id = :id AND state = 'sent' AND failing_since IS NOT NULL
AND (unwanted = 1 AND removed_at IS NULL OR unwanted = 0 AND shown <> wanted)
"""


async def try_now(tx: Transaction, delivery_id: int) -> bool:
    """Retry a failing edit or removal at once; returns whether there is one."""
    changed = await tx.run(
        f"UPDATE delivery SET edit_after = '' WHERE {_FAILING}",  # noqa: S608 - our own text
        {"id": delivery_id},
    )
    return changed > 0


async def drop(tx: Transaction, delivery_id: int, now: datetime) -> bool:
    """Give up a failing edit or removal; returns whether there was one."""
    changed = await tx.run(
        f"""
        UPDATE delivery
           SET removed_at = CASE WHEN unwanted = 1 THEN :now END,
               shown = CASE WHEN unwanted = 1 THEN shown ELSE wanted END,
               failing_since = NULL, reason = :dropped, detail = ''
         WHERE {_FAILING}
        """,  # noqa: S608 - our own text
        {"id": delivery_id, "now": to_text(now), "dropped": DROPPED},
    )
    return changed > 0


async def give_up(tx: Transaction, edited: Unshown, reason: str, detail: str) -> None:
    """The message cannot be edited: leave it until its content changes again."""
    await tx.run(
        """
        UPDATE delivery SET shown = :hash, failing_since = NULL, reason = :reason,
                            detail = :detail
         WHERE id = :id AND state = 'sent'
        """,
        {"id": edited.id, "hash": edited.content_hash, "reason": reason, "detail": detail},
    )


async def mark_gone(tx: Transaction, delivery_id: int, now: datetime) -> None:
    """Somebody deleted the message: if it is a paper's, nothing leads to it any more.

    The header of its slot is presented again without a link to it.
    """
    papers = await tx.all(
        """
        UPDATE delivery SET removed_at = :now
         WHERE id = :id AND slot_id IS NOT NULL
           AND part IN ('entry-' || CAST(entry_id AS TEXT),
                        'entry-' || CAST(entry_id AS TEXT) || '-discussion')
        RETURNING slot_id
        """,
        {"id": delivery_id, "now": to_text(now)},
    )
    await tx.run_many(
        # Not DO NOTHING: whoever takes the row just now would not see this change.
        """
        INSERT INTO settled_slot (slot_id) VALUES (:slot)
        ON CONFLICT (slot_id) DO UPDATE SET slot_id = excluded.slot_id
        """,
        [{"slot": row["slot_id"]} for row in papers],
    )
