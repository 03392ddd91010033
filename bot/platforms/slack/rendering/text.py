"""Text as Slack takes it: runs of rich text, mrkdwn where it cannot break, cut at good places.

Rich text needs no escaping and no spaces around its styles, so `**굵게**는` stays bold; mrkdwn
looks for its marks and breaks beside Hangul, so it is used only where nothing can go wrong.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from bot.core.domain.addresses import ascii_address
from bot.core.domain.characters import cut_at
from bot.core.domain.document import Inline, Link, Style, Text
from bot.core.domain.link_text import target_to_show

Json: TypeAlias = dict[str, Any]
Readable: TypeAlias = Callable[[str], str]
"""Makes LaTeX readable (`bot.core.latex`)."""

LONGEST_URL = 2000
"""Slack takes 3,000 on a button; ours have to fit into a block twice escaped."""
_STYLES = {Style.STRONG: "bold", Style.EMPHASIS: "italic", Style.CODE: "code"}

# Control characters but newline and tab, and the direction overrides with which a title could
# turn the text behind it around. They have no shape of their own.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ADDRESS = re.compile(r"https?://[!-~]+")
_MRKDWN_MARK = re.compile(r"[*_~`]|^\s*>|:[\w+'-]+:", re.MULTILINE)


def clean(inlines: Sequence[Inline], readable: Readable) -> tuple[Inline, ...]:
    """The runs as they will be shown: formulas readable, nothing unseen, no empty run.

    Where a link's text reads like another address, its target stands behind it.
    """
    return tuple(run for inline in inlines for run in _clean(inline, readable) if run.text)


def _clean(inline: Inline, readable: Readable) -> Iterator[Inline]:
    if isinstance(inline, Text):
        text = inline.text if inline.style is Style.CODE else readable(inline.text)
        yield Text(shown(text), inline.style)
        return
    text = shown(readable(inline.text))
    url = ascii_address(inline.url)
    if url is None or not is_address(url):
        yield Text(text if inline.text == inline.url else f"{text} ({shown(inline.url)})")
        return
    yield Link(text or inline.url, url)
    target = target_to_show(Link(text, inline.url))
    if target is not None:
        yield Text(f" ({shown(target)})")


def is_address(url: str) -> bool:
    """Whether Slack will take it as a link."""
    return len(url) <= LONGEST_URL and _ADDRESS.fullmatch(url) is not None


def shown(text: str) -> str:
    """The text without what has no shape, and whole characters only."""
    return _SURROGATE.sub("\ufffd", _UNSEEN.sub("", text.replace("\r\n", "\n")))


def rich(inlines: Sequence[Inline], *, bold: bool = False) -> list[Json]:
    """Clean runs as the elements of a rich text section."""
    return [_rich(inline, bold=bold) for inline in inlines]


def _rich(inline: Inline, *, bold: bool) -> Json:
    if isinstance(inline, Link):
        link: Json = {"type": "link", "url": inline.url, "text": inline.text}
        return link | {"style": {"bold": True}} if bold else link
    style = {name: True for kind, name in _STYLES.items() if kind is inline.style}
    if bold:
        style["bold"] = True
    run: Json = {"type": "text", "text": inline.text}
    return run | {"style": style} if style else run


def escaped(text: str) -> str:
    """Text inside mrkdwn: the three characters that begin Slack's marks are made harmless."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mrkdwn(inlines: Sequence[Inline]) -> str | None:
    """Clean runs as mrkdwn, or `None` when it could be misread: then rich text is needed."""
    parts = []
    for inline in inlines:
        if _MRKDWN_MARK.search(inline.text):
            return None
        if isinstance(inline, Link):
            if "|" in inline.text or "\n" in inline.text:
                return None
            parts.append(f"<{escaped(inline.url)}|{escaped(inline.text)}>")
        elif inline.style is Style.PLAIN:
            parts.append(escaped(inline.text))
        else:
            return None
    return "".join(parts)


def length(text: str) -> int:
    """The length that Slack may count, which it does not document: in UTF-16 code units.

    It is never less than the number of code points, so that neither count exceeds a limit.
    """
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def pieces(inlines: Sequence[Inline], longest: int) -> Iterator[tuple[Inline, ...]]:
    """The runs in pieces of a `length` of at most `longest`, which is at least 2.

    Joined they are the runs again.
    """
    piece: list[Inline] = []
    room = longest
    for inline in inlines:
        rest = inline
        while length(rest.text[: room + 1]) > room:
            at = cut(rest.text, room)
            if not piece:
                at = at or max(1, _within(rest.text, room))  # one character is all there is
            elif length(rest.text[:at]) == room:
                at = 0  # rather a short piece than a broken word
            if at:
                piece.append(_with_text(rest, rest.text[:at]))
                rest = _with_text(rest, rest.text[at:])
            yield tuple(piece)
            piece, room = [], longest
        if rest.text:
            piece.append(rest)
            room -= length(rest.text)
    if piece:
        yield tuple(piece)


def cut(text: str, longest: int) -> int:
    """Where to cut `text` so that the first part has a `length` of at most `longest`.

    Behind a line, a sentence or a word if there is one in the last half, never between a
    letter and the marks on it, nor inside an emoji.
    """
    most = _within(text, longest)
    if most == len(text):
        return most
    for boundary in ("\n", ". ", " "):
        at = text.rfind(boundary, most // 2, most)
        if at >= 0:
            return at + len(boundary) if at + len(boundary) <= most else at
    return cut_at(text, most)


def _within(text: str, longest: int) -> int:
    """How many code points of a text have together a `length` of at most `longest`."""
    start = text[: max(longest, 0)]
    excess = length(start) - longest
    while excess > 0:
        # Each code point takes one or two units, so half the excess can go at once.
        start = start[: len(start) - (excess + 1) // 2]
        excess = length(start) - longest
    return len(start)


def shortened(text: str, longest: int) -> str:
    """One line of at most `longest` for a label; the whole stands elsewhere."""
    line = " ".join(text.split())
    if length(line) <= longest:
        return line
    return line[: cut(line, longest - 1)].rstrip() + "…"


def _with_text(inline: Inline, text: str) -> Inline:
    return Link(text, inline.url) if isinstance(inline, Link) else Text(text, inline.style)
