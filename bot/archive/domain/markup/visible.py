"""The visible part of a text: without front matter and comments."""

from collections.abc import Iterator

from bot.archive.domain.entry import Problem, Severity
from bot.archive.domain.markup.front_matter import FrontMatter, find
from bot.archive.domain.markup.markdown import hidden, without
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import worded

_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Visible:
    """The visible text, with as many lines as before, and the hidden parts.

    `hidden` are the front matter, if any, and the comments, verbatim; `spans` say where they are in
    the text with line feeds. `unclosed` is the line of a comment that is not closed.
    """

    text: str
    front_matter: FrontMatter | None = None
    hidden: tuple[str, ...] = ()
    unclosed: int | None = None
    spans: tuple[tuple[int, int], ...] = ()

    def problems(self, path: str) -> Iterator[Problem]:
        """Warnings about front matter and comments that are not closed."""
        front = self.front_matter
        if front is not None and not front.is_closed:
            message = worded(
                "the front matter is not closed: write {mark} on a line below it", mark=front.mark
            )
            yield Problem(path, front.line - 1, Severity.WARNING, message)
        if self.unclosed is not None:
            message = worded(
                "the comment that begins here is not closed: the rest of the file is not shown"
            )
            yield Problem(path, self.unclosed, Severity.WARNING, message)


def visible(text: str, *, only_closed: bool = False) -> Visible:
    """The visible part of a text, without byte order mark.

    See `CodeBlocks` for `only_closed`. If something is hidden, all line ends become line feeds.
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
        spans=spans,
    )


def with_line_feeds(text: str) -> str:
    """The text with every line end replaced by a line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
