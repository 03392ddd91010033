"""Cleaning text that people wrote on another platform, before it is shown elsewhere.

The words stay as they are. Removed are invisible characters that affect text around them:
control characters, direction marks, long stacks of combining marks. Renderers escape the rest.
"""

import re
import unicodedata

from bot.core.domain.document import Inline, Link, Text

LONGEST_NAME = 60
_MOST_MARKS = 4
"""The most combining marks kept on one character; no living script needs more."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
_ADDRESS = re.compile(r"https?://[!-~]{1,2000}")
_SENTENCE_END = ".,;:!?'\"*_>)]|~`"


def settled(text: str) -> str:
    """The cleaned text without surrounding white space."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    plain = _UNSEEN.sub("", lines.replace("\u2029", "\n"))
    return _without_stacks(plain).strip()


def settled_name(name: str) -> str:
    """A person's name on one line, and no longer than a name."""
    plain = " ".join(settled(name).split())
    return plain if len(plain) <= LONGEST_NAME else plain[: LONGEST_NAME - 1].rstrip() + "…"


def _without_stacks(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def with_addresses(text: str) -> tuple[Inline, ...]:
    """The text as runs in which each address links to itself."""
    runs: list[Inline] = []
    at = 0
    for match in _ADDRESS.finditer(text):
        url = match[0].rstrip(_SENTENCE_END)
        if not url.partition("://")[2]:
            continue
        if match.start() > at:
            runs.append(Text(text[at : match.start()]))
        runs.append(Link(url, url))
        at = match.start() + len(url)
    if at < len(text):
        runs.append(Text(text[at:]))
    return tuple(runs)
