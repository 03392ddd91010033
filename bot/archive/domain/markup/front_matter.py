"""Find the front matter of a text. `bot.archive.services.front_matter` parses it if it is YAML.

---
tags: [rl, moe]
date: 2025-02-03
---

TOML between lines of `+++`, as Hugo and Zola write it, is found too: it is hidden, but not read.
"""

import re

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

YAML_MARK, TOML_MARK = "---", "+++"
_OPENING = late_pattern(r"\ufeff?(?:[ \t]*\n){0,20}(?P<mark>---|\+\+\+)[ \t]*\n")
_CLOSING = {
    YAML_MARK: late_pattern(r"(?<=\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)"),
    TOML_MARK: late_pattern(r"(?<=\n)\+\+\+[ \t]*(?:\n|\Z)"),
}
_KEY = late_pattern(
    r"""(?:[^\s:#\[\]{},&*!|>'"%@`-][^\n:#]{0,80}|"[^"\n]{1,80}"|'[^'\n]{1,80}')\s*:(?=\s|$)"""
)
_TOML = late_pattern(
    r"""(?:[\w.-]{1,80}|"[^"\n]{1,80}"|'[^'\n]{1,80}')[ \t]*=|\[{1,2}[^\[\]\n]+\]{1,2}\s*$"""
)
_BLANK_LINE = late_pattern(r"\n[ \t]*(?=\n)")
_NESTED = late_pattern(r"[ \t]+\S|-(?:[ \t]|$)|[\])},]|#")
_LONGEST = 1_000_000
"""Front matter that is longer, in characters, is text."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Front matter: `text[start:end]` with its marks; `written` is between them.

    `mark` is `YAML_MARK` or `TOML_MARK`; `line` is the line on which `written` begins, from 1.
    """

    start: int
    end: int
    written: str
    line: int
    mark: str = YAML_MARK
    is_closed: bool = True


def find(text: str) -> FrontMatter | None:
    """The front matter at the beginning of a text; a byte order mark and blank lines may precede it.

    Lines of `text` must end in a line feed. Text between two marks is front matter only if most of its
    lines look like it: `key: value` (in TOML `key = value` or `[table]`), a continuation, or a comment. If nothing closes it, it
    ends at the first blank line; then all lines must look like it and the first must have a key.
    """
    start = text[:100]
    opening = _OPENING.match(text) if YAML_MARK in start or TOML_MARK in start else None
    if opening is None:
        return None
    begin = opening.end()
    at, mark = opening.start("mark"), opening["mark"]
    line = opening[0].count("\n") + 1
    key = _KEY if mark == YAML_MARK else _TOML
    closing = _CLOSING[mark].search(text, begin, begin + _LONGEST)
    if closing is not None:
        written = text[begin : closing.start()]
        if _is_alike(written, key):
            return FrontMatter(at, closing.end(), written, line, mark)
        return None
    written = _until_blank_line(text, begin)
    first, *rest = _lines(written)
    if not key.match(first) or not all(key.match(each) or _NESTED.match(each) for each in rest):
        return None
    return FrontMatter(at, begin + len(written), written, line, mark, is_closed=False)


def _is_alike(text: str, key: re.Pattern[str]) -> bool:
    lines = [line for line in _lines(text[:20_000]) if line.strip()]
    if not any(not line.startswith("#") for line in lines) or lines[0].startswith(("{", "%YAML")):
        return True
    keys = sum(key.match(line) is not None for line in lines)
    alike = keys + sum(_NESTED.match(line) is not None for line in lines)
    return keys > 0 and 2 * alike >= len(lines)


def _until_blank_line(text: str, begin: int) -> str:
    blank = _BLANK_LINE.search(text, begin, begin + 20_000)
    return text[begin : blank.start() if blank is not None else begin + 20_000]


def _lines(text: str) -> list[str]:
    return text.rstrip("\n").split("\n")
