"""What there is of late for many follows at once: read once, however many people follow it."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.store import entries
from bot.channels.domain.schedule import LATE_NOTES
from bot.channels.store import linked_channels
from bot.channels.store.linked_channels import ReadableSince, is_readable
from bot.core.database.database import Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import QueryError
from bot.core.ports import MessageRef
from bot.follow.domain.follow import Follow, cited_paper, followed_paper, paper_name
from bot.follow.domain.news import Found
from bot.follow.store import paper_news
from bot.follow.store.paper_news import SaidIn
from bot.lookup.domain import query_dates
from bot.lookup.domain.query import parse
from bot.lookup.domain.query_terms import Cites, EntryIs, InDiscussion, PaperRef, Query
from bot.lookup.services import typed_dates
from bot.lookup.store import few_entries
from bot.outbox.store import threads

log = logging.getLogger(__name__)

Asked = tuple[str, str]
"""A query as text, and the channel whose readers may see what was said."""
Dated = tuple[str, date]
"""A query as it is stored, and the day on which it is asked."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What follows find among the new entries, by query and channel.

    `dates` are those of the new entries in the order of digests, `posted` the messages that show
    entries in channels. `written` are the queries with relative dates, written out. `unreadable` are
    those that this version cannot read, with the reason.
    """

    written: Mapping[Dated, str]
    dates: Mapping[EntryId, date]
    found: Mapping[Asked, Found]
    stored: Mapping[EntryId, StoredEntry]
    posted: Mapping[tuple[EntryId, str], MessageRef]
    unreadable: Mapping[str, QueryError]

    def find(self, follow: Follow, today: date) -> Found | None:
        """What a follow finds on that day; `None` for one that was not looked at."""
        return self.found.get(_asked_of(_as_asked(follow, today, self.written)))

    def find_problem(self, follow: Follow, today: date) -> QueryError | None:
        """Why a follow cannot be read, if so."""
        return self.unreadable.get(_as_asked(follow, today, self.written).query)


NOTHING = Sight({}, {}, {}, {}, {}, {})


@dataclass(frozen=True, slots=True)
class _Asked:
    """Follows with their queries by text, and the papers that some of them name."""

    followed: Collection[Follow]
    queries: Mapping[str, Query]
    papers: Mapping[str, PaperRef | EntryIs]


async def look(
    tx: Transaction,
    asking: Collection[tuple[Follow, date]],
    first: date,
    last: date,
    now: datetime,
) -> Sight:
    """What follows find of the days from the first to the last, each on its reader's own day."""
    written = await _written(tx, asking)
    followed = [_as_asked(each, today, written) for each, today in asking]
    dates = await _list_new(tx, first, last)
    queries, unreadable = await asyncio.to_thread(_parsed, {each.query for each in followed})
    papers = {text: paper for text, query in queries.items() if (paper := followed_paper(query))}
    keys = await _keys(tx, papers)
    since = now - (last - first) - LATE_NOTES
    events = await paper_news.list_events(tx, frozenset(keys.values()), since)
    said = await _said(tx, papers, keys, since)
    readable = await _readable(tx, _Asked(followed, queries, papers))
    matches = await _matches(tx, _Asked(followed, queries, papers), dates, readable)
    found = {}
    for asked in {_asked_of(each) for each in followed if each.query in queries}:
        text, channel = asked
        key = keys.get(text)
        found[asked] = Found(
            paper=_name(queries[text]),
            is_paper=text in papers,
            is_talk=InDiscussion() in queries[text].terms,
            entries=matches[asked],
            citing=matches.get((f"cites {text}", ""), frozenset()),
            events=events.get(key, ()) if key else (),
            said=tuple(
                each.said
                for each in said.get(text, ())
                if is_readable(readable[channel], each.channel, each.said.said_at)
            ),
        )
    return await _sight(tx, Sight(written, dates, found, {}, {}, unreadable), followed)


async def _list_new(tx: Transaction, first: date, last: date) -> Mapping[EntryId, date]:
    """The entries of these days with their dates; empty notes wait, as they do in digests."""
    found = await paper_news.list_new_entries(tx, first, last)
    empty = await entries.list_empty_notes(tx, first, last)
    return {entry_id: on for entry_id, on in found.items() if entry_id not in empty}


def _asked_of(follow: Follow) -> Asked:
    return follow.query, follow.asked_in


async def _written(tx: Transaction, asking: Collection[tuple[Follow, date]]) -> Mapping[Dated, str]:
    """Each query with relative dates as it is asked on each day."""
    texts = {each.query for each, _ in asking}
    relative = {text for text in texts if query_dates.has_dates(text)}
    asked = {(each.query, today) for each, today in asking if each.query in relative}
    return {
        (text, today): query_dates.write_out(text, await typed_dates.days_on(tx, text, today))
        for text, today in asked
    }


