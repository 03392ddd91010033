"""A chart as bars of text and as SVG: a row for each line, a bar for each period."""

import unicodedata
from collections.abc import Iterator
from html import escape

from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Chart

_BARS = "▁▂▃▄▅▆▇█"
_MOST_NAME = 16
"""Columns of a name; a phone shows some forty columns of a code block."""

_WIDTH, _ROW, _HEIGHT = 640, 52, 36
"""The picture's width, that of a row, and that of the longest bar; 640 is twice a phone's width."""
_LEFT, _RIGHT = 232, 572
_TOP, _FOOT = 12, 44
_FONT = 22
"""At half size, on a phone, still 11 pixels."""


@dataclass(frozen=True, slots=True)
class Colours:
    """Of the text, the background (`None`: that of the page), the bars, and the last bar."""

    ink: str
    paper: str | None
    bar: str
    last: str


ON_CARD = Colours("#1f2328", "#ffffff", "#8c959f", "#0969da")
"""For a picture with a background of its own, which is as readable in the dark."""
ON_PAGE = Colours("currentColor", None, "currentColor", "currentColor")


def bars(chart: Chart) -> str:
    """The chart as lines of text: name, a bar for each period, the last count."""
    most = max((count for _, counts in chart.lines for count in counts), default=0)
    names = [_fitting(name, _MOST_NAME) for name, _ in chart.lines]
    width = max(map(_columns, names), default=0)
    rows = []
    for name, (_, counts) in zip(names, chart.lines, strict=True):
        drawn = "".join(_bar(count, most) for count in counts)
        rows.append(f"{name}{' ' * (width - _columns(name))} {drawn} {counts[-1]}")
    return "\n".join(rows)


def _bar(count: int, most: int) -> str:
    return _BARS[-(-count * (len(_BARS) - 1) // most)] if count else "·"


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _fitting(text: str, columns: int) -> str:
    if _columns(text) <= columns:
        return text
    while _columns(text) > columns - 1:
        text = text[:-1]
    return f"{text}…"


def svg(chart: Chart, colours: Colours, font: str = "sans-serif") -> str:
    """The chart as an SVG image, without style sheets: a page's policy may forbid them."""
    height = _TOP + _ROW * len(chart.lines) + _FOOT
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
            f'width="{_WIDTH}" height="{height}" font-family="{escape(font)}" font-size="{_FONT}" '
            f'aria-label="{escape(chart.text)}">'
        )
    ]
    if colours.paper is not None:
        parts.append(f'<rect width="{_WIDTH}" height="{height}" fill="{colours.paper}"/>')
    most = max((count for _, counts in chart.lines for count in counts), default=0)
    for place, (name, counts) in enumerate(chart.lines):
        base = _TOP + _ROW * place + _HEIGHT
        parts.append(_text(12, base - 6, _fitting(name, _MOST_NAME), colours.ink))
        parts += _columns_of(counts, most, base, colours)
        parts.append(_text(_WIDTH - 12, base - 6, str(counts[-1]), colours.ink, "end"))
    if chart.periods:
        below = height - 14
        parts.append(_text(_LEFT, below, chart.periods[0], colours.ink))
        parts.append(_text(_RIGHT, below, chart.periods[-1], colours.ink, "end"))
    return "".join([*parts, "</svg>"])


def _columns_of(counts: tuple[int, ...], most: int, base: int, colours: Colours) -> Iterator[str]:
    step = (_RIGHT - _LEFT) / max(len(counts), 1)
    for place, count in enumerate(counts):
        tall = max(round(_HEIGHT * count / most), 3) if count else 1
        is_last = place == len(counts) - 1
        opacity = "" if is_last else ' fill-opacity="0.55"'
        yield (
            f'<rect x="{_LEFT + place * step:.1f}" y="{base - tall}" width="{step - 4:.1f}" '
            f'height="{tall}" fill="{colours.last if is_last else colours.bar}"{opacity}/>'
        )


def _text(x: int, y: int, text: str, ink: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" fill="{ink}" text-anchor="{anchor}">{escape(text)}</text>'
