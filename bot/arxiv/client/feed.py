"""Atom and RSS of arXiv's categories as `FeedItem`s."""

import logging
import re
from collections.abc import Iterator
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bot.arxiv.client.ids import versioned_id
from bot.arxiv.client.reply import Reply, parse_reply
from bot.arxiv.domain.announcements import Announcement, Feed, FeedItem
from bot.arxiv.domain.mojibake import repair_mojibake
from bot.arxiv.ports import Refusal, SourceReplyError
from bot.core.domain.late import late_pattern

log = logging.getLogger(__name__)

_LEAD = late_pattern(
    r"\s*arXiv:\S+\s+Announce Type:\s*(?P<type>[a-z-]+)\s*(?:Abstract:\s*)?", re.IGNORECASE
)
_SUFFIX = late_pattern(r"(?:Jr|Sr|[IVX]{1,4}|Ph\.?\s?D)\.?", re.IGNORECASE)


def parse_feed(reply: Reply, category: str) -> Feed:
    """A category's feed; raises `SourceFailureError`. Takes up to a second: run it in a thread."""
    entries = parse_reply(reply).entries
    count = len(entries)
    items = tuple(_items(entries))
    if count and not items:
        raise SourceReplyError(Refusal.MALFORMED, "not one of its items has an arXiv id")
    skipped = count - len(items)
    if skipped:
        log.warning("arXiv %s: items skipped: %d", category, skipped)
    return Feed(category, items, reply.etag, skipped)


def _items(entries: list[Any]) -> Iterator[FeedItem]:
    """The items; takes the entries out of the list.

    To free all of them at once would hold the GIL, and with it the event loop, for 5 ms.
    """
    entries.reverse()
    while entries:
        entry = entries.pop()
        arxiv_id = versioned_id(str(entry.get("id", "")))
        if arxiv_id is None:
            continue
        lead = _LEAD.match(summary := str(entry.get("summary", "")))
        announced = str(entry.get("arxiv_announce_type") or (lead["type"] if lead else ""))
        try:
            announcement = Announcement(announced.strip().lower())
        except ValueError:
            continue
        yield FeedItem(
            id=arxiv_id,
            announcement=announcement,
            title=one_line(entry.get("title", "")),
            authors=split_authors(str(entry.get("author", ""))),
            abstract=one_line(summary[lead.end() :] if lead else summary),
            categories=tuple(str(tag["term"]) for tag in entry.get("tags", ()) if tag.get("term")),
            batch_on=_date(str(entry.get("published", ""))),
        )


def one_line(text: object) -> str:
    """A title or an abstract on one line."""
    # Mojibake may contain characters that count as spaces: "Å\xa0imun", "Ã\x85ngström".
    return " ".join(repair_mojibake(str(text)).split())


def split_authors(creator: str) -> tuple[str, ...]:
    """The names in arXiv's one line of authors, without affiliations.

    Affiliations stand in parentheses and have commas of their own; "Jr." belongs to the name
    before it.
    """
    names: list[str] = []
    for part in _split_outside(creator):
        name = one_line(_without_affiliations(part))
        if names and _SUFFIX.fullmatch(name):
            names[-1] = f"{names[-1]}, {name}"
        elif name:
            names.append(name)
    return tuple(names)


def _without_affiliations(part: str) -> str:
    """The part without parentheses, and without the space before them."""
    if "(" not in part:
        return part
    kept: list[str] = []
    opened: list[int] = []
    for character in part:
        if character == ")" and opened:
            del kept[opened.pop() :]
            while kept and kept[-1].isspace():
                kept.pop()
            continue
        if character == "(":
            opened.append(len(kept))
        kept.append(character)
    return "".join(kept)


def _split_outside(text: str) -> Iterator[str]:
    """The parts between commas outside parentheses; an unmatched closing one is ignored."""
    if "(" not in text or text.count("(") != text.count(")"):
        yield from text.split(",")
        return
    depth = start = 0
    for at, character in enumerate(text):
        if character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif character == "," and not depth:
            yield text[start:at]
            start = at + 1
    yield text[start:]


def _date(text: str) -> date | None:
    """The date in its own time zone: midnight US/Eastern is the date of the batch."""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text).date()
    except (ValueError, OverflowError):
        return None
