"""Parts of Markdown that are no prose: code, mathematics, comments.

All functions are linear in the length of the text.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

_FENCE = late_pattern(
    r"(?P<quote>\s*(?:>\s*)*)(?:(?:[-*+]|[0-9]{1,9}[.)])\s+)?(?P<mark>`{3,}(?=[^`]*$)|~{3,})"
)
_QUOTE = late_pattern(r"\s*>")
_CLOSING_FENCE = late_pattern(r"\s*(?:>\s*)*(`{3,}|~{3,})\s*$")
_LIST_ITEM = late_pattern(r"(\s*)((?:[-*+]|[0-9]{1,9}[.)])\s+)\S")
_INDENTED = late_pattern(r" {0,3}\t| {4}")
_MOST_LINES_OF_MATHEMATICS = 100
# Blocks by how they begin: formulas in three notations, elements of HTML that hold no prose.
_OPENING = late_pattern(
    r"\$\$|\\\[|\\begin\{(?P<name>[a-z]{1,30}\*?)\}|<(?P<element>pre|script|style)\b",
    re.IGNORECASE,
)
_ELEMENT = late_pattern(r"<(?:pre|script|style)\b", re.IGNORECASE)
_MARK = late_pattern(r"\\[\\`]|`+|%{2,}|<!--")
_PERCENTS = late_pattern(r"%{2,}")
_ENCODED = late_pattern(r"[0-9A-Fa-f]{2}")
_BLANK_LINE = late_pattern(r"\n[^\S\n]*(?=\n)")
_SPACE = " \t\n\u3000"
_LINE_FEEDS = late_pattern(r"\n")
_BACKTICKS = late_pattern(r"`+")
# The idiom for a comment in plain Markdown: a link definition that no link uses.
_DEFINITION = late_pattern(
    r""" {0,3}\[[^\[\]\n]{1,40}\]:[ \t]*(?:\#|<\#?>)"""
    r"""(?:[ \t]*\n?[ \t]*(?:\((?:[^()\n]|\n(?!\s*\n))*\)|"(?:[^"\n]|\n(?!\s*\n))*"|"""
    r"""'(?:[^'\n]|\n(?!\s*\n))*'))?[ \t]*(?=\n|\Z)"""
)


class CodeBlocks:
    r"""Finds blocks of code and, optionally, of mathematics. Lines must be asked for in order.

    Code is fenced (also in quotations and list items), or indented by four spaces below a blank line
    and outside of lists. A fence without end reaches to the end of the text, as in CommonMark; with
    `only_closed` such a fence is no code, and neither is indentation. Mathematics reaches from a line
    that begins with `$$` to the next line with `$$`, or from `\[` or `\begin{…}` to the end of it in
    the same paragraph; `<pre>`, `<script>` and `<style>` are treated likewise.
    """

    def __init__(
        self, lines: Sequence[str], *, only_closed: bool = False, mathematics: bool = True
    ) -> None:
        self._lines = lines
        self._only_closed = only_closed
        self._mathematics = mathematics
        self._after_blank = True
        self._list_indent: int | None = None
        self._without: dict[str, int] = {}  # how far an end was looked for in vain

    def end(self, at: int) -> int | None:
        """The line after the block that begins at line `at`, or `None`.

        Call it once for each line outside of blocks, in ascending order.
        """
        line = self._lines[at]
        stripped = line.strip()
        if not stripped:
            self._after_blank = True
            return None
        end = None
        if "```" in line or "~~~" in line:
            end = self._end_of_fenced(at)
        elif self._mathematics and stripped[0] in "$\\<":
            end = self._end_of_mathematics(at, stripped)
        if end is None and line[0] in " \t" and not self._only_closed:
            end = self._end_of_indented(at)
        self._note_list(line)
        self._after_blank = False
        return end

    def all(self) -> dict[int, int]:
        """All blocks: first line → line after the last."""
        found = {}
        at = 0
        while at < len(self._lines):
            end = self.end(at)
            if end is not None:
                found[at] = end
            at = end or at + 1
        return found

    def lines(self) -> frozenset[int]:
        """The numbers of all lines in blocks."""
        return frozenset(n for at, end in self.all().items() for n in range(at, end))

    def _note_list(self, line: str) -> None:
        item = _LIST_ITEM.match(line)
        if item is not None:
            self._list_indent = len(item[1].expandtabs(4)) + len(item[2].expandtabs(4))
        elif self._after_blank and line[0] not in " \t":
            self._list_indent = None

    def _end_of_fenced(self, at: int) -> int | None:
        fence = _FENCE.match(self._lines[at].rstrip("\r\n"))
        if fence is None:
            return None
        mark = fence["mark"]
        if ">" in fence["quote"]:
            return self._end_of_quoted(at, mark)
        if at + 1 == len(self._lines) or self._closers[mark[0]][at + 1] < len(mark):
            return None if self._only_closed else len(self._lines)
        end = at + 1
        while not _closes(self._lines[end], mark):
            end += 1
        return end + 1

    def _end_of_quoted(self, at: int, mark: str) -> int:
        end = at + 1
        while end < len(self._lines) and _QUOTE.match(self._lines[end]):
            end += 1
            if _closes(self._lines[end - 1], mark):
                break
        return end

    @cached_property
    def _closers(self) -> dict[str, list[int]]:
        """For both kinds of fence: the longest closing fence at or after each line."""
        longest = {"`": [0] * len(self._lines), "~": [0] * len(self._lines)}
        for at in range(len(self._lines) - 1, -1, -1):
            for kind in longest.values():
                kind[at] = kind[at + 1] if at + 1 < len(self._lines) else 0
            if "```" in self._lines[at] or "~~~" in self._lines[at]:
                found = _CLOSING_FENCE.match(self._lines[at])
                if found is not None and ">" not in self._lines[at]:
                    kind = longest[found[1][0]]
                    kind[at] = max(kind[at], len(found[1]))
        return longest

    def _end_of_mathematics(self, at: int, stripped: str) -> int | None:
        opening = _OPENING.match(stripped)
        if opening is None:
            return None
        closing, is_paragraph = _closing(opening)
        if closing in stripped[opening.end() :].casefold():
            return None
        last = min(len(self._lines), at + _MOST_LINES_OF_MATHEMATICS)
        for end in range(max(at + 1, self._without.get(closing, 0)), last):
            if closing in self._lines[end].casefold():
                return end + 1
            if is_paragraph and not self._lines[end].strip():
                last = end
                break
        self._without[closing] = max(last, self._without.get(closing, 0))
        return None

    def _end_of_indented(self, at: int) -> int | None:
        if not self._after_blank or self._list_indent is not None:
            return None
        if not _INDENTED.match(self._lines[at]):
            return None
        end = at + 1
        last = at
        while end < len(self._lines):
            if _INDENTED.match(self._lines[end]) and self._lines[end].strip():
                last = end
            elif self._lines[end].strip():
                break
            end += 1
        return last + 1


