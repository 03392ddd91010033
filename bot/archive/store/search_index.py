"""The full-text index of entries: what arXiv fills in where the curator left it out, and reindexing.

SQLite's triggers index the rows of `search_text`. PostgreSQL's rows have a vector of the same words.
"""

import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from bot.archive.domain.search.search_text import (
    IndexedText,
    indexed,
    indexed_authors,
    indexed_text,
)
from bot.archive.domain.search.search_vector import vector
from bot.archive.domain.search.segment import MARK
from bot.archive.store import entries
from bot.archive.store.sort_key import day_of
from bot.core.database.database import Engine, Row, Statements, Transaction
from bot.core.database.sqlite.words import words
from bot.core.latex import readable

_VECTOR_ORDER = ("title", "tags", "authors", "commentary", "abstract")


def add_entries(statements: Statements, texts: Sequence[tuple[int, IndexedText]]) -> None:
    """Index entries that were just written, by ascending sort key, with what arXiv adds."""
    rows = [text._asdict() | {"newness": newness} for newness, text in texts]
    if statements.engine is Engine.POSTGRESQL:
        statements.run_many(_ADD_VECTORS, map(_with_vector, rows))
    else:
        statements.run_many(_ADD, rows)
    _fill(statements, _FILLED_OF_ENTRIES, [newness for newness, _ in texts])


def index_papers(statements: Statements, numbers: Iterable[str]) -> None:
    """Update the index of the entries about these papers with arXiv's authors and abstracts."""
    _fill(statements, _FILLED_OF_PAPERS, list(numbers))


def _fill(statements: Statements, sql: str, wanted: list[Any]) -> None:
    changed = []
    for row in statements.all(sql, {"wanted": wanted}):
        text = _texts(row) | _filled(row)
        if text != _texts(row):
            changed.append(text)
    _replace(statements, changed)


def _filled(row: Row) -> dict[str, str]:
    return {
        "authors": indexed_authors(tuple(json.loads(row["filled_authors"])), readable),
        "abstract": indexed(row["filled_abstract"] or "", readable),
    }


def _texts(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ("newness", *_VECTOR_ORDER)}


def _replace(statements: Statements, rows: Iterable[dict[str, Any]]) -> None:
    if statements.engine is Engine.POSTGRESQL:
        statements.run_many(_REPLACE_VECTORS, map(_with_vector, rows))
    else:
        statements.run_many(_REPLACE, rows)


def _with_vector(row: dict[str, Any]) -> dict[str, Any]:
    fields = [words(row[name]) for name in _VECTOR_ORDER]
    made = vector(fields, day=day_of(row["newness"]))
    return row | {"words": made.literal, "fields": made.fields}


_ADD = """
    INSERT INTO search_text (newness, title, authors, abstract, commentary, tags)
    VALUES (:newness, :title, :authors, :abstract, :commentary, :tags)
"""
_ADD_VECTORS = """
    INSERT INTO search_text
        (newness, title, authors, abstract, commentary, tags, words, fields)
    VALUES (:newness, :title, :authors, :abstract, :commentary, :tags, CAST(:words AS TSVECTOR),
            CAST(:fields AS TEXT[]))
"""
_REPLACE = """
    UPDATE search_text SET title = :title, authors = :authors, abstract = :abstract,
        commentary = :commentary, tags = :tags
    WHERE newness = :newness
"""
_REPLACE_VECTORS = """
    UPDATE search_text SET title = :title, authors = :authors, abstract = :abstract,
        commentary = :commentary, tags = :tags, words = CAST(:words AS TSVECTOR),
        fields = CAST(:fields AS TEXT[])
    WHERE newness = :newness
"""
_FILLED = """
    SELECT s.newness, s.title, s.authors, s.abstract, s.commentary, s.tags,
           coalesce(nullif(e.authors, '[]'), a.authors) AS filled_authors,
           coalesce(nullif(e.abstract, ''), a.abstract) AS filled_abstract
    FROM arxiv_record AS a JOIN paper AS p ON p.key = 'arxiv:' || a.number
        JOIN entry AS e ON e.paper_id = p.id JOIN search_text AS s ON s.newness = e.newness
    WHERE (e.authors = '[]' OR coalesce(e.abstract, '') = '')
"""
_FILLED_OF_ENTRIES = f"{_FILLED} AND e.newness IN (SELECT value FROM numbers(:wanted))"  # noqa: S608
_FILLED_OF_PAPERS = f"{_FILLED} AND a.number IN (SELECT value FROM texts(:wanted))"  # noqa: S608


async def reindex(tx: Transaction, *, after: int | None, most: int) -> int | None:
    """Index at most so many entries again, as this version indexes them.

    They are those with a sort key above `after`, all for `None`. Returns the last sort key that
    was looked at, or `None` when there is none left.
    """
    return await tx.call(partial(_reindex, after=after, most=most))


def _reindex(statements: Statements, *, after: int | None, most: int) -> int | None:
    rows = statements.all(
        """
        SELECT newness, title, authors, abstract, commentary, tags FROM search_text
        WHERE newness > :after ORDER BY newness LIMIT :most
        """,
        {"after": after if after is not None else -(1 << 62), "most": most},
    )
    wanted = [row["newness"] for row in rows]
    # As an import indexes them: the entry's own tags, and what arXiv adds.
    stored = entries.load(statements, wanted, as_written=True)
    fills = statements.all(_FILLED_OF_ENTRIES, {"wanted": wanted})
    filled = {row["newness"]: _filled(row) for row in fills}
    changed = []
    for row, each in zip(rows, stored, strict=True):
        marks = "".join(row["tags"].partition(MARK)[1:])
        text = indexed_text(each.entry, readable)._asdict() | {"newness": row["newness"]}
        text |= filled.get(row["newness"], {})
        text["tags"] += f" {marks}"
        # PostgreSQL's vectors depend on more than the texts: rows that were moved have none.
        if text != _texts(row) or statements.engine is Engine.POSTGRESQL:
            changed.append(text)
    _replace(statements, changed)
    return max((row["newness"] for row in rows), default=None)
