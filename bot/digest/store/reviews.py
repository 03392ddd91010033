"""Decisions of reviews, held entries, and the cards that ask curators, as rows."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from bot.archive.domain.entry import EntryId
from bot.core.database.database import Statements, Transaction
from bot.core.database.instants import to_text
from bot.core.domain.dataclass import dataclass
from bot.digest.domain.review import FORGOTTEN, Approved, Decision, Review, Reviewer

NEVER = date.max
"""Until when an entry is held that no slot is to take."""


def find(statements: Statements, subscription_id: int, on: date) -> Review:
    """The review of a slot: an open one where nobody has decided anything."""
    row = statements.one(
        """
        SELECT decision, ordering, shown, counted, decided_by, person FROM review
         WHERE subscription_id = :subscription AND on_date = :on
        """,
        {"subscription": subscription_id, "on": on.isoformat()},
    )
    if row is None:
        return Review()
    return Review(
        Decision(row["decision"]),
        tuple(EntryId(int(each)) for each in row["ordering"].split()),
        _approved(row["shown"]),
        _approved(row["counted"]),
        Reviewer(row["decided_by"], row["person"]),
    )


def _approved(text: str) -> tuple[Approved, ...]:
    pairs = (each.split(":") for each in text.split())
    return tuple(Approved(EntryId(int(entry_id)), mark) for entry_id, mark in pairs)


async def put(
    tx: Transaction, subscription_id: int, on: date, review: Review, now: datetime
) -> None:
    """Store the review of a slot."""
    await tx.run(
        """
        INSERT INTO review (subscription_id, on_date, decision, ordering, shown, counted,
                            decided_by, person, decided_at)
        VALUES (:subscription, :on, :decision, :ordering, :shown, :counted, :by, :person, :now)
        ON CONFLICT (subscription_id, on_date) DO UPDATE
           SET decision = :decision, ordering = :ordering, shown = :shown, counted = :counted,
               decided_by = :by, person = :person, decided_at = :now
        """,
        {
            "subscription": subscription_id,
            "on": on.isoformat(),
            "decision": review.decision,
            "ordering": " ".join(map(str, review.order)),
            "shown": _approved_text(review.shown),
            "counted": _approved_text(review.counted),
            "by": review.by.name.replace("\0", ""),  # PostgreSQL takes none
            "person": review.by.person,
            "now": to_text(now),
        },
    )


def _approved_text(approved: Iterable[Approved]) -> str:
    return " ".join(f"{each.id}:{each.mark}" for each in approved)


def list_held(statements: Statements, subscription_id: int) -> dict[EntryId, date]:
    """The entries that were held in a subscription, and from which date on they may be posted."""
    rows = statements.all(
        """
        SELECT entry_id, until_on FROM held_entry
         WHERE subscription_id = :subscription ORDER BY entry_id
        """,
        {"subscription": subscription_id},
    )
    return {EntryId(row["entry_id"]): date.fromisoformat(row["until_on"]) for row in rows}


async def hold(
    tx: Transaction, subscription_id: int, entry_ids: Iterable[EntryId], until: date
) -> None:
    """The entries wait for the slot of that date, or a later one; `NEVER`: no slot takes them."""
    await tx.run_many(
        """
        INSERT INTO held_entry (subscription_id, entry_id, until_on)
        VALUES (:subscription, :entry, :until)
        ON CONFLICT (subscription_id, entry_id) DO UPDATE SET until_on = excluded.until_on
        """,
        [
            {"subscription": subscription_id, "entry": each, "until": until.isoformat()}
            for each in sorted(set(entry_ids))
        ],
    )


async def release(tx: Transaction, subscription_id: int, entry_ids: Collection[EntryId]) -> None:
    """The entries wait no longer."""
    await tx.run(
        """
        DELETE FROM held_entry
         WHERE subscription_id = :subscription
           AND entry_id IN (SELECT value FROM numbers(:entries))
        """,
        {"subscription": subscription_id, "entries": list(entry_ids)},
    )


@dataclass(frozen=True, slots=True)
class Card:
    """The card of a slot for a person; without a key, the person takes no direct messages."""

    person: str
    key: str | None


async def add_card(tx: Transaction, subscription_id: int, on: date, card: Card) -> None:
    """Note that a person is asked about a slot."""
    await tx.run(
        """
        INSERT INTO review_card (subscription_id, on_date, person, key)
        VALUES (:subscription, :on, :person, :key)
        ON CONFLICT (subscription_id, on_date, person) DO NOTHING
        """,
        {
            "subscription": subscription_id,
            "on": on.isoformat(),
            "person": card.person,
            "key": card.key,
        },
    )


async def list_cards(tx: Transaction, subscription_id: int, on: date) -> tuple[Card, ...]:
    """The cards of a slot."""
    rows = await tx.all(
        """
        SELECT person, key FROM review_card
         WHERE subscription_id = :subscription AND on_date = :on ORDER BY person
        """,
        {"subscription": subscription_id, "on": on.isoformat()},
    )
    return tuple(Card(row["person"], row["key"]) for row in rows)


async def list_unsettled(tx: Transaction, subscription_id: int) -> tuple[date, ...]:
    """The slots of a subscription whose cards do not show the outcome yet."""
    rows = await tx.all(
        """
        SELECT DISTINCT on_date FROM review_card
         WHERE subscription_id = :subscription AND is_settled = FALSE ORDER BY on_date
        """,
        {"subscription": subscription_id},
    )
    return tuple(date.fromisoformat(row["on_date"]) for row in rows)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Changes with a subscription's options, the people named to manage its digest, and its reviews.

    Not with the archive. `has_query`: what a query finds may change by anything.
    """

    has_query: bool
    values: tuple[object, ...]


