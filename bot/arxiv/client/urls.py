"""The URLs of arXiv's feeds and query API."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from bot.arxiv.domain.categories import has_classes
from bot.arxiv.domain.title_match import title_words
from bot.arxiv.ports import SourceQuestionError
from bot.core.domain.late import late_pattern

_WORDS = 10
_CATEGORY = late_pattern(r"[a-z-]{2,16}(?:\.[a-z-]{2,16})?", re.ASCII | re.IGNORECASE)


def _checked(category: str) -> str:
    """The category unchanged; raises `SourceQuestionError` for what does not look like one.

    The settings check whether it exists: arXiv may add categories.
    """
    if _CATEGORY.fullmatch(category) is None:
        raise SourceQuestionError(f"“{category}” is no category")
    return category


def feed_url(base: str, category: str) -> str:
    """The feed of one category."""
    return f"{base.rstrip('/')}/{quote(_checked(category))}"


def records_url(base: str, numbers: Sequence[str]) -> str:
    """Papers by number; without `max_results` arXiv returns ten of them."""
    return _query(base, id_list=",".join(numbers), max_results=len(numbers))


def titles_url(base: str, titles: Sequence[str], *, limit: int) -> str:
    """Papers whose titles contain the words of one of these titles, short words left out.

    Words, not phrases: arXiv indexes hyphens, colons and LaTeX differently.
    """
    groups = (" AND ".join(f"ti:{word}" for word in _telling_words(title)) for title in titles)
    alternatives = " OR ".join(f"({group})" for group in groups if group)
    return _query(base, search_query=alternatives, max_results=limit)


def _telling_words(title: str) -> tuple[str, ...]:
    """The longest words of a title, in its order; all of them where it has few."""
    words = tuple(dict.fromkeys(title_words(title)))
    telling = sorted(words, key=len, reverse=True)[:_WORDS]
    return tuple(word for word in words if word in telling and (len(word) > 2 or len(words) < 4))


def submitted_url(
    base: str, category: str, since: datetime, until: datetime, *, start: int, limit: int
) -> str:
    """Papers of a category by when they were first submitted, oldest first."""
    within = f"{_checked(category)}.*" if has_classes(category) else _checked(category)
    span = f"[{_minute(since)} TO {_minute(until)}]"
    return _query(
        base,
        search_query=f"cat:{within} AND submittedDate:{span}",
        sortBy="submittedDate",
        sortOrder="ascending",
        start=start,
        max_results=limit,
    )


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H%M")


def _query(base: str, **parameters: object) -> str:
    return f"{base}?{urlencode(parameters, quote_via=quote, safe=',/:')}"
