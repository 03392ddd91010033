"""The tables of arXiv's announcements give the same answers on both engines."""

import asyncio
from datetime import date, timedelta

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.arxiv_record import ArxivRecord
from bot.archive.domain.entry import EntryId
from bot.archive.store import arxiv_records
from bot.arxiv.domain.announcements import Announcement, FeedItem
from bot.arxiv.domain.batches import Watch
from bot.arxiv.domain.candidates import HALF_LIFE, Example, Judgement, Likeness
from bot.arxiv.ports import Refusal
from bot.arxiv.store import (
    asked_papers,
    candidates,
    failed_requests,
    feeds,
    open_titles,
    request_gate,
)
from bot.arxiv.store.candidates import Training
from bot.arxiv.store.request_gate import Refused, Wait
from bot.core.database.database import Database, Engine
from bot.reactions.store import unwanted
from tests.archive_stage import NOW, an_entry, keep_apart
from tests.waiting import until_guarded_out

DAY, NEXT = date(2025, 2, 4), date(2025, 2, 5)


def an_item(number: str, version: int = 1, *, categories: tuple[str, ...] = ("cs.LG",)) -> FeedItem:
    return FeedItem(
        id=ArxivId(number, version),
        announcement=Announcement.NEW,
        title=f"Paper {number}",
        authors=("Ada",),
        abstract="It is about things.",
        categories=categories,
        batch_on=DAY,
    )


async def test_listings_and_papers_count_as_new_once(db: Database):
    one, other = an_item("2502.00002"), an_item("2502.00001")
    async with db.transaction() as tx:
        first = await feeds.add_listings(tx, "cs.LG", [one, other, one], DAY)
        again = await feeds.add_listings(tx, "cs.LG", [other, an_item("2502.00002", 2)], NEXT)
        elsewhere = await feeds.add_listings(tx, "cs.CL", [one], DAY)
        nothing = await feeds.add_listings(tx, "cs.LG", [], DAY)
        new = [
            await feeds.add_papers(tx, items, day)
            for items, day in (
                ((one, other), DAY),
                ((one, an_item("2502.00003")), NEXT),
                ((), NEXT),
            )
        ]
        listed = await candidates.list_papers(tx, DAY)
        for number in ("2502.00001", "2502.00003"):
            await unwanted.add(tx, number, "web:a", NOW)
        await feeds.prune(tx, listings_before=NEXT, papers_before=NEXT)
        left = await candidates.list_papers(tx, DAY)
        said = await unwanted.count_all(tx, ["2502.00001", "2502.00003"])

    assert first == (one, other)
    assert [item.id.version for item in again] == [2]
    assert elsewhere == (one,)
    assert nothing == ()
    assert new == [2, 1, 0]
    assert [item.id.number for item in listed] == ["2502.00003", "2502.00001", "2502.00002"]
    assert [item.id.number for item in left] == ["2502.00003"]
    assert said == {"2502.00003": 1}


async def test_a_paper_that_two_processes_store_at_once_is_new_once_and_keeps_both_categories(
    db: Database,
):
    async def store(category: str) -> int:
        async with db.transaction() as tx:
            return await feeds.add_papers(tx, [an_item("2502.00001", categories=(category,))], DAY)

    async with asyncio.TaskGroup() as group, db.transaction() as tx:
        new = await feeds.add_papers(tx, [an_item("2502.00001")], DAY)
        other = group.create_task(store("cs.CL"))
        if db.engine is Engine.POSTGRESQL:  # SQLite has one writer at a time
            await until_guarded_out(db)
    async with db.reading() as tx:
        (stored,) = await candidates.list_papers(tx, DAY)

    assert (new, other.result()) == (1, 0)
    assert stored.categories == ("cs.LG", "cs.CL")