def list_stamps(statements: Statements, *, is_habit: bool, recent: date) -> dict[int, Stamp]:
    """The subscriptions whose cards may have to be planned or presented again.

    Those that are active, with `is_habit` or where a digest waits for an approval; and those with
    cards that do not show the outcome yet. Slots before `recent` do not count.
    """
    rows = statements.tuples(
        """
        SELECT s.id, s.only_query <> '', s.standing, s.changed_at,
               (SELECT max(id) FROM slot WHERE subscription_id = s.id AND on_date >= :recent),
               (SELECT max(decided_at) FROM review
                 WHERE subscription_id = s.id AND on_date >= :recent),
               (SELECT count(*) FROM channel_manager WHERE channel = s.channel),
               (SELECT max(named_at) FROM channel_manager WHERE channel = s.channel)
          FROM subscription s
         WHERE (s.standing = 'active' AND (:habit OR s.unapproved = 'hold'))
            OR s.id IN (SELECT subscription_id FROM review_card WHERE is_settled = FALSE)
         ORDER BY s.id
        """,
        {"habit": is_habit, "recent": recent.isoformat()},
    )
    return {row[0]: Stamp(bool(row[1]), row[2:]) for row in rows}


async def list_all_held(tx: Transaction) -> tuple[EntryId, ...]:
    """The entries that any subscription holds for a later slot."""
    rows = await tx.all(
        "SELECT DISTINCT entry_id FROM held_entry WHERE until_on < :never ORDER BY entry_id",
        {"never": NEVER.isoformat()},
    )
    return tuple(EntryId(row["entry_id"]) for row in rows)


async def settle_cards(tx: Transaction, subscription_id: int, on: date) -> None:
    """The cards of a slot show its outcome."""
    await tx.run(
        """
        UPDATE review_card SET is_settled = TRUE
         WHERE subscription_id = :subscription AND on_date = :on
        """,
        {"subscription": subscription_id, "on": on.isoformat()},
    )


async def prune(tx: Transaction, before: date) -> None:
    """Forget the reviews and cards of slots before a date."""
    for table in ("review", "review_card"):
        await tx.run(
            f"DELETE FROM {table} WHERE on_date < :before",  # noqa: S608 - our own names
            {"before": before.isoformat()},
        )


@dataclass(frozen=True, slots=True)
class Named:
    """A slot that a person decided of, or was asked about."""

    subscription_id: int
    channel: str
    on: date


_IS_THEIRS = """
    (person IN (SELECT value FROM texts(:people))
     OR (person = '' AND decided_by = :name AND decided_by <> ''))
"""
"""Reviews of an older version have the name only."""


async def list_of_person(tx: Transaction, people: Collection[str], name: str) -> tuple[Named, ...]:
    """The slots of which a person decided or was asked, by any of their ids."""
    rows = await tx.all(
        f"""
        SELECT named.subscription_id, s.channel, named.on_date
          FROM (SELECT subscription_id, on_date FROM review WHERE {_IS_THEIRS}
                UNION
                SELECT subscription_id, on_date FROM review_card
                 WHERE person IN (SELECT value FROM texts(:people))) named
          JOIN subscription s ON s.id = named.subscription_id
         ORDER BY named.subscription_id, named.on_date
        """,  # noqa: S608 - our own text
        {"people": list(people), "name": name},
    )
    return tuple(
        Named(row["subscription_id"], row["channel"], date.fromisoformat(row["on_date"]))
        for row in rows
    )


async def forget(tx: Transaction, named: Named, people: Collection[str], name: str) -> None:
    """The slot's review names the person no more, and they have no card of it."""
    theirs = {
        "subscription": named.subscription_id,
        "on": named.on.isoformat(),
        "people": list(people),
    }
    await tx.run(
        f"""
        UPDATE review SET decided_by = '', person = :forgotten
         WHERE subscription_id = :subscription AND on_date = :on AND {_IS_THEIRS}
        """,  # noqa: S608 - our own text
        theirs | {"name": name, "forgotten": FORGOTTEN.person},
    )
    await tx.run(
        """
        DELETE FROM review_card
         WHERE subscription_id = :subscription AND on_date = :on
           AND person IN (SELECT value FROM texts(:people))
        """,
        theirs,
    )
