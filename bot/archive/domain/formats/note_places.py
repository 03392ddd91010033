"""What is read of a note's text, and where each character of it stands in the file.

Front matter, comments and Dataview's fields are not read; an edit must find its place between them
and must not touch them.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from bot.archive.domain.formats.vault_note import is_read
from bot.archive.domain.markup.inline_fields import take_fields
from bot.archive.domain.markup.markdown import left
from bot.archive.domain.markup.visible import visible, with_line_feeds
from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

_BYTE_ORDER_MARK = "\ufeff"
_REST = late_pattern(r"[ \t]*(?:[\r\n]|\Z)")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Edit:
    """`text[start:end]` becomes `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class ReadText:
    """The lines that are read of a `source`, without white space at their ends.

    `places` are those of the characters of `text` in the source; for a line feed, the end of the line.
    `comments` and `fields` are what is hidden in the source, and `hidden` is both, in order. `end` is
    where text can be appended.
    """

    source: str
    text: str
    places: Sequence[int]
    comments: tuple[Span, ...]
    fields: tuple[Span, ...]
    hidden: tuple[Span, ...]
    end: int

    def span(self, read: Span) -> Span:
        """Where a part of `text`, which is not empty, stands in the source."""
        end = self.places[read.end - 1] + 1
        return Span(self.places[read.start], end + (self.source[end - 1 : end + 1] == "\r\n"))

    def hidden_in(self, place: Span) -> tuple[Span, ...]:
        """What is hidden within a part of the source."""
        first = bisect_left(self.hidden, place.start, key=_start)
        return self.hidden[first : bisect_left(self.hidden, place.end, key=_start)]

    def behind(self, place: int) -> int:
        """The place behind what is hidden on the same line."""
        for span in self.hidden[bisect_left(self.hidden, place, key=_start) :]:
            if self.source[place : span.start].strip(" \t") or span.end > self.end:
                break
            place = span.end
        return place

    def stands_alone(self, span: Span) -> bool:
        """Whether what is hidden fills its lines."""
        begin = max(self.source.rfind(end, 0, span.start) for end in "\r\n") + 1
        is_first = not self.source[begin : span.start].strip()
        return is_first and _REST.match(self.source, span.end) is not None


def _start(span: Span) -> int:
    return span.start


def read_text(source: str) -> ReadText:
    """What is read of the text of a note. Linear in its length."""
    plain = with_line_feeds(source)
    origin: Sequence[int] = range(len(source) + 1)
    if plain != source:
        origin = [at for at in origin if source[at - 1 : at + 1] != "\r\n"]
    part = visible(source)
    shown = [
        at
        for start, end in left(plain, part.spans)
        for at in range(start, end)
        if at or plain[0] != _BYTE_ORDER_MARK
    ]
    shown.append(len(plain))
    seen = with_line_feeds(part.text).split("\n")
    taken = take_fields(seen)
    lines: list[str] = []
    places: list[int] = []
    fields: list[Span] = []
    at = 0
    for number, (line, written) in enumerate(zip(seen, plain.split("\n"), strict=True)):
        spans = taken.spans.get(number, ())
        fields += (
            Span(origin[shown[at + start]], origin[shown[at + end - 1]] + 1) for start, end in spans
        )
        rest = taken.lines[number]
        if rest is not None and is_read(rest, written):
            rest = rest.rstrip()
            kept = [n for start, end in left(line, spans) for n in range(start, end)]
            places += (origin[shown[at + n]] for n in kept[: len(rest)])
            places.append(origin[shown[at + len(line)]])
            lines.append(rest)
        at += len(line) + 1
    is_front = part.front_matter is not None
    comments = [Span(origin[start], origin[end - 1] + 1) for start, end in part.spans[is_front:]]
    stop = comments[-1].start if part.unclosed is not None else len(source)
    return ReadText(
        source,
        "\n".join(lines),
        places,
        tuple(comments),
        tuple(fields),
        tuple(_outermost(sorted((*comments, *fields), key=lambda span: (span.start, -span.end)))),
        len(source[:stop].rstrip()),
    )


def _outermost(spans: Iterable[Span]) -> Iterator[Span]:
    """Without those within another: a field that fills its line may have a comment in it."""
    end = 0
    for span in spans:
        if span.end > end:
            yield span
            end = span.end


def line_end(text: str) -> str:
    """The line end that a text uses: that of its first line."""
    feed = text.find("\n")  # not all of the text: each edit asks
    return "\r\n" if feed > 0 and text[feed - 1] == "\r" else "\n"


def lines_of(text: str) -> Iterator[Span]:
    """The lines of a text with line feeds."""
    at = 0
    for line in text.split("\n"):
        yield Span(at, at + len(line))
        at += len(line) + 1


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text after the edits; where two touch the same place, the first one given stands first."""
    pieces: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        start = max(edit.start, at)
        pieces += text[at:start], edit.new
        at = max(at, edit.end)
    return "".join((*pieces, text[at:]))
