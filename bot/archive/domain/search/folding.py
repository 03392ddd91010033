"""Folding: what counts as the same letters when people look for words. Pure, and linear.

What is indexed and what is asked both go through `folded`. It applies Unicode's compatibility
forms (NFKC: `ﬁ`, full-width Latin, `H₂O`), drops characters without a shape (soft hyphens,
zero-width spaces), and spells letters that Unicode does not decompose (`ø`, `ł`, `ß`) as people
type them who have no such key. Case and accents are left to the full-text index, which ignores
both; `bare` is for whatever is compared without the index.
"""

import re
import unicodedata
from typing import Final

from bot.core.domain.late import late_pattern

_PLAIN: Final = {
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i",
    "ȷ": "j", "ŋ": "ng", "ħ": "h", "ŧ": "t",
    "Ł": "L", "Ø": "O", "Đ": "D", "Ð": "D", "Þ": "Th", "ẞ": "SS", "Æ": "AE", "Œ": "OE", "Ŋ": "Ng",
    "Ħ": "H", "Ŧ": "T",
}  # fmt: skip
_SIGNS_APART: Final = "™℠"
"""NFKC would glue them to the word before them: BERT™ is not BERTTM."""

# What Unicode calls default-ignorable: joiners, marks of direction, variation selectors, tags.
_SHAPELESS: Final = late_pattern(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_MOST_MARKS: Final = 8
"""Combining marks kept on one letter: to normalise n of them takes time with the square of n."""
_PERHAPS_STACKED: Final = late_pattern(rf"[^\w\s\x00-\x7f]{{{_MOST_MARKS + 1},}}")
# Left as they are: letters of the Korean alphabet by themselves (ㅋㅋ, ㅠㅠ), of which NFKC would
# make syllables, and Arabic ligatures that it makes eighteen letters of.
_NORMALIZED: Final = late_pattern("[^\u3131-\u318e\ufdf0-\ufdfd]+")
_ACCENT: Final = late_pattern("[\u0300-\u036f]+")


def _table() -> dict[int, str]:
    """The table for `str.translate`: letters with further accents (`ǿ`) are spelled as well."""
    table = {}
    for character in map(chr, (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))):
        apart = unicodedata.normalize("NFD", character)
        if apart[0] in _PLAIN:
            spelled = _PLAIN[apart[0]] + apart[1:]
            table[ord(character)] = unicodedata.normalize("NFC", spelled)
    return table


_SPELLED: Final = _table()
_IS_FOLDED: Final = late_pattern("[\x00-\x7f\uac00-\ud7a3\u2013\u2014\u2018-\u201d]*")
"""English and Korean syllables, with their dashes and quotation marks: no step changes these."""
_IS_SPELLED: Final = late_pattern(f"[{''.join(map(chr, _SPELLED))}]")


def folded(text: str) -> str:
    """The text as its words are indexed and looked for."""
    if _IS_FOLDED.fullmatch(text):
        return text
    for sign in _SIGNS_APART:
        text = text.replace(sign, " ")
    text = compatible(text)
    if _IS_SPELLED.search(text):
        text = unicodedata.normalize("NFC", text.translate(_SPELLED))
    return text


def compatible(text: str) -> str:
    """The text with one spelling of each character: NFKC, without characters that have no shape."""
    return text if text.isascii() else _normalized(_SHAPELESS.sub("", text))


def bare(text: str) -> str:
    """The text folded, without case and accents: equal for what the index takes as equal."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFD", folded(text).casefold())
    return unicodedata.normalize("NFC", folded(_ACCENT.sub("", apart)))


def _normalized(text: str) -> str:
    if unicodedata.is_normalized("NFKC", text):
        return text
    text = _PERHAPS_STACKED.sub(_without_stacks, text)
    return _NORMALIZED.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def _without_stacks(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)
