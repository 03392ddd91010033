"""A channel's filter by a query of the look-up language (issue 16, item 4)."""

from bot.core.domain.errors import QueryError
from bot.lookup.domain import query
from bot.lookup.domain.query_terms import NewestFirst, Query, Random, format_query


def parse_only(text: str) -> str:
    """The query in its normal form; empty for `off`. Raises `QueryError`, also for what is no filter."""
    if text.strip().casefold() in ("", "off", "all", "끔"):
        return ""
    parsed = query.parse(text)
    if Random() in parsed.terms:
        raise QueryError("“random” is no filter: write tags, words, author:lee or an arXiv id")
    terms = tuple(dict.fromkeys(term for term in parsed.terms if term != NewestFirst()))
    return format_query(Query(terms))
