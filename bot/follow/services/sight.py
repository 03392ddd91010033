"""What there is of late for many follows at once: read once, however many people follow it."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.store import entries
from bot.channels.domain.schedule import LATE_NOTES
from bot.channels.store import linked_channels
from bot.channels.store.linked_channels import ReadableSince, is_readable
from bot.core.database.database import Transaction
from bot.core.domain.errors import QueryError
from bot.core.ports import MessageRef
from bot.follow.domain.follow import Follow, cited_paper, followed_paper, paper_name
from bot.follow.domain.news import Found
from bot.follow.store import paper_news
from bot.follow.store.paper_news import SaidIn
from bot.lookup.domain.query import parse
from bot.lookup.domain.query_terms import Cites, EntryIs, InDiscussion, PaperRef, Query
from bot.lookup.store import few_entries
from bot.outbox.store import threads

log = logging.getLogger(__name__)

Asked = tuple[str, str]
"""A query as text, and the channel whose readers may see what was said."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What follows find among the new entries, by query and channel.

    `dates` are those of the new entries in the order of digests, `posted` the messages that show
    entries in channels.
    """

    dates: Mapping[EntryId, date]
    found: Mapping[Asked, Found]
    stored: Mapping[EntryId, StoredEntry]
    posted: Mapping[tuple[EntryId, str], MessageRef]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Follows with their queries by text, and the papers that some of them name."""

    followed: Collection[Follow]
    queries: Mapping[str, Query]
    papers: Mapping[str, PaperRef | EntryIs]


def asked_of(follow: Follow) -> Asked:
    """The key of a follow in `Sight.found`."""
    return follow.query, follow.asked_in


async def look(
    tx: Transaction, followed: Collection[Follow], first: date, last: date, now: datetime
) -> Sight:
    """What these follows find of the days from the first to the last."""
    dates = await paper_news.list_new_entries(tx, first, last)
    queries = await asyncio.to_thread(_parsed, {each.query for each in followed})
    papers = {text: paper for text, query in queries.items() if (paper := followed_paper(query))}
    keys = await _keys(tx, papers)
    since = now - (last - first) - LATE_NOTES
    events = await paper_news.list_events(tx, frozenset(keys.values()), since)
    said = await _said(tx, papers, keys, since)
    readable = await _readable(tx, _Asked(followed, queries, papers))
    matches = await _matches(tx, _Asked(followed, queries, papers), dates, readable)
    found = {}
    for asked in {asked_of(each) for each in followed if each.query in queries}:
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
    return await _sight(tx, dates, found, followed)


def _parsed(texts: Iterable[str]) -> Mapping[str, Query]:
    found = {}
    for text in texts:
        try:
            found[text] = parse(text)
        except QueryError as error:  # of a version before this one
            log.warning("a follow of “%s” cannot be read any more: %s", text, error)
    return found


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
            found[asked_of(each)] = hits[public[each.query]]
        elif each.query in in_talk:
            private[each.asked_in].add(each.query)
    for channel, texts in private.items():
        wanted = {text: queries[text] for text in texts}
        seen = await few_entries.matching(
            tx, frozenset(wanted.values()), dates.keys(), readable=readable[channel]
        )
        found |= {(text, channel): seen[query] for text, query in wanted.items()}
    return found


async def _sight(
    tx: Transaction,
    dates: Mapping[EntryId, date],
    found: Mapping[Asked, Found],
    followed: Iterable[Follow],
) -> Sight:
    shown = {
        entry_id
        for each in found.values()
        for entry_id in (
            *each.entries,
            *each.citing,
            *(event.entry_id for event in each.events),
            *(said.entry_id for said in each.said),
        )
    }
    stored = {each.id: each for each in await entries.list_by_id(tx, sorted(shown))}
    channels = sorted({each.asked_in for each in followed})
    return Sight(dates, found, stored, await threads.list_posted_in(tx, sorted(shown), channels))
