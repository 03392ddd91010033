"""The table `link`: links between notes, by name."""

from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from bot.core.database.database import Statements, Transaction
from bot.core.domain.dataclass import dataclass


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
    return await tx.call(partial(_list_ambiguous, names=list(names)))


def _list_ambiguous(statements: Statements, *, names: list[str]) -> tuple[AmbiguousLink, ...]:
    targets: defaultdict[str, list[str]] = defaultdict(list)
    for name, path in statements.tuples(
        """
        SELECT e.name, s.path
          FROM (
              SELECT name FROM entry
               WHERE name IN (SELECT value FROM texts(:names)) AND newness > 0
               GROUP BY name HAVING count(*) > 1
          ) AS target
          JOIN entry AS e ON e.name = target.name AND e.newness > 0
          JOIN source AS s ON s.id = e.source_id
         ORDER BY s.path, e.part
        """,
        {"names": names},
    ):
        targets[name].append(path)
    rows = statements.all(
        """
        SELECT l.text, l.name, s.path, s.location, e.text AS note
          FROM link AS l
          JOIN entry AS e ON e.newness = l.newness
          JOIN source AS s ON s.id = e.source_id
         WHERE l.name IN (SELECT value FROM texts(:names)) AND l.newness > 0
         ORDER BY s.path, l.position, l.newness
        """,
        {"names": list(targets)},
    )
    return tuple(
        AmbiguousLink(
            text=row["text"],
            path=row["path"],
            location=row["location"],
            line=_line(row["text"], row["note"]),
            targets=tuple(targets[row["name"]]),
        )
        for row in rows
    )


def _line(link: str, note: str) -> int:
    """The line of a note (from 1) where a link stands: `[[link]]`, or `](link.md)`."""
    at = note.find(f"[[{link}")
    if at < 0:
        at = note.find(link.replace(" ", "%20") + ".m")
    return note.count("\n", 0, max(at, 0)) + 1
