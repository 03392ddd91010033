"""Planning for one subscription after the other: one that fails stops no other."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bot.core.database.database import Database, Transaction

T = TypeVar("T")

AFTER_FAILURE = timedelta(minutes=1)

_BATCH = 100

ListAsked = Callable[[Transaction, datetime, int], Awaitable[Iterable[tuple[int, str]]]]
"""The ids and channels that should be looked at now, so many at most."""


class AskAt(Protocol):
    """Has a subscription looked at again at that instant."""

    def __call__(
        self, tx: Transaction, subscription_id: int, at: datetime, /
    ) -> Awaitable[None]: ...


async def plan_each(
    db: Database,
    list_asked: ListAsked,
    plan: Callable[[Transaction, int, str], Awaitable[T]],
    *,
    ask_at: AskAt,
    done: Callable[[T], None],
    now: datetime,
) -> None:
    """Plan for each of `list_asked` in a transaction of its own, until there are no more.

    `plan` gets the subscription's id and channel, and asks for it again at a later instant; `done` is
    called once what it returned is committed. One that fails is looked at again a minute later; an
    `ExceptionGroup` of the failures is raised at the end.
    """
    errors: list[Exception] = []
    while True:
        async with db.reading() as tx:
            asked = tuple(await list_asked(tx, now, _BATCH))
        if not asked:
            break
        for subscription_id, channel in asked:
            try:
                async with db.transaction() as tx:
                    planned = await plan(tx, subscription_id, channel)
            except Exception as error:  # noqa: BLE001 — one channel never stops the others
                errors.append(error)
                async with db.transaction() as tx:
                    await ask_at(tx, subscription_id, now + AFTER_FAILURE)
            else:
                done(planned)
    if errors:
        raise ExceptionGroup("some subscriptions could not be planned", errors)
