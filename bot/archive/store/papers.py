"""The table `paper`: the papers that entries are about or refer to."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from functools import partial

from bot.archive.domain.entry import Paper, Reference
from bot.core.database.database import Transaction


async def ensure(
    tx: Transaction, papers: Iterable[Paper], references: Iterable[Reference]
) -> Mapping[str, int]:
    """Insert missing papers; returns the ids of all, by key.

    A paper that an entry is about gets the title of that entry.
    """
    rows: dict[str, tuple[str, str | None, str | None, str | None]] = {}
    for reference in references:
        arxiv_id = reference.arxiv_id.number if reference.arxiv_id is not None else None
        url = reference.url if arxiv_id is None else None
        rows.setdefault(reference.key, (reference.key, arxiv_id, url, None))
    for paper in papers:
        arxiv_id = paper.arxiv_id.number if paper.arxiv_id is not None else None
        url = paper.url if arxiv_id is None else None
        rows[paper.key] = (paper.key, arxiv_id, url, paper.title or None)
    return await tx.call(partial(_ensure, rows=tuple(rows.values())))


def _ensure(
    connection: sqlite3.Connection, rows: tuple[tuple[str, str | None, str | None, str | None], ...]
) -> dict[str, int]:
    connection.executemany(
        """
        INSERT INTO paper (key, arxiv_id, url, title) VALUES (?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET title = excluded.title
        WHERE excluded.title IS NOT NULL AND excluded.title IS NOT paper.title
        """,
        rows,
    )
    found = connection.execute(
        "SELECT key, id FROM paper WHERE key IN (SELECT value FROM json_each(:keys))",
        {"keys": json.dumps([row[0] for row in rows], ensure_ascii=False)},
    )
    return dict(found.fetchall())