def _closing(opening: re.Match[str]) -> tuple[str, bool]:
    """What ends the block, case-folded, and whether it must be in the same paragraph."""
    if opening["element"] is not None:
        return f"</{opening['element'].casefold()}>", False
    if opening["name"] is not None:
        return f"\\end{{{opening['name'].casefold()}}}", True
    return ("$$", False) if opening[0] == "$$" else ("\\]", True)


def _closes(line: str, mark: str) -> bool:
    found = _CLOSING_FENCE.match(line) if mark in line else None
    return found is not None and found[1][0] == mark[0] and len(found[1]) >= len(mark)


def may_have_blocks(text: str) -> bool:
    """A quick check whether a text can have any block."""
    if (
        has_mark(text, "```")
        or has_mark(text, "~~~")
        or has_mark(text, "$$")
        or "    " in text
        or "\t" in text
        or has_mark(text, "\\[")
        or has_mark(text, "\\begin")
    ):
        return True
    # `<english>` is in most notes.
    return "<" in text and _ELEMENT.search(text) is not None


def has_mark(text: str, mark: str) -> bool:
    """Whether a text has a mark of several signs, where most texts have not even its first.

    One sign is found ten times as quickly as two in a row.
    """
    return mark[0] in text and mark in text


def code_spans(text: str) -> list[tuple[int, int]]:
    """The code spans of a text: between backtick runs of equal length in a paragraph."""
    if "`" not in text:
        return []
    spans: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        blank = _BLANK_LINE.search(text, start)
        end = blank.start() + 1 if blank is not None else len(text)
        _add_code_spans(text, start, end, spans)
        start = end
    return spans


