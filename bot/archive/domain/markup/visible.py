"""A text as its reader sees it: without front matter, and without what its author hid."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.archive.domain.entry import Problem, Severity
from bot.archive.domain.markup.front_matter import FrontMatter, find
from bot.archive.domain.markup.markdown import hidden, without

_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Visible:
    """What is seen of a text, with the lines that it had, and what was hidden of it.

    `hidden` are the front matter, if any, and comments, as they stood there; `unclosed` is the line
    of a comment that has no end.
    """

    text: str
    front_matter: FrontMatter | None = None
    hidden: tuple[str, ...] = ()
    unclosed: int | None = None

    def problems(self, path: str) -> Iterator[Problem]:
        """What a person should look at."""
        front = self.front_matter
        if front is not None and not front.is_closed:
            message = "the front matter is not closed: write --- on a line below it"
            yield Problem(path, front.line - 1, Severity.WARNING, message)
        if self.unclosed is not None:
            message = "the comment that begins here is not closed: nothing below it is shown"
            yield Problem(path, self.unclosed, Severity.WARNING, message)


def visible(text: str, *, only_closed: bool = False) -> Visible:
    """What is seen of a text; a byte order mark is not.

    `only_closed` says that a fence which is not closed, and indentation, make no code. Where
    something is hidden, every line of the rest ends in a line feed.
    """
    plain = with_line_feeds(text)
    front = find(plain)
    found = hidden(plain, front.end if front is not None else 0, only_closed=only_closed)
    spans = ((front.start, front.end), *found.spans) if front is not None else found.spans
    return Visible(
        text=(without(plain, spans) if spans else text).removeprefix(_BYTE_ORDER_MARK),
        front_matter=front,
        hidden=tuple(plain[start:end] for start, end in spans),
        unclosed=found.unclosed,
    )


def with_line_feeds(text: str) -> str:
    """The text with a line feed at the end of every line."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
