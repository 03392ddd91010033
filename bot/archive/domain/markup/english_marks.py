"""`<english>` and `</english>`: what the curator puts around English commentary."""

import re

_MARK = re.compile(r"(</?english>)", re.IGNORECASE)


def has_marks(line: str, *, english: bool) -> bool:
    """Whether a line begins with the opening mark or, where `english` is open, holds a mark."""
    folded = line.lower()
    return "english>" in folded and (english or folded.lstrip().startswith("<english>"))


def split_marks(line: str) -> list[str]:
    """A line's text and marks, in order; the marks in lower case."""
    parts = _MARK.split(line)
    return [part.lower() if at % 2 else part for at, part in enumerate(parts) if part.strip()]
