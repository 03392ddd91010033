r"""LaTeX's accents and letters as Unicode: `Fr\'echet` is `Fréchet`, `Erd{\H o}s` is `Erdős`.

Pure, and linear in the length of the text. Only what leaves no doubt is replaced: a path
(`C:\c c`), an escaped quotation (`\"a\"`) and a letter that takes no such accent stay as written.
"""

import re
import unicodedata
from typing import Final

from bot.core.domain.late import late_pattern

_LETTERS: Final = {
    "L": "Ł", "l": "ł", "O": "Ø", "o": "ø", "AA": "Å", "aa": "å", "AE": "Æ", "ae": "æ",
    "OE": "Œ", "oe": "œ", "ss": "ß", "SS": "ẞ", "i": "ı", "j": "ȷ", "DH": "Ð", "dh": "ð",
    "DJ": "Đ", "dj": "đ", "TH": "Þ", "th": "þ", "NG": "Ŋ", "ng": "ŋ", "IJ": "Ĳ", "ij": "ĳ",
}  # fmt: skip
_MARKS: Final = {
    '"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "H": "\u030b", "v": "\u030c", "u": "\u0306", "c": "\u0327", "k": "\u0328",
    "r": "\u030a", "d": "\u0323", "b": "\u0331", "h": "\u0309", "G": "\u030f",
    "textcommabelow": "\u0326",
}  # fmt: skip
_TIE: Final = "\u0361"
_DOTLESS: Final = {"ı": "i", "ȷ": "j"}

_NAMES: Final = "|".join(sorted(_LETTERS, key=len, reverse=True))
# What an accent stands on: a letter with the marks that it has by now, or \i and \j. A space
# behind a macro's name only ends the name: Garc\'\i a is García.
_DOTLESS_MACRO: Final = r"\\[ij](?:\{\}|(?![A-Za-z])\s*)"
_BASE: Final = rf"(?:{_DOTLESS_MACRO}|[^\W\d_][\u0300-\u036f]*)"
_ACCENT: Final = late_pattern(
    r"(?P<kept>(?<![^\s(\"'])(?:[A-Za-z]:\\|\\\\(?=\w))\S*|\\\\)"
    # \'e, \'{e}, \' e within braces, \"\i; {\'e} loses its braces.
    r"|(?P<open>\{\s*)?"
    r"(?:"
    r"\\(?P<sign>[\"'`^~=.])"
    rf"(?:\s*\{{\s*(?P<sign_braced>{_BASE})\s*\}}|(?P<sign_bare>{_BASE}))"
    # \v{C}, \v\i, {\v C}; \v C only where it is no other backslash: see `_accent`.
    r"|\\(?P<mark>textcommabelow|[HvuckrdbhG])"
    rf"(?:\s*\{{\s*(?P<mark_braced>{_BASE})\s*\}}|(?P<space>\s+)(?P<mark_bare>{_BASE})"
    rf"|(?P<mark_dotless>{_DOTLESS_MACRO}))"
    r"|\\t\s*\{\s*(?P<tied>[^\W\d_])\s*(?P<tied_to>[^\W\d_])\s*\}"
    rf"|\\(?P<letter>{_NAMES})(?:\{{\}}|(?![A-Za-z])(?P<gap>\s*))"
    r")"
    r"(?P<close>\s*\})?"
)
_MOST_PASSES: Final = 3
"""Accents on accents: `\\'{\\^e}` is ế."""
_QUOTES: Final = "\"'`"
_QUOTATION: Final = 200
"""So far the end of an escaped quotation is looked for."""
_CLOSING: Final = {sign: late_pattern(rf"\\{sign}(?![\w{{\\])") for sign in _QUOTES}
_CONTRACTION: Final = late_pattern(r"'(?:s|m|d|t|re|ll|ve)(?!\w)")
_DOTTED: Final = "IZzEe"
"""What carries a dot without braces; `\\.com` is a regular expression."""
_LONGEST_NAME: Final = 24
_MACRO_BEFORE: Final = late_pattern(r"\\(?:[A-Za-z]{1,20}|[\"'`^~=.])\s*$")


