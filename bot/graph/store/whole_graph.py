"""Reads the whole graph: the newest papers, and the references and links between them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from bot.archive.domain.entry import EntryId
from bot.archive.domain.note_links import leads_to
from bot.archive.store.sort_key import OLDEST
from bot.core.database.database import Statements
from bot.core.domain.dataclass import dataclass
from bot.core.latex import readable
from bot.graph.domain.graph import MOST, Graph, GraphPaper


@dataclass(frozen=True, slots=True)
class Rows:
    """Everything that the graph is made of, as the database has it; the newest paper comes first.

    `papers` are paper, sort key, entry, title and date; `tags` sort key and slug; `references` and
    `links` pairs of papers, with the text of the link and the path that it may lead to.
    """

    papers: Sequence[tuple[Any, ...]]
    total: int
    tags: Sequence[tuple[Any, ...]]
    references: Sequence[tuple[Any, ...]]
    links: Sequence[tuple[Any, ...]]


def read_rows(statements: Statements) -> Rows:
    """The rows of the newest papers, without withdrawn entries."""
    papers = statements.tuples(_PAPERS, {"oldest": OLDEST, "most": MOST})
    ((total,),) = statements.tuples(_TOTAL, {"oldest": OLDEST})
    asked = {"oldest": OLDEST, "papers": [paper for paper, *_ in papers]}
    return Rows(
        papers,
        total,
        statements.tuples(_TAGS, {"newest": [newness for _, newness, *_ in papers]}),
        statements.tuples(_REFERENCES, asked),
        statements.tuples(_LINKS, asked),
    )


def graph_of(rows: Rows) -> Graph:
    """The graph; the oldest paper comes first."""
    shown = rows.papers[::-1]
    tags: defaultdict[int, dict[str, None]] = defaultdict(dict)
    for newness, slug in rows.tags:
        tags[newness][slug] = None
    places = {paper: place for place, (paper, *_) in enumerate(shown)}
    papers = tuple(
        GraphPaper(
            EntryId(entry_id),
            readable(title),
            date.fromisoformat(on) if on is not None else None,
            tuple(tags[newness]),
        )
        for _, newness, entry_id, title, on in shown
    )
    pairs = {*rows.references, *((a, b) for a, b, *link in rows.links if leads_to(*link))}
    edges = sorted(
        (places[one], places[other])
        for one, other in pairs
        if one != other and one in places and other in places
    )
    return Graph(papers, tuple(edges), rows.total)


_PAPERS = """
    SELECT e.paper_id, e.newness, e.id, e.title, e.date FROM entry AS e
    WHERE e.newness >= :oldest AND NOT EXISTS (
        SELECT 1 FROM entry AS o WHERE o.paper_id = e.paper_id AND o.newness > e.newness
    )
    ORDER BY e.newness DESC LIMIT :most
"""
_TOTAL = "SELECT count(DISTINCT paper_id) FROM entry WHERE newness >= :oldest"
_TAGS = """
    SELECT et.newness, coalesce(root.slug, t.slug)
    FROM entry_tag AS et JOIN tag AS t ON t.id = et.tag_id
        LEFT JOIN tag_merge AS m ON m.tag_id = et.tag_id LEFT JOIN tag AS root ON root.id = m.root_id
    WHERE et.newness IN (SELECT value FROM numbers(:newest)) ORDER BY et.newness, et.position
"""
_REFERENCES = """
    SELECT e.paper_id, r.paper_id FROM entry AS e JOIN reference AS r ON r.newness = e.newness
    WHERE e.newness >= :oldest AND e.paper_id IN (SELECT value FROM numbers(:papers))
    ORDER BY r.newness, r.position
"""
_LINKS = """
    SELECT e.paper_id, t.paper_id, l.text, s.path FROM link AS l
      JOIN entry AS e ON e.newness = l.newness
      JOIN entry AS t ON t.name = l.name AND t.newness >= :oldest
      JOIN source AS s ON s.id = t.source_id
    WHERE l.newness >= :oldest AND e.paper_id IN (SELECT value FROM numbers(:papers))
    ORDER BY l.newness, l.position, t.newness
"""
