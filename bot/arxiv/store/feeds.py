"""What arXiv announced: the state of each category's feed, its batches, and new papers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial

from bot.archive.domain.arxiv_id import ArxivId
from bot.arxiv.domain.announcements import Announcement, FeedItem, merge_listings
from bot.arxiv.domain.batches import Watch
from bot.core.database import instants
from bot.core.database.database import Row, Statements, Transaction
from bot.core.domain.dataclass import dataclass
from bot.reactions.store import unwanted


async def list_watches(tx: Transaction) -> Mapping[str, Watch]:
    """The stored state of each category's feed."""
    rows = await tx.all("SELECT * FROM arxiv_feed")
    return {row["category"]: _watch(row) for row in rows}


async def put_watch(tx: Transaction, watch: Watch) -> None:
    """Store the state of a category's feed."""
    await tx.run(
        """
        INSERT INTO arxiv_feed (category, news_on, batch_on, failed, checked_at, next_at, etag)
        VALUES (:category, :news_on, :batch_on, :failed, :checked_at, :next_at, :etag)
        ON CONFLICT (category) DO UPDATE SET
            news_on = excluded.news_on, batch_on = excluded.batch_on, failed = excluded.failed,
            checked_at = excluded.checked_at, next_at = excluded.next_at, etag = excluded.etag
        """,
        {
            "category": watch.category,
            "news_on": _day_text(watch.news_on),
            "batch_on": _day_text(watch.batch_on),
            "failed": int(watch.failed),
            "checked_at": _instant_text(watch.checked_at),
            "next_at": _instant_text(watch.next_at),
            "etag": watch.etag,
        },
    )


