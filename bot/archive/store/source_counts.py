"""Counts the content of sources in the database, for the report of an import."""

from collections.abc import Iterable
from functools import partial

from bot.core.database.database import Statements, Transaction
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """How many entries, references and links sources have, and which papers and tags."""

    entries: int
    references: int
    links: int
    papers: frozenset[str]
    tags: frozenset[str]


async def count(tx: Transaction, source_ids: Iterable[int]) -> SourceCounts:
    """Count what is not withdrawn; papers are given by key, tags by slug."""
    return await tx.call(partial(_count, source_ids=tuple(source_ids)))


def _count(statements: Statements, source_ids: tuple[int, ...]) -> SourceCounts:
    ids = {"ids": list(source_ids)}
    ((references, links, number),) = statements.tuples(_NUMBERS, ids)
    return SourceCounts(
        entries=number,
        references=references,
        links=links,
        papers=frozenset(key for (key,) in statements.tuples(_PAPERS, ids)),
        tags=frozenset(slug for (slug,) in statements.tuples(_TAGS, ids)),
    )


_COUNTED = """
    WITH counted AS (
        SELECT newness, paper_id FROM entry
        WHERE source_id IN (SELECT value FROM numbers(:ids)) AND newness > 0
    )
"""
_NUMBERS = f"""
    {_COUNTED}
    SELECT (SELECT count(*) FROM reference WHERE newness IN (SELECT newness FROM counted)),
           (SELECT count(*) FROM link WHERE newness IN (SELECT newness FROM counted)),
           (SELECT count(*) FROM counted)
"""  # noqa: S608  our own text
_PAPERS = f"""
    {_COUNTED}
    SELECT DISTINCT key FROM counted JOIN paper ON paper.id = counted.paper_id
"""  # noqa: S608  our own text
_TAGS = f"""
    {_COUNTED}
    SELECT DISTINCT slug FROM tag WHERE id IN (
        SELECT tag_id FROM entry_tag WHERE newness IN (SELECT newness FROM counted)
    )
"""  # noqa: S608  our own text
