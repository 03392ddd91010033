"""Classify the lines of a digest page."""

from collections.abc import Sequence
from enum import Enum, auto

from bot.archive.domain.dates import DateLine, parse_date_line
from bot.archive.domain.markup.heading import (
    are_names,
    end_of_group,
    parse_authors_line,
    split_authors,
)
from bot.archive.domain.markup.markdown import CodeBlocks, may_have_blocks
from bot.archive.domain.markup.mentions import parse_address_line
from bot.archive.domain.markup.tags import parse_tag_line
from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

_KEPT_ENDS = late_pattern(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_MOST_LINES_OF_AUTHORS = 60


class Kind(Enum):
    """What a line is, judged alone."""

    BLANK = auto()
    DATE = auto()
    TAGS = auto()
    LINK = auto()
    AUTHORS = auto()
    TEXT = auto()
    CODE = auto()
    HIDDEN = auto()


EMPTY = frozenset({Kind.BLANK, Kind.HIDDEN})
"""Kinds of lines without content."""


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of a page with their ends, `written` as in the file, and `lines` without hidden text.

    A line that is hidden completely is `HIDDEN` and ignored. `authors` maps the first line of a list of
    authors to the names and the line after it; its further lines are `AUTHORS` too.
    """

    written: Sequence[str]
    lines: Sequence[str]
    kinds: Sequence[Kind]
    dates: dict[int, DateLine]
    authors: dict[int, tuple[tuple[str, ...], int]]

    def after(self, at: int) -> int:
        """The next line after `at` with content; the number of lines if there is none."""
        at += 1
        while at < len(self.lines) and self.kinds[at] in EMPTY:
            at += 1
        return at

    def text(self, start: int, end: int, *, written: bool = True) -> str:
        """The text of lines, as written or without hidden text."""
        if written:
            return "".join(self.written[start:end])
        kinds = self.kinds
        return "".join(self.lines[at] for at in range(start, end) if kinds[at] is not Kind.HIDDEN)

    def kind(self, at: int) -> Kind:
        """The kind of a line; `BLANK` after the last one."""
        return self.kinds[at] if at < len(self.kinds) else Kind.BLANK


def read_lines(text: str, visible: str) -> Page:
    """Classify the lines of a page; `visible` is its text without hidden parts."""
    written, lines = (_KEPT_ENDS.findall(each) for each in (text, visible))
    lines += [""] * (len(written) - len(lines))  # the last line may be hidden, and had no end
    code = CodeBlocks(lines, only_closed=True).all() if may_have_blocks(visible) else {}
    kinds: list[Kind] = []
    dates: dict[int, DateLine] = {}
    authors: dict[int, tuple[tuple[str, ...], int]] = {}
    while len(kinds) < len(lines):
        at = len(kinds)
        line = lines[at].strip()
        kind = Kind.TEXT
        if at in code:
            kinds += [Kind.CODE] * (code[at] - at - 1)
            kind = Kind.CODE
        elif not line:
            kind = Kind.HIDDEN if written[at].strip("\ufeff \t\r\n") else Kind.BLANK
        elif line[0] in "(（":
            names, end = _authors_from(lines, at)
            if names:
                authors[at] = (names, end)
                kinds += [Kind.AUTHORS] * (end - at - 1)
                kind = Kind.AUTHORS
        elif line[0] in "#＃" and parse_tag_line(line):
            kind = Kind.TAGS
        elif (date := parse_date_line(line)) is not None:
            dates[at] = date
            kind = Kind.DATE
        elif parse_address_line(line) is not None:
            kind = Kind.LINK
        kinds.append(kind)
    return Page(written, lines, kinds, dates, authors)


def _authors_from(lines: Sequence[str], at: int) -> tuple[tuple[str, ...], int]:
    """The authors in the parenthesis that a line opens, and the line after them."""
    names = parse_authors_line(lines[at])
    if names or end_of_group(lines[at].strip()) is not None:
        return names, at + 1
    end = at + 1
    while end < min(len(lines), at + _MOST_LINES_OF_AUTHORS) and lines[end].strip():
        end += 1
        if lines[end - 1].rstrip().endswith((")", "）")):
            text = " ".join(line.strip() for line in lines[at:end])
            if end_of_group(text) == len(text) and are_names(names := split_authors(text[1:-1])):
                return names, end
    return (), at + 1
