"""Similar entries: those that share references, rare tags or rare title words with a paper.

Each feature is scanned newest first and up to a limit, so that the cost does not grow with the
archive.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator

from bot.archive.domain.search.search_text import tag_mark
from bot.archive.domain.search.segment import Phrase, Phrases, match_expression
from bot.archive.store.sort_key import OLDEST
from bot.core.database.database import Statements
from bot.core.domain.late import late_pattern
from bot.core.latex import readable
from bot.lookup.domain.match import Match, Part
from bot.lookup.store.query_plan import scan

_SCANNED = 2000
"""Entries scanned for one feature; a feature of more entries than that has no weight."""
_MOST_WORDS = 16
RANKED = 300
"""The most similar entries that are ranked."""
_WORD = late_pattern(r"[^\W_]{2,}")
_CITATION_WEIGHT = 1.5


def rank(statements: Statements, key: str) -> list[int]:
    """The sort keys of the entries most similar to those of a paper (`Paper.key`), best first.

    The paper's own entries are left out.
    """
    row = statements.one("SELECT id, title FROM paper WHERE key = :key", {"key": key})
    if row is None:
        return []
    about = {"paper": row["id"], "oldest": OLDEST}
    own = {newness for (newness,) in statements.tuples(_OWN, about)}
    ((total,),) = statements.tuples("SELECT max(id) FROM entry")
    scores: defaultdict[int, float] = defaultdict(float)
    for weight, found in _features(statements, about, row["title"] or "", max(total or 1, 1)):
        for newness in found:
            scores[newness] += weight
    ranked = sorted(scores.keys() - own, key=lambda newness: (-scores[newness], -newness))
    return ranked[:RANKED]


def _features(
    statements: Statements, about: dict[str, int], title: str, total: int
) -> Iterator[tuple[float, list[int]]]:
    """The features of the paper: the weight of each, and the entries that have it."""
    for sql in (_CITING_IT, _CITED_BY_IT):
        yield _CITATION_WEIGHT * math.log(1 + total), _column(statements, sql, about)
    for (shared,) in statements.tuples(_ITS_REFERENCES, about):
        found = _column(statements, _CITING_TOO, {"paper": shared, "oldest": OLDEST})
        yield _weight(found, total), found
    for marks in _its_tags(statements, about):
        found = _matching(statements, marks)
        yield _weight(found, total), found
    for word in _words(title):
        found = _matching(statements, match_expression(word))
        yield _weight(found, total), found


def _its_tags(statements: Statements, about: dict[str, int]) -> Iterator[Phrases]:
    """The marks of each of its tags, with those of the tags that are merged with it."""
    marks: dict[int, list[int]] = {root: [root] for (root,) in statements.tuples(_ITS_TAGS, about)}
    for root, merged in statements.tuples(_MERGED, {"roots": list(marks)}):
        marks[root].append(merged)
    for ids in marks.values():
        yield tuple(Phrase(tag_mark(tag_id)) for tag_id in ids)


def _weight(found: list[int], total: int) -> float:
    """The rarer a feature, the larger its weight; 0 for one of very many entries."""
    if not found or len(found) >= _SCANNED:
        return 0.0
    return math.log(1 + total / len(found))


def _words(title: str) -> Iterable[str]:
    words = dict.fromkeys(_WORD.findall(readable(title).casefold()))
    return sorted(words, key=len, reverse=True)[:_MOST_WORDS]


def _matching(statements: Statements, phrases: Phrases) -> list[int]:
    if not phrases:
        return []
    return scan(statements, Match((Part(phrases),))).walk(statements, limit=_SCANNED)


def _column(statements: Statements, sql: str, parameters: dict[str, int]) -> list[int]:
    return [newness for (newness,) in statements.tuples(sql, {"most": _SCANNED} | parameters)]


_OWN = "SELECT newness FROM entry WHERE paper_id = :paper AND newness >= :oldest"
_CITING_IT = """
    SELECT newness FROM reference WHERE paper_id = :paper AND newness >= :oldest
    ORDER BY newness DESC LIMIT :most
"""
_CITED_BY_IT = """
    SELECT DISTINCT cited.newness FROM entry AS own
    JOIN reference ON reference.newness = own.newness
    JOIN entry AS cited ON cited.paper_id = reference.paper_id AND cited.newness >= :oldest
    WHERE own.paper_id = :paper AND own.newness >= :oldest
    ORDER BY cited.newness DESC LIMIT :most
"""
_ITS_REFERENCES = """
    SELECT reference.paper_id FROM entry AS own
    JOIN reference ON reference.newness = own.newness
    WHERE own.paper_id = :paper AND own.newness >= :oldest
    GROUP BY reference.paper_id ORDER BY min(own.newness), reference.paper_id LIMIT 20
"""
_CITING_TOO = _CITING_IT
_ITS_TAGS = """
    SELECT tag.id FROM entry AS own
    JOIN entry_tag ON entry_tag.newness = own.newness
    LEFT JOIN tag_merge ON tag_merge.tag_id = entry_tag.tag_id
    JOIN tag ON tag.id = coalesce(tag_merge.root_id, entry_tag.tag_id)
    WHERE own.paper_id = :paper AND own.newness >= :oldest
    GROUP BY tag.id, tag.uses ORDER BY tag.uses, min(own.newness), tag.id
    LIMIT 20
"""
_MERGED = """
    SELECT root_id, tag_id FROM tag_merge WHERE root_id IN (SELECT value FROM numbers(:roots))
    ORDER BY root_id, tag_id
"""
