"""The archive's tables give the same answers, in the same order, on both engines."""

import asyncio
from dataclasses import replace
from datetime import date
from functools import partial

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.arxiv_record import Change, PaperEventKind
from bot.archive.domain.counts import Day, TagCount
from bot.archive.domain.entry import AtArxiv, EntryId, Paper, Reference
from bot.archive.store import (
    arxiv_records,
    entries,
    entry_changes,
    links,
    paper_events,
    papers,
    source_counts,
    sources,
    tags,
    title_matches,
)
from bot.arxiv.services.operator_match import decide
from bot.core.database.database import Database, Engine
from tests.archive_stage import NOW, a_record, an_entry, keep, keep_apart, titles
from tests.waiting import until_locked_out

FIRST, SECOND, THIRD = date(2025, 2, 3), date(2025, 2, 4), date(2025, 2, 6)


async def test_days_and_the_order_within_them(db: Database):
    await keep_apart(
        db,
        an_entry("undated", on=None),
        an_entry("third", on=THIRD),
        an_entry("second, first note", on=SECOND),
        an_entry("first", on=FIRST),
        an_entry("second, other note", on=SECOND),
        an_entry("taken back", on=date(2025, 2, 5)),
    )

    async with db.transaction() as tx:
        await entry_changes.withdraw(tx, [EntryId(6)], now=NOW)
        days = await entries.list_days(tx, limit=10)
        two = await entries.list_days(tx, limit=2)
        earlier = await entries.list_days(tx, before=THIRD, limit=1)
        after = [await entries.day_after(tx, day) for day in (SECOND, THIRD)]
        within = titles(stored.entry for stored in await entries.between(tx, FIRST, SECOND))
        everything = await entries.list_in_order(tx)
        chosen = await entries.list_in_order(tx, [EntryId(5), EntryId(2), EntryId(1), EntryId(6)])
        none = await entries.list_in_order(tx, [])

    assert days == (Day(THIRD, 1), Day(SECOND, 2), Day(FIRST, 1))
    assert two == days[:2]
    assert earlier == (Day(SECOND, 2),)
    assert after == [THIRD, None]
    assert within == ["first", "second, first note", "second, other note"]
    assert everything == (1, 4, 3, 5, 2)
    assert chosen == (1, 5, 2)
    assert none == ()


async def test_an_entry_comes_back_as_it_was_written_and_filled_in(db: Database):
    written = an_entry(
        "Attention",
        arxiv_id="1706.03762",
        ko='"따옴표"와 {중괄호}, %와 \\',
        en="A line\nand 'another'.",
        tags="Long_Context rl",
        cites=("2310.00002", "1706.03762"),
        links=("Other note", "a/b c"),
    )
    (entry_id,) = await keep(db, written)

    async with db.transaction() as tx:
        await arxiv_records.put(
            tx,
            [
                a_record("2310.00002", comment="This paper has been withdrawn."),
                a_record("1706.03762"),
            ],
        )
        (as_written,) = await entries.list_by_id(tx, [entry_id], as_written=True)
        filled = await entries.get(tx, entry_id)
        known = await arxiv_records.find(tx, ["1706.03762", "9999.99999"])

    assert replace(as_written.entry, references=()) == replace(written, references=())
    assert [each.arxiv_id for each in as_written.entry.references] == [
        each.arxiv_id for each in written.references
    ]
    paper = filled.entry.paper
    assert (paper.title, paper.authors) == ("Attention", ("Ada Lovelace",))
    assert paper.abstract == "What it is about."
    assert paper.at_arxiv == AtArxiv(2, is_withdrawn=False, category="cs.LG")
    assert [(each.title, each.at_arxiv) for each in filled.entry.references] == [
        ("arXiv's 2310.00002", AtArxiv(2, is_withdrawn=True, category="")),
        ("Attention", AtArxiv(2, is_withdrawn=False, category="")),
    ]
    assert known == {"1706.03762": a_record("1706.03762")}


async def test_a_changed_entry_takes_its_rows_along(db: Database):
    (entry_id,) = await keep(db, an_entry("Old", tags="rl moe", cites=("2310.00002",)))
    async with db.transaction() as tx:
        await entry_changes.withdraw(tx, [entry_id, entry_id], now=NOW)
        hidden = await entries.get(tx, entry_id)
        unused = await tags.count_uses(tx)
        counted = await source_counts.count(tx, [1, 2])

    (other_id,) = await keep(db, an_entry("Other", tags="rl", path="notes/other.md"))
    async with db.transaction() as tx:
        await tx.run("UPDATE entry SET newness = -newness, withdrawn_at = NULL WHERE id = 1")
        used = await tags.count_uses(tx)
        both = await entries.list_of_sources(tx, [2, 1])
        everything = await source_counts.count(tx, [1, 2])

    assert hidden.withdrawn_at == NOW
    assert hidden.entry.tags == ("rl", "moe")
    assert unused == {}
    assert (counted.entries, counted.references, counted.papers) == (0, 0, frozenset())
    assert used == {"rl": 2, "moe": 1}
    assert {source: [each.id for each in found] for source, found in both.items()} == {
        1: [entry_id],
        2: [other_id],
    }
    assert (everything.entries, everything.references) == (2, 1)
    assert everything.tags == {"rl", "moe"}


