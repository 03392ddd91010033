"""Hangul syllables, and characters as people see them: where a text may be cut without breaking one.

An emoji may be many code points (a family, a flag, a waving hand of some colour), and so may a
letter with marks. This follows the rules of Unicode's grapheme clusters (UAX #29) closely enough
that nothing a person typed as one is split.
"""

import unicodedata
from typing import Final

from bot.core.domain.late import late_pattern

HANGUL_SYLLABLE: Final = late_pattern("[가-힣]")
_LONGEST: Final = 64
"""Code points of one character; a longer one (a stack of marks) is cut all the same."""
_JOINER: Final = "\u200d"
_FLAG_LETTERS: Final = ("\U0001f1e6", "\U0001f1ff")
_SKINS: Final = ("\U0001f3fb", "\U0001f3ff")
_TAGS: Final = ("\U000e0020", "\U000e007f")
_VOWELS_AND_ENDS: Final = ("\u1160", "\u11ff")
"""Of Hangul that is not composed."""


def cut_at(text: str, most: int) -> int:
    """Where to cut the text so that its beginning has at most `most` code points and is whole."""
    if len(text) <= most:
        return len(text)
    at = most
    while at > max(0, most - _LONGEST) and not _may_cut(text, at):
        at -= 1
    return at if _may_cut(text, at) else most


def _may_cut(text: str, at: int) -> bool:
    if at in {0, len(text)}:
        return True
    before, behind = text[at - 1], text[at]
    if before == _JOINER or _continues(behind):
        return False
    return not (_is_in(behind, _FLAG_LETTERS) and _flag_letters_before(text, at) % 2)


def _continues(character: str) -> bool:
    if character < "\u0300":
        return False
    return (
        character == _JOINER
        or any(_is_in(character, span) for span in (_SKINS, _TAGS, _VOWELS_AND_ENDS))
        or unicodedata.category(character) in {"Mn", "Me", "Mc"}
    )


def _flag_letters_before(text: str, at: int) -> int:
    start = at
    while start > max(0, at - _LONGEST) and _is_in(text[start - 1], _FLAG_LETTERS):
        start -= 1
    return at - start


def _is_in(character: str, span: tuple[str, str]) -> bool:
    return span[0] <= character <= span[1]
