"""Cleaning text that people wrote on another platform, before it is shown elsewhere.

The words stay as they are. Removed are invisible characters that affect text around them:
control characters, direction marks, long stacks of combining marks. Renderers escape the rest.
"""

import unicodedata

from bot.core.domain.characters import cut_at
from bot.core.domain.late import late_pattern

LONGEST_NAME = 60
_MOST_MARKS = 4
"""The most combining marks kept on one character; no living script needs more."""

# Tags behind an emoji are part of it: they make the flag of Scotland out of a black one.
_UNSEEN = late_pattern(
    "(?P<emoji>[\u2600-\u27bf\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]?"
    "[\U000e0020-\U000e007e]{1,30}\U000e007f)"
    "|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)


def settled(text: str) -> str:
    """The cleaned text without surrounding white space."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    plain = _UNSEEN.sub(lambda match: match["emoji"] or "", lines.replace("\u2029", "\n"))
    return _without_stacks(plain).strip()


def settled_name(name: str) -> str:
    """A person's name on one line, and no longer than a name."""
    plain = " ".join(settled(name).split())
    if len(plain) <= LONGEST_NAME:
        return plain
    return plain[: cut_at(plain, LONGEST_NAME - 1)].rstrip() + "…"


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
