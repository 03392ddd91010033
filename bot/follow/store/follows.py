"""What readers follow, and what they were told (tables `follow` and `told_news`)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from bot.core.database.database import Row, Transaction
from bot.core.database.instants import from_text, to_text
from bot.follow.domain.follow import Follow
from bot.follow.domain.news import Item, Kind


async def add(tx: Transaction, follow: Follow) -> bool:
    """Store a follow of a reader; returns whether it is new. One that is there keeps its day."""
    values = {
        "person": follow.person,
        "query": follow.query,
        "asked_in": follow.asked_in,
        "made_at": to_text(follow.made_at),
        "made_on": follow.made_on.isoformat(),
    }
    added = await tx.one(
        """
        INSERT INTO follow (person, query, made_at, made_on, asked_in)
        VALUES (:person, :query, :made_at, :made_on, :asked_in)
        ON CONFLICT DO NOTHING RETURNING query
        """,
        values,
    )
    if added is None:
        await tx.run(
            "UPDATE follow SET asked_in = :asked_in WHERE person = :person AND query = :query",
            values,
        )
    return added is not None


async def remove(tx: Transaction, person: str, query: str | None = None) -> int:
    """End a follow of a person, or all; returns how many there were."""
    return await tx.run(
        "DELETE FROM follow WHERE person = :person AND (:all OR query = :query)",
        {"person": person, "query": query or "", "all": query is None},
    )


async def list_of(tx: Transaction, person: str) -> tuple[Follow, ...]:
    """What a person follows, the oldest first."""
    return (await list_of_all(tx, [person])).get(person, ())


async def list_of_all(tx: Transaction, people: Collection[str]) -> Mapping[str, tuple[Follow, ...]]:
    """What each of these people follows, the oldest first."""
    rows = await tx.all(
        """
        SELECT person, query, made_at, made_on, asked_in, told_unreadable_on FROM follow
         WHERE person IN (SELECT value FROM texts(:people)) ORDER BY made_at, query
        """,
        {"people": list(people)},
    )
    found: defaultdict[str, list[Follow]] = defaultdict(list)
    for row in rows:
        found[row["person"]].append(_follow(row))
    return {person: tuple(follows) for person, follows in found.items()}


async def list_told(tx: Transaction, people: Collection[str]) -> Mapping[str, frozenset[Item]]:
    """What each of these people was told of lately."""
    rows = await tx.all(
        """
        SELECT person, kind, item FROM told_news
         WHERE person IN (SELECT value FROM texts(:people))
        """,
        {"people": list(people)},
    )
    found: defaultdict[str, set[Item]] = defaultdict(set)
    for row in rows:
        found[row["person"]].add(Item(Kind(row["kind"]), row["item"]))
    return {person: frozenset(items) for person, items in found.items()}


async def add_told(tx: Transaction, told: Iterable[tuple[str, date, Sequence[Item]]]) -> None:
    """Store what people are told of, with the date of the message."""
    await tx.run_many(
        """
        INSERT INTO told_news (person, kind, item, told_on) VALUES (:person, :kind, :item, :on)
        ON CONFLICT DO NOTHING
        """,
        [
            {"person": person, "kind": item.kind, "item": item.id, "on": on.isoformat()}
            for person, on, items in told
            for item in items
        ],
    )


async def add_told_unreadable(tx: Transaction, told: Iterable[tuple[Follow, date]]) -> None:
    """Store that people are told which follows cannot be read, with the date of the message."""
    await tx.run_many(
        "UPDATE follow SET told_unreadable_on = :on WHERE person = :person AND query = :query",
        [{"person": each.person, "query": each.query, "on": on.isoformat()} for each, on in told],
    )


async def list_told_on(tx: Transaction, person: str) -> tuple[date, ...]:
    """The dates of the messages by which a person was told of something lately, oldest first."""
    rows = await tx.all(
        """
        SELECT told_on FROM told_news WHERE person = :person
         UNION
        SELECT told_unreadable_on FROM follow
         WHERE person = :person AND told_unreadable_on IS NOT NULL
         ORDER BY 1
        """,
        {"person": person},
    )
    return tuple(date.fromisoformat(row["told_on"]) for row in rows)


async def remove_told(tx: Transaction, person: str, on: date) -> None:
    """A message of that date did not reach the person: what it told of is news again."""
    values = {"person": person, "on": on.isoformat()}
    await tx.run("DELETE FROM told_news WHERE person = :person AND told_on = :on", values)
    await tx.run(
        """
        UPDATE follow SET told_unreadable_on = NULL
         WHERE person = :person AND told_unreadable_on = :on
        """,
        values,
    )


async def prune_told(tx: Transaction, people: Collection[str], before: date) -> None:
    """Delete what people were told before a date on which nothing can be news any more."""
    await tx.run(
        """
        DELETE FROM told_news
         WHERE person IN (SELECT value FROM texts(:people)) AND told_on < :before
        """,
        {"people": list(people), "before": before.isoformat()},
    )


def _follow(row: Row) -> Follow:
    return Follow(
        person=row["person"],
        query=row["query"],
        made_at=from_text(row["made_at"]),
        made_on=date.fromisoformat(row["made_on"]),
        asked_in=row["asked_in"],
        is_told_unreadable=row["told_unreadable_on"] is not None,
    )
