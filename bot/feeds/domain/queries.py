"""Which look-ups can be feeds."""

from bot.core.domain.errors import QueryError
from bot.lookup.domain.query import parse
from bot.lookup.domain.query_terms import InDiscussion, Path, Query, Random


def parse_for_feed(text: str) -> Query:
    """The look-up; raises `QueryError` if it does not parse, or depends on chance or on what was said."""
    query = parse(text)
    if InDiscussion() in query.terms or Random() in query.terms:
        raise QueryError("A feed cannot be about “in:discussion” or “random”: leave it out")
    if any(isinstance(term, Path) for term in query.terms):
        raise QueryError("A feed cannot be about “path:”: leave it out")
    return query


def has_feed(text: str) -> bool:
    """Whether there is a feed of that look-up."""
    try:
        return bool(parse_for_feed(text).terms)
    except QueryError:
        return False
