"""Classify the lines of a digest page, and find where entries begin."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from bot.archive.domain.dates import DateLine, parse_date_line
from bot.archive.domain.entry import Language
from bot.archive.domain.formats.abstracts import reads_as_abstract
from bot.archive.domain.language import is_title_case, language_of
from bot.archive.domain.markup.heading import (
    Heading,
    are_names,
    end_of_group,
    is_like_title,
    parse_authors_line,
    parse_emphasised,
    parse_plain,
    split_authors,
)
from bot.archive.domain.markup.markdown import CodeBlocks, may_have_blocks
from bot.archive.domain.markup.mentions import parse_address_line
from bot.archive.domain.markup.tags import parse_tag_line

_KEPT_ENDS = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_MARKED = re.compile(r"#{1,6}\s+(\S.*)")
_LONGEST_TITLE = 400
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


NOTHING = frozenset({Kind.BLANK, Kind.HIDDEN})
"""What says nothing."""


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
        while at < len(self.lines) and self.kinds[at] in NOTHING:
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


def read_lines(text: str, seen: str) -> Page:
    """Classify the lines of a page; `seen` is its text without hidden parts."""
    written, lines = (_KEPT_ENDS.findall(each) for each in (text, seen))
    lines += [""] * (len(written) - len(lines))  # the last line may be hidden, and had no end
    code = CodeBlocks(lines, only_closed=True).all() if may_have_blocks(seen) else {}
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


@dataclass(frozen=True, slots=True)
class Opening:
    """Where an entry begins: its title, and the link and authors around it.

    `begin` is the first line of the entry; the title is `title` to `title_end`; `body` is the first line
    after title, links and authors.
    """

    begin: int
    title: int
    title_end: int
    body: int
    authors: tuple[str, ...] = ()


@dataclass(slots=True)
class _Seen:
    """What came between the last date or opening and the current line."""

    expecting: bool = True  # a title, because of a date or tags
    fresh: bool = True  # no entry has begun below the date
    korean: int = 0
    english: int = 0
    link: int | None = None


@dataclass(frozen=True, slots=True)
class _Habits:
    """Properties of the whole page that help to find titles."""

    tags: bool
    links_lead: bool
    korean_titles: bool


def openings(page: Page) -> Iterator[Opening]:
    """Where entries begin, in order.

    A title is
    - a line with authors in parentheses on the next line or at its end;
    - the first line below a date or tags that reads as a title;
    - a line that is all emphasised or a Markdown heading, at those places or below a blank line;
    - below commentary, a line in title case, if a blank line is above it or the page has no tags; or,
      below a blank line, a line that reads as a title, if a link or an abstract follows.

    A link above the title belongs to the entry at the beginning of a day; if a blank line is above the
    link and none below it; and on pages that begin with a link. Otherwise it ends the entry above.
    """
    habits = _habits(page)
    seen = _Seen()
    at = page.after(-1)
    while at < len(page.lines):
        kind = page.kinds[at]
        if kind is Kind.DATE:
            seen = _Seen()
        elif kind is Kind.TAGS:
            seen.expecting, seen.link = True, None
        elif kind is Kind.LINK:
            seen.link = at if seen.link is None else seen.link
        elif kind is Kind.TEXT and _is_title(page, at, seen, habits):
            opening = _opening(page, at, _begin(page, at, seen, habits))
            yield opening
            seen = _Seen(expecting=False, fresh=False)
            at = opening.body - 1
        else:
            _take_in(page.lines[at], seen)
        at = page.after(at)


def _habits(page: Page) -> _Habits:
    first = page.after(-1)
    if page.kind(first) is Kind.DATE:
        first = page.after(first)
    title = page.after(first) if page.kind(first) is Kind.LINK else first
    return _Habits(
        tags=Kind.TAGS in page.kinds,
        links_lead=page.kind(first) is Kind.LINK,
        korean_titles=page.kind(title) is Kind.TEXT
        and not is_like_title(page.lines[title])
        and _may_be_korean_title(page.lines[title].strip()),
    )


def _begin(page: Page, title: int, seen: _Seen, habits: _Habits) -> int:
    """The first line of an entry: its title, or the link above it."""
    if seen.link is None:
        return title
    apart = _is_apart(page, seen.link)
    adopted = (
        seen.fresh
        or (apart and not _is_apart(page, title))
        or (habits.links_lead and (seen.expecting or apart))
    )
    return seen.link if adopted else title


def _take_in(line: str, seen: _Seen) -> None:
    seen.expecting, seen.link = seen.fresh, None
    language = language_of(line)
    seen.korean += language is Language.KO
    seen.english += language is Language.EN


def heading_on_line(line: str) -> Heading | None:
    """The heading that a line is, with or without authors at its end."""
    text = line.strip()
    heading = parse_emphasised(text)
    if heading is not None:
        titled = is_like_title(heading.title) or _may_be_korean_title(heading.title)
        return heading if titled and not heading.behind else None
    marked = _MARKED.fullmatch(text) if len(text) < _LONGEST_TITLE else None
    if marked is not None:
        return Heading(" ".join(marked[1].split()))
    return parse_plain(text)


def may_mislead(line: str) -> bool:
    """Whether a line of commentary could be read as a title, authors, a date or an abstract."""
    text = line.strip()
    return (
        text[:1] in {">", "(", "（"}
        or parse_date_line(text) is not None
        or heading_on_line(text) is not None
        or (is_like_title(text) and is_title_case(text))
    )


def _is_title(page: Page, at: int, seen: _Seen, habits: _Habits) -> bool:
    line = page.lines[at].strip()
    heading = heading_on_line(line)
    marked = heading is not None and line[0] in "*_#"
    if _authors_below(page, at) is not None and len(line) <= _LONGEST_TITLE:
        korean = _is_apart(page, at) and _may_be_korean_title(line)
        return seen.expecting or marked or is_like_title(line) or korean
    if heading is not None:
        if seen.expecting or len(heading.authors) > 1:
            return True
        return _is_apart(page, at) and (marked or is_title_case(heading.title))
    if seen.expecting:
        korean = seen.fresh or habits.korean_titles
        return is_like_title(line) or (korean and _may_be_korean_title(line))
    return _begins_unannounced(page, at, line, seen, has_tags=habits.tags)


def _begins_unannounced(page: Page, at: int, line: str, seen: _Seen, *, has_tags: bool) -> bool:
    following = page.after(at)
    if not (seen.korean or seen.english > 1) or not is_like_title(line) or line[-1] in "!:":
        return False
    if page.kind(following) not in (Kind.TEXT, Kind.LINK):
        return False
    if is_title_case(line) and len(line.split()) > 2:
        return _is_apart(page, at) or not has_tags
    about = page.kind(following) is Kind.LINK or reads_as_abstract(page.lines[following])
    return _is_apart(page, at) and about


def _may_be_korean_title(line: str) -> bool:
    return 1 < len(line) < 200 and line[0] not in "#>-|[(（!<`~*" and line[-1] not in ".,;…!?다요죠"


def _is_apart(page: Page, at: int) -> bool:
    before = at - 1
    while before >= 0 and page.kinds[before] is Kind.HIDDEN:
        before -= 1
    return before < 0 or page.kinds[before] is Kind.BLANK


def _authors_below(page: Page, at: int) -> tuple[int, int] | None:
    """The line after the title at `at`, and the line of its authors."""
    end = at + 1
    if page.kind(end) is Kind.TEXT and page.lines[end][:1].isspace():
        end += 1  # a title wrapped over two lines
    following = page.after(end - 1)
    if page.kind(following) is Kind.LINK:
        following = page.after(following)
    return (end, following) if following in page.authors else None


def _opening(page: Page, at: int, begin: int) -> Opening:
    below = _authors_below(page, at)
    title_end = body = at + 1
    authors: tuple[str, ...] = ()
    if below is not None:
        title_end = below[0]
        authors, body = page.authors[below[1]]
    following = page.after(body - 1)
    if page.kind(following) is Kind.LINK:
        body = following + 1
    return Opening(begin, at, title_end, body, authors)
