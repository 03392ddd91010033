"""The table `link`: links between notes, by name."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.database.database import Transaction


@dataclass(frozen=True, slots=True)
class AmbiguousLink:
    """A link to a name that several notes have: its text, its place, and the paths of the notes."""

    text: str
    path: str
    location: str | None
    line: int
    targets: tuple[str, ...]


async def list_ambiguous(tx: Transaction, names: Iterable[str]) -> tuple[AmbiguousLink, ...]:
    """The links to those of these names that several notes share, by path and position."""
    rows = await tx.all(
        """
        WITH target (name, paths) AS (
            SELECT e.name, json_group_array(s.path)
            FROM entry AS e JOIN source AS s ON s.id = e.source_id
            WHERE e.name IN (SELECT value FROM json_each(:names)) AND e.newness > 0
            GROUP BY e.name HAVING count(*) > 1
        )
        SELECT l.text, s.path, s.location, target.paths,
               substr(e.text, 1, coalesce(
                   nullif(instr(e.text, '[[' || l.text), 0),
                   nullif(instr(e.text, replace(l.text, ' ', '%20') || '.m'), 0)
               )) AS before
        FROM target
        JOIN link AS l ON l.name = target.name AND l.newness > 0
        JOIN entry AS e ON e.newness = l.newness
        JOIN source AS s ON s.id = e.source_id
        ORDER BY s.path, l.position
        """,
        {"names": json.dumps(list(names), ensure_ascii=False)},
    )
    return tuple(
        AmbiguousLink(
            text=row["text"],
            path=row["path"],
            location=row["location"],
            line=(row["before"] or "").count("\n") + 1,
            targets=tuple(sorted(json.loads(row["paths"]))),
        )
        for row in rows
    )
