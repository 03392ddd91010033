"""What the static site shows of a reply: its text, and nothing that names a person."""

from collections.abc import Iterable
from datetime import datetime

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

_BUDGET = 60_000
"""Bytes that the replies of one page take at most, of the 100 kB that a page may have (issue 18)."""
_MARKUP = 400
"""Bytes of what stands around one reply's text."""

# A mention ends with white space; spaces in a mentioned name are no-break spaces (`mention_of`). What may be
# a mention or not is taken for one: an "@" stays only in the bot's name, an e-mail address or a web address.
_AT = late_pattern(
    r"(?P<kept>@(?:paperbot|paper-digest-bot)(?![\w\u00a0]|[.-]\w)"
    r"|(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{0,63}[A-Za-z0-9_]"
    r"@(?=[A-Za-z0-9-]+\.[a-z])(?![^\s@]*\u00a0)[A-Za-z0-9.-]+"
    r"|https?://[^\s@\u2060]{0,500}/@(?![^\s@]*\u00a0))"
    r"|\u2060?@(?:[^\s@]|\u00a0)+"
)


@dataclass(frozen=True, slots=True)
class PublicReply:
    """A reply without its author's name: `person` counts the people of one discussion, from 1."""

    person: int
    platform: str
    text: str
    said_at: datetime
    is_edited: bool = False


@dataclass(frozen=True, slots=True)
class PublicTalk:
    """The public replies of an entry, oldest first; `left_out` counts older ones that have no room."""

    replies: tuple[PublicReply, ...]
    left_out: int = 0


def without_names(text: str) -> str:
    """The text with `@…` for every person who is mentioned in it."""
    return _AT.sub(lambda found: found["kept"] or "@…", text)


def fitting(replies: Iterable[PublicReply]) -> PublicTalk:
    """The newest replies that a page has room for, of all in their order; at least the newest one."""
    found = tuple(replies)
    room, first = _BUDGET, len(found)
    while first:
        room -= len(found[first - 1].text.encode(errors="replace")) + _MARKUP
        if room < 0 and first < len(found):
            break
        first -= 1
    return PublicTalk(found[first:], first)
