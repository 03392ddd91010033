"""Each line of each message is there for exactly the queries that find its entry (issue 16).

`make lookups` asks this of a thousand readers with five queries each.
"""

from collections import defaultdict

from bot.archive.domain.entry import EntryId
from bot.core.database.database import Database
from bot.core.domain.document import load
from bot.core.domain.i18n import ENGLISH
from bot.follow.domain.follow import cited_paper, followed_paper, paper_name
from bot.follow.services import plan
from bot.follow.store import follows
from bot.lookup.domain.query import parse
from bot.lookup.domain.query_terms import Cites, PaperRef, Query
from bot.lookup.store import search
from tests import crowd
from tests.databases import throw_away
from tests.follow_stage import told

FEWEST = 60
LOOKUPS_A_READER = 10


async def scanned(
    db: Database, new: set[EntryId], readers: int
) -> dict[str, dict[EntryId, set[str]]]:
    """The reasons of each person's entries, by a look-up for each query."""
    people = [f"slack:T1/U{number}" for number in range(readers)]
    found: dict[str, dict[EntryId, set[str]]] = {}
    async with db.reading() as tx:
        for person, each in (await follows.list_of_all(tx, people)).items():
            reasons: defaultdict[EntryId, set[str]] = defaultdict(set)
            for follow in each:
                asked = parse(follow.query)
                paper = followed_paper(asked)
                hits = new & {*await search.list_all(tx, asked)}
                reason, citing = follow.query, set[EntryId]()
                if isinstance(paper, PaperRef):
                    reason = f"about {paper_name(paper)}, which you follow"
                    citing = new & {*await search.list_all(tx, Query((Cites(paper),)))} - hits
                elif paper is not None:
                    reason = f"about entry:{paper.id}, which you follow"
                elif (cited := cited_paper(asked)) is not None:
                    reason = f"cites {paper_name(cited)}, which you follow"
                for entry_id in hits:
                    reasons[entry_id].add(reason)
                for entry_id in citing:
                    assert isinstance(paper, PaperRef)
                    reasons[entry_id].add(f"cites {paper_name(paper)}, which you follow")
            found[person] = dict(reasons)
    return found


async def test_every_reason_is_right_against_a_plain_scan(tmp_path, lookups):
    readers = max(FEWEST, lookups // LOOKUPS_A_READER)
    async with throw_away() as db:
        new = {*await crowd.add_archive(db, 200)}
        await crowd.add_readers(db, readers)
        wanted = await scanned(db, new, readers)
        wakes: list[None] = []

        planned = await plan.plan_due(
            db,
            now=crowd.DUE_AT,
            voices=lambda _: ENGLISH,
            link=lambda _: None,
            told=lambda: wakes.append(None),
        )
        again = await plan.plan_due(
            db, now=crowd.DUE_AT, voices=lambda _: ENGLISH, link=lambda _: None
        )

        async with db.reading() as tx:
            rows = await tx.all("SELECT channel, document FROM delivery ORDER BY id")
            titles = {
                row["id"]: row["title"] for row in await tx.all("SELECT id, title FROM entry")
            }
        shown = {
            row["channel"].replace("/D", "/U"): sorted(told(load(row["document"]))) for row in rows
        }
        expected = {
            person: sorted(
                (titles[entry_id], frozenset(each)) for entry_id, each in reasons.items()
            )
            for person, reasons in wanted.items()
            if reasons
        }
        assert {
            person: sorted((title, frozenset(why.split(" · "))) for title, why in lines)
            for person, lines in shown.items()
        } == expected
        assert (planned, again) == (len(expected), 0)
        assert planned > readers // 2
        assert wakes
