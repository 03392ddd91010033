"""Old deliveries: texts that nothing needs any more, and rows that nothing refers to."""

from datetime import datetime

from bot.core.database.database import Engine, Parameters, Statements, Transaction
from bot.core.database.instants import to_text
from bot.core.domain.document import Document, dump

_SPAN = "WHERE id > :after AND id <= :until"
_REMOVED_TEXT = dump(Document((), summary="…"))

# Posted, and shown as it should be: an edit brings its own text, a removal needs none. The row
# stays: edits, removals and replies find the message by it, and its key is never posted again.
_STRIP = """
UPDATE delivery SET document = :text, owner = NULL, sending = NULL, tried_at = NULL
 WHERE id > :after AND id <= :until AND state = 'sent' AND sent_at < :before
   AND shown = wanted AND failing_since IS NULL AND length(document) > length(:text)
"""
# Removed again, or given up because it was not to be posted any more. Messages of digests stay: an
# edit would plan them anew.
_DELETE = """
DELETE FROM delivery
 WHERE id > :after AND id <= :until AND slot_id IS NULL AND unwanted > 0
   AND (state = 'sent' AND removed_at < :before OR state = 'dead' AND NOT in_doubt AND planned_at < :before)
   AND NOT EXISTS (SELECT 1 FROM delivery reply WHERE reply.root_id = delivery.id)
"""


async def next_batch(tx: Transaction, after: int, before: datetime, limit: int) -> int | None:
    """The last id of the next deliveries after that id; `None` once they are younger than `before`."""
    row = await tx.one(
        """
        SELECT max(id) AS until, min(planned_at) AS oldest FROM
            (SELECT id, planned_at FROM delivery WHERE id > :after ORDER BY id LIMIT :limit)
            AS batch
        """,
        {"after": after, "limit": limit},
    )
    if row is None or row["until"] is None or row["oldest"] >= to_text(before):
        return None
    return int(row["until"])


async def prune(tx: Transaction, after: int, until: int, before: datetime) -> int:
    """Prune the deliveries with these ids; returns how many rows changed."""
    span = {"after": after, "until": until, "before": to_text(before), "text": _REMOVED_TEXT}
    return await tx.call(lambda statements: _prune(statements, span))


def _prune(statements: Statements, span: Parameters) -> int:
    changed = statements.run(_DELETE, span)
    stripped = statements.run(_STRIP, span)
    if stripped and statements.engine is Engine.SQLITE:
        _write_densely(statements, span)
    return changed + stripped


def _write_densely(statements: Statements, span: Parameters) -> None:
    """Write these rows anew: SQLite frees no page of rows that became shorter in place."""
    statements.run("PRAGMA defer_foreign_keys = ON")  # until the end of this transaction
    rows = statements.all(f"SELECT * FROM delivery {_SPAN} ORDER BY id", span)  # noqa: S608 - our own text
    statements.run(f"DELETE FROM delivery {_SPAN}", span)  # noqa: S608 - our own text
    columns = rows[0].keys()
    values = ", ".join(f":{column}" for column in columns)
    statements.run_many(
        f"INSERT INTO delivery ({', '.join(columns)}) VALUES ({values})",  # noqa: S608 - our own text
        (dict(zip(columns, row, strict=True)) for row in rows),
    )
