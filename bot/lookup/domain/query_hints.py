"""Says what in a query looks like a filter and is none: `tag:rl`, `foo:bar`.

It is still searched as words, since titles have colons too: `C: a language`, `BERT: Pre-training`
and addresses get no hint.
"""

from collections.abc import Iterator

from bot.core.domain.i18n import Translate
from bot.core.domain.late import late_pattern
from bot.lookup.domain.query import FIELDS
from bot.lookup.domain.written_terms import QUOTES

_PHRASE = late_pattern(rf"[{QUOTES}][^{QUOTES}]*[{QUOTES}]?")
_FIELD = late_pattern(r"(?<!\S)[-−－]?(?P<field>[^\W\d_]{2,})[:：](?P<value>[^\s/:：\\][^\s]*)")
_MEANT = {
    "tag": "#{value}",
    "tags": "#{value}",
    "태그": "#{value}",
    "by": "author:{value}",
    "저자": "author:{value}",
    "year": "date:{value}",
    "day": "date:{value}",
    "on": "date:{value}",
    "날짜": "date:{value}",
    "since": "after:{value}",
    "from": "after:{value}",
    "until": "before:{value}",
    "lang": "language:{value}",
    "languages": "language:{value}",
    "arxiv": "{value}",
    "id": "{value}",
}
"""What people mean by the names that other programs use."""
_MOST = 3


def hint_lines(asked: str, say: Translate) -> tuple[str, ...]:
    """A sentence about each word of a query that looks like a filter and is none."""
    return tuple(dict.fromkeys(_hints(asked, say)))[:_MOST]


def _hints(asked: str, say: Translate) -> Iterator[str]:
    for match in _FIELD.finditer(_PHRASE.sub(" ", asked)):
        field, value = match["field"], match["value"]
        if f"{field.casefold()}:" in FIELDS:
            continue
        meant = _MEANT.get(field.casefold())
        if meant is not None:
            yield say(
                "“{field}:” is not a filter and was searched as a word; you can write {meant}.",
                field=field,
                meant=meant.format(value=value),
            )
        else:
            yield say(
                "“{field}:” is not a filter and was searched as a word. The filters are: {known}",
                field=field,
                known=" ".join(FIELDS),
            )
