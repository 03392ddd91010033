"""The whole graph of an archive, read from a database and placed."""

from datetime import date

from bot.graph.domain.graph import list_hubs, place
from bot.graph.services.show_graph import read_graph
from tests.archive_stage import an_entry, keep


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

    graph = await read_graph(db)

    assert [paper.title for paper in graph.papers] == ["Old", "Linking", "New again"]
    assert graph.edges == ((1, 2), (2, 0))
    [hub, *_] = list_hubs(graph, limit=1)
    assert hub.paper.title == "New again"
    assert [paper.title for paper in hub.builds_on] == ["Old"]
    assert [paper.title for paper in hub.taken_up_by] == ["Linking"]
    assert [x for x, _ in place(graph)] == [0, 0.5, 1]
    assert sorted(y for _, y in place(graph)) == [0, 0.5, 1]
