"""The full-text index of entries: what arXiv fills in where the curator left it out, and reindexing."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from typing import Any

from bot.archive.domain.search_text import indexed, indexed_authors, indexed_text
from bot.archive.domain.segment import MARK
from bot.archive.store import entries
from bot.core.database.database import Transaction
from bot.core.latex import readable


def index_papers(connection: sqlite3.Connection, numbers: Iterable[str]) -> None:
    """Update the index of the entries about these papers with arXiv's authors and abstracts."""
    _index(connection, f"{_FILLED} AND a.number IN ({_WANTED})", numbers)


def index_entries(connection: sqlite3.Connection, newness: Iterable[int]) -> None:
    """Add arXiv's authors and abstracts to entries that were just written, by sort key."""
    _index(connection, f"{_FILLED} AND e.newness IN ({_WANTED})", newness)


def _index(connection: sqlite3.Connection, sql: str, wanted: Iterable[object]) -> None:
    rows = connection.execute(sql, {"wanted": json.dumps(list(wanted))}).fetchall()
    connection.executemany(
        """
        UPDATE search_text SET authors = :authors, abstract = :abstract
        WHERE newness = :newness AND (authors, abstract) IS NOT (:authors, :abstract)
        """,
        map(_words, rows),
    )


def _words(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "newness": row["newness"],
        "authors": indexed_authors(tuple(json.loads(row["authors"])), readable),
        "abstract": indexed(row["abstract"] or "", readable),
    }


_WANTED = "SELECT value FROM json_each(:wanted)"
_FILLED = """
    SELECT e.newness, coalesce(nullif(e.authors, '[]'), a.authors) AS authors,
           coalesce(nullif(e.abstract, ''), a.abstract) AS abstract
    FROM arxiv_record AS a JOIN paper AS p ON p.key = 'arxiv:' || a.number
        JOIN entry AS e ON e.paper_id = p.id
    WHERE (e.authors = '[]' OR coalesce(e.abstract, '') = '')
"""


async def reindex(tx: Transaction, *, after: int | None, most: int) -> int | None:
    """Index at most so many entries again, as this version indexes them.

    They are those with a sort key above `after`, all for `None`. Returns the last sort key that
    was looked at, or `None` when there is none left.
    """
    return await tx.call(partial(_reindex, after=after, most=most))


def _reindex(connection: sqlite3.Connection, *, after: int | None, most: int) -> int | None:
    rows = connection.execute(
        """
        SELECT newness, tags FROM search_text WHERE :after IS NULL OR newness > :after
        ORDER BY newness LIMIT :most
        """,
        {"after": after, "most": most},
    ).fetchall()
    marks = {row["newness"]: row["tags"].partition(MARK)[1:] for row in rows}
    stored = entries.load(connection, tuple(marks))
    texts = [asdict(indexed_text(each.entry, readable)) for each in stored]
    for text, (newness, mark) in zip(texts, marks.items(), strict=True):
        text["newness"] = newness
        text["tags"] += f" {''.join(mark)}"
    connection.executemany(
        """
        UPDATE search_text SET title = :title, authors = :authors, abstract = :abstract,
            commentary = :commentary, tags = :tags
        WHERE newness = :newness AND (title, authors, abstract, commentary, tags)
            IS NOT (:title, :authors, :abstract, :commentary, :tags)
        """,
        texts,
    )
    return max(marks, default=None)
