"""Look-ups against a plain model: whatever was added, changed, withdrawn and brought back."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Entry, EntryId, SourceKind
from bot.archive.domain.files.source_match import InputFile
from bot.archive.domain.search.search_text import indexed_text
from bot.archive.store import entry_changes, sources
from bot.archive.store.entry_changes import IndexedEntry
from bot.core.database.database import Database, Engine
from bot.core.latex import readable
from bot.lookup.domain.query_terms import (
    About,
    Author,
    Cites,
    Dates,
    EntryIs,
    PaperRef,
    Query,
    Tag,
    Term,
    Words,
    format_query,
)
from bot.lookup.store import search
from tests.archive_stage import NOW, an_entry, check_index
from tests.databases import throw_away

NUMBERS = ["2501.00001", "2501.00002", "2501.00003"]
DAYS = [date(2025, 1, 1) + timedelta(days=days) for days in range(3)]
WORDS = ["모델", "보상", "보상모델", "model", "reward"]
NAMES = ["Ada Lee", "Yejin Choi", "Choi Lee"]
TAGS = ["rl", "moe", "long_context"]

texts = st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join)
entries = st.builds(
    lambda title, authors, abstract, number, on, ko, tags, cites: an_entry(
        title,
        authors=tuple(authors),
        abstract=abstract,
        arxiv_id=number,
        on=on,
        ko=ko,
        tags=tags,
        cites=tuple(cites),
    ),
    st.builds(str.__add__, st.sampled_from(["", "model: ", "보상 모델: "]), texts),
    st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
    texts.map(lambda text: text or None),
    st.one_of(st.none(), st.sampled_from(NUMBERS)),
    st.one_of(st.none(), st.sampled_from(DAYS)),
    texts,
    st.lists(st.sampled_from(TAGS), max_size=2, unique=True).map(" ".join),
    st.lists(st.sampled_from(NUMBERS), max_size=2, unique=True),
)
papers = st.sampled_from(NUMBERS).map(lambda number: PaperRef(ArxivId(number)))
terms: st.SearchStrategy[Term] = st.one_of(
    st.builds(Tag, st.sampled_from(["rl", "moe", "long-context", "none"]), st.booleans()),
    st.builds(
        lambda text, negated: Words(text, phrase=True, negated=negated),
        st.sampled_from([*WORDS, "상모", "rew"]),
        st.booleans(),
    ),
    st.builds(Words, st.sampled_from(["모델", "보상", "model", "reward", "choi", "context"])),
    st.builds(Author, st.sampled_from(["lee", "choi", "yejin choi", "lee choi"]), st.booleans()),
    st.builds(
        lambda on, negated: Dates(on, on, on.isoformat(), negated),
        st.sampled_from(DAYS),
        st.booleans(),
    ),
    st.builds(About, papers, st.booleans()),
    st.builds(Cites, papers, st.booleans()),
    st.builds(EntryIs, st.integers(1, 4).map(EntryId)),
)
queries = st.lists(terms, max_size=4).map(lambda chosen: Query(tuple(chosen)))


@dataclass(frozen=True)
class Change:
    """What happens to the entry of an id: a new text, or being withdrawn."""

    entry_id: int
    entry: Entry | None


changes = st.lists(st.builds(Change, st.integers(1, 6), st.one_of(st.none(), entries)), max_size=12)


def holds(entry_id: int, entry: Entry, term: Term) -> bool:
    match term:
        case Tag(slug):
            fits = slug in entry.tags
        case Words():
            fits = any(contains_word(part, term) for part in searched(entry))
        case Author(name):
            fits = any(contains(author, name) for author in entry.paper.authors)
        case Dates(first):
            fits = entry.date == first
        case About(paper):
            fits = entry.paper.key == paper.key
        case Cites(paper):
            fits = any(reference.key == paper.key for reference in entry.references)
        case EntryIs(wanted):
            return entry_id == wanted
        case _:
            raise AssertionError(term)
    return fits != term.negated


def searched(entry: Entry) -> Iterable[str]:
    yield from itertools.chain.from_iterable(fields(entry))


def fields(entry: Entry) -> list[list[str]]:
    """The texts of an entry, those first in which a hit is the best."""
    return [
        [entry.paper.title],
        [tag.replace("-", " ") for tag in entry.tags],
        list(entry.paper.authors),
        [part.text for part in entry.commentary],
        [entry.paper.abstract or ""],
    ]


def place(entry: Entry, query: Query) -> int:
    """Where the words of a query stand in an entry: the lower, the better."""
    words = [term for term in query.terms if isinstance(term, Words) and not term.negated]
    if not words:
        return 0
    title, text = entry.paper.title, " ".join(word.text for word in words)
    if text.replace(" ", "") in (title.replace(" ", ""), title.partition(":")[0].replace(" ", "")):
        return 1
    kinds = fields(entry)
    in_title = [all_in(word, kinds[:1]) for word in words]
    if all(in_title) and (contains(title, text) or contains(glued(title), glued(text))):
        return 2
    return next(
        2 + last for last in range(1, 6) if all(all_in(word, kinds[:last]) for word in words)
    )


def all_in(word: Words, kinds: list[list[str]]) -> bool:
    return any(contains_word(text, word) for texts in kinds for text in texts)


def contains_word(text: str, word: Words) -> bool:
    """A word, unlike a phrase, is also found written apart."""
    if contains(text, word.text):
        return True
    return not word.phrase and word.text == "보상모델" and "보상 모델" in text


def glued(text: str) -> str:
    return re.sub(r"(?<=[가-힣]) (?=[가-힣])", "", text)


def contains(text: str, wanted: str) -> bool:
    """Korean anywhere, other words whole."""
    if re.search("[가-힣]", wanted):
        return wanted in text
    return re.search(rf"\b{wanted}\b", text, re.IGNORECASE) is not None


def newest_first(kept: dict[int, Entry]) -> list[int]:
    undated = date(1, 1, 1)
    return sorted(kept, key=lambda i: (-(kept[i].date or undated).toordinal(), i))


async def apply(db: Database, happened: list[Change]) -> dict[int, Entry]:
    """Let it happen; what a reader should find, by id."""
    known: set[int] = set()
    live: dict[int, Entry] = {}
    async with db.transaction() as tx:
        files = [(InputFile("notes/a note.md", None, None, ""), SourceKind.VAULT_NOTE)]
        (source,) = await sources.add(tx, files, now=NOW)
    for change in happened:
        async with db.transaction() as tx:
            if change.entry is None:
                await entry_changes.withdraw(tx, [EntryId(change.entry_id)], now=NOW)
                live.pop(change.entry_id, None)
                continue
            draft = IndexedEntry(change.entry, indexed_text(change.entry, readable), source)
            if change.entry_id in known:
                await entry_changes.update(tx, [(EntryId(change.entry_id), draft)], now=NOW)
                live[change.entry_id] = change.entry
            else:
                (added,) = await entry_changes.add(tx, [draft], now=NOW)
                known.add(added)
                live[added] = change.entry
    return live


@settings(max_examples=60)
@given(happened=changes, asked=st.lists(queries, min_size=1, max_size=8))
async def test_a_look_up_finds_what_a_plain_scan_finds(happened, asked):
    async with throw_away() as db:
        live = await apply(db, happened)
        for query in asked:
            async with db.reading() as tx:
                hits = await search.look_up(tx, query, page=1, per_page=50)

            matching = [
                i for i in newest_first(live) if all(holds(i, live[i], t) for t in query.terms)
            ]
            expected = sorted(matching, key=lambda i: place(live[i], query))
            assert [stored.id for stored in hits.entries] == expected, format_query(query)
            assert hits.total == len(expected)
            for stored in hits.entries:
                assert unstored(stored.entry) == unstored(live[stored.id])
        await check_index(db)
        async with db.reading() as tx:
            if db.engine is Engine.SQLITE:
                assert await tx.all("PRAGMA foreign_key_check") == []
            wrong = await tx.all(
                "SELECT slug FROM tag WHERE uses <> (SELECT count(*) FROM entry_tag "
                "WHERE tag_id = tag.id AND newness > 0)"
            )
            assert wrong == []


def unstored(entry: Entry) -> Entry:
    """Without the titles that the store fills in."""
    return replace(
        entry, references=tuple(replace(reference, title=None) for reference in entry.references)
    )


@settings(max_examples=40)
@given(
    kept=st.lists(entries, max_size=12),
    asked=st.lists(
        st.builds(Words, st.sampled_from([*WORDS, "choi"]), st.booleans()), min_size=1, max_size=3
    ).map(lambda chosen: Query(tuple(chosen))),
)
async def test_pages_of_ranked_hits_are_disjoint_and_complete(kept, asked):
    async with throw_away() as db:
        await apply(db, [Change(number, entry) for number, entry in enumerate(kept, 1)])
        async with db.reading() as tx:
            every = await search.list_all(tx, asked)
            pages = [
                await search.look_up(tx, asked, page=page, per_page=2)
                for page in range(1, len(every) // 2 + 3)
            ]

    shown = [stored.id for page in pages for stored in page.entries]
    assert len(shown) == len(set(shown))
    assert set(shown) == set(every)
    assert [bool(page.more) for page in pages] == [
        2 * page < len(every) for page in range(1, len(pages) + 1)
    ]
