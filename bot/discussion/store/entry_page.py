"""An entry with its surroundings: references, citing entries, links in both directions, replies."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import partial

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import EntryId, Reference, Related, SourceKind, StoredEntry
from bot.archive.domain.note_links import leads_to, linked_name, note_name
from bot.archive.store import arxiv_records, paper_events
from bot.channels.store import linked_channels
from bot.core.database.database import Row, Statements, Transaction
from bot.discussion.domain.entry_page import EntryPage, Mention
from bot.discussion.domain.questions import is_call
from bot.discussion.store import replies
from bot.reactions.store import reactions

_MOST = 200
"""The most related entries of one kind on a page."""


async def page_of(
    tx: Transaction, stored: StoredEntry, readable: linked_channels.ReadableSince | None = None
) -> EntryPage:
    """The entry with its surroundings; withdrawn entries are left out.

    Only replies readable by `readable` are included; `None` includes all.
    """
    page = await tx.call(partial(_page_of, stored=stored))
    page = replace(page, likes=await reactions.count(tx, stored.id))
    said = tuple(
        reply
        for reply in await replies.list_of(tx, stored.id)
        if readable is None or linked_channels.is_readable(readable, reply.channel, reply.said_at)
        if not is_call(reply.text)
    )
    if not said:
        return page
    mentioned = {mention.reference.key for mention in page.mentions}
    linked_in_replies = await tx.call(partial(_linked_in, replies=[reply.id for reply in said]))
    others = tuple(each for each in linked_in_replies if each.reference.key not in mentioned)
    return replace(page, replies=said, linked_in_replies=others)


def _linked_in(statements: Statements, *, replies: list[int]) -> tuple[Mention, ...]:
    rows = statements.all(_LINKED_IN, {"replies": replies, "most": _MOST})
    return tuple(
        Mention(Reference(ArxivId(row["number"]), title=row["title"]), row["entry_id"])
        for row in rows
    )


def _page_of(statements: Statements, stored: StoredEntry) -> EntryPage:
    def related(sql: str) -> tuple[Related, ...]:
        rows = statements.all(sql, {"id": stored.id, "most": _MOST})
        return tuple(_related(row) for row in rows)

    entry_of = dict(statements.tuples(_MENTIONED, {"id": stored.id}))
    arxiv_id = stored.entry.paper.arxiv_id
    record = arxiv_records.load(statements, arxiv_id.number) if arxiv_id is not None else None
    return EntryPage(
        stored=stored,
        record=record,
        events=paper_events.load(statements, arxiv_id.number) if arxiv_id is not None else (),
        mentions=tuple(
            Mention(reference, entry_of.get(reference.key)) for reference in stored.entry.references
        ),
        cited_by=related(_CITED_BY),
        links=_links(statements, stored),
        linked_by=_linked_by(statements, stored),
        same_paper=related(_SAME_PAPER),
    )


def _links(statements: Statements, stored: StoredEntry) -> tuple[Related, ...]:
    found: dict[EntryId, Related] = {}
    for link in stored.entry.links:
        rows = statements.all(_NAMED, {"name": linked_name(link), "most": _MOST})
        found |= {row["id"]: _related(row) for row in rows if leads_to(link, row["path"])}
    return _newest_first(found.values())


def _linked_by(statements: Statements, stored: StoredEntry) -> tuple[Related, ...]:
    source = stored.entry.source
    if source.kind is not SourceKind.VAULT_NOTE:
        return ()
    rows = statements.all(
        _LINKING, {"name": note_name(source.path), "id": stored.id, "most": _MOST}
    )
    found = {row["id"]: _related(row) for row in rows if leads_to(row["link"], source.path)}
    return tuple(found.values())


def _related(row: Row) -> Related:
    on = date.fromisoformat(row["date"]) if row["date"] is not None else None
    return Related(EntryId(row["id"]), row["title"], on)


def _newest_first(related: Iterable[Related]) -> tuple[Related, ...]:
    return tuple(sorted(related, key=lambda one: (one.date or date.min, -one.id), reverse=True))


_LINKED_IN = """
    SELECT f.number, coalesce(p.title, a.title) AS title, (
        SELECT about.id FROM entry AS about
        WHERE about.paper_id = p.id AND about.newness > 0 ORDER BY about.newness DESC LIMIT 1
    ) AS entry_id
    FROM reply_reference AS f LEFT JOIN paper AS p ON p.key = 'arxiv:' || f.number
    LEFT JOIN arxiv_record AS a ON a.number = f.number
    WHERE f.reply_id IN (SELECT value FROM numbers(:replies))
    GROUP BY f.number, p.id, a.number ORDER BY min(f.reply_id), min(f.position) LIMIT :most
"""
_MENTIONED = """
    SELECT p.key, (
        SELECT about.id FROM entry AS about
        WHERE about.paper_id = p.id AND about.newness > 0 ORDER BY about.newness DESC LIMIT 1
    )
    FROM entry AS e JOIN reference AS r ON r.newness = e.newness JOIN paper AS p ON p.id = r.paper_id
    WHERE e.id = :id
"""
_CITED_BY = """
    SELECT citing.id, citing.title, citing.date
    FROM entry AS e
    JOIN reference AS r ON r.paper_id = e.paper_id AND r.newness > 0
    JOIN entry AS citing ON citing.newness = r.newness
    WHERE e.id = :id AND citing.id <> :id ORDER BY r.newness DESC LIMIT :most
"""
_SAME_PAPER = """
    SELECT other.id, other.title, other.date
    FROM entry AS e JOIN entry AS other ON other.paper_id = e.paper_id AND other.newness > 0
    WHERE e.id = :id AND other.id <> :id ORDER BY other.newness DESC LIMIT :most
"""
_NAMED = """
    SELECT e.id, e.title, e.date, s.path
    FROM entry AS e JOIN source AS s ON s.id = e.source_id
    WHERE e.name = :name AND e.newness > 0 ORDER BY e.newness DESC LIMIT :most
"""
_LINKING = """
    SELECT e.id, e.title, e.date, l.text AS link
    FROM link AS l JOIN entry AS e ON e.newness = l.newness
    WHERE l.name = :name AND l.newness > 0 AND e.id <> :id ORDER BY l.newness DESC LIMIT :most
"""


async def count_citing(tx: Transaction, paper_key: str) -> int:
    """How many entries refer to that paper, none withdrawn."""
    row = await tx.one(
        """
        SELECT count(*) AS citing FROM paper JOIN reference ON reference.paper_id = paper.id
        WHERE paper.key = :key AND reference.newness > 0
        """,
        {"key": paper_key},
    )
    return row["citing"] if row is not None else 0
