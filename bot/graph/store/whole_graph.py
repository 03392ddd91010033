"""Reads the whole graph: the newest papers, and the references and links between them."""

from collections import defaultdict
from datetime import date

from bot.archive.domain.entry import EntryId
from bot.archive.domain.note_links import leads_to
from bot.archive.store.sort_key import OLDEST
from bot.core.database.database import Statements
from bot.core.latex import readable
from bot.graph.domain.graph import Graph, GraphPaper

MOST = 5000
"""Papers, the newest, that the graph shows."""


def read(statements: Statements) -> Graph:
    """The graph of the newest papers, without withdrawn entries; the oldest paper comes first."""
    rows = statements.tuples(_PAPERS, {"oldest": OLDEST, "most": MOST})[::-1]
    ((total,),) = statements.tuples(_TOTAL, {"oldest": OLDEST})
    newest = {"newest": [newness for _, newness, *_ in rows]}
    tags: defaultdict[int, list[str]] = defaultdict(list)
    for newness, slug in statements.tuples(_TAGS, newest):
        if slug not in tags[newness]:
            tags[newness].append(slug)
    places = {paper: place for place, (paper, *_) in enumerate(rows)}
    papers = tuple(
        GraphPaper(
            EntryId(entry_id),
            readable(title),
            date.fromisoformat(on) if on is not None else None,
            tuple(tags[newness]),
        )
        for _, newness, entry_id, title, on in rows
    )
    asked = {"oldest": OLDEST, "papers": list(places)}
    pairs = set(statements.tuples(_REFERENCES, asked))
    for one, other, text, path in statements.tuples(_LINKS, asked):
        if leads_to(text, path):
            pairs.add((one, other))
    edges = sorted(
        (places[one], places[other])
        for one, other in pairs
        if one != other and one in places and other in places
    )
    return Graph(papers, tuple(edges), total)


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
"""
_LINKS = """
    SELECT e.paper_id, t.paper_id, l.text, s.path FROM link AS l
      JOIN entry AS e ON e.newness = l.newness
      JOIN entry AS t ON t.name = l.name AND t.newness >= :oldest
      JOIN source AS s ON s.id = t.source_id
    WHERE l.newness >= :oldest AND e.paper_id IN (SELECT value FROM numbers(:papers))
"""