async def test_batches_and_watches(db: Database):
    watch = Watch("cs.LG", news_on=DAY, batch_on=None, failed=True, checked_at=NOW, etag="x")
    async with db.transaction() as tx:
        for each in (Watch("cs.LG"), watch):
            await feeds.put_watch(tx, each)
        await feeds.note_look(tx, "cs.LG", DAY, items=3, is_cut=True)
        await feeds.note_look(tx, "cs.LG", DAY, items=2)
        wanted = [await feeds.want(tx, "cs.LG", day, NOW) for day in (DAY, DAY, NEXT)]
        (batch, later) = await feeds.list_to_recover(tx, NOW)
        await feeds.count_recovered(tx, later, 2)
        await feeds.count_recovered(tx, later, 1)
        for _ in range(2):
            await feeds.end_try(tx, later, is_whole=True, again_at=None)
        newest, oldest = await feeds.list_batches(tx, DAY)
        watches = await feeds.list_watches(tx)
        late = [await candidates.count_late(tx, day) for day in (DAY, NEXT)]

    assert watches == {"cs.LG": watch}
    assert wanted == [True, False, True]
    assert (batch.items, batch.is_cut, batch.is_looked_for, batch.is_missed) == (
        5,
        True,
        True,
        True,
    )
    assert (newest.tries, newest.is_whole, newest.recovered, newest.is_lost) == (1, True, 3, False)
    assert (oldest.day, oldest.tries) == (DAY, 0)
    assert late == [0, 3]


async def test_candidates_by_score_without_those_that_have_an_entry(db: Database):
    await keep_apart(
        db,
        an_entry("Picked", arxiv_id="2502.00004", abstract="Of its own.", tags="rl moe"),
        an_entry("Older", arxiv_id="2401.00001", tags="rl"),
    )
    judgement = Judgement("2502.00002", 1.5, ("보상", "reward"), (Likeness(EntryId(1), 0.5),))
    async with db.transaction() as tx:
        await feeds.add_papers(tx, [an_item(f"2502.0000{n}") for n in range(1, 5)], DAY)
        unjudged = await candidates.list_unjudged(tx, DAY, NOW, 2)
        absent = Judgement("9999.99999", 1.0, (), ())
        for score in (0.5, 1.5):
            low = Judgement("2502.00003", -score, (), ())
            await candidates.put_judgements(tx, [judgement, low, absent], NOW)
        found = await candidates.list_open(tx, DAY, limit=9)
        page = await candidates.list_open(tx, DAY, limit=1, offset=1)
        count = await candidates.count_open(tx, DAY)
        newest = await candidates.newest_day(tx)
        before = [await candidates.day_before(tx, day) for day in (DAY, NEXT)]
        listed = [await candidates.is_listed(tx, day) for day in (DAY, NEXT)]
        still = await candidates.list_unjudged(tx, DAY, NOW, 9)
        nothing, after = await candidates.list_picked(tx, 0, 1, trained_on=DAY)
        picked, end = await candidates.list_picked(tx, after, 9, trained_on=DAY)
        passed = await candidates.list_passed(tx, NEXT)
        live = await candidates.list_live(tx, [EntryId(1), EntryId(9)])
        tagged = await candidates.tags_of(tx, {EntryId(1), EntryId(2)})
        for training in (Training(NOW, 1, 2), Training(NOW + timedelta(days=1), 3, 4)):
            await candidates.put_training(tx, training)
        trained = await candidates.find_training(tx)

    assert [each.number for each in unjudged] == ["2502.00001", "2502.00002"]
    assert [each.item.id.number for each in found] == ["2502.00002", "2502.00003", "2502.00001"]
    assert found[0].judgement == judgement
    assert page == found[1:2]
    assert count == (3, 2)
    assert (newest, before, listed) == (DAY, [None, DAY], [True, False])
    assert [each.number for each in still] == ["2502.00001"]
    assert (nothing, end) == ((), 0)
    assert [each.entry_id for each in picked] == [EntryId(1)]
    assert [each.number for each in passed] == ["2502.00001", "2502.00002", "2502.00003"]
    assert all(isinstance(each, Example) for each in passed)
    assert {each.authors for each in unjudged} | {each.authors for each in passed} == {("Ada",)}
    assert live == {EntryId(1)}
    assert tagged == {EntryId(1): ["rl", "moe"], EntryId(2): ["rl"]}
    assert trained == Training(NOW + timedelta(days=1), 3, 4)


