"""Names and titles that were decoded wrongly before they came to us ("WÃ¼bben") set right."""

import re

# Bytes of UTF-8 read as Latin-1 or as Windows-1252: a lead byte and its continuation bytes.
_CONTINUATION = (
    "\x80-\xbf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d"
    "\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178"
)
_SUSPECT = re.compile(f"(?:[\xc2-\xf4][{_CONTINUATION}]{{1,3}})+")


def repair_mojibake(text: str) -> str:
    """The text with each stretch that is doubly encoded UTF-8 decoded once more.

    Only stretches that decode without error change, so a text that is right stays as it is:
    no language puts a letter such as `Ã` before a sign such as `¼`.
    """
    return _SUSPECT.sub(_decoded, text)


def _decoded(match: re.Match[str]) -> str:
    try:
        return b"".join(map(_byte, match[0])).decode()
    except UnicodeError:
        return match[0]


def _byte(character: str) -> bytes:
    return character.encode("latin-1" if character <= "\xff" else "cp1252")
