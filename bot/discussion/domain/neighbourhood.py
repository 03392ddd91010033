"""The neighbourhood of an entry as its page draws it, from what its page lists."""

from collections.abc import Callable, Iterator

from bot.archive.domain.entry import Reference
from bot.discussion.domain.entry_page import EntryPage
from bot.graph.domain.neighbourhood import Neighbour, Neighbourhood, column


def neighbourhood_of(page: EntryPage, *, readable: Callable[[str], str]) -> Neighbourhood | None:
    """What the entry builds on and what took it up, as far as the archive has it; `None` without any.

    References come before links. `readable` writes the formulas of a title as text.
    """
    builds_on = column(_others(_builds_on(page), page), readable)
    taken_up_by = column(_others(_taken_up_by(page), page), readable)
    if not builds_on.rows and not taken_up_by.rows:
        return None
    return Neighbourhood(builds_on, taken_up_by)


def _builds_on(page: EntryPage) -> Iterator[Neighbour]:
    for mention in page.mentions:
        if mention.entry_id is not None:
            yield Neighbour(mention.entry_id, _name(mention.reference))
    for each in page.links:
        yield Neighbour(each.id, each.title)


def _taken_up_by(page: EntryPage) -> Iterator[Neighbour]:
    for each in (*page.cited_by, *page.linked_by):
        yield Neighbour(each.id, each.title)


def _others(found: Iterator[Neighbour], page: EntryPage) -> Iterator[Neighbour]:
    return (each for each in found if each.id != page.stored.id)


def _name(reference: Reference) -> str:
    if reference.title:
        return reference.title
    return f"arXiv:{reference.arxiv_id.number}" if reference.arxiv_id else reference.url or ""