async def look_again(tx: Transaction, now: datetime) -> None:
    """After the clock was set back: every feed is due."""
    await tx.run(
        "UPDATE arxiv_feed SET next_at = :now WHERE next_at > :now", {"now": instants.to_text(now)}
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """What is known of a category's batch of a day.

    `items` unseen ids came on that day, whatever day they claimed; `is_looked_for`: the feed was
    polled until they came or were late. `recovered` papers of the day's batch were fetched by
    date in `tries` tries; `is_whole`: one of them was complete. `recover_at` is the next try.
    """

    category: str
    day: date
    items: int
    is_cut: bool
    is_looked_for: bool
    recover_at: datetime | None
    tries: int
    is_whole: bool
    recovered: int | None

    @property
    def is_missed(self) -> bool:
        """Whether it is still to be fetched by date."""
        return self.recover_at is not None and not self.is_whole

    @property
    def is_lost(self) -> bool:
        """Whether fetching it by date was given up."""
        return self.recover_at is None and self.tries > 0 and not self.is_whole


async def list_batches(tx: Transaction, since: date) -> tuple[Batch, ...]:
    """The batches from that day on, newest first."""
    rows = await tx.all(
        "SELECT * FROM arxiv_batch WHERE day >= :since ORDER BY day DESC, category",
        {"since": since.isoformat()},
    )
    return tuple(map(_batch, rows))


async def list_to_recover(tx: Transaction, now: datetime) -> tuple[Batch, ...]:
    """The batches to fetch from the query API now, oldest first."""
    rows = await tx.all(
        "SELECT * FROM arxiv_batch WHERE recover_at <= :now ORDER BY day, category",
        {"now": instants.to_text(now)},
    )
    return tuple(map(_batch, rows))


async def note_look(
    tx: Transaction, category: str, day: date, *, items: int = 0, is_cut: bool = False
) -> None:
    """Store that a feed was polled on a day; new items are added up."""
    await tx.run(
        """
        INSERT INTO arxiv_batch (category, day, items, is_cut, is_looked_for)
        VALUES (:category, :day, :items, :is_cut, TRUE)
        ON CONFLICT (category, day) DO UPDATE SET
            items = arxiv_batch.items + excluded.items,
            is_cut = arxiv_batch.is_cut OR excluded.is_cut, is_looked_for = TRUE
        """,
        {"category": category, "day": day.isoformat(), "items": items, "is_cut": is_cut},
    )


async def want(tx: Transaction, category: str, day: date, now: datetime) -> bool:
    """Have the batch of a day fetched by date; false if it is scheduled or done already."""
    changed = await tx.run(
        """
        INSERT INTO arxiv_batch (category, day, items, is_cut, recover_at)
        VALUES (:category, :day, 0, FALSE, :now)
        ON CONFLICT (category, day) DO UPDATE SET recover_at = excluded.recover_at
            WHERE arxiv_batch.recover_at IS NULL AND arxiv_batch.tries = 0
        """,
        {"category": category, "day": day.isoformat(), "now": instants.to_text(now)},
    )
    return changed > 0


async def count_recovered(tx: Transaction, batch: Batch, found: int) -> None:
    """So many more papers of a batch were fetched by date."""
    await tx.run(
        """
        UPDATE arxiv_batch SET recovered = coalesce(recovered, 0) + :found
        WHERE category = :category AND day = :day
        """,
        {"category": batch.category, "day": batch.day.isoformat(), "found": found},
    )


async def end_try(
    tx: Transaction, batch: Batch, *, is_whole: bool, again_at: datetime | None
) -> None:
    """Store a try to fetch a batch by date; the next one is at `again_at`.

    Two processes that try at once count as one try.
    """
    await tx.run(
        """
        UPDATE arxiv_batch
        SET tries = tries + 1, is_whole = is_whole OR :is_whole, recover_at = :again_at
        WHERE category = :category AND day = :day AND tries = :tries
        """,
        {
            "category": batch.category,
            "day": batch.day.isoformat(),
            "tries": batch.tries,
            "is_whole": is_whole,
            "again_at": _instant_text(again_at),
        },
    )


async def add_listings(
    tx: Transaction, category: str, items: Sequence[FeedItem], day: date
) -> tuple[FeedItem, ...]:
    """Store the items of a feed; returns those whose id and version are new in it."""
    return await tx.call(partial(_add_listings, category=category, items=items, day=day))


def _add_listings(
    statements: Statements, *, category: str, items: Sequence[FeedItem], day: date
) -> tuple[FeedItem, ...]:
    first: dict[ArxivId, FeedItem] = {}
    for item in items:
        first.setdefault(item.id, item)
    added = statements.tuples(
        """
        INSERT INTO arxiv_listing (category, number, version, announcement, day)
        SELECT CAST(:category AS TEXT), value ->> 0, CAST(value ->> 1 AS BIGINT), value ->> 2,
               CAST(:day AS TEXT)
        FROM json_rows(:rows) WHERE TRUE
        ON CONFLICT (category, number, version) DO NOTHING
        RETURNING number, version
        """,
        {
            "category": category,
            "day": day.isoformat(),
            "rows": json.dumps(
                [(on.number, on.version, item.announcement) for on, item in sorted(first.items())]
            ),
        },
    )
    unseen = {ArxivId(*each) for each in added}
    return tuple(item for item in first.values() if item.id in unseen)


PAPERS = "arxiv papers"
"""The guard of whoever stores papers: known ones are read, merged with new listings, and written back."""


async def add_papers(tx: Transaction, items: Iterable[FeedItem], day: date) -> int:
    """Store new papers, each under the day on which it came first; how many are new."""
    await tx.guard(PAPERS)
    return await tx.call(partial(_add_papers, items=tuple(items), day=day))


def _add_papers(statements: Statements, *, items: tuple[FeedItem, ...], day: date) -> int:
    rows = statements.all(
        "SELECT * FROM feed_item WHERE number IN (SELECT value FROM texts(:numbers))",
        {"numbers": [item.id.number for item in items]},
    )
    known = tuple(map(_item, rows))
    merged = merge_listings((*known, *items))
    statements.run_many(
        """
        INSERT INTO feed_item (
            number, version, announcement, title, authors, abstract, categories, batch_on, day
        ) VALUES (
            :number, :version, :announcement, :title, :authors, :abstract, :categories, :batch_on,
            :day
        )
        ON CONFLICT (number) DO UPDATE SET
            version = excluded.version, announcement = excluded.announcement,
            title = excluded.title, authors = excluded.authors, abstract = excluded.abstract,
            categories = excluded.categories
        """,
        [
            {
                "number": item.id.number,
                "version": item.id.version,
                "announcement": item.announcement,
                "title": item.title,
                "authors": json.dumps(item.authors, ensure_ascii=False),
                "abstract": item.abstract,
                "categories": json.dumps(item.categories),
                "batch_on": _day_text(item.batch_on),
                "day": day.isoformat(),
            }
            for item in sorted(merged, key=lambda item: item.id.number)
        ],
    )
    return len(merged) - len(known)


async def prune(tx: Transaction, *, listings_before: date, papers_before: date) -> None:
    """Delete old listings and papers, with what people said of them: the disk must not fill up."""
    await tx.run(
        "DELETE FROM arxiv_listing WHERE day < :before", {"before": listings_before.isoformat()}
    )
    await tx.run("DELETE FROM feed_item WHERE day < :before", {"before": papers_before.isoformat()})
    await unwanted.prune(tx)


def item_of(row: Row) -> FeedItem:
    """A row of `feed_item`."""
    return _item(row)


def _item(row: Row) -> FeedItem:
    return FeedItem(
        id=ArxivId(row["number"], row["version"]),
        announcement=Announcement(row["announcement"]),
        title=row["title"],
        authors=tuple(json.loads(row["authors"])),
        abstract=row["abstract"],
        categories=tuple(json.loads(row["categories"])),
        batch_on=_day(row["batch_on"]),
    )


def _watch(row: Row) -> Watch:
    return Watch(
        category=row["category"],
        news_on=_day(row["news_on"]),
        batch_on=_day(row["batch_on"]),
        failed=bool(row["failed"]),
        checked_at=_instant(row["checked_at"]),
        next_at=_instant(row["next_at"]),
        etag=row["etag"],
    )


def _batch(row: Row) -> Batch:
    return Batch(
        category=row["category"],
        day=date.fromisoformat(row["day"]),
        items=row["items"],
        is_cut=bool(row["is_cut"]),
        is_looked_for=bool(row["is_looked_for"]),
        recover_at=_instant(row["recover_at"]),
        tries=row["tries"],
        is_whole=bool(row["is_whole"]),
        recovered=row["recovered"],
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text is not None else None


def _day_text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _instant(text: str | None) -> datetime | None:
    return instants.from_text(text) if text is not None else None


def _instant_text(at: datetime | None) -> str | None:
    return instants.to_text(at) if at is not None else None
