"""The full-text index of replies: `reply_search`, with the words of each.

Calls of the bot are no discussion, and forgotten replies are gone: nothing finds either.
"""

from collections.abc import Mapping
from typing import Any

from bot.archive.domain.search.search_text import indexed
from bot.archive.domain.search.search_vector import vector
from bot.core.database.database import Engine, Transaction
from bot.core.database.sqlite.words import words
from bot.core.latex import readable
from bot.discussion.domain.questions import is_call


async def add(tx: Transaction, reply_id: int, text: str) -> None:
    """Index what a person said."""
    if is_call(text):
        return
    sql = _ADD_VECTOR if tx.engine is Engine.POSTGRESQL else _ADD
    await tx.run(sql, _row(tx.engine, reply_id, text))


async def remove(tx: Transaction, reply_id: int) -> None:
    """Take a reply out of the index."""
    await tx.run("DELETE FROM reply_search WHERE rowid = :id", {"id": reply_id})


async def reindex(tx: Transaction, *, after: int | None, most: int) -> int | None:
    """Index at most so many replies again, those with an id above `after`, as this version does.

    Returns the last id that was looked at, or `None` when there is none left.
    """
    sql = _LIST_LOCKED if tx.engine is Engine.POSTGRESQL else _LIST
    rows = await tx.all(sql, {"after": after or 0, "most": most})
    for row in rows:
        if row["gone_at"] is not None or is_call(row["text"]):
            await remove(tx, row["id"])
    texts = [
        _row(tx.engine, row["id"], row["text"])
        for row in rows
        if row["gone_at"] is None and not is_call(row["text"])
    ]
    if tx.engine is Engine.POSTGRESQL:
        await tx.run_many(_PUT_VECTOR, texts)
    else:
        await tx.run_many(_REPLACE, texts)
        await tx.run_many(_ADD_ABSENT, texts)
    return rows[-1]["id"] if rows else None


def _row(engine: Engine, reply_id: int, text: str) -> Mapping[str, Any]:
    segmented = indexed(text, readable)
    row = {"id": reply_id, "text": segmented}
    if engine is Engine.SQLITE:
        return row
    # No field of a reply is searched alone: its words are those of a commentary.
    made = vector([[], [], [], words(segmented)])
    return row | {"words": made.literal, "fields": made.fields}


_LIST = "SELECT id, text, gone_at FROM reply WHERE id > :after ORDER BY id LIMIT :most"
_LIST_LOCKED = f"{_LIST} FOR UPDATE"
"""What is edited or forgotten meanwhile must not be indexed as it was."""
_ADD = "INSERT INTO reply_search (rowid, text) VALUES (:id, :text)"
_REPLACE = "UPDATE reply_search SET text = :text WHERE rowid = :id AND text <> :text"
_ADD_ABSENT = """
    INSERT INTO reply_search (rowid, text)
    SELECT :id, :text WHERE NOT EXISTS (SELECT 1 FROM reply_search_docsize WHERE id = :id)
"""
_ADD_VECTOR = """
    INSERT INTO reply_search (rowid, text, words, fields)
    VALUES (:id, :text, CAST(:words AS TSVECTOR), CAST(:fields AS TEXT[]))
"""
_PUT_VECTOR = (
    f"{_ADD_VECTOR} ON CONFLICT (rowid) DO UPDATE "
    "SET text = excluded.text, words = excluded.words, fields = excluded.fields"
)
