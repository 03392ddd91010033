"""Responses of arXiv's query API as `ArxivRecord`s."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bot.archive.domain.arxiv_record import ArxivRecord
from bot.arxiv.client.feed import one_line
from bot.arxiv.client.ids import versioned_id
from bot.arxiv.client.reply import Reply, parse_reply
from bot.arxiv.ports import Refusal, SourceReplyError, Submissions

log = logging.getLogger(__name__)


_NEVER_ALL_MISSING = 10


def parse_records(reply: Reply, *, asked: int | None = None) -> tuple[ArxivRecord, ...]:
    """The papers in a response, in its order; raises `SourceFailureError`.

    `asked` is how many papers were requested by number. Then the response must hold as many as it
    counts, and must not be empty where ten or more were requested: the API is known to return
    empty pages when it is broken.
    """
    parsed = parse_reply(reply)
    counted = str(parsed.feed.get("opensearch_totalresults", ""))
    if asked is not None and asked >= _NEVER_ALL_MISSING and not parsed.entries:
        raise SourceReplyError(Refusal.MALFORMED, f"not one of {asked} papers in the answer")
    if asked is not None and counted.isdigit() and int(counted) > len(parsed.entries):
        raise SourceReplyError(
            Refusal.MALFORMED, f"papers in the answer: {len(parsed.entries)} of {int(counted)}"
        )
    records = tuple(_records(parsed.entries))
    if parsed.entries and not records:
        raise SourceReplyError(Refusal.MALFORMED, "not one of its entries is a paper")
    return records


def parse_submissions(reply: Reply, *, start: int) -> Submissions:
    """The page from the start-th paper on; raises `SourceFailureError`.

    It must count the papers, and hold at least one unless the page starts at their end.
    """
    parsed = parse_reply(reply)
    counted = str(parsed.feed.get("opensearch_totalresults", ""))
    entries = len(parsed.entries)
    if not (counted.isascii() and counted.isdigit()):
        raise SourceReplyError(Refusal.MALFORMED, "the answer does not count its papers")
    total = int(counted[:18])
    if start + entries > total or (not entries and start < total):
        raise SourceReplyError(
            Refusal.MALFORMED, f"papers in the answer: {entries}, from {start} of {total}"
        )
    return Submissions(tuple(_records(parsed.entries)), entries, total)


def _records(entries: list[Any]) -> Iterator[ArxivRecord]:
    for entry in entries:
        arxiv_id = versioned_id(str(entry.get("id", "")))
        submitted_at = _instant(entry.get("published"))
        if arxiv_id is None or submitted_at is None:
            log.warning("arXiv: an entry without id or date is skipped")
            continue
        yield ArxivRecord(
            id=arxiv_id,
            title=one_line(entry.get("title", "")),
            authors=tuple(
                name
                for author in entry.get("authors", ())
                if (name := one_line(author.get("name")))
            ),
            abstract=one_line(entry.get("summary", "")),
            categories=_categories(entry),
            submitted_at=submitted_at,
            updated_at=_instant(entry.get("updated")) or submitted_at,
            comment=_optional(entry.get("arxiv_comment")),
            journal_ref=_optional(entry.get("arxiv_journal_ref")),
            doi=_optional(entry.get("arxiv_doi")),
        )


def _categories(entry: Any) -> tuple[str, ...]:
    primary = str((entry.get("arxiv_primary_category") or {}).get("term") or "")
    others = (str(tag.get("term") or "") for tag in entry.get("tags", ()))
    return tuple(dict.fromkeys(term for term in (primary, *others) if term))


def _optional(text: object) -> str | None:
    return one_line(text) or None if text is not None else None


def _instant(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
