"""One entry with everything around it, by number, arXiv id or address."""

import re

from bot.archive.domain.arxiv_id import parse_arxiv_id
from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.store import entries
from bot.core.database.database import Database, Transaction
from bot.core.domain.errors import NotFoundError
from bot.core.domain.late import late_pattern
from bot.discussion.domain.entry_page import EntryPage
from bot.discussion.store import entry_page
from bot.lookup.domain.query_terms import About, PaperRef, Query
from bot.lookup.store import search


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
                    "There is no entry {id}: search for the paper with “paperbot lookup”", id=wanted
                )
        else:
            stored = await _newest_about(tx, wanted)
        return await entry_page.page_of(tx, stored)


_ENTRY = late_pattern(r"(?:entry:)?([1-9][0-9]{0,17})", re.ASCII)


async def _newest_about(tx: Transaction, wanted: str) -> StoredEntry:
    arxiv_id = parse_arxiv_id(wanted)
    if arxiv_id is None and not wanted.startswith(("http://", "https://")):
        raise NotFoundError(
            "“{ref}” is neither an entry number, an arXiv id nor a URL: search for words with "
            "“paperbot lookup”",
            ref=wanted,
        )
    paper = PaperRef(arxiv_id=arxiv_id) if arxiv_id is not None else PaperRef(url=wanted)
    hits = await search.look_up(tx, Query((About(paper),)), page=1, per_page=1)
    if hits.entries:
        return hits.entries[0]
    citing = await entry_page.count_citing(tx, paper.key)
    if citing:
        raise NotFoundError(
            "There is no entry about {paper}. Entries that refer to it: {count}; see “cites:{paper}”",
            paper=paper,
            count=citing,
        )
    raise NotFoundError(
        "There is no entry about {paper}: search for its title with “paperbot lookup”", paper=paper
    )
