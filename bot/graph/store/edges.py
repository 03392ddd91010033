"""The references and links between papers that have entries, read from both sides.

A link (`[[name]]`) connects the papers as a reference does. Withdrawn entries connect nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator

from bot.archive.domain.note_links import leads_to
from bot.archive.store.sort_key import OLDEST
from bot.core.database.database import Statements
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import QueryError

MOST = 200_000
"""References that are read to find one chain, so that its time does not grow with the archive."""


@dataclass(slots=True)
class EdgeReader:
    """Reads the neighbours of papers, and their ages; at most `left` references in all."""

    statements: Statements
    left: int = MOST

    def neighbours(self, papers: Collection[int]) -> Iterator[tuple[int, int]]:
        """Each of the papers with each neighbour; raises `QueryError` beyond the limit."""
        for sql in (_CITED, _CITING, _LINKED, _LINKING):
            asked = {"papers": list(papers), "oldest": OLDEST, "most": self.left + 1}
            found = self.statements.tuples(sql, asked)
            self.left -= len(found)
            if self.left < 0:
                raise QueryError(
                    "The chain was not found among the {most} nearest references: try papers that "
                    "are closer",
                    most=MOST,
                )
            for paper, neighbour, *link in found:
                if not link or leads_to(*link):
                    yield paper, neighbour

    def ages(self, papers: Collection[int]) -> dict[int, tuple[int, ...]]:
        """Date and number of each paper's oldest entry."""
        return {paper: min(map(_age, keys)) for paper, keys in self.entries_of(papers).items()}

    def entries_of(self, papers: Collection[int]) -> dict[int, list[int]]:
        """The sort keys of each paper's entries."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        asked = {"papers": list(papers), "oldest": OLDEST}
        for paper, newness in self.statements.tuples(_ENTRIES, asked):
            found[paper].append(newness)
        return found


def _age(newness: int) -> tuple[int, int]:
    """The day of a sort key, then what grows with the entry's number."""
    return newness >> 32, -(newness & 0xFFFFFFFF)


_ENTRIES = """
    SELECT paper_id, newness FROM entry
    WHERE paper_id IN (SELECT value FROM numbers(:papers)) AND newness >= :oldest
"""
_CITED = """
    SELECT e.paper_id, r.paper_id FROM entry AS e JOIN reference AS r ON r.newness = e.newness
    WHERE e.paper_id IN (SELECT value FROM numbers(:papers)) AND e.newness >= :oldest
      AND EXISTS (SELECT 1 FROM entry AS t WHERE t.paper_id = r.paper_id AND t.newness >= :oldest)
    LIMIT :most
"""
_CITING = """
    SELECT r.paper_id, e.paper_id FROM reference AS r JOIN entry AS e ON e.newness = r.newness
    WHERE r.paper_id IN (SELECT value FROM numbers(:papers)) AND r.newness >= :oldest
    LIMIT :most
"""
_LINKED = """
    SELECT e.paper_id, t.paper_id, l.text, s.path FROM entry AS e JOIN link AS l ON l.newness = e.newness
      JOIN entry AS t ON t.name = l.name AND t.newness >= :oldest
      JOIN source AS s ON s.id = t.source_id
    WHERE e.paper_id IN (SELECT value FROM numbers(:papers)) AND e.newness >= :oldest
    LIMIT :most
"""
_LINKING = """
    SELECT t.paper_id, e.paper_id, l.text, s.path FROM entry AS t
      JOIN source AS s ON s.id = t.source_id
      JOIN link AS l ON l.name = t.name AND l.newness >= :oldest
      JOIN entry AS e ON e.newness = l.newness
    WHERE t.paper_id IN (SELECT value FROM numbers(:papers)) AND t.newness >= :oldest
    LIMIT :most
"""
