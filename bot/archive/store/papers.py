"""The table `paper`: the papers that entries are about or refer to."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from bot.archive.domain.entry import Paper, Reference
from bot.core.database.database import Statements, Transaction


async def ensure(
    tx: Transaction, papers: Iterable[Paper], references: Iterable[Reference]
) -> Mapping[str, int]:
    """Insert missing papers; returns the ids of all, by key.

    A paper that an entry is about gets the title of that entry.
    """
    rows: dict[str, _Row] = {}
    for reference in references:
        arxiv_id = reference.arxiv_id.number if reference.arxiv_id is not None else None
        url = reference.url if arxiv_id is None else None
        rows.setdefault(reference.key, (reference.key, arxiv_id, url, None))
    for paper in papers:
        arxiv_id = paper.arxiv_id.number if paper.arxiv_id is not None else None
        url = paper.url if arxiv_id is None else None
        rows[paper.key] = (paper.key, arxiv_id, url, paper.title or None)
    # In the order of their keys, as everybody writes papers: else two writers could deadlock.
    return await tx.call(partial(_ensure, rows=[rows[key] for key in sorted(rows)]))


_Row = tuple[str, str | None, str | None, str | None]
"""Key, arXiv id, URL and title."""


def _ensure(statements: Statements, rows: Sequence[_Row]) -> dict[str, int]:
    statements.run(
        """
        INSERT INTO paper (key, arxiv_id, url, title)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_rows(:rows) WHERE TRUE
        ON CONFLICT (key) DO UPDATE SET title = excluded.title
        WHERE excluded.title IS NOT NULL AND excluded.title IS DISTINCT FROM paper.title
        """,
        {"rows": json.dumps(rows, ensure_ascii=False)},
    )
    # In one row: behind each row, the thread waits for the GIL, 1 ms beside one that parses.
    [(found,)] = statements.tuples(
        """
        SELECT CAST(json_group_array(json_array(key, id)) AS TEXT) FROM paper
        WHERE key IN (SELECT value FROM texts(:keys))
        """,
        {"keys": [row[0] for row in rows]},
    )
    return dict(json.loads(found or "[]"))


async def fill_titles(tx: Transaction, references: Iterable[Reference]) -> None:
    """Give papers without a title the one that these references have."""
    titles = {each.key: each.title for each in references if each.title}
    await tx.run_many(
        "UPDATE paper SET title = :title WHERE key = :key AND title IS NULL",
        # In the order of their keys, as everybody writes papers: else two writers could deadlock.
        [{"key": key, "title": title} for key, title in sorted(titles.items())],
    )
