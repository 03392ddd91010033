"""Header lines as they go out.

The headers of `EmailMessage` are not used. They decode encoded words (RFC 2047) in whatever is assigned, so
that a title could write further headers. And they encode a word that is longer than a line, so that no
mail program would find the address in `List-Unsubscribe` (RFC 2369).
"""

from email.header import Header
from email.utils import quote

from bot.core.domain.late import late_pattern

_NOT_IN_HEADERS = late_pattern(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069]+"
)
_PLAIN = late_pattern(r"[!-~]{1,60}(?: [!-~]{1,60})*")
"""Words that folding leaves as they are: short ones, with one space between them."""
_LINE = 76
"""In characters: lines with encoded words are no longer."""
_LONGEST_QUOTED = 60


def one_line(text: str) -> str:
    """The text as a header can have it."""
    return _NOT_IN_HEADERS.sub(" ", text).strip()


def as_it_is(name: str, value: str) -> bytes:
    """A header of our own ASCII: on one line, however long, since programs read it."""
    return f"{name}: {value}\r\n".encode("ascii")


def with_text(name: str, text: str) -> bytes:
    """A header in which people read the text, as on `one_line`; folded where it is long."""
    charset = "us-ascii" if _is_plain(text) else "utf-8"
    return as_it_is(name, _encoded(text, charset, name))


def with_address(name: str, address: str, owner: str = "") -> bytes:
    """A header with one address, and whose it is."""
    if not owner:
        return as_it_is(name, address)
    if _is_plain(owner) and len(owner) <= _LONGEST_QUOTED:
        shown = f'"{quote(owner)}"'
    else:
        shown = _encoded(owner, "utf-8", name)
    last_line = f"{name}: {shown} <{address}>".rpartition("\n")[2]
    between = " " if len(last_line) <= _LINE else "\r\n "
    return as_it_is(name, f"{shown}{between}<{address}>")


def _is_plain(text: str) -> bool:
    """Whether it may stand there unencoded: readers would decode what looks like an encoded word."""
    return _PLAIN.fullmatch(text) is not None and "=?" not in text


def _encoded(text: str, charset: str, name: str) -> str:
    return Header(text, charset, maxlinelen=_LINE, header_name=name).encode(linesep="\r\n")
