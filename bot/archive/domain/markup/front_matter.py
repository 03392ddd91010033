"""Find the YAML front matter of a text. `bot.archive.services.front_matter` parses it.

---
tags: [rl, moe]
date: 2025-02-03
---
"""

import re
from dataclasses import dataclass

_OPENING = re.compile(r"\ufeff?(?:[ \t]*\n){0,20}---[ \t]*\n")
_CLOSING = re.compile(r"(?<=\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_KEY = re.compile(
    r"""(?:[^\s:#\[\]{},&*!|>'"%@`-][^\n:#]{0,80}|"[^"\n]{1,80}"|'[^'\n]{1,80}')\s*:(?=\s|$)"""
)
_BLANK_LINE = re.compile(r"\n[ \t]*(?=\n)")
_NESTED = re.compile(r"[ \t]+\S|-(?:[ \t]|$)|[\])},]|#")
_LONGEST = 1_000_000
"""Front matter that is longer, in characters, is text."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Front matter: `text[start:end]` with its marks; `yaml` is between them.

    `line` is the line on which `yaml` begins, counted from 1.
    """

    start: int
    end: int
    yaml: str
    line: int
    is_closed: bool = True


def find(text: str) -> FrontMatter | None:
    """The front matter at the beginning of a text; a byte order mark and blank lines may precede it.

    Lines of `text` must end in a line feed. Text between two rules (`---`) is front matter only if most
    of its lines look like YAML: `key: value`, a continuation, or a comment. If nothing closes it, it
    ends at the first blank line; then all lines must look like YAML and the first must have a key.
    """
    opening = _OPENING.match(text) if "---" in text[:100] else None
    if opening is None:
        return None
    begin = opening.end()
    start = opening.group().index("---") + opening.start()
    line = opening[0].count("\n") + 1
    closing = _CLOSING.search(text, begin, begin + _LONGEST)
    if closing is not None:
        yaml = text[begin : closing.start()]
        if _is_yaml(yaml):
            return FrontMatter(start, closing.end(), yaml, line)
        return None
    yaml = _until_blank_line(text, begin)
    first, *rest = _lines(yaml)
    if not _KEY.match(first) or not all(_KEY.match(each) or _NESTED.match(each) for each in rest):
        return None
    return FrontMatter(start, begin + len(yaml), yaml, line, is_closed=False)


def _is_yaml(text: str) -> bool:
    lines = [line for line in _lines(text[:20_000]) if line.strip()]
    if not any(not line.startswith("#") for line in lines) or lines[0].startswith(("{", "%YAML")):
        return True
    keys = sum(_KEY.match(line) is not None for line in lines)
    alike = keys + sum(_NESTED.match(line) is not None for line in lines)
    return keys > 0 and 2 * alike >= len(lines)


def _until_blank_line(text: str, begin: int) -> str:
    blank = _BLANK_LINE.search(text, begin, begin + 20_000)
    return text[begin : blank.start() if blank is not None else begin + 20_000]


def _lines(text: str) -> list[str]:
    return text.rstrip("\n").split("\n")
