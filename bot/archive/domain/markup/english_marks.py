"""The marks `<english>` and `</english>` around English commentary."""

import re

from bot.core.domain.late import late_pattern

_MARK = late_pattern(r"(</?english>)", re.IGNORECASE)


def has_marks(line: str, *, english: bool) -> bool:
    """Whether a line begins with the opening mark or, if `english` is open, has any mark."""
    if ">" not in line:
        return False
    folded = line.lower()
    return "english>" in folded and (english or folded.lstrip().startswith("<english>"))


def find_unclosed(text: str) -> int | None:
    """The line, from 1, of the last `<english>` in a text, if no `</english>` follows it.

    Only a mark at the beginning of a line opens.
    """
    opened: int | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if has_marks(line, english=opened is not None):
            for part in split_marks(line):
                if part == "<english>":
                    opened = number
                elif part == "</english>":
                    opened = None
    return opened


def split_marks(line: str) -> list[str]:
    """The text and the marks of a line, in order; marks in lower case."""
    parts = _MARK.split(line)
    return [part.lower() if at % 2 else part for at, part in enumerate(parts) if part.strip()]
