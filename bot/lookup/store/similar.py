"""Similar entries: those that share references, rare tags or rare title words with a paper.

Each feature is scanned newest first and up to a limit, so that the cost does not grow with the
archive.
"""

import math
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator

from bot.archive.domain.search_text import tag_mark
from bot.archive.domain.segment import match_expression
from bot.archive.store.sort_key import OLDEST
from bot.core.latex import readable

_SCANNED = 2000
"""Entries scanned for one feature; a feature of more entries than that has no weight."""
_MOST_WORDS = 16
RANKED = 300
"""The most similar entries that are ranked."""
_WORD = re.compile(r"[^\W_]{2,}")
_CITATION_WEIGHT = 1.5


def rank(connection: sqlite3.Connection, key: str) -> list[int]:
    """The sort keys of the entries most similar to those of a paper (`Paper.key`), best first.

    The paper's own entries are left out.
    """
    row = connection.execute(
        "SELECT id, title FROM paper WHERE key = :key", {"key": key}
    ).fetchone()
    if row is None:
        return []
    about = {"paper": row["id"], "oldest": OLDEST}
    own = {n for (n,) in connection.execute(_OWN, about)}
    (total,) = connection.execute("SELECT max(id) FROM entry").fetchone()
    scores: defaultdict[int, float] = defaultdict(float)
    for weight, found in _features(connection, about, row["title"] or "", max(total or 1, 1)):
        for newness in found:
            scores[newness] += weight
    ranked = sorted(scores.keys() - own, key=lambda newness: (-scores[newness], -newness))
    return ranked[:RANKED]


def _features(
    connection: sqlite3.Connection, about: dict[str, int], title: str, total: int
) -> Iterator[tuple[float, list[int]]]:
    """The features of the paper: the weight of each, and the entries that have it."""
    for sql in (_CITING_IT, _CITED_BY_IT):
        yield _CITATION_WEIGHT * math.log(1 + total), _column(connection, sql, about)
    for (shared,) in connection.execute(_ITS_REFERENCES, about).fetchall():
        found = _column(connection, _CITING_TOO, {"paper": shared, "oldest": OLDEST})
        yield _weight(found, total), found
    for tag_id, _ in connection.execute(_ITS_TAGS, about).fetchall():
        found = _matching(connection, f'"{tag_mark(tag_id)}"')
        yield _weight(found, total), found
    for word in _words(title):
        found = _matching(connection, match_expression(word))
        yield _weight(found, total), found


def _weight(found: list[int], total: int) -> float:
    """The rarer a feature, the larger its weight; 0 for one of very many entries."""
    if not found or len(found) >= _SCANNED:
        return 0.0
    return math.log(1 + total / len(found))


def _words(title: str) -> Iterable[str]:
    words = dict.fromkeys(_WORD.findall(readable(title).casefold()))
    return sorted(words, key=len, reverse=True)[:_MOST_WORDS]


def _matching(connection: sqlite3.Connection, match: str | None) -> list[int]:
    if match is None:
        return []
    return _column(connection, _MATCHING, {"match": match, "oldest": OLDEST, "most": _SCANNED})


def _column(
    connection: sqlite3.Connection, sql: str, parameters: dict[str, int] | dict[str, object]
) -> list[int]:
    return [newness for (newness,) in connection.execute(sql, {"most": _SCANNED} | parameters)]


_OWN = "SELECT newness FROM entry WHERE paper_id = :paper AND newness >= :oldest"
_CITING_IT = """
    SELECT newness FROM reference WHERE paper_id = :paper AND newness >= :oldest
    ORDER BY newness DESC LIMIT :most
"""
_CITED_BY_IT = """
    SELECT DISTINCT cited.newness FROM entry AS own
    JOIN reference ON reference.newness = own.newness
    JOIN entry AS cited ON cited.paper_id = reference.paper_id AND cited.newness >= :oldest
    WHERE own.paper_id = :paper AND own.newness >= :oldest LIMIT :most
"""
_ITS_REFERENCES = """
    SELECT DISTINCT reference.paper_id FROM entry AS own
    JOIN reference ON reference.newness = own.newness
    WHERE own.paper_id = :paper AND own.newness >= :oldest LIMIT 20
"""
_CITING_TOO = _CITING_IT
_ITS_TAGS = """
    SELECT DISTINCT entry_tag.tag_id, tag.uses FROM entry AS own
    JOIN entry_tag ON entry_tag.newness = own.newness JOIN tag ON tag.id = entry_tag.tag_id
    WHERE own.paper_id = :paper AND own.newness >= :oldest ORDER BY tag.uses LIMIT 20
"""
_MATCHING = """
    SELECT rowid FROM search WHERE search MATCH :match AND rowid >= :oldest
    ORDER BY rowid DESC LIMIT :most
"""
