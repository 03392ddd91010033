"""The full-text index knows what arXiv fills in where the curator left authors or abstract out."""

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from bot.archive.domain.search_text import indexed_abstract, indexed_authors


def index_papers(connection: sqlite3.Connection, numbers: Iterable[str]) -> None:
    """Bring the entries about these papers up to date with what arXiv says of them."""
    _index(connection, f"{_FILLED} AND a.number IN ({_WANTED})", numbers)


def index_entries(connection: sqlite3.Connection, newness: Iterable[int]) -> None:
    """Add what arXiv says to entries that were just written, given by their newness."""
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
        "authors": indexed_authors(tuple(json.loads(row["authors"]))),
        "abstract": indexed_abstract(row["abstract"]),
    }


_WANTED = "SELECT value FROM json_each(:wanted)"
_FILLED = """
    SELECT e.newness, coalesce(nullif(e.authors, '[]'), a.authors) AS authors,
           coalesce(nullif(e.abstract, ''), a.abstract) AS abstract
    FROM arxiv_record AS a JOIN paper AS p ON p.key = 'arxiv:' || a.number
        JOIN entry AS e ON e.paper_id = p.id
    WHERE (e.authors = '[]' OR coalesce(e.abstract, '') = '')
"""
