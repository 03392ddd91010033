"""Relative dates in a query, written out: `date:yesterday` becomes `date:2025-02-03`.

`popular:week` becomes the day from which likes count. So a query means the same when its next page is asked for on the next day.
A query that is stored keeps them, and is written out each time it is used.
"""

import re
from collections.abc import Callable
from datetime import date

from bot.archive.domain.typed_dates import Days, fold
from bot.core.domain.late import late_pattern
from bot.lookup.domain.date_terms import DATE
from bot.lookup.domain.query import LONGEST, MOST_TERMS, parse
from bot.lookup.domain.query_terms import Query
from bot.lookup.domain.relative_dates import find_day, is_relative
from bot.lookup.domain.written_terms import QUOTES

_FIELD = late_pattern(
    rf"(?P<field>(?<!\S)[-−－]?(?:date|before|after|popular)[:：]\s*)"
    rf"(?:[{QUOTES}](?P<quoted>[^{QUOTES}]*)[{QUOTES}]?|(?P<bare>[^\s{QUOTES}]))"
    rf"|(?P<phrase>[{QUOTES}][^{QUOTES}]*[{QUOTES}]?)",
    re.IGNORECASE,
)
_WORD = late_pattern(r"\S+")
_NO_DATE = late_pattern(rf"[:：]\S|[{QUOTES}]")
_MOST_WORDS = 4
"""The words of the longest date: `the day before yesterday`."""
_LONGEST_LINE = LONGEST + 100
"""Characters of a query with the words before it, as in `@paperbot /paper bib date:today`."""


def has_dates(text: str) -> bool:
    """Whether a query has a field of dates whose value is not plainly `2025-02-04`.

    A line that is too long for a query has none, and `write_out` leaves it as it is.
    """
    return len(text) <= _LONGEST_LINE and any(
        match["phrase"] is None and _plain(text, match) is None for match in _FIELD.finditer(text)
    )


def write_out(text: str, days: Days) -> str:
    """The query with its relative dates written out; what is no date stays as it is."""
    return _rewritten(text, days, lambda _field, _typed, day: day.isoformat())


def parse_to_store(text: str, days: Days) -> Query:
    """The query that a line means, to be written with `format_query` and used on other days.

    Relative dates stay, and other dates get a year. Raises `QueryError`.
    """
    return parse(_one_value_each(text, days), days)


def _one_value_each(text: str, days: Days) -> str:
    """The query with a year in each date, and relative dates as one value: `after:"last friday"`."""

    def kept(field: str, typed: str, day: date) -> str:
        return f'"{fold(typed)}"' if is_relative(field, typed) else day.isoformat()

    return _rewritten(text, days, kept)


def _rewritten(text: str, days: Days, write: Callable[[str, str, date], str]) -> str:
    """The text with another value for each date that is no plain one.

    `write` gets the field, the value as it was typed, and the day that it means.
    """
    if len(text) > _LONGEST_LINE:
        return text
    parts: list[str] = []
    at = fields = 0
    while fields <= MOST_TERMS and (match := _FIELD.search(text, at)) is not None:
        is_phrase = match["phrase"] is not None
        fields += not is_phrase
        found = None if is_phrase else _date(text, match, days)
        if found is None:
            parts.append(text[at : match.end()])
            at = match.end()
            continue
        typed, day, end = found
        written = write(_name(match), typed, day)
        parts += (text[at : match.start()], match["field"].rstrip(), written)
        at = end
    return "".join(parts) + text[at:]


def _name(match: re.Match[str]) -> str:
    return match["field"].strip().strip("-−－:：").casefold()


def _plain(text: str, match: re.Match[str]) -> re.Match[str] | None:
    """The value where the query language reads it by itself."""
    if match["quoted"] is not None:
        return DATE.fullmatch(match["quoted"])
    word = _WORD.match(text, match.start("bare"))
    return DATE.fullmatch(word[0]) if word is not None else None


def _date(text: str, match: re.Match[str], days: Days) -> tuple[str, date, int] | None:
    """The value of a field and the day that it means, and where it ends."""
    if _plain(text, match) is not None:
        return None
    field = _name(match)
    if match["quoted"] is not None:
        day = find_day(field, match["quoted"], days)
        return (match["quoted"], day, match.end()) if day is not None else None
    words: list[re.Match[str]] = []
    for word in _WORD.finditer(text, match.start("bare")):
        if len(words) == _MOST_WORDS or (words and _NO_DATE.search(word[0])):
            break
        words.append(word)
    for count in range(len(words), 0, -1):
        end = words[count - 1].end()
        typed = text[words[0].start() : end]
        day = find_day(field, typed, days)
        if day is not None:
            return typed, day, end
    return None
