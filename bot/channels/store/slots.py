"""Slots as rows: the closed dates of a subscription, and which entries each posted."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import partial

from bot.archive.domain.entry import EntryId, Language
from bot.channels.domain.digest_options import Intro, Layout
from bot.core.database.database import Parameters, Row, Statements, Transaction
from bot.core.database.instants import to_text
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ClosedSlot:
    """A closed slot with what presenting it again needs; `entries` are those shown."""

    id: int
    subscription_id: int
    on: date
    round: int
    languages: tuple[Language, ...]
    spoken: Language
    layout: Layout
    intro: Intro
    left_out: int
    missed: tuple[date, ...]
    entries: tuple[EntryId, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """A slot just closed: `round` is 0 for a scheduled one; manual ones of a date count from 1."""

    id: int
    round: int


async def last_closed(tx: Transaction, subscription_id: int) -> date | None:
    """The newest date closed by the subscription's schedule."""
    return await tx.call(partial(newest_closed, subscription_id=subscription_id))


def newest_closed(statements: Statements, subscription_id: int) -> date | None:
    """`last_closed`, where other statements belong to it."""
    row = statements.one(
        "SELECT max(on_date) AS newest FROM slot WHERE subscription_id = :id AND round = 0",
        {"id": subscription_id},
    )
    return date.fromisoformat(row["newest"]) if row and row["newest"] else None


async def find_closed(tx: Transaction, subscription_id: int, on: date) -> ClosedSlot | None:
    """The slot of that date, if the schedule closed it."""
    row = await tx.one(
        f"""
        SELECT {_SLOT} FROM slot s
         WHERE s.subscription_id = :subscription AND s.on_date = :on AND s.round = 0
        """,  # noqa: S608 - our own text
        {"subscription": subscription_id, "on": on.isoformat()},
    )
    return await _slot(tx, row) if row is not None else None


async def close(
    tx: Transaction,
    subscription_id: int,
    on: date,
    *,
    by_hand: bool,
    languages: Sequence[Language],
    spoken: Language,
    layout: Layout,
    left_out: int,
    missed: Iterable[date],
    shown: Sequence[EntryId],
    counted: Sequence[EntryId],
    now: datetime,
    intro: Intro = Intro.ON,
) -> Closed | None:
    """Close a date; `None` if the schedule closed it before.

    `shown` are its entries, `counted` those that its header only counts. Manual digests may close
    the same date repeatedly.
    """
    slot = {
        "subscription": subscription_id,
        "on": on.isoformat(),
        "by_hand": by_hand,
        "languages": ",".join(languages),
        "interface": spoken,
        "layout": layout,
        "intro": intro,
        "left_out": left_out,
        "missed": ",".join(day.isoformat() for day in missed),
        "now": to_text(now),
    }
    places: list[tuple[EntryId, int | None]] = [
        *((entry_id, position) for position, entry_id in enumerate(shown)),
        *((entry_id, None) for entry_id in counted),
    ]
    return await tx.call(partial(_close, slot=slot, places=places))


def _close(
    statements: Statements, slot: Parameters, places: Iterable[tuple[EntryId, int | None]]
) -> Closed | None:
    row = statements.one(
        """
        INSERT INTO slot (subscription_id, on_date, round, languages, interface, layout, intro,
                          left_out, missed, closed_at)
        VALUES (:subscription, :on,
                CASE WHEN :by_hand THEN
                    (SELECT coalesce(max(round), 0) + 1 FROM slot
                      WHERE subscription_id = :subscription AND on_date = :on)
                ELSE 0 END,
                :languages, :interface, :layout, :intro, :left_out, :missed, :now)
        ON CONFLICT (subscription_id, on_date, round) DO NOTHING
        RETURNING id, round
        """,
        slot,
    )
    if row is None:
        return None
    closed = Closed(row["id"], row["round"])
    statements.run_many(
        """
        INSERT INTO slot_entry (subscription_id, entry_id, slot_id, position)
        VALUES (:subscription, :entry, :slot, :position)
        ON CONFLICT (subscription_id, entry_id) DO NOTHING
        """,
        [
            {
                "subscription": slot["subscription"],
                "entry": entry_id,
                "slot": closed.id,
                "position": position,
            }
            for entry_id, position in places
        ],
    )
    return closed


async def posted(
    tx: Transaction, subscription_id: int, entries: Iterable[EntryId]
) -> frozenset[EntryId]:
    """Which of the entries were in a slot of the subscription before."""
    rows = await tx.all(
        """
        SELECT entry_id FROM slot_entry
         WHERE subscription_id = :subscription
           AND entry_id IN (SELECT value FROM numbers(:entries))
        """,
        {"subscription": subscription_id, "entries": list(entries)},
    )
    return frozenset(EntryId(row["entry_id"]) for row in rows)


