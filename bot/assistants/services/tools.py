"""The tools: each answers a question about the archive as JSON, and writes nothing."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.archive.domain.counts import Day
from bot.archive.domain.entry import Related, StoredEntry
from bot.archive.services.export import entry_json
from bot.archive.services.tidy_tags import list_tags
from bot.archive.store import entries
from bot.assistants.domain.answer import NOTE, Form, fitted, newest_of, page_of, with_first
from bot.core.database.database import Database
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import NotFoundError, UsageError
from bot.core.domain.i18n import ENGLISH
from bot.discussion.domain.questions import Reply
from bot.discussion.services.entry_page import show
from bot.lookup.domain.query_hints import hint_lines
from bot.lookup.services import typed_dates
from bot.lookup.services.lookup import Results, look_up
from bot.lookup.store import search

MOST = 50
"""Entries of one answer at most."""
_DEEPEST = 2_000
"""Entries that may be passed over in a list: behind these, a narrower query is asked for."""
_OF_EACH = 20
"""Authors and tags of an entry that is only named."""
_AROUND = 20
"""Entries of each kind that are named around an entry."""
_TITLE = 200
"""Characters of their titles."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools on a database. All raise `UserError`.

    `with_discussions` shows all of them, so it is for the operator's own machine only.
    """

    db: Database
    clock: Callable[[], datetime]
    zone: ZoneInfo
    with_discussions: bool = True

    async def lookup(self, query: str, *, limit: int, start: int) -> Form:
        """What `/paper QUERY` finds, the best first, from place `start` on."""
        _check(limit, start)
        asked = query.strip()
        wanted = await typed_dates.write_out(self.db, asked, now=self.clock(), zone=self.zone)
        page, skipped = divmod(start, limit)
        asked_in = None if self.with_discussions else ()
        results = await look_up(self.db, wanted, page=page + 1, per_page=limit, asked_in=asked_in)
        found = [fitted(entry_json(each)) for each in results.entries][skipped:]
        hints = [*_hints(asked, results), *hint_lines(asked, ENGLISH)]
        return page_of(
            "entries",
            found,
            start=start,
            total=results.total,
            more=results.more,
            **({"hints": hints} if hints else {}),
        )

    async def entry(self, ref: str) -> Form:
        """An entry with what stands around it, by number, arXiv id or address."""
        page = await show(self.db, ref)
        return {
            "note": NOTE,
            **fitted(entry_json(page.stored)),
            "likes": page.likes,
            "cited_by": _named(page.cited_by),
            "links_to": _named(page.links),
            "linked_from": _named(page.linked_by),
            "same_paper": _named(page.same_paper),
            **(
                {"discussion": newest_of([_said(each) for each in page.replies])}
                if self.with_discussions
                else {}
            ),
        }

    async def related(self, ref: str, *, limit: int, start: int) -> Form:
        """The entries most similar to an entry's paper, best first, from place `start` on."""
        _check(limit, start)
        key = (await show(self.db, ref)).stored.entry.paper.key
        end = start + limit
        async with self.db.reading() as tx:
            similar = await search.list_similar(tx, key, limit=end + 1)
        more = len(similar) > end
        return page_of(
            "entries",
            [_short(each) for each in similar[start:end]],
            start=start,
            total=None if more else len(similar),
            more=more,
        )

    async def digest(self, day: str, *, start: int) -> Form:
        """The entries of a day (ISO 8601; empty: the newest day) in their order."""
        _check(1, start)
        async with self.db.reading() as tx:
            on = await self._day(day.strip(), await entries.list_days(tx, limit=1))
            stored = await entries.on_date(tx, on)
            before = await entries.list_days(tx, before=on, limit=1)
            after = await entries.day_after(tx, on)
        found = [fitted(entry_json(each)) for each in stored[start:]]
        return page_of(
            "entries",
            found,
            start=start,
            total=len(stored),
            more=False,
            date=on.isoformat(),
            day_before=before[0].on.isoformat() if before else None,
            day_after=after.isoformat() if after is not None else None,
        )

    async def _day(self, day: str, newest: Iterable[Day]) -> date:
        if day:
            try:
                return date.fromisoformat(day)
            except ValueError:
                raise UsageError("A date looks like 2025-02-04, not {text}", text=day) from None
        for each in newest:
            return each.on
        raise NotFoundError("There are no entries yet")

    async def tags(self, *, limit: int, start: int) -> Form:
        """The tags and how many entries have each, most used first."""
        _check(limit, min(start, 0))  # the list is read whole anyway: it goes on to its end
        used = await list_tags(self.db)
        end = start + limit
        found = [{"tag": each.tag, "entries": each.entries} for each in used.counts[start:end]]
        total = len(used.counts)
        return page_of("tags", found, start=start, total=total, more=end < total)


def _check(limit: int, start: int) -> None:
    if not 1 <= limit <= MOST:
        raise UsageError("limit is a number from 1 to {most}", most=MOST)
    if not 0 <= start <= _DEEPEST:
        raise UsageError(
            "start is a number from 0 to {most}: ask a narrower query for what is behind it",
            most=_DEEPEST,
        )


def _hints(asked: str, results: Results) -> Iterable[str]:
    if results.entries or results.page > 1:
        return
    yield ENGLISH("Nothing found for “{asked}”.", asked=asked)
    for suggestion in results.suggestions:
        yield ENGLISH("Did you mean {words}?", words=suggestion)
    yield ENGLISH("Fewer or shorter words find more; the tool “tags” lists all tags.")


def _named(found: tuple[Related, ...]) -> Form:
    named = [
        {
            "id": each.id,
            "date": each.date.isoformat() if each.date is not None else None,
            "title": each.title[:_TITLE],
        }
        for each in found[:_AROUND]
    ]
    return {"entries": named, "total": len(found)}


def _said(reply: Reply) -> Form:
    return {
        "said_at": reply.said_at.isoformat(),
        "author": reply.author,
        "platform": reply.platform,
        "text": reply.text,
    }


def _short(stored: StoredEntry) -> Form:
    whole = entry_json(stored)
    named = {name: whole[name] for name in ("id", "date", "title", "authors", "arxiv_id", "tags")}
    return with_first(named, _OF_EACH)
