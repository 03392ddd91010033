"""JSON from Slack with well-formed text only, whatever somebody typed or pasted into Slack."""

import re
import unicodedata
from typing import Any

# Halves of surrogate pairs, NUL, and the code points that Unicode says are no characters.
_MALFORMED = re.compile(
    "[\x00\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(
        f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17)
    )
    + "]"
)


def well_formed_text(text: str) -> str:
    """The text as every encoder and the database take it.

    Halves of one surrogate pair are joined, a lone one becomes U+FFFD; NUL and what is no character
    are left out, as are marks at the start, which have no letter to stand on.
    """
    if _MALFORMED.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        text = _MALFORMED.sub("", text)
    start = 0
    while start < len(text) and unicodedata.category(text[start]) in {"Mn", "Me"}:
        start += 1
    return text[start:]


def well_formed(value: Any) -> Any:
    """The same JSON, its texts well-formed."""
    if isinstance(value, str):
        return well_formed_text(value)
    if isinstance(value, dict):
        return {name: well_formed(part) for name, part in value.items()}
    if isinstance(value, list):
        return [well_formed(part) for part in value]
    return value
