"""The graph of references of an archive in memory: the same as `graph.store.whole_graph` reads."""

from collections.abc import Callable, Iterator, Sequence

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.discussion.domain.entry_page import EntryPage
from bot.graph.domain.graph import MOST, Graph, GraphPaper
from bot.site.domain.archive import newest_first


def graph_of(pages: Sequence[EntryPage], *, readable: Callable[[str], str]) -> Graph:
    """The graph of the newest papers, by what the pages of their entries list, the oldest first.

    `pages` are in the order of days and sources; `readable` writes the formulas of a title as text.
    """
    newest: dict[str, StoredEntry] = {}
    for stored in newest_first(page.stored for page in pages):
        newest.setdefault(stored.entry.paper.key, stored)
    shown = list(newest.items())[:MOST][::-1]
    places = {key: place for place, (key, _) in enumerate(shown)}
    keys = {page.stored.id: page.stored.entry.paper.key for page in pages}
    pairs = {
        (places[one], places[other])
        for page in pages
        for one, other in _pairs(page, keys)
        if one != other and one in places and other in places
    }
    papers = tuple(
        GraphPaper(
            stored.id,
            readable(stored.entry.paper.title),
            stored.entry.date,
            tuple(dict.fromkeys(stored.entry.tags)),
        )
        for _, stored in shown
    )
    return Graph(papers, tuple(sorted(pairs)), len(newest))


def _pairs(page: EntryPage, keys: dict[EntryId, str]) -> Iterator[tuple[str, str]]:
    own = page.stored.entry.paper.key
    for mention in page.mentions:
        if mention.entry_id is not None:
            yield own, mention.reference.key
    for other in page.links:
        yield own, keys[other.id]
