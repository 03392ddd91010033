"""The whole graph of an archive, read from a database and placed."""

from dataclasses import replace
from datetime import date

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Entry, Reference
from bot.archive.domain.search.search_text import indexed_text
from bot.archive.store import entry_changes, sources, tag_merges
from bot.archive.store.entry_changes import IndexedEntry
from bot.core.latex import readable
from bot.graph.domain.drawing import place
from bot.graph.domain.graph import Graph, list_hubs
from bot.graph.services.show_graph import GraphReader
from tests.archive_stage import NOW, an_entry, keep


async def test_papers_are_connected_by_references_and_links(db):
    await keep(
        db,
        an_entry("Old", arxiv_id="1706.03762", on=date(2017, 6, 12), path="n/old.md"),
        an_entry(
            "New",
            arxiv_id="2502.01456",
            on=date(2025, 2, 3),
            tags="rl",
            cites=("1706.03762", "2412.01981"),
            links=("old",),
            path="n/new.md",
        ),
        an_entry("New again", arxiv_id="2502.01456", on=date(2025, 2, 9), path="n/again.md"),
        an_entry("Linking", on=date(2024, 1, 1), links=("new", "other/old"), path="n/linking.md"),
    )

    graph = await GraphReader(db).read()

    assert [paper.title for paper in graph.papers] == ["Old", "Linking", "New again"]
    assert graph.edges == ((1, 2), (2, 0))
    [hub, *_] = list_hubs(graph, limit=1)
    assert hub.paper.title == "New again"
    assert [paper.title for paper in hub.builds_on] == ["Old"]
    assert [paper.title for paper in hub.taken_up_by] == ["Linking"]
    assert [x for x, _ in place(graph)] == [0, 0.5, 1]
    assert sorted(y for _, y in place(graph)) == [0, 0.5, 1]


async def test_the_graph_that_is_kept_is_never_older_than_the_archive(db):
    first, second, third = (
        an_entry("One", arxiv_id="2501.00001", on=date(2025, 1, 1), path="n/one.md"),
        an_entry("Two", arxiv_id="2501.00002", on=date(2025, 1, 2), tags="rl", path="n/two.md"),
        an_entry("Three", links=("two",), on=date(2025, 1, 3), tags="ppo", path="n/three.md"),
    )
    ids = await keep(db, first, second, third)
    kept = GraphReader(db)

    async def changed_by(*changes: tuple[int, Entry], withdrawn: int | None = None) -> Graph:
        before = await kept.read()
        async with db.transaction() as tx:
            drafts = []
            for place, entry in changes:
                source = await sources.find_of_entry(tx, ids[place])
                assert source is not None
                draft = IndexedEntry(entry, indexed_text(entry, readable), source.id)
                drafts.append((ids[place], draft))
            await entry_changes.update(tx, drafts, now=NOW)
            if withdrawn is not None:
                await entry_changes.withdraw(tx, [ids[withdrawn]], now=NOW)
        after = await kept.read()
        assert after != before
        assert after == await GraphReader(db).read()
        assert await kept.read() is after
        return after

    cited = replace(second, references=(Reference(ArxivId("2501.00001")),))
    assert (await changed_by((1, cited))).edges == ((1, 0), (2, 1))
    titled = replace(second, paper=replace(second.paper, title="Two, again"))
    assert (await changed_by((1, titled))).edges == ((2, 1),)
    assert (await changed_by((2, replace(third, links=())))).edges == ()
    await changed_by((0, replace(first, date=date(2025, 2, 1))))
    await changed_by((0, replace(first, tags=("gan",), spellings=("gan",))))
    assert len((await changed_by(withdrawn=2)).papers) == 2
    async with db.transaction() as tx:
        await tag_merges.replace_all(tx, {"gan": ("rl", "rl")})
    assert {paper.tags for paper in (await kept.read()).papers} == {("rl",)}
