"""Look-ups: what `/paper QUERY`, `paperbot lookup` and `paperbot show` answer."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random

from rapidfuzz import distance, process

from bot.archive.domain.arxiv_id import parse_arxiv_id
from bot.archive.domain.entry import EntryId, StoredEntry, tag_slug
from bot.archive.store import entries, tags
from bot.channels.store import linked_channels
from bot.core.database.database import Database, Transaction
from bot.core.domain.errors import NotFoundError
from bot.discussion.domain.entry_page import EntryPage
from bot.discussion.store import entry_page
from bot.lookup.domain.query import parse
from bot.lookup.domain.query_terms import (
    About,
    Author,
    InDiscussion,
    PaperRef,
    Query,
    Tag,
    Term,
    Words,
    format_query,
    replace_term,
)
from bot.lookup.store import search, typed_names

_TAGS_COMPARED = 20_000
_MOST_SUGGESTIONS = 3
_ALIKE = 0.75
"""How alike a near-miss must be, of 1: one or two slips in a word."""


@dataclass(frozen=True, slots=True)
class Results:
    """One page of what a look-up found, newest first.

    `query` is how it was understood; `total` is `None` where there are more than are counted.
    `suggestions` are whole queries to ask instead, where nothing was found.
    """

    query: Query
    entries: tuple[StoredEntry, ...]
    page: int
    more: bool
    total: int | None
    suggestions: tuple[str, ...] = ()


async def look_up(
    db: Database,
    text: str,
    *,
    page: int = 1,
    per_page: int = 10,
    chance: Random | None = None,
    asked_in: str | None = None,
) -> Results:
    """The page (from 1) of what the query finds; `chance` decides for `random`.

    `asked_in` is the channel where it is asked: what people said is found there if it was said
    there or in a channel that shares its discussions; `None`, the operator, finds all of it.
    Raises `QueryError`.
    """
    query = parse(text)
    async with db.reading() as tx:
        heard = None
        if asked_in is not None and InDiscussion() in query.terms:
            heard = await linked_channels.heard_by(tx, asked_in)
        hits = await search.look_up(
            tx, query, page=page, per_page=per_page, chance=chance, heard=heard
        )
        near = await _suggestions(tx, query) if page == 1 and not hits.entries else ()
    return Results(hits.query, hits.entries, page, hits.more, hits.total, near)


async def _suggestions(tx: Transaction, query: Query) -> tuple[str, ...]:
    """Queries with one slip mended, the likeliest first."""
    spellings = await tags.list_spellings(tx, limit=_TAGS_COMPARED)
    authors = await typed_names.list_author_words(tx)
    mended = (
        replace_term(query, term, better)
        for term in query.terms
        for better in _better(term, spellings, authors)
    )
    return tuple(dict.fromkeys(map(format_query, mended)))[:_MOST_SUGGESTIONS]


def _better(term: Term, spellings: Mapping[str, str], authors: Iterable[str]) -> Iterable[Term]:
    match term:
        case Tag(slug, negated) if not negated:
            return (Tag(spellings[near]) for near in _near(slug, spellings))
        case Words(text, phrase, negated) if not (phrase or negated):
            return (Words(spellings[near]) for near in _near(tag_slug(text), spellings))
        case Author(name, negated) if not negated and " " not in name:
            return (Author(near) for near in _near(name.casefold(), authors))
        case _:
            return ()


def _near(word: str, known: Iterable[str]) -> list[str]:
    """The known words most like this one, without itself."""
    found = process.extract(
        word,
        list(known),
        scorer=distance.OSA.normalized_similarity,
        score_cutoff=_ALIKE,
        limit=2 * _MOST_SUGGESTIONS,
    )
    return [near for near, _, _ in found if near != word]


async def show(db: Database, ref: str) -> EntryPage:
    """The entry with that id (`12`, `entry:12`), or the newest about that arXiv id or address.

    Raises `NotFoundError`, saying what is there instead.
    """
    wanted = ref.strip()
    number = _ENTRY.fullmatch(wanted)
    async with db.reading() as tx:
        if number is not None:
            stored = await entries.find(tx, EntryId(int(number[1])))
            if stored is None:
                raise NotFoundError(
                    "There is no entry {id}: look for its paper with “paperbot lookup”", id=wanted
                )
        else:
            stored = await _newest_about(tx, wanted)
        return await entry_page.page_of(tx, stored)


_ENTRY = re.compile(r"(?:entry:)?([1-9][0-9]{0,17})", re.ASCII)


async def _newest_about(tx: Transaction, wanted: str) -> StoredEntry:
    arxiv_id = parse_arxiv_id(wanted)
    if arxiv_id is None and not wanted.startswith(("http://", "https://")):
        raise NotFoundError(
            "“{ref}” is neither an entry's number nor an arXiv id nor an address: look for words "
            "with “paperbot lookup”",
            ref=wanted,
        )
    paper = PaperRef(arxiv_id=arxiv_id) if arxiv_id is not None else PaperRef(url=wanted)
    hits = await search.look_up(tx, Query((About(paper),)), page=1, per_page=1)
    if hits.entries:
        return hits.entries[0]
    citing = await entry_page.count_citing(tx, paper.key)
    if citing:
        raise NotFoundError(
            "There is no entry about {paper}, but {count} refer to it: see “cites:{paper}”",
            paper=paper,
            count=citing,
        )
    raise NotFoundError("There is no entry about {paper}", paper=paper)
