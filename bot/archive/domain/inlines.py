"""Convert text of the curator to inlines: addresses become links, links to notes emphasis."""

import re

from bot.archive.domain.markup.mentions import note_link_target
from bot.core.domain.document import Inline, Link, Style, Text
from bot.core.domain.late import late_pattern
from bot.core.domain.untrusted.addresses import LONGEST, find_addresses

# A target may hold brackets of its own (`…/Bias_(statistics)`), and a title behind it.
_TARGET = r"https?://(?:[^\s()<>]|\([^\s()<>]*\))+"
_LABEL = r"(?:[^\[\]\n]|\[[^\[\]\n]*\])"
_MARKED = late_pattern(
    r"\[\[(?P<name>[^\[\]\n]{1,300})\]\]"
    rf"|\[(?P<label>{_LABEL}{{1,300}})\]\(<?(?P<target>{_TARGET})>?(?:\s+\"[^\"\n]{{0,300}}\")?\)"
    r"|(?<!!)\[(?P<shown>[^\[\]\n]{1,300})\]\((?P<note>(?![^()\n]{0,300}:)"
    r"[^()\n]{1,300}(?:\([^()\n]{0,200}\)[^()\n]{0,200}){0,3})\)"
)
_ARXIV = late_pattern(r"https?://(?:www\.)?arxiv\.org/abs/(\d{4}\.\d{4,5}(?:v\d+)?)")


def inlines(text: str) -> tuple[Inline, ...]:
    """The text as runs. Their texts hold every word of it; arXiv addresses are shortened."""
    runs: list[Inline] = []
    at = 0
    for match in _MARKED.finditer(text) if "[" in text else ():
        run = _run(match)
        if run is None:
            continue
        runs += with_addresses(text[at : match.start()])
        runs.append(run)
        at = match.end()
    runs += with_addresses(text[at:])
    return tuple(runs)


def with_addresses(text: str, *, shorten: bool = True) -> tuple[Inline, ...]:
    """The text as runs, with addresses as links; `shorten` shows those of arXiv as `arXiv:…`."""
    runs: list[Inline] = []
    at = 0
    for found in find_addresses(text):
        if found.start > at:
            runs.append(Text(text[at : found.start]))
        arxiv = _ARXIV.fullmatch(found.url) if shorten else None
        runs.append(Link(f"arXiv:{arxiv[1]}" if arxiv else found.url, found.url))
        at = found.end
    if at < len(text):
        runs.append(Text(text[at:]))
    return tuple(runs)


def _run(match: re.Match[str]) -> Inline | None:
    if name := match["name"]:
        return Text(name.removesuffix(".md"), Style.EMPHASIS)
    if shown := match["shown"]:
        is_note = note_link_target(match["note"]) is not None
        return Text(shown, Style.EMPHASIS) if is_note else None
    target = match["target"]
    return Link(match["label"], target) if len(target) <= LONGEST else None
