"""Full text on PostgreSQL: vectors of the words that SQLite's index has, and queries of them.

The functions are those of `fulltext_sqlite`. `bot.archive.domain.search.search_vector` says what a vector
has. A row that has `fields` as well is chosen by its vector and decided by these.
"""

from collections.abc import Iterable

from bot.archive.domain.search.search_vector import (
    AUTHORS,
    HUGE,
    LONG,
    TAGS,
    TITLE,
    is_mark,
    quoted,
)
from bot.archive.domain.search.segment import BREAK, Phrase, Phrases
from bot.core.database.sqlite.words import words
from bot.lookup.domain.match import Columns, Condition, Match, Part

KEY = "newness"
"""The sort key of an entry in what `origin` scans."""
HAS_ORDER = False
"""Whether the index is read by the sort key."""

REPLY_IS_INDEXED = "EXISTS (SELECT 1 FROM reply_search WHERE rowid = reply.id)"


def origin(_: Match) -> str:
    """What is scanned for the entries of a match, newest first; it is called `d`."""
    return "search_text AS d"


def scanned(match: Match) -> Condition:
    """The condition on rows of `origin`."""
    return _condition(match, "d")


def found(match: Match) -> Condition:
    """Whether the entry of a sort key matches."""
    condition = _condition(match, "s")
    sql = f"EXISTS (SELECT 1 FROM search_text AS s WHERE s.newness = [d] AND {condition.sql})"  # noqa: S608
    return Condition(sql, condition.values)


def reply_found(phrases: Phrases) -> Condition:
    """The condition on rows of `reply_search`."""
    return _condition(Match((Part(phrases),)), "reply_search")


def _condition(match: Match, row: str) -> Condition:
    exact = [*(_in_fields(part, row) for part in match.parts),
             *(_not_in_fields(part, row) for part in match.unwanted)]  # fmt: skip
    return Condition(
        f"{row}.words @@ CAST({{}} AS TSQUERY) "
        f"AND ({row}.fields IS NULL OR {' AND '.join(each.sql for each in exact)})",
        (_query(match), *(value for each in exact for value in each.values)),
    )


_NOTHING = quoted(BREAK)
"""A word that no vector has."""
_SIGNS: dict[Columns, tuple[str, ...]] = {
    Columns.ALL: ("",),
    Columns.WRITTEN: ("",),
    Columns.TITLE: (TITLE,),
    Columns.TITLE_TAGS: (TITLE, TAGS),
    Columns.LABELS: (TITLE, TAGS, AUTHORS),
    Columns.AUTHORS: (AUTHORS,),
}
_SLICES: dict[Columns, str] = {
    Columns.ALL: "1:5",
    Columns.WRITTEN: "1:4",
    Columns.TITLE: "1:1",
    Columns.TITLE_TAGS: "1:2",
    Columns.LABELS: "1:3",
    Columns.AUTHORS: "3:3",
}


def _query(match: Match) -> str:
    wanted = " & ".join(map(_part, match.parts))
    unwanted = "".join(f" & !{_part(part)}" for part in match.unwanted)
    # GIN reads the list of a word once for each place of it in the query. So of what a long text
    # must have, only the marks are asked, or else a word of each phrase; its fields decide.
    asked = [part for part in match.parts if all(map(_is_marked, part.phrases))] or match.parts
    loose = " & ".join(_part(part, only_longest=True) for part in asked)
    return f"{wanted}{unwanted} | {quoted(LONG)} & ({loose} | {quoted(HUGE)})"


def _is_marked(phrase: Phrase) -> bool:
    return is_mark(phrase.text)


def _part(part: Part, *, only_longest: bool = False) -> str:
    phrases = (
        _phrase(spelled, phrase, part.columns, sign, only_longest=only_longest)
        for phrase in part.phrases
        if (spelled := words(phrase.text))
        for sign in _SIGNS[part.columns]
    )
    return f"({' | '.join(dict.fromkeys(phrases)) or _NOTHING})"


def _phrase(
    spelled: list[str], phrase: Phrase, columns: Columns, sign: str, *, only_longest: bool
) -> str:
    # Places in an abstract have the label A, others have none, which PostgreSQL calls D.
    label = "D" if columns is Columns.WRITTEN else ""
    last = len(spelled) - 1 if phrase.is_prefix else None
    parts = [
        quoted(word if is_mark(word) else sign + word)
        + (f":{'*' if place == last else ''}{'' if is_mark(word) else label}".rstrip(":"))
        for place, word in enumerate(spelled)
    ]
    if only_longest:
        return max(parts, key=len)
    return f"({' <-> '.join(parts)})" if len(parts) > 1 else parts[0]


def _in_fields(part: Part, row: str) -> Condition:
    return Condition(
        f"EXISTS (SELECT 1 FROM unnest({row}.fields[{_SLICES[part.columns]}]) AS field, "  # noqa: S608
        "texts({}) AS phrase WHERE strpos(field, phrase.value) > 0)",
        (list(_substrings(part.phrases)),),
    )


def _not_in_fields(part: Part, row: str) -> Condition:
    condition = _in_fields(part, row)
    return Condition(f"NOT {condition.sql}", condition.values)


def _substrings(phrases: Phrases) -> Iterable[str]:
    """The phrases as they stand in a field whose words are kept as text."""
    for phrase in phrases:
        if spelled := words(phrase.text):
            yield f" {' '.join(spelled)}{'' if phrase.is_prefix else ' '}"
