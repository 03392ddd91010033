"""Readers: their settings, and up to which day everything is planned (table `reader`)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from bot.channels.domain.schedule import Schedule
from bot.core.database.database import Row, Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.domain.dataclass import dataclass
from bot.follow.domain.follow import Reader

GUARD: Final = "follow"
"""For whoever writes what readers follow, or plans their messages."""

_COLUMNS = "SELECT * FROM reader "


async def find(tx: Transaction, person: str) -> Reader | None:
    """The reader of that id, or `None` for who never followed anything."""
    row = await tx.one(_COLUMNS + "WHERE person = :person", {"person": person})
    return _reader(row) if row is not None else None


async def put(tx: Transaction, reader: Reader, next_at: datetime | None) -> None:
    """Store a reader's settings, whether they are new or not; what is planned stays."""
    await tx.run(
        """
        INSERT INTO reader (person, name, inbox, asked_in, locale, at, zone, weekdays, closed_on, next_at)
        VALUES (:person, :name, :inbox, :asked_in, :locale, :at, :zone, :weekdays, :closed_on, :next_at)
        ON CONFLICT (person) DO UPDATE
           SET name = excluded.name, inbox = excluded.inbox, asked_in = excluded.asked_in,
               locale = excluded.locale, at = excluded.at, zone = excluded.zone,
               weekdays = excluded.weekdays, closed_on = excluded.closed_on,
               next_at = excluded.next_at
        """,
        {
            "person": reader.person,
            "name": reader.name,
            "inbox": reader.inbox,
            "asked_in": reader.asked_in,
            "locale": reader.locale,
            "at": reader.schedule.at.isoformat("minutes"),
            "zone": reader.schedule.zone.key,
            "weekdays": "".join(map(str, sorted(reader.schedule.weekdays))),
            "closed_on": reader.closed_on.isoformat(),
            "next_at": to_text(next_at) if next_at else None,
        },
    )


async def list_due(
    tx: Transaction, now: datetime, among: Collection[str] | None = None
) -> Sequence[Reader]:
    """The readers that planning should look at now, the longest overdue first."""
    rows = await tx.all(
        """
        SELECT * FROM reader
         WHERE next_at <= :now AND (:all OR person IN (SELECT value FROM texts(:among)))
         ORDER BY next_at, person
        """,
        {"now": to_text(now), "all": among is None, "among": list(among or ())},
    )
    return tuple(map(_reader, rows))


async def next_due(tx: Transaction) -> datetime | None:
    """When planning is to look at the next one."""
    row = await tx.one("SELECT min(next_at) AS at FROM reader WHERE next_at IS NOT NULL")
    return from_text(row["at"]) if row and row["at"] else None


@dataclass(frozen=True, slots=True)
class Closed:
    """A reader's day that is planned; `key` is the message's, `None` where nothing was new."""

    person: str
    on: date
    next_at: datetime
    key: str | None = None
    ends_doubt: bool = False


async def close(tx: Transaction, closed: Iterable[Closed]) -> None:
    """Store up to which days readers are planned."""
    await tx.run_many(
        """
        UPDATE reader
           SET closed_on = :on, next_at = :next_at, silent_until = NULL,
               doubt_from = CASE WHEN :ends_doubt THEN NULL ELSE doubt_from END,
               awaited = coalesce(CAST(:key AS TEXT), awaited),
               awaited_on = CASE WHEN CAST(:key AS TEXT) IS NULL THEN awaited_on ELSE :on END
         WHERE person = :person
        """,
        [
            {
                "person": each.person,
                "on": each.on.isoformat(),
                "next_at": to_text(each.next_at),
                "key": each.key,
                "ends_doubt": each.ends_doubt,
            }
            for each in closed
        ],
    )


async def ask_at(tx: Transaction, person: str, at: datetime | None) -> None:
    """Have planning look at a reader again at that instant, or never."""
    await tx.run(
        "UPDATE reader SET next_at = :at WHERE person = :person",
        {"person": person, "at": to_text(at) if at else None},
    )


@dataclass(frozen=True, slots=True)
class Awaited:
    """A message to a reader that is not settled yet."""

    reader: Reader
    key: str
    on: date


async def list_awaited(tx: Transaction) -> Sequence[Awaited]:
    """The readers whose last message is not known to be posted."""
    rows = await tx.all(_COLUMNS + "WHERE awaited IS NOT NULL ORDER BY person")
    return tuple(
        Awaited(_reader(row), row["awaited"], date.fromisoformat(row["awaited_on"])) for row in rows
    )


async def settle(tx: Transaction, person: str, key: str, *, is_open: bool) -> None:
    """The message of that key is awaited no longer; `is_open`: it has reached the inbox."""
    await tx.run(
        """
        UPDATE reader
           SET awaited = NULL, awaited_on = NULL,
               is_told = CASE WHEN :is_open THEN FALSE ELSE is_told END
         WHERE person = :person AND awaited = :key
        """,
        {"person": person, "key": key, "is_open": is_open},
    )


async def silence(tx: Transaction, person: str, until: datetime, closed_on: date) -> None:
    """The inbox is closed, which the reader is told: nothing is planned until that instant.

    The days after `closed_on` are planned then.
    """
    await tx.run(
        """
        UPDATE reader
           SET silent_until = :until, next_at = :until, is_told = TRUE, closed_on = :closed_on
         WHERE person = :person
        """,
        {"person": person, "until": to_text(until), "closed_on": closed_on.isoformat()},
    )


async def doubt_since(tx: Transaction, made_at: datetime, now: datetime) -> None:
    """After a restore: messages since `made_at` may have been posted."""
    await tx.run(
        """
        UPDATE reader SET doubt_from = least(coalesce(doubt_from, :at), :at),
                          next_at = CASE WHEN next_at IS NULL THEN NULL ELSE :now END
        """,
        {"at": to_text(made_at), "now": to_text(now)},
    )


async def forget(tx: Transaction, person: str) -> str | None:
    """Forget a person with everything they follow; returns the key of a message on its way."""
    row = await tx.one(
        "DELETE FROM reader WHERE person = :person RETURNING awaited", {"person": person}
    )
    return row["awaited"] if row is not None else None


def _reader(row: Row) -> Reader:
    return Reader(
        person=row["person"],
        name=row["name"],
        inbox=row["inbox"],
        asked_in=row["asked_in"],
        locale=row["locale"],
        schedule=Schedule(
            at=time.fromisoformat(row["at"]),
            zone=ZoneInfo(row["zone"]),
            weekdays=frozenset(map(int, row["weekdays"])),
        ),
        closed_on=date.fromisoformat(row["closed_on"]),
        silent_until=from_text(row["silent_until"]) if row["silent_until"] else None,
        is_told=bool(row["is_told"]),
        doubt_from=from_text(row["doubt_from"]) if row["doubt_from"] else None,
    )
