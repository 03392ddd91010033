"""A document as text for a terminal or a pipe. Pure; nothing is ever cut.

Characters that control a terminal (control characters, directional overrides) become visible
marks, so that no title can change the screen.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum

from bot.core.domain.chart import bars
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Chart,
    Code,
    Divider,
    Document,
    Fields,
    Heading,
    Inline,
    Item,
    Items,
    Link,
    Note,
    Paragraph,
    Quote,
    Style,
    map_text,
)
from bot.core.domain.late import late_pattern
from bot.core.latex import readable

_STEERING = late_pattern("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Look(StrEnum):
    """How a terminal with colours shows a run."""

    PLAIN = "plain"
    HEADING = "heading"
    STRONG = "strong"
    EMPHASIS = "emphasis"
    CODE = "code"
    LINK = "link"
    SMALL = "small"


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text in one look; line ends are newlines in the text."""

    text: str
    look: Look = Look.PLAIN


_LOOKS = {
    Style.PLAIN: Look.PLAIN,
    Style.STRONG: Look.STRONG,
    Style.EMPHASIS: Look.EMPHASIS,
    Style.CODE: Look.CODE,
}


_BLOCK_LOOKS = {Heading: Look.HEADING, Paragraph: Look.PLAIN, Note: Look.SMALL}


def render(document: Document) -> str:
    """The document as plain text, ending with a newline."""
    return "".join(run.text for run in runs(document))


def runs(document: Document) -> tuple[Run, ...]:
    """The document piece by piece; joined they are what `render` gives."""
    pieces: list[Run] = []
    for place, block in enumerate(map_text(document, readable).blocks):
        if place:
            pieces.append(Run("\n"))
        pieces += _block(block)
    return tuple(pieces)


def printable(text: str) -> str:
    """The text with a visible mark for each character that would steer a terminal."""
    return _STEERING.sub("\ufffd", text)


def _block(block: Block) -> Iterator[Run]:
    match block:
        case Heading() | Paragraph() | Note():
            yield from _line(_inlines(block.inlines, _BLOCK_LOOKS[type(block)]))
        case Quote():
            yield from _line(_indented(_inlines(block.inlines), "> "))
        case Items():
            for item in block.items:
                yield from _item(item)
        case Fields():
            for label, value in block.fields:
                yield Run(f"{printable(label)}: ", Look.STRONG)
                yield from _line(_inlines(value))
        case Code(text):
            yield Run(f"{printable(text)}\n", Look.CODE)
        case Chart():
            yield Run(f"{printable(bars(block))}\n", Look.CODE)
        case Divider():
            yield Run("―――\n", Look.SMALL)
        case Buttons():
            for button in block.buttons:
                yield from _button(button)


def _item(item: Item) -> Iterator[Run]:
    mark = "- " if item.number is None else f"{item.number}. "
    indent = " " * len(mark)
    yield Run(mark, Look.SMALL)
    yield from _line(_indented(_inlines(item.inlines), indent, first=""))
    if item.detail:
        yield from _line(_indented(_inlines(item.detail, Look.SMALL), indent))
    if item.button:
        yield Run(indent)
        yield from _button(item.button)


def _button(button: Button) -> Iterator[Run]:
    yield Run(f"[{printable(button.label)}] ", Look.SMALL)
    yield Run(printable(button.command or button.url or ""), Look.CODE)
    yield Run("\n")


def _inlines(inlines: Iterable[Inline], look: Look = Look.PLAIN) -> Iterator[Run]:
    for inline in inlines:
        text = printable(inline.text)
        if not isinstance(inline, Link):
            yield Run(text, look if inline.style is Style.PLAIN else _LOOKS[inline.style])
            continue
        yield Run(text, look if look is Look.HEADING else Look.LINK)
        if inline.url != inline.text:
            yield Run(f" <{printable(inline.url)}>", Look.SMALL)


def _indented(pieces: Iterable[Run], indent: str, *, first: str | None = None) -> Iterator[Run]:
    yield Run(indent if first is None else first, Look.SMALL)
    for piece in pieces:
        yield Run(piece.text.replace("\n", f"\n{indent}"), piece.look)


def _line(pieces: Iterable[Run]) -> Iterator[Run]:
    yield from pieces
    yield Run("\n")
