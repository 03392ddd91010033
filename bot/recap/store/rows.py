"""Reads the rows of a recap: from the archive, and from the talk that readers of a channel may see.

A year has many rows: they are made in the thread of the connection.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from bot.archive.domain.arxiv_record import PaperEventKind
from bot.archive.domain.entry import EntryId
from bot.archive.store.sort_key import OLDEST_DATED, span
from bot.channels.store.linked_channels import ReadableSince, is_readable
from bot.core.database.database import Statements, Transaction
from bot.core.database.instants import from_text, to_text
from bot.discussion.domain.questions import is_call
from bot.recap.domain.recap import Cited, Event, Said


async def find_first_day(tx: Transaction) -> date | None:
    """The day of the oldest dated entry."""
    row = await tx.one(
        "SELECT date FROM entry WHERE newness >= :dated ORDER BY newness LIMIT 1",
        {"dated": OLDEST_DATED},
    )
    return date.fromisoformat(row["date"]) if row is not None else None


async def count_papers(
    tx: Transaction, first: date, last: date, without: Collection[EntryId]
) -> int:
    """How many entries these days have, `without` some."""
    low, high = span(first, last)
    row = await tx.one(
        """
        SELECT count(*) AS many FROM entry
         WHERE newness BETWEEN :low AND :high AND id NOT IN (SELECT value FROM numbers(:without))
        """,
        {"low": low, "high": high, "without": list(without)},
    )
    return int(row["many"]) if row is not None else 0


async def list_dated(tx: Transaction, first: date, last: date) -> Mapping[EntryId, date]:
    """The entries of these days."""
    low, high = span(first, last)

    def read(statements: Statements) -> Mapping[EntryId, date]:
        rows = statements.all(
            "SELECT id, date FROM entry WHERE newness BETWEEN :low AND :high",
            {"low": low, "high": high},
        )
        return {EntryId(row["id"]): date.fromisoformat(row["date"]) for row in rows}

    return await tx.call(read)


async def count_tags(
    tx: Transaction,
    first: date,
    last: date,
    *,
    without: Collection[EntryId] = (),
    among: Collection[EntryId] | None = None,
) -> Mapping[str, int]:
    """How many entries of these days carry each tag, `without` some.

    Only those `among` some, if given. Tags of none are left out.
    """
    low, high = span(first, last)
    rows = await tx.all(
        """
        SELECT t.slug, count(DISTINCT e.id) AS many
          FROM entry AS e JOIN entry_tag AS et ON et.newness = e.newness
               LEFT JOIN tag_merge AS m ON m.tag_id = et.tag_id
               JOIN tag AS t ON t.id = coalesce(m.root_id, et.tag_id)
         WHERE e.newness BETWEEN :low AND :high
           AND (:everything OR e.id IN (SELECT value FROM numbers(:among)))
           AND e.id NOT IN (SELECT value FROM numbers(:without))
         GROUP BY t.slug
        """,
        {
            "low": low,
            "high": high,
            "everything": among is None,
            "among": list(among or ()),
            "without": list(without),
        },
    )
    return {row["slug"]: int(row["many"]) for row in rows}


async def list_cited(tx: Transaction, first: date, last: date) -> tuple[Cited, ...]:
    """The references of the entries of these days; entries from before `first` are the earlier ones."""
    low, high = span(first, last)

    def read(statements: Statements) -> tuple[Cited, ...]:
        rows = statements.all(
            """
            SELECT p.id, p.title, p.arxiv_id, p.url, e.id AS by_id,
                   (SELECT o.id FROM entry AS o WHERE o.paper_id = p.id AND o.newness >= :dated
                       AND o.newness < :low ORDER BY o.newness DESC LIMIT 1) AS earlier
              FROM entry AS e JOIN reference AS r ON r.newness = e.newness JOIN paper AS p ON p.id = r.paper_id
             WHERE e.newness BETWEEN :low AND :high AND e.paper_id <> p.id ORDER BY p.id, e.id
            """,
            {"low": low, "high": high, "dated": OLDEST_DATED},
        )
        return tuple(
            Cited(
                row["id"],
                row["title"]
                or (f"arXiv:{row['arxiv_id']}" if row["arxiv_id"] else row["url"] or ""),
                f"https://arxiv.org/abs/{row['arxiv_id']}" if row["arxiv_id"] else row["url"],
                EntryId(row["by_id"]),
                EntryId(row["earlier"]) if row["earlier"] is not None else None,
            )
            for row in rows
        )

    return await tx.call(read)


async def list_events(tx: Transaction, since: datetime, until: datetime) -> tuple[Event, ...]:
    """The last change of each paper of an entry that was noticed from `since` to before `until`."""
    rows = await tx.all(
        """
        SELECT e.id, n.number, n.kind, n.new_version, p.title
          FROM paper_event AS n JOIN paper AS p ON p.key = 'arxiv:' || n.number
               JOIN entry AS e ON e.paper_id = p.id AND e.newness = (
                   SELECT max(o.newness) FROM entry AS o WHERE o.paper_id = p.id AND o.newness > 0)
         WHERE n.noticed_at >= :since AND n.noticed_at < :until AND n.kind <> 'cited'
         ORDER BY n.id
        """,
        {"since": to_text(since), "until": to_text(until)},
    )
    last = {
        row["number"]: Event(
            EntryId(row["id"]),
            row["number"],
            PaperEventKind(row["kind"]),
            int(row["new_version"]),
            row["title"] or f"arXiv:{row['number']}",
        )
        for row in rows
    }
    return tuple(last.values())


async def list_said(
    tx: Transaction,
    since: datetime,
    until: datetime,
    readable: ReadableSince,
    named_in: Collection[str],
) -> tuple[Said, ...]:
    """The replies about entries posted from `since` to before `until`, in readable channels.

    Calls of the bot are none. Names are given of the channels in `named_in` only.
    """

    def read(statements: Statements) -> tuple[Said, ...]:
        rows = statements.all(
            """
            SELECT r.entry_id, r.author_id, r.author, r.text, r.channel, r.said_at
              FROM reply AS r JOIN entry AS e ON e.id = r.entry_id AND e.newness > 0
             WHERE r.said_at >= :since AND r.said_at < :until AND r.gone_at IS NULL
               AND r.channel IN (SELECT value FROM texts(:channels)) ORDER BY r.said_at, r.id
            """,
            {"since": to_text(since), "until": to_text(until), "channels": sorted(readable)},
        )
        return tuple(
            Said(
                EntryId(row["entry_id"]),
                row["author_id"],
                row["author"],
                row["channel"] in named_in,
            )
            for row in rows
            if is_readable(readable, row["channel"], from_text(row["said_at"]))
            and not is_call(row["text"])
        )

    return await tx.call(read)