def accents(text: str) -> str:
    r"""The text with LaTeX's accents and foreign letters as characters.

    What is none stays as it was written: macros of another kind, formulas, braces of their own.
    """
    for _ in range(_MOST_PASSES):
        if "\\" not in text:
            break
        replaced = _ACCENT.sub(_accent, text)
        if replaced == text:
            break
        text = replaced
    return text


def _accent(match: re.Match[str]) -> str:
    if match["kept"] is not None:
        return match[0]
    character = _character(match)
    if character is None:
        return match[0]
    before, after = match["open"], match["close"]
    if before and after and not _is_argument(match):
        return character
    return f"{before or ''}{character}{after or ''}"


def _character(match: re.Match[str]) -> str | None:
    if (sign := match["sign"]) is not None:
        braced = match["sign_braced"]
        if braced is None and _is_no_accent(match, sign):
            return None
        return _composed(braced or match["sign_bare"], _MARKS[sign], any_letter=braced is not None)
    if (mark := match["mark"]) is not None:
        braced = match["mark_braced"] or match["mark_dotless"]
        if braced is None and not (match["open"] or _may_be_spaced(match)):
            return None
        return _composed(
            braced or match["mark_bare"], _MARKS[mark], any_letter=match["mark_braced"] is not None
        )
    if match["tied"] is not None:
        return f"{match['tied']}{_TIE}{match['tied_to']}"
    return _letter(match)


def _letter(match: re.Match[str]) -> str | None:
    name, gap = match["letter"], match["gap"]
    if gap is None or (match["open"] and match["close"]):
        return _LETTERS[name]
    is_sure = len(name) > 1 or _is_letter_before(match)
    following = match.string[match.end() : match.end() + 1]
    if gap:
        # \L ukasz, Gro\ss e: the space only ends the macro's name.
        return _LETTERS[name] if following.isalpha() and (is_sure or name.isupper()) else None
    # \L\'od\'z, \O. Nilsson; \O(n) is somebody's own macro.
    begins_name = name.isupper() and following in {"\\", ".", "-"}
    return _LETTERS[name] if is_sure or begins_name else None


def _composed(base: str, mark: str, *, any_letter: bool) -> str | None:
    """The letter with the mark; one that no language writes only where it was put in braces."""
    is_dotless = base.startswith("\\")
    letter = base[1] if is_dotless else _DOTLESS.get(base[0], base[0]) + base[1:]
    composed = unicodedata.normalize("NFC", f"{letter}{mark}")
    return composed if any_letter or len(composed) <= len(letter) else None


def _is_argument(match: re.Match[str]) -> bool:
    r"""Whether the braces around it belong to a macro before them: `\d{\^e}`."""
    before = match.string[max(0, match.start() - _LONGEST_NAME) : match.start()]
    return _MACRO_BEFORE.search(before) is not None


def _is_no_accent(match: re.Match[str], sign: str) -> bool:
    r"""Whether a backslash only escapes the sign: `it\'s`, `example\.com`, `a \"quoted\" word`."""
    if sign == ".":
        return match["sign_bare"][0] not in _DOTTED
    if sign not in _QUOTES:
        return False
    if _is_letter_before(match):
        return _CONTRACTION.match(match.string, match.start("sign")) is not None
    closing = _CLOSING[sign].search(match.string, match.end(), match.end() + _QUOTATION)
    return closing is not None


def _may_be_spaced(match: re.Match[str]) -> bool:
    r"""Whether `\v C` is Č: within a word, or at the beginning of a name.

    `\d` and `\b` outside braces are signs of regular expressions.
    """
    if match["mark"] in "dbhG":
        return False
    return _is_letter_before(match) or match["mark_bare"][0].isupper()


def _is_letter_before(match: re.Match[str]) -> bool:
    at = match.start()
    return at > 0 and (match.string[at - 1].isalpha() or match.string[at - 1] == "}")
