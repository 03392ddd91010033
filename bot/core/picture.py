"""Charts as PNG, where the extra `charts` (resvg) and a font with the letters are installed.

resvg was chosen for its size: 3 MB, where matplotlib and its packages take some 60. It draws the SVG that
the web page shows. Its fonts are those of the machine: one with Hangul is 16 MB or more, too much to bring.
"""

import asyncio
import logging
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from bot.core.domain.chart import ON_CARD, svg
from bot.core.domain.document import Chart
from bot.core.domain.i18n import translatable
from bot.core.domain.late import late_pattern

log = logging.getLogger(__name__)

NO_LIBRARY = translatable(
    "the extra “charts” is not installed: recaps show their charts as bars of text"
)
NO_FONT = translatable(
    "no font with Korean letters was found: install fonts-noto-cjk or fonts-nanum; charts that need "
    "it are shown as bars of text"
)

MOST_BYTES = 100_000
"""A larger picture is not shown: on a phone it would be slow to load (issue 16, item 3)."""

_FOLDERS = (
    *("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"),
    *("/Library/Fonts", "/System/Library/Fonts", "~/Library/Fonts", "C:/Windows/Fonts"),
)
_WITH_HANGUL = {
    "NotoSansCJK-Regular.ttc": "Noto Sans CJK KR",
    "NotoSansKR-Regular.otf": "Noto Sans KR",
    "NotoSansKR-Regular.ttf": "Noto Sans KR",
    "NanumGothic.ttf": "NanumGothic",
    "Pretendard-Regular.otf": "Pretendard",
    "Pretendard-Regular.ttf": "Pretendard",
    "AppleSDGothicNeo.ttc": "Apple SD Gothic Neo",
    "malgun.ttf": "Malgun Gothic",
}
_LATIN = {
    "DejaVuSans.ttf": "DejaVu Sans",
    "LiberationSans-Regular.ttf": "Liberation Sans",
    "Arial.ttf": "Arial",
    "arial.ttf": "Arial",
}
_BEYOND_LATIN = late_pattern("[^\x00-\u036f\u2000-\u2e7f]")
_ZOOM = 2
"""Twice the size of a page: sharp on screens with small pixels."""


def find_lack() -> str | None:
    """What is missing to draw every chart, as a message; `None` if nothing is."""
    if not _has_library():
        return NO_LIBRARY
    return None if _font(*_WITH_HANGUL.items()) is not None else NO_FONT


async def draw(chart: Chart) -> bytes | None:
    """The chart as PNG on a light card, readable in light and dark; `None` if it cannot be drawn.

    It takes some 100 ms, in a thread.
    """
    return await asyncio.to_thread(_draw, chart)


def _draw(chart: Chart) -> bytes | None:
    if not _has_library():
        log.info("%s", NO_LIBRARY)
        return None
    fonts = [*_WITH_HANGUL.items()]
    if not _BEYOND_LATIN.search("".join([*chart.periods, *(name for name, _ in chart.lines)])):
        fonts += _LATIN.items()
    font = _font(*fonts)
    if font is None:
        log.info("%s", NO_FONT)
        return None
    import resvg_py  # noqa: PLC0415 - an extra

    file, family = font
    try:
        made = resvg_py.svg_to_bytes(
            svg_string=svg(chart, ON_CARD, family),
            zoom=_ZOOM,
            font_files=[str(file)],
            skip_system_fonts=True,
        )
    except ValueError:  # the machine's font cannot be read
        return None
    return bytes(made) if len(made) <= MOST_BYTES else None


@cache
def _has_library() -> bool:
    try:
        import resvg_py  # noqa: F401, PLC0415
    except ImportError:
        return False
    return True


@cache
def _font(*wanted: tuple[str, str]) -> tuple[Path, str] | None:
    """The first of these fonts that is installed: its file and its family."""
    found = _installed()
    return next(((found[name], family) for name, family in wanted if name in found), None)


@cache
def _installed() -> dict[str, Path]:
    known = {*_WITH_HANGUL, *_LATIN}
    return {path.name: path for path in _font_files() if path.name in known}


def _font_files() -> Iterable[Path]:
    for folder in _FOLDERS:
        try:
            yield from Path(folder).expanduser().rglob("*.[tToO][tT][fFcC]")
        except (OSError, RuntimeError):
            continue
