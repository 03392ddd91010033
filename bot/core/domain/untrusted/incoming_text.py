r"""Text from outside, made well-formed where it enters: fit for UTF-8, SQLite, HTML and JSON.

JSON can spell half a character (`"\ud800"`), and headers, paths and forms can hold any byte.
Such text cannot be encoded again, so whatever it reaches would fail. Every platform passes what
people type through `well_formed` before anything else sees it (issue 12, item 14).
"""

import re
import unicodedata
from string import ascii_letters, digits

from bot.core.domain.late import late_pattern

# C0 and C1 controls without tab and newline, surrogates, and the 66 noncharacters of Unicode.
_NOT_TEXT = late_pattern(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane | 0xFFFE) + chr(plane | 0xFFFF) for plane in range(0, 0x110000, 0x10000))
    + "]"
)
_PAIR = late_pattern("[\ud800-\udbff][\udc00-\udfff]")
_BEFORE_AT = frozenset(ascii_letters + digits + "._%+-/>")
"""Characters that an "@" behind them could belong to; ">" ends another mention in a source."""
_LINE_END = late_pattern("\r\n|[\r\x85\u2028\u2029]")


def well_formed(text: str) -> str:
    """The text as Unicode allows it: whole characters, one kind of line end, nothing unprintable.

    Two halves of a character are joined; a lone half, a control character and a noncharacter
    are left out, as is a combining mark with nothing before it to combine with: it would sit on
    whatever the text is put behind. Repeating it changes nothing.
    """
    if text.isascii() and text.isprintable():
        return text
    lines = _LINE_END.sub("\n", _PAIR.sub(_join, text))
    return _without_leading_marks(_NOT_TEXT.sub("", lines))


def mention_of(name: str, source: str = "", at: int = 0) -> str:
    """`@name` for a person or group that a text mentions: at `at` of its `source`.

    Its spaces are no-break spaces, so that the end of the name can be found again: it is not shown where
    names are not (issue 18, item 1). Behind what could be the beginning of an e-mail address or of a path,
    a word joiner, which nobody sees, says that it is neither.
    """
    joiner = "\u2060" if at and source[at - 1] in _BEFORE_AT else ""
    return f"{joiner}@" + "\u00a0".join(name.split())


def _join(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


def _without_leading_marks(text: str) -> str:
    for at, character in enumerate(text):
        if unicodedata.category(character) not in {"Mn", "Me"} and not character.isspace():
            space = text[:at]
            return text if space.isspace() or not space else text[at:]
    return text if text.isspace() else ""
