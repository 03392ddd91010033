"""Parse the head of a vault note: link, title, authors, abstract."""

import re
from collections.abc import Sequence

from bot.archive.domain.language import is_sentence, is_title_case
from bot.archive.domain.markup.heading import (
    Heading,
    is_like_title,
    parse_authors_line,
    parse_emphasised,
    parse_plain,
    parse_with_link,
)
from bot.archive.domain.markup.markdown import CodeBlocks
from bot.archive.domain.markup.mentions import Address, parse_address_line
from bot.archive.domain.markup.quotation import may_be_abstract, quoted_text
from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

_MARKDOWN_HEADING = late_pattern(r"#{1,3}\s+(?!links?\s*:?\s*$)(\S.*)", re.IGNORECASE)
_WORD = late_pattern(r"\w+")
_MOST_LINES = 60
"""No title with its authors is wrapped over more lines."""


@dataclass(frozen=True, slots=True)
class NoteHead:
    """The parts of the head, further links in it, and the remaining lines.

    Text after the heading on its own line (`heading.behind`) comes before `rest`.
    """

    address: Address | None
    heading: Heading | None
    abstract: str | None
    rest: Sequence[str]
    links: tuple[str, ...] = ()


def read_head(lines: Sequence[str], name: str) -> NoteHead:
    """The head of a note; `name` is its file name without date and suffix.

    The link is on the first line, or before or after the title. If a note begins with neither link nor
    title, the first line that is a link to a paper counts, with the title below it.
    """
    at = _next_text(lines, 0)
    address = _address_at(lines, at)
    links: list[str] = []
    if address is not None:
        at += 1
        while (also := _next_text(lines, at)) < len(lines) and _address_at(lines, also):
            links.append(lines[also].strip())
            at = also + 1
    heading, at = _read_heading(lines, _next_text(lines, at), name, sure=address is not None)
    if heading is not None and heading.address is not None:
        address = heading.address
    if heading is None and address is None:
        return _read_late_head(lines)
    if address is None:
        address = _address_at(lines, after := _next_text(lines, at))
        at = after + 1 if address is not None else at
    abstract, at = _read_quote(lines, at)
    return NoteHead(address, heading, abstract, lines[at:], tuple(links))


def _read_late_head(lines: Sequence[str]) -> NoteHead:
    code: frozenset[int] | None = None
    for at, line in enumerate(lines):
        if "/" not in line and ":" not in line:
            continue
        address = parse_address_line(line)
        if address is not None and address.is_paper:
            code = CodeBlocks(lines).lines() if code is None else code
            if at not in code:
                return _head_below(lines, at, address)
    abstract, after = _read_quote(lines, 0)
    return NoteHead(None, None, abstract, lines[after:])


def _head_below(lines: Sequence[str], at: int, address: Address) -> NoteHead:
    """The head that begins with a link further down; the lines above it are part of `rest`."""
    heading, behind = _read_heading(lines, _next_text(lines, at + 1), "", sure=True)
    if heading is None or heading.behind:
        heading, behind = None, at + 1
    abstract, after = _read_quote(lines, behind)
    return NoteHead(address, heading, abstract, [*lines[:at], "", *lines[after:]])


def _read_heading(
    lines: Sequence[str], at: int, name: str, *, sure: bool
) -> tuple[Heading | None, int]:
    """The heading that begins on a line, and the line after it.

    `sure`: a link comes before it, so a title is expected.
    """
    if at >= len(lines):
        return None, at
    first = lines[at].strip()
    heading: Heading | None = None
    end = at + 1
    if first[0] in "*_":
        heading, end = _read_emphasised(lines, at)
    elif (marked := _MARKDOWN_HEADING.fullmatch(first)) is not None and len(first) < 400:
        heading = Heading(" ".join(marked[1].split()))
    if heading is None:
        heading, end = _read_plain(lines, at)
    if heading is None and not sure:
        heading, end = parse_with_link(first), at + 1
    if heading is None and _is_bare_title(lines, at, name, sure=sure):
        heading, end = Heading(" ".join(first.split())), at + 1
    if heading is None:
        return None, at
    if not heading.authors and not heading.behind and end < len(lines):
        authors = parse_authors_line(lines[end])
        if authors:
            return Heading(heading.title, authors, heading.address), end + 1
    return heading, end


def _read_emphasised(lines: Sequence[str], at: int) -> tuple[Heading | None, int]:
    for end in range(at + 1, _end_of_block(lines, at) + 1):
        heading = parse_emphasised("\n".join(lines[at:end]).strip())
        if heading is not None:
            return heading, end
    return None, at


def _read_plain(lines: Sequence[str], at: int) -> tuple[Heading | None, int]:
    first = lines[at]
    heading = parse_plain(first)
    if heading is not None or len(first) > 1_000:
        return heading, at + 1
    open_group = sum(map(first.count, "(（")) > sum(map(first.count, ")）"))
    for end in range(at + 2, _end_of_block(lines, at) + 1):
        last = lines[end - 1]
        wrapped = open_group or last[:1].isspace() or last[:1].islower()
        if not wrapped:
            break
        if last.rstrip().endswith((")", "）")):
            heading = parse_plain("\n".join(lines[at:end]))
            if heading is not None:
                return heading, end
    return None, at


def _is_bare_title(lines: Sequence[str], at: int, name: str, *, sure: bool) -> bool:
    """Whether a line is a title without authors.

    It is if authors, an abstract or a link follow, or if it resembles the file name; below a link also
    if it is in title case or no sentence.
    """
    line = lines[at].strip()
    if len(line) > 250 or not is_like_title(line):
        return False
    if _resembles(line, name):
        return True
    after = _next_text(lines, at + 1)
    if after < len(lines) and after <= at + 2:
        text = lines[after].strip()
        if text[0] == ">" or (after == at + 1 and parse_authors_line(text)):
            return True
        if not sure and _address_at(lines, after) is not None:
            return True
    return sure and is_title_case(line) and (line.endswith("?") or not is_sentence(line))


def _resembles(line: str, name: str) -> bool:
    said, named = set(_WORD.findall(line.casefold())), set(_WORD.findall(name.casefold()))
    return bool(named) and len(said) <= 25 and len(said & named) * 4 >= len(named) * 3


def _read_quote(lines: Sequence[str], at: int) -> tuple[str | None, int]:
    """The abstract quoted at or below a line, and the line after it."""
    first = _next_text(lines, at)
    end = first
    while end < len(lines) and lines[end].lstrip()[:1] == ">":
        end += 1
    if end == first or not may_be_abstract(lines[first]):
        return None, at
    return quoted_text(lines[first:end]) or None, end


def _address_at(lines: Sequence[str], at: int) -> Address | None:
    return parse_address_line(lines[at]) if at < len(lines) else None


def _next_text(lines: Sequence[str], at: int) -> int:
    """The first non-blank line from `at` on; the number of lines if there is none."""
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


def _end_of_block(lines: Sequence[str], at: int) -> int:
    """The line after the block of non-blank lines that begins at `at`, within a limit."""
    end = at + 1
    while end < min(len(lines), at + _MOST_LINES) and lines[end].strip():
        end += 1
    return end
