"""Full text on SQLite: FTS5's indexes, and expressions of its query language.

The functions are those of `fulltext_postgresql`.
"""

from bot.archive.domain.search.segment import Phrase, Phrases
from bot.lookup.domain.match import Columns, Condition, Match, Part

KEY = "rowid"
"""The sort key of an entry in what `origin` scans."""
HAS_ORDER = True
"""Whether the index is read by the sort key."""

REPLY_IS_INDEXED = "EXISTS (SELECT 1 FROM reply_search_docsize WHERE id = reply.id)"
"""FTS5 has a row of `_docsize` for each indexed text, found much faster than the text
(sqlite.org/fts5.html, section 9.3)."""


def origin(match: Match) -> str:
    """What is scanned for the entries of a match, newest first; it is called `d`."""
    return f"{match.index.value} AS d"


def scanned(match: Match) -> Condition:
    """The condition on rows of `origin`."""
    return Condition(f"{match.index.value} MATCH {{}}", (_expression(match),))


def found(match: Match) -> Condition:
    """Whether the entry of a sort key matches."""
    index = match.index.value
    return Condition(
        f"EXISTS (SELECT 1 FROM {index} WHERE {index} MATCH {{}} AND rowid = [d])",  # noqa: S608
        (_expression(match),),
    )


def reply_found(phrases: Phrases) -> Condition:
    """The condition on rows of `reply_search`."""
    return Condition("reply_search MATCH {}", (_any_of(phrases),))


def _expression(match: Match) -> str:
    expression = " AND ".join(f"({_part(part)})" for part in match.parts)
    for unwanted in match.unwanted:
        expression = f"({expression}) NOT ({_part(unwanted)})"
    return expression


_FILTERS = {
    Columns.TITLE: "{title} : ",
    Columns.TITLE_TAGS: "{title tags} : ",
    Columns.AUTHORS: "authors : ",
    Columns.WRITTEN: "{title tags authors commentary} : ",
}


def _part(part: Part) -> str:
    filtered = _FILTERS.get(part.columns)
    phrases = _any_of(part.phrases)
    return f"{filtered}({phrases})" if filtered is not None else phrases


def _any_of(phrases: Phrases) -> str:
    return " OR ".join(map(_phrase, phrases))


def _phrase(phrase: Phrase) -> str:
    return f'"{phrase.text}" *' if phrase.is_prefix else f'"{phrase.text}"'