def _add_code_spans(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    runs = _Runs(text, start, end)
    for mark in _MARK.finditer(text, start, end):
        begin = mark.start()
        if text[begin] == "`" and (not spans or begin >= spans[-1][1]):
            behind = runs.end(begin, len(mark[0]))
            if behind is not None:
                spans.append((begin, behind))


class _Runs:
    """The runs of backticks in a paragraph, by length."""

    def __init__(self, text: str, start: int = 0, end: int | None = None) -> None:
        self._starts: defaultdict[int, list[int]] = defaultdict(list)
        for run in _BACKTICKS.finditer(text, start, len(text) if end is None else end):
            self._starts[len(run[0])].append(run.start())

    def end(self, start: int, length: int) -> int | None:
        """The end of the next run of that length after `start`, or `None`."""
        starts = self._starts[length]
        at = bisect_right(starts, start)
        return starts[at] + length if at < len(starts) else None


@dataclass(frozen=True, slots=True)
class Hidden:
    """Where a text is hidden, and the line of a comment that is not closed."""

    spans: tuple[tuple[int, int], ...] = ()
    unclosed: int | None = None


def hidden(text: str, start: int = 0, *, only_closed: bool = False) -> Hidden:
    """Find comments: `%%…%%` (Obsidian), `<!-- … -->`, and lines like `[//]: # (…)`.

    Lines of `text` must end in a line feed; text before `start` is skipped. Comments may span
    paragraphs. A comment without end hides everything after it. A `%%` after a digit (`95%%`) or in
    an address (`%%20`) is text, unless an ordinary `%%` in the same paragraph closes it. Marks in
    code are text; see `CodeBlocks` for `only_closed`.
    """
    if not (has_mark(text, "%%") or has_mark(text, "<!--") or has_mark(text, "]:")):
        return Hidden()
    return _Scan(text, start, only_closed=only_closed).run()


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text without these spans. Their line feeds stay.

    Where two spaces would meet, only one stays.
    """
    return "".join(text[start:end] for start, end in left(text, spans))


def left(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where the parts of a text are that stay when these spans are taken out (`without`)."""
    at = 0
    for start, end in spans:
        yield at, start
        yield from (
            (found.start(), found.end()) for found in _LINE_FEEDS.finditer(text, start, end)
        )
        spaced = start == 0 or text[start - 1] in _SPACE
        at = end
        while spaced and at < len(text) and text[at] in " \t":
            at += 1
    yield at, len(text)


class _Scan:
    """One pass over a text, skipping code and collecting comments."""

    def __init__(self, text: str, start: int, *, only_closed: bool) -> None:
        self._text = text
        self._at = start  # everything before is decided
        lines = text.split("\n")
        self._starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
        self._blocks = CodeBlocks(lines, only_closed=only_closed, mathematics=False)
        self._runs = _Runs("")
        self._paragraph_end = 0
        self._spans: list[tuple[int, int]] = []

    def run(self) -> Hidden:
        unclosed: int | None = None
        while self._at < len(self._text) and unclosed is None:
            line = bisect_right(self._starts, self._at) - 1
            begins = self._at == self._starts[line]
            behind = self._blocks.end(line) if begins else None
            if behind is not None:
                self._at = self._starts[behind]
            elif begins and (found := _DEFINITION.match(self._text, self._at)) is not None:
                self._hide(self._at, found.end())
            else:
                unclosed = self._read_line(self._starts[line + 1])
        return Hidden(tuple(self._spans), unclosed)

    def _hide(self, start: int, end: int) -> None:
        self._spans.append((start, end))
        self._at = end

    def _read_line(self, end: int) -> int | None:
        """Advance to `end`, or past what begins before it; return the line of an open comment."""
        while self._at < end:
            mark = _MARK.search(self._text, self._at, end)
            if mark is None:
                self._at = end
            elif mark[0][0] == "`":
                self._at = self._end_of_code(mark.start(), len(mark[0])) or mark.end()
            elif mark[0][0] == "\\":
                self._at = mark.end()
            elif mark[0] == "<!--":
                closing = self._text.find("-->", mark.start() + 2)  # `<!-->` is a comment
                if closing < 0:
                    return self._hide_rest(mark.start())
                self._hide(mark.start(), closing + 3)
            elif (behind := self._end_of_percents(mark)) is not None:
                self._hide(mark.start(), behind)
            elif _may_be_text(self._text, mark):
                self._at = mark.end()
            else:
                return self._hide_rest(mark.start())
        return None

    def _end_of_percents(self, opening: re.Match[str]) -> int | None:
        """The end of the comment that this run of `%` opens.

        Two `%` are a mark; four open and close an empty comment. `None` if it is not closed, or both marks
        are probably text.
        """
        if len(opening[0]) // 2 % 2 == 0:
            return opening.end()
        runs = _PERCENTS.finditer(self._text, opening.end())
        closing = next((run for run in runs if len(run[0]) // 2 % 2), None)
        if closing is None:
            return None
        if _may_be_text(self._text, opening) and (
            _may_be_text(self._text, closing)
            or _BLANK_LINE.search(self._text, opening.end(), closing.start()) is not None
        ):
            return None
        return closing.end()

    def _hide_rest(self, start: int) -> int:
        self._hide(start, len(self._text))
        return bisect_right(self._starts, start)

    def _end_of_code(self, start: int, length: int) -> int | None:
        if start >= self._paragraph_end:
            blank = _BLANK_LINE.search(self._text, start)
            self._paragraph_end = blank.start() + 1 if blank is not None else len(self._text)
            self._runs = _Runs(self._text, start, self._paragraph_end)
        return self._runs.end(start, length)


def _may_be_text(text: str, mark: re.Match[str]) -> bool:
    """Whether a `%%` may be meant literally: `95%%`, or a percent-encoding in an address."""
    before = re.search(r"\S*\Z", text[max(0, mark.start() - 200) : mark.start()])
    word = before[0] if before is not None else ""
    if "://" in word:
        return _ENCODED.match(text, mark.end()) is not None
    return word[-1:].isdigit()