async def test_what_training_reads_of_entries(db: Database):
    year_ago, names = DAY - HALF_LIFE, ("Fr\\'ed Roe", "Bo Kim et al.")
    await keep_apart(
        db,
        an_entry("Own", arxiv_id="2502.00001", authors=names, abstract="Of its own."),
        an_entry("Of arXiv", arxiv_id="2502.00002", on=None),
        an_entry("Oldest", url="https://example.org/a", abstract="Old.", on=year_ago),
    )
    records = [
        ArxivRecord(ArxivId(number, 1), "T", ("Ada", "Di"), "From arXiv.", ("cs.LG",), NOW, NOW)
        for number in ("2502.00001", "2502.00002")
    ]
    async with db.transaction() as tx:
        await arxiv_records.put(tx, records)
        examples, _ = await candidates.list_picked(tx, 0, 9, trained_on=DAY)

    read = {each.entry_id: (each.text, each.authors, each.weight) for each in examples}
    assert read == {
        EntryId(1): ("Own Of its own.", ("Fréd Roe", "Bo Kim"), 1.0),
        EntryId(2): ("Of arXiv From arXiv.", ("Ada", "Di"), 0.5),
        EntryId(3): ("Oldest Old.", (), 0.5),
    }


async def test_what_is_asked_again_and_in_which_company(db: Database):
    await keep_apart(
        db,
        an_entry("With an id", arxiv_id="2502.00001", cites=("2502.00002", "2502.00003")),
        an_entry("By title"),
        an_entry("Other title"),
    )
    target = failed_requests.PAPERS
    async with db.transaction() as tx:
        never = await asked_papers.list_due(tx, DAY, 9)
        await failed_requests.add(
            tx, target, {"2502.00001", "2502.00003"}, first=2, then=1, reason="x"
        )
        after_failure = await asked_papers.list_due(tx, DAY, 9)
        await failed_requests.add(tx, target, ["2502.00003"], first=2, then=1, reason="y")
        await failed_requests.end(tx, target, ["2502.00001"])
        alone = await failed_requests.list_alone(tx, target)
        proven = await failed_requests.is_proven(tx, target, "2502.00003")
        await asked_papers.note_asked(tx, DAY, found=["2502.00001"], missing={"2502.00003"})
        await asked_papers.note_asked(tx, NEXT, found=(), missing=["2502.00003"])
        await asked_papers.note_refused(tx, DAY, "2502.00002")
        due = [
            await asked_papers.list_due(tx, day, 9)
            for day in (NEXT, DAY + timedelta(days=7), DAY + timedelta(days=31))
        ]
        coverage = await asked_papers.coverage(tx)
        titles = [each.title for each in await open_titles.list_open(tx, limit=9)]
        due_titles = [each.title for each in await open_titles.list_due(tx, DAY, 1)]

    assert never == ("2502.00001", "2502.00002", "2502.00003")
    assert after_failure == ("2502.00002",)
    assert alone == {"2502.00003": "y"}
    assert proven
    assert due == [(), ("2502.00001",), ("2502.00001", "2502.00002")]
    assert (coverage.known, coverage.withdrawn) == (0, 0)
    assert (coverage.refused, coverage.unreadable) == (("2502.00002",), (("2502.00003", "y"),))
    assert titles == ["By title", "Other title"]
    assert due_titles == ["By title"]


async def test_the_gates_waits_and_refusals(db: Database):
    wait = Wait("papers", 2, NOW, "no")
    async with db.transaction() as tx:
        for _ in range(2):
            await request_gate.note_request(tx)
            await request_gate.count_refusal(tx, "papers", Refusal.MALFORMED, "bad", NOW)
        await request_gate.count_refusal(tx, "feed:cs.LG", Refusal.MALFORMED, "bad", NOW)
        await request_gate.put_free_at(tx, NOW)
        for each in (Wait("papers", 1, NOW, "x"), wait, Wait("*", 1, NOW, "all")):
            await request_gate.put_wait(tx, each)
        waits = await request_gate.list_waits(tx)
        await request_gate.end_waits(tx, "papers")
        ended = await request_gate.list_waits(tx)
        refusals = await request_gate.list_refusals(tx)
        made = await request_gate.requests_made(tx)
        free_at = await request_gate.free_at(tx)

    assert waits == (Wait("*", 1, NOW, "all"), wait)
    assert ended == ()
    assert refusals == (
        Refused("feed:cs.LG", Refusal.MALFORMED, 1, "bad", NOW),
        Refused("papers", Refusal.MALFORMED, 2, "bad", NOW),
    )
    assert (made, free_at) == (2, NOW)
