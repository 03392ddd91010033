"""Relative dates in a query, written out: `date:yesterday` becomes `date:2025-02-03`.

`popular:week` becomes the day from which likes count. So a query means the same when its next page is asked for on the next day.
"""

import re
from datetime import timedelta

from bot.archive.domain.typed_dates import Days, find_date
from bot.lookup.domain.query import DATE, QUOTES

_FIELD = re.compile(
    rf"(?P<field>(?<!\S)[-−－]?(?:date|before|after|popular)[:：]\s*)"
    rf"(?:[{QUOTES}](?P<quoted>[^{QUOTES}]*)[{QUOTES}]?|(?P<bare>[^\s{QUOTES}]))"
    rf"|(?P<phrase>[{QUOTES}][^{QUOTES}]*[{QUOTES}]?)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\S+")
_LENGTHS = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
    "오늘": timedelta(days=1),
    "주": timedelta(days=7),
    "일주일": timedelta(days=7),
    "달": timedelta(days=30),
    "한달": timedelta(days=30),
    "년": timedelta(days=365),
}
"""How far back the likes of `popular:week` and its like count."""
_MOST_WORDS = 4
"""The words of the longest date: `the day before yesterday`."""


def has_dates(text: str) -> bool:
    """Whether a query has a field of dates whose value is not plainly `2025-02-04`."""
    return any(
        match["phrase"] is None and _plain(text, match) is None for match in _FIELD.finditer(text)
    )


def write_out(text: str, days: Days) -> str:
    """The query with its relative dates written out; what is no date stays as it is."""
    parts: list[str] = []
    at = 0
    while (match := _FIELD.search(text, at)) is not None:
        found = None if match["phrase"] is not None else _date(text, match, days)
        if found is None:
            parts.append(text[at : match.end()])
            at = match.end()
            continue
        written, end = found
        parts += (text[at : match.start()], match["field"].rstrip(), written)
        at = end
    return "".join(parts) + text[at:]


def _plain(text: str, match: re.Match[str]) -> re.Match[str] | None:
    """The value where the query language reads it by itself."""
    if match["quoted"] is not None:
        return DATE.fullmatch(match["quoted"])
    word = _WORD.match(text, match.start("bare"))
    return DATE.fullmatch(word[0]) if word is not None else None


def _date(text: str, match: re.Match[str], days: Days) -> tuple[str, int] | None:
    """The date after a field as it is written out, and where it ends."""
    if _plain(text, match) is not None:
        return None
    if match["field"].casefold().startswith("popular"):
        word = _WORD.match(text, match.start("bare")) if match["quoted"] is None else None
        if word is not None and (length := _LENGTHS.get(word[0].casefold())) is not None:
            return (days.today - length).isoformat(), word.end()
    if match["quoted"] is not None:
        day = find_date(match["quoted"], days)
        return (day.isoformat(), match.end()) if day is not None else None
    words = []
    for word in _WORD.finditer(text, match.start("bare")):
        words.append(word)
        if len(words) == _MOST_WORDS:
            break
    for count in range(len(words), 0, -1):
        end = words[count - 1].end()
        day = find_date(text[words[0].start() : end], days)
        if day is not None:
            return day.isoformat(), end
    return None