def _as_asked(follow: Follow, today: date, written: Mapping[Dated, str]) -> Follow:
    text = written.get((follow.query, today))
    return follow if text is None else replace(follow, query=text)


def _parsed(texts: Iterable[str]) -> tuple[Mapping[str, Query], Mapping[str, QueryError]]:
    """The queries, and why others cannot be read: a version that understood them stored them."""
    found, unreadable = {}, {}
    for text in texts:
        try:
            found[text] = parse(text)
        except QueryError as error:
            log.warning("a follow of “%s” cannot be read: %s", text, error)
            unreadable[text] = error
    return found, unreadable


def _name(query: Query) -> str:
    paper = followed_paper(query) or cited_paper(query)
    match paper:
        case PaperRef():
            return paper_name(paper)
        case EntryIs(entry_id):
            return f"entry:{entry_id}"
        case _:
            return ""


async def _keys(tx: Transaction, papers: Mapping[str, PaperRef | EntryIs]) -> Mapping[str, str]:
    """The keys of the papers that are followed, by query."""
    ids = {text: paper.id for text, paper in papers.items() if isinstance(paper, EntryIs)}
    stored = {each.id: each for each in await entries.list_by_id(tx, ids.values())}
    keys = {text: paper.key for text, paper in papers.items() if isinstance(paper, PaperRef)}
    for text, entry_id in ids.items():
        if entry_id in stored:
            keys[text] = stored[entry_id].entry.paper.key
    return keys


async def _said(
    tx: Transaction,
    papers: Mapping[str, PaperRef | EntryIs],
    keys: Mapping[str, str],
    since: datetime,
) -> Mapping[str, list[SaidIn]]:
    """What was said about the papers that are followed, by query."""
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for text, key in keys.items():
        texts[key].append(text)
    found: defaultdict[str, list[SaidIn]] = defaultdict(list)
    if papers:
        for each in await paper_news.list_said(tx, frozenset(keys.values()), since):
            for text in texts[each.paper]:
                found[text].append(each)
    return found


async def _readable(tx: Transaction, asked: _Asked) -> Mapping[str, ReadableSince]:
    """What readers of each channel may see, where a follow depends on it."""
    in_talk = {text for text, query in asked.queries.items() if InDiscussion() in query.terms}
    channels = {
        each.asked_in
        for each in asked.followed
        if each.query in asked.papers or each.query in in_talk
    }
    return {
        channel: await linked_channels.readable_from(tx, channel) for channel in sorted(channels)
    }


async def _matches(
    tx: Transaction,
    asked: _Asked,
    dates: Mapping[EntryId, date],
    readable: Mapping[str, ReadableSince],
) -> Mapping[Asked, frozenset[EntryId]]:
    """Which new entries each query finds; `cites …` are those that refer to a followed paper."""
    queries = asked.queries
    citing = {
        f"cites {text}": Query((Cites(paper),))
        for text, paper in asked.papers.items()
        if isinstance(paper, PaperRef)
    }
    in_talk = {text for text, query in queries.items() if InDiscussion() in query.terms}
    public = {text: query for text, query in queries.items() if text not in in_talk}
    hits = await few_entries.matching(tx, {*public.values(), *citing.values()}, dates.keys())
    found = {(text, ""): hits[query] for text, query in citing.items()}
    private: defaultdict[str, set[str]] = defaultdict(set)
    for each in asked.followed:
        if each.query in public:
            found[_asked_of(each)] = hits[public[each.query]]
        elif each.query in in_talk:
            private[each.asked_in].add(each.query)
    for channel, texts in private.items():
        wanted = {text: queries[text] for text in texts}
        seen = await few_entries.matching(
            tx, frozenset(wanted.values()), dates.keys(), readable=readable[channel]
        )
        found |= {(text, channel): seen[query] for text, query in wanted.items()}
    return found


async def _sight(tx: Transaction, seen: Sight, followed: Iterable[Follow]) -> Sight:
    shown = {
        entry_id
        for each in seen.found.values()
        for entry_id in (
            *each.entries,
            *each.citing,
            *(event.entry_id for event in each.events),
            *(said.entry_id for said in each.said),
        )
    }
    stored = {each.id: each for each in await entries.list_by_id(tx, sorted(shown))}
    channels = sorted({each.asked_in for each in followed})
    posted = await threads.list_posted_in(tx, sorted(shown), channels)
    return replace(seen, stored=stored, posted=posted)
