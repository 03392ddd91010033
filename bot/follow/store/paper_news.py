"""News of papers: what arXiv changed, and what people said about them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import partial

from bot.archive.domain.arxiv_record import PaperEventKind
from bot.archive.domain.entry import EntryId
from bot.archive.store.sort_key import span
from bot.core.database.database import Statements, Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.domain.dataclass import dataclass
from bot.follow.domain.news import Event, Said
from bot.lookup.store.fulltext import fulltext


async def list_events(
    tx: Transaction, papers: Collection[str], since: datetime
) -> Mapping[str, tuple[Event, ...]]:
    """Changes of these papers (`Paper.key`) since then, of those that have an entry."""
    rows = await tx.all(
        """
        SELECT v.id, p.key, v.kind, v.new_version, v.noticed_at, (
            SELECT e.id FROM entry AS e WHERE e.paper_id = p.id AND e.newness > 0
             ORDER BY e.newness DESC LIMIT 1
        ) AS entry_id
          FROM texts(:papers) AS wanted JOIN paper AS p ON p.key = wanted.value
               JOIN paper_event AS v ON v.number = p.arxiv_id
         WHERE v.kind <> 'cited' AND v.noticed_at >= :since
         ORDER BY v.id
        """,
        {"papers": list(papers), "since": to_text(since)},
    )
    found: defaultdict[str, list[Event]] = defaultdict(list)
    for row in rows:
        if row["entry_id"] is not None:
            event = Event(
                row["id"],
                PaperEventKind(row["kind"]),
                row["new_version"],
                EntryId(row["entry_id"]),
                from_text(row["noticed_at"]),
            )
            found[row["key"]].append(event)
    return {paper: tuple(events) for paper, events in found.items()}


@dataclass(frozen=True, slots=True)
class SaidIn:
    """A reply about an entry of a paper, in a channel."""

    said: Said
    paper: str
    channel: str


async def list_said(
    tx: Transaction, papers: Collection[str], since: datetime
) -> tuple[SaidIn, ...]:
    """Replies since then about these papers (`Paper.key`), oldest first.

    Calls of the bot are left out, and so is what was taken back.
    """
    asked = {"papers": list(papers), "since": to_text(since)}
    return await tx.call(partial(_said, asked=asked))


def _said(statements: Statements, *, asked: Mapping[str, object]) -> tuple[SaidIn, ...]:
    rows = statements.all(_SAID.replace("[indexed]", fulltext(statements).REPLY_IS_INDEXED), asked)
    return tuple(
        SaidIn(
            Said(
                row["id"],
                EntryId(row["entry_id"]),
                row["author_id"],
                from_text(row["said_at"]),
            ),
            row["key"],
            row["channel"],
        )
        for row in rows
    )


# Calls of the bot are not indexed.
_SAID = """
    SELECT reply.id, p.key, reply.entry_id, reply.channel, reply.author_id, reply.said_at
      FROM reply JOIN entry AS e ON e.id = reply.entry_id JOIN paper AS p ON p.id = e.paper_id
     WHERE reply.said_at >= :since AND reply.gone_at IS NULL AND e.newness > 0
       AND p.key IN (SELECT value FROM texts(:papers))
       AND [indexed]
     ORDER BY reply.said_at, reply.id
"""


async def list_new_entries(tx: Transaction, first: date, last: date) -> Mapping[EntryId, date]:
    """The entries dated from the first to the last day with their dates, as digests order them."""
    low, high = span(first, last)
    rows = await tx.all(
        """
        SELECT e.id, e.date FROM entry AS e JOIN source AS s ON s.id = e.source_id
         WHERE e.newness BETWEEN :low AND :high ORDER BY e.date, s.path, e.part, e.id
        """,
        {"low": low, "high": high},
    )
    return {EntryId(row["id"]): date.fromisoformat(row["date"]) for row in rows}
