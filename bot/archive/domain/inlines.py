"""Plain text of a curator as inlines: addresses become links, `[[names]]` become emphasis."""

import re

from bot.core.domain.document import Inline, Link, Style, Text

# An address ends at the first character that no address holds: text of any script is glued
# behind one in the archive ("2007.05869와"), so only printable ASCII belongs to it.
_LINKED = re.compile(
    r"\[\[(?P<name>[^\[\]\n]{1,300})\]\]"
    r"|\[(?P<label>[^\[\]\n]{1,300})\]\((?P<target>https?://[!-'*-~]{1,2000})\)"
    r"|(?P<url>https?://[!-~]{1,2000})"
)
_ARXIV = re.compile(r"https?://(?:www\.)?arxiv\.org/abs/(\d{4}\.\d{4,5}(?:v\d+)?)")
_TRAILING = ".,;:!?'\"*_>"


def inlines(text: str) -> tuple[Inline, ...]:
    """The text as runs; joined again they hold every word, and arXiv addresses read short."""
    runs: list[Inline] = []
    at = 0
    for match in _LINKED.finditer(text):
        run, end = _run(match)
        if match.start() < at or run is None:
            continue
        if match.start() > at:
            runs.append(Text(text[at : match.start()]))
        runs.append(run)
        at = end
    if at < len(text):
        runs.append(Text(text[at:]))
    return tuple(runs)


def _run(match: re.Match[str]) -> tuple[Inline | None, int]:
    if name := match["name"]:
        return Text(name.removesuffix(".md"), Style.EMPHASIS), match.end()
    if label := match["label"]:
        return Link(label, match["target"]), match.end()
    url = _without_trailing(match["url"])
    if not url.partition("://")[2]:
        return None, match.end()
    arxiv = _ARXIV.fullmatch(url)
    return Link(f"arXiv:{arxiv[1]}" if arxiv else url, url), match.start() + len(url)


def _without_trailing(url: str) -> str:
    """The address without the punctuation of the sentence around it."""
    while url:
        last = url[-1]
        unopened = (last == ")" and url.count("(") < url.count(")")) or (
            last == "]" and url.count("[") < url.count("]")
        )
        if last not in _TRAILING and not unopened:
            break
        url = url[:-1]
    return url
