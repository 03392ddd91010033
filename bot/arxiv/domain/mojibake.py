"""Repair mojibake in names and titles: UTF-8 that was decoded as Latin-1 or Windows-1252 ("WÃ¼bben").

Correct text can have the same characters: `5×–10×`, `Gauß–Newton`, `CAFÉ–BAR`, `3 Å²`. So a text is
changed only if some place in it is certainly wrong (a control character, or a capital and a sign
where no word has them), and only where the result is a letter or sign known from such errors.
ftfy was tried: it changes correct text and misses names that this module repairs (12 of its tests).
"""

import unicodedata
from collections.abc import Iterator

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

_CONTINUATION = (
    "\x80-\xbf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d"
    "\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178"
)
_SUSPECT = late_pattern(
    f"[\xc2-\xdf][{_CONTINUATION}]|[\xe0-\xef][{_CONTINUATION}]{{2}}|[\xf0-\xf4][{_CONTINUATION}]{{3}}"
)
# Characters often damaged. Latin includes Vietnamese (ơ, ư, ế …) and Romanian (ș, ț).
_LATIN = late_pattern(
    "[\xa0-\u017f\u01a0\u01a1\u01af\u01b0\u0218-\u021b\u1e00-\u1eff\ufb00-\ufb04]"
)
_SIGN = late_pattern(
    "[\u2010-\u2033\u2039\u203a\u20ac\u2122\u2190-\u2194\u2212\u2248\u2260-\u2265]"
)
_GREEK = late_pattern("[\u0386-\u03ce]")
# Only if another place is certain: Cyrillic, and text that was damaged twice.
_LESS_SURE = late_pattern(f"[\u0400-\u045f{_CONTINUATION}]")
_CONTROL = late_pattern("[\x80-\x9f]")

_AFTER_A_WORD = frozenset("\xa0®©°±²³¹·ªº«»–—…‘’“”„‚‹›•™†‡")
_BETWEEN_WORDS = frozenset("–—…’")
_QUOTES = frozenset("‘’“”")
_AFTER_A_UNIT = _BETWEEN_WORDS | set("\xa0·±²³°")
_SMALL_UNIT = late_pattern(r"[\W\d_]?[fkmnpµ]")  # of Å
_OPENING = late_pattern(r"(?<![^\s(\[“–—-])«")
_LETTERS = late_pattern(r"[^\W\d_]*")
_FEW = 3
_MOST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class _Place:
    """Characters that may be the wrongly decoded bytes of one character, `meant`.

    `before` is the previous character, `behind` the next letters, at most three; both decoded if they
    may be wrong as well.
    """

    shown: str
    start: int
    end: int
    meant: str
    before: str
    behind: str


def repair_mojibake(text: str) -> str:
    """The text with mojibake repaired, also if it was damaged several times."""
    if text.isascii():
        return text
    for _ in range(_MOST_ROUNDS):
        better = _repaired(text)
        if better == text:
            break
        text = better
    return text


def _repaired(text: str) -> str:
    places = tuple(_places(text))
    quotes = _OPENING.search(text) is not None
    if not any(_is_clear(place, text, quotes=quotes) for place in places):
        return text
    controls = _CONTROL.search(text) is not None
    pieces: list[str] = []
    end = 0
    for place in places:
        if _is_known(place, controls=controls):
            pieces += text[end : place.start], place.meant
            end = place.end
    return "".join((*pieces, text[end:]))


def _places(text: str) -> Iterator[_Place]:
    found = [(m.start(), m.end(), c) for m in _SUSPECT.finditer(text) if (c := _decoded(m[0]))]
    meant_from = {start: meant for start, _, meant in found}
    meant_until = {end: meant for _, end, meant in found}
    for start, end, meant in found:
        letters = _LETTERS.match(text, end, end + _FEW)
        yield _Place(
            shown=text[start:end],
            start=start,
            end=end,
            meant=meant,
            before=meant_until.get(start) or text[max(0, start - 1) : start],
            behind=meant_from.get(end) or (letters[0] if letters is not None else ""),
        )


def _decoded(characters: str) -> str:
    """The one character that these characters encode, or an empty text."""
    try:
        meant = b"".join(map(_byte, characters)).decode()
    except UnicodeError:
        return ""
    return meant if unicodedata.category(meant) not in {"Cn", "Co"} else ""


def _byte(character: str) -> bytes:
    return character.encode("latin-1" if character <= "\xff" else "cp1252")


def _is_known(place: _Place, *, controls: bool) -> bool:
    """Whether this is mojibake, given that another place certainly is.

    `controls`: the text has control characters, so it was decoded as Latin-1, and any valid sequence
    (of Hangul, for example) is mojibake.
    """
    if any(kind.match(place.meant) for kind in (_LATIN, _SIGN, _GREEK, _LESS_SURE)):
        return True
    if _CONTROL.search(place.shown):
        return True
    return controls and len(place.shown) > 2 and max(place.shown) <= "\xff"


def _is_clear(place: _Place, text: str, *, quotes: bool) -> bool:
    """Whether this place is certainly mojibake; `quotes`: the text opens a quotation with «."""
    lead, sign = place.shown[0], place.shown[1]
    if _CONTROL.search(place.shown) or _SIGN.match(place.meant):
        return True  # â€™: only damage puts a euro or a dagger behind an â
    before, after = place.before, place.behind[:1]
    if _GREEK.match(place.meant):  # Î³, but “Î” and «Î» are right
        is_quoted = sign in _QUOTES or (quotes and sign == "»")
        return not (is_quoted or sign in _BETWEEN_WORDS or before.isupper())
    if not _LATIN.match(place.meant):
        return False
    if sign not in _AFTER_A_WORD:
        return True  # Ã¼
    if _SUSPECT.fullmatch(place.meant + after) and _decoded(place.meant + after):
        return True  # twice: Ã…Â¹ is Å¹
    if len(place.shown) > 2:
        return sign == "º" or (
            not quotes and (before.isalpha() or after.isalpha())
        )  # Nguyá»…n, but «está»… is right
    if before.islower():
        # A capital within a word, and a sign behind it; but 5 mÅ² is a measure.
        prefix = _SMALL_UNIT.fullmatch(text, max(0, place.start - 2), place.start)
        return lead != "Å" or prefix is None
    if before.isdigit():
        return lead in "ÂÃ"  # 90Â°, 5Ã—10
    if before.isalpha():  # LÃ³pez, but OPÇÃ–opção is right
        return after.islower() and place.meant.islower() and sign not in _BETWEEN_WORDS
    if lead == "Â":
        return sign in "©®°±"
    return _begins_a_word(place, lead, sign)


def _begins_a_word(place: _Place, lead: str, sign: str) -> bool:
    """Whether a capital and a sign after no letter must be the first letter of a word."""
    if not place.behind[:1].islower() or (sign == "’" and len(place.behind) < _FEW):
        return False  # Ä’s
    return lead != "Å" or sign not in _AFTER_A_UNIT or place.start == 0
