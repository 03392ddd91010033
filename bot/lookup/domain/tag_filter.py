"""A tag filter as people type it."""

from bot.archive.domain.entry import tag_slug
from bot.channels.domain.digest_options import TagFilter
from bot.core.domain.errors import QueryError
from bot.lookup.domain import query, query_terms

_NO_FILTER = frozenset({"all", "any", "none", "전체", "모두"})


def parse_tags(text: str) -> TagFilter:
    """The filter that `#rl -#moe` (or `rl -moe`) means; raises `QueryError`.

    `all` is no filter: a subscription without one shows that word. The tag of that name is `#all`.
    """
    if text.strip().casefold() in _NO_FILTER:
        return TagFilter()
    wanted: set[str] = set()
    unwanted: set[str] = set()
    for term in query.parse(text.replace(",", " ")).terms:
        match term:
            case query_terms.Tag(slug, negated):
                (unwanted if negated else wanted).add(slug)
            case query_terms.Words(word, phrase=False, negated=negated):
                (unwanted if negated else wanted).add(tag_slug(word))
            case _:
                raise QueryError(
                    "“{text}” contains more than tags: write a filter like #rl -#moe",
                    text=text.strip(),
                )
    both = sorted(wanted & unwanted)
    if both:
        raise QueryError("#{tag} is both included and excluded: keep one of the two", tag=both[0])
    return TagFilter(frozenset(wanted), frozenset(unwanted))
