"""`path:A..B`: which papers are meant, and the chain between them."""

from collections.abc import Iterable, Sequence
from itertools import islice

from bot.archive.domain.search.folding import bare
from bot.archive.domain.search.segment import title_expression
from bot.archive.store.sort_key import OLDEST
from bot.core.database.database import Statements
from bot.core.domain.errors import QueryError
from bot.core.latex import readable
from bot.graph.domain.chain import find_chain
from bot.graph.store.edges import EdgeReader
from bot.lookup.domain.match import Columns, Index, Match, Part
from bot.lookup.domain.query_terms import PaperRef, Path, Place, format_place
from bot.lookup.store.query_plan import named_like, scan

_SUGGESTED = 3
_COMPARED = 2000
"""The newest entries whose titles are compared with one that is unknown."""
_ALIKE = 70
"""The least similarity of a suggested title, of 100."""
_LONGEST_COMPARED = 100
"""Characters of an unknown title that are compared; the time grows with their square."""
_AT_ONCE = 100
"""Titles compared in one call: rapidfuzz holds Python's lock until it returns."""
_CONTAINING = 100
"""Entries read whose title has the words: more are ambiguous anyway."""


def rank(statements: Statements, path: Path) -> list[int]:
    """The sort keys of the chain's entries, from start to goal: of each paper its newest.

    An end given as an entry is that entry. Raises `QueryError` for an end that is unknown or
    ambiguous, and where there is no chain.
    """
    (start, first), (goal, last) = (_locate(statements, end) for end in (path.start, path.goal))
    edges = EdgeReader(statements)
    papers = find_chain(start, goal, edges.neighbours, edges.ages)
    if not papers:
        raise QueryError(
            "No chain of references leads from {start} to {goal}: nothing in the archive "
            "connects them",
            start=format_place(path.start),
            goal=format_place(path.goal),
        )
    newest = {paper: max(keys) for paper, keys in edges.entries_of(papers).items()}
    chosen = newest | {goal: last or newest[goal]} | {start: first or newest[start]}
    return [chosen[paper] for paper in papers]


def _locate(statements: Statements, place: Place) -> tuple[int, int | None]:
    """The paper at an end, and the sort key of the entry if an entry was named."""
    match place:
        case PaperRef():
            rows = statements.tuples(_ABOUT, {"key": place.key, "oldest": OLDEST})
            found = rows[0][0] if rows else None, None
        case str():
            found = _titled(statements, place), None
        case entry_id:
            rows = statements.tuples(_ENTRY, {"id": entry_id, "oldest": OLDEST})
            found = rows[0] if rows else (None, None)
    paper, newness = found
    if paper is None:
        raise _unknown(statements, place)
    return paper, newness


def _titled(statements: Statements, title: str) -> int | None:
    """The only paper of that name, else the only one of that title, else of one with these words."""
    for find in (_named, _containing):
        papers = _papers(statements, find(statements, title))
        whole = [paper for paper, _, text in papers if _folded(text) == _folded(title)]
        if len(set(whole)) == 1:
            return whole[0]
        if len({paper for paper, *_ in papers}) > 1:
            raise QueryError(
                "{place} names several papers: {papers}. Write a number, as in {example}",
                place=format_place(title),
                papers=_listed((entry_id, text) for _, entry_id, text in papers),
                example=f"path:entry:{papers[0][1]}..2502.01456",
            )
        if papers:
            return papers[0][0]
    return None


def _named(statements: Statements, title: str) -> list[int]:
    return named_like(statements, [title])


def _containing(statements: Statements, title: str) -> list[int]:
    phrases = title_expression([title])
    if not phrases:
        return []
    match = Match((Part(phrases, Columns.TITLE),), index=Index.TITLES)
    return scan(statements, match).walk(statements, limit=_CONTAINING)


def _papers(statements: Statements, them: Sequence[int]) -> list[tuple[int, int, str]]:
    """Paper, number and title of the newest entry of each paper, newest first."""
    rows = statements.tuples(_TITLES, {"them": list(them)})
    newest: dict[int, tuple[int, int, str]] = {}
    for paper, entry_id, title in rows:
        newest.setdefault(paper, (paper, entry_id, title))
    return list(newest.values())


def _unknown(statements: Statements, place: Place) -> QueryError:
    near: list[tuple[int, str]] = []
    if isinstance(place, str):
        rows = statements.tuples(_RECENT, {"oldest": OLDEST, "recent": _COMPARED})
        near = _most_alike(place, rows)
    if near:
        return QueryError(
            "No entry has the title {place}. Similar titles: {papers}",
            place=format_place(place),
            papers=_listed(near),
        )
    return QueryError(
        "No entry is about {place}: write an arXiv id, the number of an entry or a title in "
        "quotation marks, as in {example}",
        place=format_place(place) if not isinstance(place, int) else f"entry:{place}",
        example='path:2502.01456.."attention is all"',
    )


def _most_alike(title: str, titles: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """The entries whose titles are alike, the most similar first."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - slow to import, for unknown titles

    wanted = _folded(title)[:_LONGEST_COMPARED]
    matched: list[tuple[str, float, int]] = []
    for start in range(0, len(titles), _AT_ONCE):
        compared = [_folded(each) for _, each in titles[start : start + _AT_ONCE]]
        found = process.extract(
            wanted, compared, scorer=fuzz.partial_ratio, score_cutoff=_ALIKE, limit=_SUGGESTED
        )
        matched += ((text, score, start + place) for text, score, place in found)
    best = sorted(matched, key=lambda match: match[1], reverse=True)[:_SUGGESTED]
    return [titles[place] for _, _, place in best]


def _listed(papers: Iterable[tuple[int, str]]) -> str:
    return ", ".join(
        f"entry:{entry_id} “{readable(title)}”" for entry_id, title in islice(papers, _SUGGESTED)
    )


def _folded(title: str) -> str:
    return bare(readable(title))


_ABOUT = """
    SELECT p.id FROM paper AS p WHERE p.key = :key
    AND EXISTS (SELECT 1 FROM entry WHERE paper_id = p.id AND newness >= :oldest)
"""
_ENTRY = "SELECT paper_id, newness FROM entry WHERE id = :id AND newness >= :oldest"
_TITLES = """
    SELECT paper_id, id, title FROM entry WHERE newness IN (SELECT value FROM numbers(:them))
    ORDER BY newness DESC
"""
_RECENT = """
    SELECT id, title FROM entry WHERE newness >= :oldest ORDER BY newness DESC LIMIT :recent
"""