async def touch(tx: Transaction, numbers: Iterable[str], since: datetime) -> None:
    """Mark slots closed since then that show these papers as changed, so they are presented again.

    A slot shows a paper if an entry in it is about the paper or refers to it.
    """
    await tx.run(
        """
        WITH known (id) AS (
            SELECT p.id FROM texts(:numbers) AS t JOIN paper AS p ON p.key = 'arxiv:' || t.value
        ), about (id) AS (
            SELECT e.id FROM entry AS e JOIN known ON known.id = e.paper_id
            UNION
            SELECT e.id FROM known JOIN reference AS r ON r.paper_id = known.id AND r.newness > 0
                JOIN entry AS e ON e.newness = r.newness
        )
        INSERT INTO changed_entry (entry_id)
        SELECT DISTINCT se.entry_id
        FROM about JOIN slot_entry AS se ON se.entry_id = about.id AND se.position IS NOT NULL
            JOIN slot AS s ON s.id = se.slot_id
        WHERE s.closed_at >= :since ORDER BY se.entry_id
        ON CONFLICT (entry_id) DO UPDATE SET entry_id = excluded.entry_id
        """,
        {"numbers": list(numbers), "since": to_text(since)},
    )


async def find_showing(
    tx: Transaction, subscription_id: int, entry_id: EntryId
) -> ClosedSlot | None:
    """The slot of the subscription that shows an entry."""
    row = await tx.one(
        f"""
        SELECT {_SLOT} FROM slot_entry e JOIN slot s ON s.id = e.slot_id
         WHERE e.subscription_id = :subscription AND e.entry_id = :entry AND e.position IS NOT NULL
        """,  # noqa: S608 - our own text
        {"subscription": subscription_id, "entry": entry_id},
    )
    return await _slot(tx, row) if row is not None else None


async def mark_changed(tx: Transaction, entry_ids: Iterable[EntryId]) -> None:
    """Have every message that shows one of these entries presented again."""
    await tx.run_many(
        # Not DO NOTHING: whoever takes the row just now would not see this change.
        """
        INSERT INTO changed_entry (entry_id) VALUES (:entry)
        ON CONFLICT (entry_id) DO UPDATE SET entry_id = excluded.entry_id
        """,
        [{"entry": each} for each in sorted(set(entry_ids))],
    )


_SLOT = """
s.id, s.subscription_id, s.on_date, s.round, s.languages, s.interface, s.layout, s.intro, s.left_out,
s.missed
"""


async def take_changed(
    tx: Transaction, limit: int
) -> tuple[tuple[ClosedSlot, frozenset[EntryId]], ...]:
    """Take the slots that show changed entries, with these; each change is returned once."""
    taken = await tx.all(
        """
        DELETE FROM changed_entry
         WHERE entry_id IN (SELECT entry_id FROM changed_entry ORDER BY entry_id LIMIT :limit)
        RETURNING entry_id
        """,
        {"limit": limit},
    )
    rows = await tx.all(
        """
        SELECT slot_id, entry_id FROM slot_entry
         WHERE entry_id IN (SELECT value FROM numbers(:entries)) AND position IS NOT NULL
        """,
        {"entries": [row["entry_id"] for row in taken]},
    )
    changed: dict[int, set[EntryId]] = {}
    for row in rows:
        changed.setdefault(row["slot_id"], set()).add(EntryId(row["entry_id"]))
    return tuple((slot, frozenset(changed[slot.id])) for slot in await list_closed(tx, changed))


async def list_closed(tx: Transaction, slot_ids: Iterable[int]) -> tuple[ClosedSlot, ...]:
    """The closed slots of these ids."""
    rows = await tx.all(
        f"""
        SELECT {_SLOT} FROM slot s
         WHERE s.id IN (SELECT value FROM numbers(:ids)) ORDER BY s.id
        """,  # noqa: S608 - our own text
        {"ids": list(slot_ids)},
    )
    return tuple([await _slot(tx, row) for row in rows])


async def _slot(tx: Transaction, row: Row) -> ClosedSlot:
    entries = await tx.all(
        """
        SELECT entry_id FROM slot_entry
         WHERE slot_id = :slot AND position IS NOT NULL ORDER BY position
        """,
        {"slot": row["id"]},
    )
    languages = tuple(map(Language, row["languages"].split(",")))
    return ClosedSlot(
        id=row["id"],
        subscription_id=row["subscription_id"],
        on=date.fromisoformat(row["on_date"]),
        round=row["round"],
        languages=languages,
        spoken=Language(row["interface"]) if row["interface"] else languages[0],
        layout=Layout(row["layout"]),
        intro=Intro(row["intro"]),
        left_out=row["left_out"],
        missed=tuple(map(date.fromisoformat, filter(None, row["missed"].split(",")))),
        entries=tuple(EntryId(entry["entry_id"]) for entry in entries),
    )
