"""Titles and author names of recent entries, for completion and suggestions."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import lru_cache, partial

from bot.archive.domain.entry import EntryId, Related
from bot.archive.domain.markup.author_names import in_each_order
from bot.archive.domain.search.folding import bare
from bot.core.database.database import Statements, Transaction
from bot.core.domain.late import late_pattern
from bot.core.domain.latex_accents import accents
from bot.core.latex import readable
from bot.lookup.store.query_plan import named_like

_RECENT = 2000
"""The newest entries that are scanned, so that the cost does not grow with the archive."""
_WORD = late_pattern(r"[^\W\d_]{2,}")


def list_author_words(statements: Statements) -> tuple[str, ...]:
    """The words of the names of recent authors, in lower case, the most frequent first."""
    words = Counter(
        word
        for authors in _recent_authors(statements)
        for word in _WORD.findall(readable(" ".join(authors)).casefold())
    )
    return tuple(word for word, _ in words.most_common())


async def list_authors(tx: Transaction, typed: str, *, limit: int) -> tuple[str, ...]:
    """Recent authors one of whose names begins with what was typed, most frequent first."""
    wanted = bare(accents(typed))
    found = Counter(
        author
        for authors in await tx.call(_recent_authors)
        for author in authors
        if any(
            part.startswith(wanted)
            for name in in_each_order(readable(author))
            for part in _parts(_compared(name))
        )
    )
    return tuple(readable(author) for author, _ in found.most_common(limit))


@lru_cache(maxsize=8192)
def _compared(text: str) -> str:
    """A name or title as it is shown, without case and accents."""
    return bare(readable(text))


def _parts(name: str) -> Iterator[str]:
    """The name, and its rest from each word on."""
    yield name
    at = name.find(" ")
    while at >= 0:
        yield name[at + 1 :]
        at = name.find(" ", at + 1)


def _recent_authors(statements: Statements) -> list[list[str]]:
    rows = statements.all(
        "SELECT authors FROM entry WHERE newness > 0 ORDER BY newness DESC LIMIT :recent",
        {"recent": _RECENT},
    )
    return [json.loads(row["authors"]) for row in rows]


async def list_titled(tx: Transaction, typed: str, *, limit: int) -> tuple[Related, ...]:
    """Recent entries whose title contains what was typed, the best first.

    The best are papers of that name, of any age, then titles that begin with it, then those with a
    word that begins with it; within each the newest comes first.
    """
    named = await tx.call(partial(named_like, words=[typed]))
    rows = await tx.all(
        """
        SELECT * FROM (SELECT newness, id, title, date FROM entry WHERE newness > 0
                       ORDER BY newness DESC LIMIT :recent) AS recent
        UNION SELECT newness, id, title, date FROM entry
        WHERE newness IN (SELECT value FROM numbers(:named))
        ORDER BY newness DESC
        """,
        {"recent": _RECENT, "named": named[:limit]},
    )
    wanted = bare(accents(typed))
    is_named = set(named)
    found = sorted(
        (row for row in rows if row["newness"] in is_named or wanted in _compared(row["title"])),
        key=lambda row: 0 if row["newness"] in is_named else _place(row["title"], wanted),
    )
    return tuple(
        Related(
            EntryId(row["id"]),
            readable(row["title"]),
            date.fromisoformat(row["date"]) if row["date"] is not None else None,
        )
        for row in found[:limit]
    )


def _place(title: str, wanted: str) -> int:
    """Where a title has what was typed: at its beginning, at that of a word, within a word."""
    parts = enumerate(_parts(_compared(title)), start=1)
    return next((min(at, 2) for at, part in parts if part.startswith(wanted)), 3)
