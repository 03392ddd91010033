"""Papers and titles of failed requests, to be requested in smaller batches: see `bisect`."""

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import TypeVar

from bot.core.database.database import Transaction

PAPERS = "papers"
TITLES = "titles"

T = TypeVar("T")


def part(due: Iterable[tuple[T, int | None]], most: int) -> tuple[T, ...]:
    """The first of what is due that may share a request: at most `most`.

    Each comes with the largest batch that it may be in, or `None` where it never failed.
    """
    pairs = tuple(due)
    first = pairs[0][1] if pairs else None
    alike = takewhile(lambda pair: pair[1] == first, pairs)
    return tuple(name for name, _ in alike)[: most if first is None else min(first, most)]


async def add(
    tx: Transaction, target: str, names: Iterable[str], *, first: int, then: int, reason: str
) -> None:
    """Store that a request for these failed.

    From now on they are requested in batches of at most `first`, those that failed before of at
    most `then`.
    """
    await tx.run_many(
        """
        INSERT INTO failed_request (target, name, together, failures, is_proven, reason)
        VALUES (:target, :name, :first, 1, FALSE, :reason)
        ON CONFLICT (target, name) DO UPDATE SET
            together = least(failed_request.together, :then),
            failures = failed_request.failures + 1, is_proven = FALSE, reason = excluded.reason
        """,
        [
            {"target": target, "name": name, "first": first, "then": then, "reason": reason}
            for name in sorted(names)
        ],
    )


async def is_proven(tx: Transaction, target: str, name: str) -> bool:
    """Whether other requests succeeded since it failed last: then arXiv is not down."""
    row = await tx.one(
        "SELECT is_proven FROM failed_request WHERE target = :target AND name = :name",
        {"target": target, "name": name},
    )
    return row is not None and bool(row["is_proven"])


async def end(tx: Transaction, target: str, names: Iterable[str]) -> None:
    """A request for these succeeded: none of them is at fault."""
    await tx.run(
        """
        DELETE FROM failed_request
        WHERE target = :target AND name IN (SELECT value FROM texts(:names))
        """,
        {"target": target, "names": list(names)},
    )
    await tx.run(
        "UPDATE failed_request SET is_proven = TRUE WHERE target = :target AND NOT is_proven",
        {"target": target},
    )


async def list_alone(tx: Transaction, target: str) -> Mapping[str, str]:
    """What is requested alone, having failed alone; with the reasons."""
    rows = await tx.all(
        "SELECT name, reason FROM failed_request WHERE target = :target AND together = 1",
        {"target": target},
    )
    return {row["name"]: row["reason"] for row in rows}
