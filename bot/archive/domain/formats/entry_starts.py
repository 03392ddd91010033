"""Find where the entries of a digest page begin."""

from collections.abc import Iterator

from bot.archive.domain.dates import parse_date_line
from bot.archive.domain.entry import Language
from bot.archive.domain.formats.abstracts import reads_as_abstract
from bot.archive.domain.formats.page_lines import Kind, Page
from bot.archive.domain.language import is_title_case, language_of
from bot.archive.domain.markup.heading import (
    Heading,
    is_like_title,
    parse_emphasised,
    parse_plain,
)
from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

_MARKED = late_pattern(r"#{1,6}\s+(\S.*)")
_LONGEST_TITLE = 400


@dataclass(frozen=True, slots=True)
class EntryStart:
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
class _Context:
    """What came between the last date or start and the current line."""

    expecting: bool = True  # a title, because of a date or tags
    fresh: bool = True  # no entry has begun below the date
    korean: int = 0
    english: int = 0
    link: int | None = None


@dataclass(frozen=True, slots=True)
class _PageStyle:
    """Properties of the whole page that help to find titles."""

    tags: bool
    links_lead: bool
    korean_titles: bool


def entry_starts(page: Page) -> Iterator[EntryStart]:
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
    style = _style_of(page)
    context = _Context()
    at = page.after(-1)
    while at < len(page.lines):
        kind = page.kinds[at]
        if kind is Kind.DATE:
            context = _Context()
        elif kind is Kind.TAGS:
            context.expecting, context.link = True, None
        elif kind is Kind.LINK:
            context.link = at if context.link is None else context.link
        elif kind is Kind.TEXT and _is_title(page, at, context, style):
            start = _entry_start(page, at, _begin(page, at, context, style))
            yield start
            context = _Context(expecting=False, fresh=False)
            at = start.body - 1
        else:
            _count_languages(page.lines[at], context)
        at = page.after(at)


def _style_of(page: Page) -> _PageStyle:
    first = page.after(-1)
    if page.kind(first) is Kind.DATE:
        first = page.after(first)
    title = page.after(first) if page.kind(first) is Kind.LINK else first
    return _PageStyle(
        tags=Kind.TAGS in page.kinds,
        links_lead=page.kind(first) is Kind.LINK,
        korean_titles=page.kind(title) is Kind.TEXT
        and not is_like_title(page.lines[title])
        and _may_be_korean_title(page.lines[title].strip()),
    )


def _begin(page: Page, title: int, context: _Context, style: _PageStyle) -> int:
    """The first line of an entry: its title, or the link above it."""
    if context.link is None:
        return title
    apart = _is_apart(page, context.link)
    adopted = (
        context.fresh
        or (apart and not _is_apart(page, title))
        or (style.links_lead and (context.expecting or apart))
    )
    return context.link if adopted else title


def _count_languages(line: str, context: _Context) -> None:
    context.expecting, context.link = context.fresh, None
    language = language_of(line)
    context.korean += language is Language.KO
    context.english += language is Language.EN


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


def is_ambiguous(line: str) -> bool:
    """Whether a line of commentary could be read as a title, authors, a date or an abstract."""
    text = line.strip()
    return (
        text[:1] in {">", "(", "（"}
        or parse_date_line(text) is not None
        or heading_on_line(text) is not None
        or (is_like_title(text) and is_title_case(text))
    )


def _is_title(page: Page, at: int, context: _Context, style: _PageStyle) -> bool:
    line = page.lines[at].strip()
    heading = heading_on_line(line)
    marked = heading is not None and line[0] in "*_#"
    if _authors_below(page, at) is not None and len(line) <= _LONGEST_TITLE:
        korean = _is_apart(page, at) and _may_be_korean_title(line)
        return context.expecting or marked or is_like_title(line) or korean
    if heading is not None:
        if context.expecting or len(heading.authors) > 1:
            return True
        return _is_apart(page, at) and (marked or is_title_case(heading.title))
    if context.expecting:
        korean = context.fresh or style.korean_titles
        return is_like_title(line) or (korean and _may_be_korean_title(line))
    return _is_unmarked_title(page, at, line, context, has_tags=style.tags)


def _is_unmarked_title(
    page: Page, at: int, line: str, context: _Context, *, has_tags: bool
) -> bool:
    following = page.after(at)
    if not (context.korean or context.english > 1) or not is_like_title(line) or line[-1] in "!:":
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


def _entry_start(page: Page, at: int, begin: int) -> EntryStart:
    below = _authors_below(page, at)
    title_end = body = at + 1
    authors: tuple[str, ...] = ()
    if below is not None:
        title_end = below[0]
        authors, body = page.authors[below[1]]
    following = page.after(body - 1)
    if page.kind(following) is Kind.LINK:
        body = following + 1
    return EntryStart(begin, at, title_end, body, authors)
