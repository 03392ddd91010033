"""Bibliographies of any length: written piece by piece, so that no more than a page is in memory."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

from bot.archive.domain.citations import bibtex, csl, ris
from bot.archive.domain.entry import Entry, StoredEntry
from bot.core.domain.dataclass import dataclass

_PAGE = 250
"""Entries written at once, and more only where one paper has more."""


@dataclass(frozen=True, slots=True)
class Style:
    """A format: the text of each paper, and what stands around and between these texts."""

    items: Callable[[Iterable[Entry]], Iterable[str]]
    opening: str = ""
    between: str = "\n"
    closing: str = ""

    def joined(self, entries: Iterable[Entry]) -> str:
        """The papers of these entries, as a part of a bibliography."""
        return self.between.join(self.items(entries))


BIBTEX = Style(bibtex.items)
RIS = Style(ris.items)
CSL = Style(csl.items, csl.OPENING, csl.BETWEEN, csl.CLOSING)


InThread = Callable[[Callable[[Sequence[Entry]], str], Sequence[Entry]], Awaitable[str]]
"""Runs a function in a thread: `asyncio.to_thread`."""


async def write(
    found: AsyncIterator[StoredEntry], style: Style, in_thread: InThread
) -> AsyncIterator[str]:
    """The papers of these entries as pieces of one text.

    The entries of one paper must follow one another: `cite` joins them.
    """
    lead = style.opening
    async for page in _pages(found):
        yield lead + await in_thread(style.joined, page)
        lead = style.between
    yield (style.opening if lead is style.opening else "") + style.closing


async def _pages(found: AsyncIterator[StoredEntry]) -> AsyncIterator[Sequence[Entry]]:
    page: list[Entry] = []
    async for stored in found:
        if len(page) >= _PAGE and stored.entry.paper.key != page[-1].paper.key:
            yield page
            page = []
        page.append(stored.entry)
    if page:
        yield page
