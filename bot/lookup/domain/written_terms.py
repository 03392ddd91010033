"""The terms of a query as they stand in the line, before anybody asks what they mean."""

import re
from collections.abc import Collection, Iterator

from bot.archive.domain.typed_dates import Days
from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern
from bot.lookup.domain import query_paths

SPACE = r"\s"
QUOTES = '"“”„＂'
"""Each of them begins or ends a phrase."""
# One term: signs, then perhaps a name and a colon, then a quoted text or a bare one.
_TERM = late_pattern(
    rf"""
    (?P<minus>[-−－]*) (?P<sharp>[#＃]*) (?:(?P<field>[^\W\d_]+)[:：])?
    (?: [{QUOTES}](?P<quoted>[^{QUOTES}]*)[{QUOTES}]? | (?P<bare>[^{SPACE}]*) )
    """,
    re.VERBOSE,
)
_NOT_SPACE = late_pattern(rf"[^{SPACE}]")


@dataclass(frozen=True, slots=True)
class WrittenTerm:
    """A term as it stands in the line; `at` counts from 1."""

    at: int
    negated: bool
    sharp: bool
    written_field: str
    value: str
    quoted: bool
    days: Days | None = None

    @property
    def field(self) -> str:
        return self.written_field.casefold()


def written_terms(text: str, fields: Collection[str]) -> Iterator[WrittenTerm]:
    """The terms of a line, in its order; only a name among `fields` takes the next word as its value."""
    at = 0
    while (start := _NOT_SPACE.search(text, at)) is not None:
        found = _TERM.match(text, start.start())
        assert found is not None  # noqa: S101  every part of the pattern may be empty
        at = max(found.end(), start.end())
        field, value, quoted = found["field"] or "", found["bare"] or "", found["quoted"]
        is_field = field.casefold() in fields and not found["sharp"]
        is_path = is_field and field.casefold() == "path"
        if is_path and (ends := query_paths.VALUE.match(text, found.end("field") + 1)):
            # Both ends are one value, and quoted titles may have spaces.
            at, value, quoted = ends.end(), ends[0].strip(), None
        if is_field and not value and quoted is None:
            behind = _TERM.match(text, m.start()) if (m := _NOT_SPACE.search(text, at)) else None
            if behind and not (behind["minus"] or behind["sharp"] or behind["field"]):
                # `author: lee` is read as `author:lee`.
                at, value, quoted = behind.end(), behind["bare"] or "", behind["quoted"]
        yield WrittenTerm(
            at=start.start() + 1,
            negated=bool(start[0] in "-−－"),
            sharp=text[start.start() :].lstrip("-−－")[:1] in ("#", "＃"),
            written_field=field,
            value=value if quoted is None else quoted,
            quoted=quoted is not None,
        )
