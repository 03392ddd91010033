"""A channel's filter: tags, and a query of the look-up language (issue 16, item 4)."""

from datetime import date
from functools import lru_cache

from bot.archive.domain.typed_dates import Days
from bot.core.domain.errors import ProblemsError, QueryError, UsageError
from bot.lookup.domain.query import parse
from bot.lookup.domain.query_dates import parse_to_store
from bot.lookup.domain.query_terms import NewestFirst, Path, Query, Random, Tag, format_query
from bot.lookup.domain.tag_filter import parse_tags


def parse_only(text: str, days: Days) -> str:
    """The query in its normal form; empty for `off`. Raises `QueryError`, also for what is no filter.

    Relative dates (`popular:week`) stay in it, for the day of each digest.
    """
    if text.strip().casefold() in ("", "off", "all", "끔"):
        return ""
    parsed = parse_to_store(text, days)
    if Random() in parsed.terms:
        raise QueryError("“random” is no filter: write tags, words, author:lee or an arXiv id")
    if any(isinstance(term, Path) for term in parsed.terms):
        raise QueryError("“path:” is no filter: write tags, words, author:lee or an arXiv id")
    terms = tuple(dict.fromkeys(term for term in parsed.terms if term != NewestFirst()))
    return format_query(Query(terms))


def query_on(only: str, days: Days) -> Query:
    """The query of a stored filter on a day; raises `QueryError`."""
    return parse(only, days)


def queries_on(tags: str, only: str, days: Days) -> tuple[Query, ...]:
    """A stored filter on a day as queries, of which one must find an entry; none let everything pass.

    Raises `QueryError`.
    """
    chosen = parse_tags(tags)
    terms = (
        *(Tag(slug, negated=True) for slug in sorted(chosen.unwanted)),
        *(query_on(only, days).terms if only else ()),
    )
    if chosen.wanted:
        return tuple(Query((Tag(slug), *terms)) for slug in sorted(chosen.wanted))
    return (Query(terms),) if terms else ()


@lru_cache(maxsize=1000)
def find_problem(tags: str, only: str) -> ProblemsError | None:
    """Why a stored filter cannot be read, if so: a version that understood it has stored it.

    Nothing is posted through such a filter: more than a channel wants would come.
    """
    try:
        parse_tags(tags)
        query_on(only, _ANY_DAY)
    except QueryError as error:
        said = UsageError(
            "The filter of this channel (tags and “only”) cannot be read, so no digest is posted: "
            "change it"
        )
        return ProblemsError((said, error))
    return None


_ANY_DAY = Days(date(2025, 1, 1))
"""Whether a filter can be read does not depend on the day."""