async def test_tags_by_spelling_and_by_beginning(db: Database):
    await keep_apart(
        db,
        an_entry("1", tags="Long_Context ml/rl rl"),
        an_entry("2", tags="long-context rl"),
        an_entry("3", tags="rl moe"),
    )

    async with db.reading() as tx:
        found = [await tags.find(tx, name) for name in ("LONG-context", "Long_Context", "nothing")]
        used = await tags.list_used(tx, limit=3)
        beginning = [each.tag for each in await tags.list_beginning(tx, "r", limit=9)]
        inner = [each.tag for each in await tags.list_beginning(tx, "con", limit=9)]
        everything = [each.tag for each in await tags.list_beginning(tx, "", limit=9)]
        spellings = await tx.call(partial(tags.list_spellings, limit=9))
        is_used = [
            await tx.call(partial(tags.is_used, spelling=name))
            for name in ("ml", "ml/rl", "Long_Context", "l", "nothing")
        ]

    assert found == [TagCount("long-context", 2), TagCount("long-context", 2), None]
    assert used == (TagCount("rl", 3), TagCount("long-context", 2), TagCount("ml/rl", 1))
    assert beginning == ["rl", "ml/rl"]
    assert inner == ["long-context"]
    assert everything == ["rl", "long-context", "ml/rl", "moe"]
    assert spellings["Long_Context"] == spellings["long-context"] == "long-context"
    assert is_used == [True, True, True, False, False]


async def test_links_to_a_name_that_several_notes_have(db: Database):
    await keep(
        db,
        an_entry("one", path="b/Note.md"),
        an_entry("two", path="a/Note.md"),
        an_entry("alone", path="a/Single.md"),
        an_entry("links", ko="first\n[[Note]] and [[Single]]", links=("Note", "Single")),
    )

    async with db.reading() as tx:
        found = await links.list_ambiguous(tx, ["note", "single", "absent"])

    assert [(each.text, each.path, each.line, each.targets) for each in found] == [
        ("Note", "notes/a note.md", 3, ("a/Note.md", "b/Note.md"))
    ]


async def test_sources_by_place_name_and_content(db: Database):
    await keep_apart(db, an_entry("1"), an_entry("2"), an_entry("3"))

    async with db.transaction() as tx:
        await sources.mark_gone(tx, [2], now=NOW)
        at = await sources.list_at(tx, ["/vault/notes/1.md", "/vault/notes/0.md", "/elsewhere"])
        within = await sources.list_within(tx, "/vault/notes/")
        taken = await sources.list_taken_paths(tx, ["notes/2.md", "notes/9.md"])

    assert [(each.id, each.path, each.is_gone) for each in at] == [
        (1, "notes/0.md", False),
        (2, "notes/1.md", True),
    ]
    assert [each.id for each in within] == [1, 2, 3]
    assert taken == {"notes/2.md": 3}


async def test_a_paper_that_a_person_names_and_takes_back(db: Database):
    ids = await keep_apart(
        db,
        an_entry("By title", cites=("2501.00001",)),
        an_entry("Cites", arxiv_id="2501.00001", on=FIRST),
    )
    async with db.reading() as tx:
        stored = await entries.get(tx, ids[0])

    await decide(db, stored, ArxivId("2501.00001"), now=NOW)
    async with db.reading() as tx:
        named = [await entries.get(tx, each) for each in ids]
        owners = await title_matches.list_owners(tx, "2501.00001")
    await decide(db, stored, None, now=NOW)
    async with db.reading() as tx:
        open_again = await entries.get(tx, ids[0])
        identity = await title_matches.find(tx, title_matches.title_key("By title"))

    assert [each.entry.paper.arxiv_id for each in named] == [ArxivId("2501.00001")] * 2
    assert {owner.title for owner in owners} == {"By title", "Cites"}
    assert open_again.entry.paper.arxiv_id is None
    assert identity == title_matches.Identity(None, 0.0, by_hand=True)


async def test_papers_and_tags_are_given_by_keys_of_any_signs(db: Database):
    signs = 'quote " ’ back\\slash tab\t bell\x07 line\u2028 논문 𝛼 {"a": [1]} %s'
    papers_of_it = [Paper(signs), Paper("", url=f"https://host/{signs}"), Paper("plain")]

    async with db.transaction() as tx:
        first = await papers.ensure(tx, papers_of_it, [])
        again = await papers.ensure(tx, papers_of_it[::-1], [])
        none = await papers.ensure(tx, [], [])
        tag_ids = await tags.ensure(tx, [(signs, signs), ("plain", "Plain")])
        same_tags = await tags.ensure(tx, [("Plain", "Plain"), (signs, signs)])
        no_tags = await tags.ensure(tx, [])

    assert first == again
    assert set(first) == {paper.key for paper in papers_of_it}
    assert tag_ids == {signs: 1, "plain": 2}
    assert same_tags == {signs: 1, "Plain": 2}
    assert (none, no_tags) == ({}, {})


