"""The marks `<english>` and `</english>` around English commentary."""

import re

_MARK = re.compile(r"(</?english>)", re.IGNORECASE)


def has_marks(line: str, *, english: bool) -> bool:
    """Whether a line begins with the opening mark or, if `english` is open, has any mark."""
    folded = line.lower()
    return "english>" in folded and (english or folded.lstrip().startswith("<english>"))


def split_marks(line: str) -> list[str]:
    """The text and the marks of a line, in order; marks in lower case."""
    parts = _MARK.split(line)
    return [part.lower() if at % 2 else part for at, part in enumerate(parts) if part.strip()]
