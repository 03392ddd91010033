"""Runs of text as rich text or mrkdwn, and text cut to Slack's limits.

Rich text needs no escaping and no spaces around styles, so `**굵게**는` stays bold. Mrkdwn parses its
marks and fails beside Hangul, so it is used only for text without anything that it would parse.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from bot.core.domain.characters import cut_at
from bot.core.domain.document import Inline, Link, Style, Text, plain_text
from bot.core.domain.late import late_pattern
from bot.core.domain.untrusted.addresses import ascii_address
from bot.core.domain.untrusted.link_text import target_to_show

Json: TypeAlias = dict[str, Any]

LONGEST_URL = 2000
"""Slack allows 3,000 on a button; this leaves room for escaping in a block."""
_STYLES = {Style.STRONG: "bold", Style.EMPHASIS: "italic", Style.CODE: "code"}

# Control characters except newline and tab, and direction overrides, which would reverse the text
# behind a title.
_UNPRINTABLE = late_pattern("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATE = late_pattern("[\ud800-\udfff]")
_TO_CHANGE = late_pattern(f"{_UNPRINTABLE.pattern[:-1]}{_SURROGATE.pattern[1:]}")
_ADDRESS = late_pattern(r"https?://[!-~]+")
_MRKDWN_MARK = late_pattern(r"[*_~`]|^\s*>|:[\w+'-]+:", re.MULTILINE)


def clean(inlines: Sequence[Inline]) -> tuple[Inline, ...]:
    """The runs without unprintable characters and without empty runs.

    If a link's text reads like another address, its target follows it.
    """
    runs: list[Inline] = []
    for inline in inlines:
        text = printable(inline.text)
        if isinstance(inline, Link):
            if text is inline.text and _is_plain(inline):
                runs.append(inline)
            else:
                runs += _clean_link(inline, text)
        elif text:
            runs.append(inline if text is inline.text else Text(text, inline.style))
    return tuple(runs)


def _is_plain(link: Link) -> bool:
    """Whether the link is shown as it is."""
    url = link.url
    if not url.isascii() or not is_address(url):
        return False
    return bool(link.text) and target_to_show(link) is None


def _clean_link(link: Link, text: str) -> Iterator[Inline]:
    """A link whose text is `text` without unprintable characters."""
    url = ascii_address(link.url)
    if url is None or not is_address(url):
        shown = text if link.text == link.url else f"{text} ({printable(link.url)})"
        if shown:
            yield Text(shown)
        return
    yield Link(text or link.url, url)
    target = target_to_show(Link(text, link.url))
    if target is not None:
        yield Text(f" ({printable(target)})")


def is_address(url: str) -> bool:
    """Whether Slack accepts the URL in a link."""
    return len(url) <= LONGEST_URL and _ADDRESS.fullmatch(url) is not None


def printable(text: str) -> str:
    """The text without unprintable characters; lone surrogates become U+FFFD."""
    if text.isprintable() or _TO_CHANGE.search(text) is None:
        return text
    return _SURROGATE.sub("\ufffd", _UNPRINTABLE.sub("", text.replace("\r\n", "\n")))


def rich(inlines: Sequence[Inline], *, bold: bool = False) -> list[Json]:
    """Clean runs as elements of a rich text section."""
    return [_rich(inline, bold=bold) for inline in inlines]


def _rich(inline: Inline, *, bold: bool) -> Json:
    if isinstance(inline, Link):
        link: Json = {"type": "link", "url": inline.url, "text": inline.text}
        return link | {"style": {"bold": True}} if bold else link
    run: Json = {"type": "text", "text": inline.text}
    if inline.style is Style.PLAIN and not bold:
        return run
    style = {_STYLES[inline.style]: True} if inline.style in _STYLES else {}
    if bold:
        style["bold"] = True
    return run | {"style": style} if style else run


def escaped(text: str) -> str:
    """Text escaped for mrkdwn."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mrkdwn(inlines: Sequence[Inline]) -> str | None:
    """Clean runs as mrkdwn; `None` if mrkdwn would misread them, so that rich text is needed."""
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
    """The length in UTF-16 code units.

    Slack does not document whether it counts these or code points. There are never fewer, so a
    limit that holds for them holds for both.
    """
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def pieces(inlines: Sequence[Inline], longest: int) -> Iterator[tuple[Inline, ...]]:
    """Split the runs into pieces of a `length` of at most `longest`, which is at least 2.

    Concatenated, the pieces are the runs.
    """
    if length(plain_text(tuple(inlines))) <= longest:
        if whole := tuple(inline for inline in inlines if inline.text):
            yield whole
        return
    piece: list[Inline] = []
    room = longest
    for inline in inlines:
        rest = inline
        while length(rest.text[: room + 1]) > room:
            at = cut(rest.text, room)
            if not piece:
                at = at or max(1, _within(rest.text, room))  # the whole room is one long character
            elif length(rest.text[:at]) == room:
                at = 0  # end the piece early rather than break a word
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

    After a line, a sentence or a word if one ends in the last half; never inside a character that
    consists of several code points.
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
    """One line of a `length` of at most `longest`, for a label."""
    line = " ".join(text.split())
    if length(line) <= longest:
        return line
    return line[: cut(line, longest - 1)].rstrip() + "…"


def _with_text(inline: Inline, text: str) -> Inline:
    return Link(text, inline.url) if isinstance(inline, Link) else Text(text, inline.style)