async def test_papers_found_by_title_join_what_is_known_of_them(db: Database):
    ids = await keep_apart(
        db,
        an_entry("A Title", cites=("2501.00002",)),
        an_entry("Both", arxiv_id="2501.00009", cites=("2501.00001", "2501.00002")),
    )
    key = title_matches.title_key("A Title")
    async with db.transaction() as tx:
        ensured = await papers.ensure(tx, [], [*(await entries.get(tx, ids[1])).entry.references])
        await tx.run(
            "INSERT INTO reference (paper_id, newness, position, arxiv_version) "
            "SELECT p.id, e.newness, 9, 0 FROM paper AS p CROSS JOIN entry AS e "
            "WHERE p.key = :key AND e.id = 2",
            {"key": key},
        )
        for _ in range(2):
            await title_matches.put(tx, key, number="2501.00001", confidence=0.9, next_on=None)
        changed = await title_matches.apply_found(tx, NOW)
        again = await title_matches.apply_found(tx, NOW)
        cited = (await entries.get(tx, ids[1])).entry.references
        found = await entries.get(tx, ids[0])
        numbers = await title_matches.list_numbers(tx, [key, "title:nothing"])
        count = await title_matches.count_found(tx)

    assert set(ensured) == {"arxiv:2501.00001", "arxiv:2501.00002"}
    assert (changed, again, count) == (1, 0, 1)
    assert found.entry.paper.arxiv_id == ArxivId("2501.00001")
    assert [each.arxiv_id for each in cited] == [ArxivId("2501.00001"), ArxivId("2501.00002")]
    assert cited[0].title == "A Title"
    assert numbers == {key: "2501.00001"}


async def test_a_paper_that_is_linked_in_a_thread_while_it_is_found_by_title_is_one_paper(
    db: Database,
):
    (found,) = await keep_apart(db, an_entry("A Title"))
    key = title_matches.title_key("A Title")

    async def find() -> int:
        async with db.transaction() as tx:
            await title_matches.put(tx, key, number="2501.00001", confidence=0.9, next_on=None)
            return await title_matches.apply_found(tx, NOW)

    async with asyncio.TaskGroup() as group, db.transaction() as tx:
        linked = await papers.ensure(tx, (), [Reference(ArxivId("2501.00001"))])
        finding = group.create_task(find())
        if db.engine is Engine.POSTGRESQL:  # SQLite has one writer at a time
            await until_locked_out(db)
    async with db.reading() as tx:
        stored = await tx.all("SELECT id, key, arxiv_id, title FROM paper")
        entry = (await entries.get(tx, found)).entry

    assert finding.result() == 1
    assert [tuple(row) for row in stored] == [
        (linked["arxiv:2501.00001"], "arxiv:2501.00001", "2501.00001", "A Title")
    ]
    assert entry.paper.arxiv_id == ArxivId("2501.00001")


async def test_events_and_citations_are_stored_once(db: Database):
    await keep(db, an_entry("Cited", arxiv_id="2501.00001", on=FIRST, path="notes/1.md"))
    async with db.transaction() as tx:
        await tx.run("UPDATE entry SET created_at = '2025-02-03T09:00:00.000000+00:00'")
    (citing,) = await keep(db, an_entry("Cites", cites=("2501.00001",), path="notes/2.md"))

    async with db.transaction() as tx:
        change = Change(PaperEventKind.VERSION, 1, 2)
        await paper_events.add(tx, [("2501.00001", change)], NOW)
        found = await paper_events.list_citations(tx, dated_from=FIRST, came_from=NOW)
        for _ in range(2):
            await paper_events.add_citations(tx, found, NOW)
        noted = await paper_events.list_citations(tx, dated_from=FIRST, came_from=NOW)
        events = await paper_events.list_of(tx, "2501.00001")
        after = await paper_events.list_after(tx, events[0].id, 10)

    assert [(each.number, each.entry_id, each.on) for each in found] == [
        ("2501.00001", citing, SECOND)
    ]
    assert noted == ()
    assert [(each.kind, each.new_version, each.entry_id) for each in events] == [
        (PaperEventKind.VERSION, 2, None),
        (PaperEventKind.CITED, 0, citing),
    ]
    assert after == events[1:]


async def test_days_of_a_paper_that_has_several_entries(db: Database):
    await keep_apart(
        db,
        an_entry("1", arxiv_id="2501.00001", on=FIRST),
        an_entry("2", arxiv_id="2501.00001", on=SECOND),
        an_entry("3", arxiv_id="2501.00002", on=SECOND),
    )

    async with db.reading() as tx:
        found = await entries.list_days_of_papers(tx, ["2501.00001", "2501.00002"], least=2)

    assert {number: sorted(days) for number, days in found.items()} == {
        "2501.00001": [(FIRST, "notes/0.md"), (SECOND, "notes/1.md")]
    }
