"""Addresses that were asked, with their tokens, and how often they were."""

from datetime import datetime

from bot.core.database.database import Row, Transaction
from bot.core.database.instants import from_text, to_text
from bot.mail.domain.limits import DAY, MONTH, Asked
from bot.mail.domain.subscriber import Subscriber

_COLUMNS = """
SELECT address, token, locale, confirm_key, confirm_until, confirmed_at, unsubscribed_at
  FROM mail_address
"""


async def guard(tx: Transaction) -> None:
    """For whoever asks addresses: the limits are counted, and then one more is asked."""
    await tx.guard("mail")


async def find(tx: Transaction, address: str) -> Subscriber | None:
    """The address, if it was ever asked."""
    return _found(await tx.one(f"{_COLUMNS} WHERE address = :address", {"address": address}))


async def find_by_token(tx: Transaction, token: str) -> Subscriber | None:
    """The address with that token in its unsubscribe links."""
    return _found(await tx.one(f"{_COLUMNS} WHERE token = :token", {"token": token}))


async def find_by_confirmation(tx: Transaction, token: str) -> Subscriber | None:
    """The address with that token in its newest confirmation message."""
    return _found(await tx.one(f"{_COLUMNS} WHERE confirm_token = :token", {"token": token}))


async def count(tx: Transaction, address: str, asked_by: str, now: datetime) -> Asked:
    """How many confirmation messages there were; those of more than a month ago are forgotten."""
    await tx.run(
        "DELETE FROM mail_request WHERE asked_at < :month", {"month": to_text(now - MONTH)}
    )
    row = await tx.one(
        """
        SELECT (SELECT count(*) FROM mail_request WHERE address = :address AND asked_at > :day) AS today,
               (SELECT count(*) FROM mail_request WHERE address = :address) AS this_month,
               (SELECT count(*) FROM mail_request WHERE asked_by = :by AND asked_at > :day) AS of_person,
               (SELECT count(*) FROM mail_request WHERE asked_at > :day) AS of_all
        """,
        {"address": address, "by": asked_by, "day": to_text(now - DAY)},
    )
    assert row is not None  # noqa: S101 - counts always are
    return Asked(row["today"], row["this_month"], row["of_person"], row["of_all"])


async def ask(
    tx: Transaction,
    subscriber: Subscriber,
    *,
    confirm_token: str,
    asked_by: str,
    asked_in: str,
    now: datetime,
) -> None:
    """Store that the address is asked; one that was asked before keeps the token of its links."""
    await tx.run(
        """
        INSERT INTO mail_address (address, token, locale, confirm_token, confirm_key, confirm_until,
                                  asked_in)
        VALUES (:address, :token, :locale, :confirm_token, :key, :until, :asked_in)
        ON CONFLICT (address) DO UPDATE
           SET locale = :locale, confirm_token = :confirm_token, confirm_key = :key,
               confirm_until = :until, confirmed_at = NULL, asked_in = :asked_in
        """,
        {
            "address": subscriber.address,
            "token": subscriber.token,
            "locale": subscriber.locale,
            "confirm_token": confirm_token,
            "key": subscriber.confirm_key,
            "until": to_text(subscriber.confirm_until),
            "asked_in": asked_in,
        },
    )
    await tx.run(
        "INSERT INTO mail_request (address, asked_by, asked_at) VALUES (:address, :by, :now)",
        {"address": subscriber.address, "by": asked_by, "now": to_text(now)},
    )


async def confirm(tx: Transaction, address: str, now: datetime) -> int:
    """The address has confirmed; returns how many rows that is."""
    return await tx.run(
        """
        UPDATE mail_address SET confirmed_at = coalesce(confirmed_at, :now), unsubscribed_at = NULL
         WHERE address = :address
        """,
        {"address": address, "now": to_text(now)},
    )


async def unsubscribe(tx: Transaction, token: str, now: datetime) -> int:
    """The address with that token has unsubscribed; returns how many rows that is."""
    return await tx.run(
        """
        UPDATE mail_address SET unsubscribed_at = coalesce(unsubscribed_at, :now)
         WHERE token = :token
        """,
        {"token": token, "now": to_text(now)},
    )


async def hand_over(tx: Transaction, address: str, asked_in: str) -> None:
    """An address that wants messages was subscribed there, without being asked again."""
    await tx.run(
        "UPDATE mail_address SET asked_in = :channel WHERE address = :address",
        {"address": address, "channel": asked_in},
    )


async def find_asked_in(tx: Transaction, address: str) -> str:
    """The channel in which somebody asked for it last; empty: an operator did."""
    row = await tx.one(
        "SELECT asked_in FROM mail_address WHERE address = :address", {"address": address}
    )
    return str(row["asked_in"]) if row is not None else ""


async def knows_asker(tx: Transaction, address: str, now: datetime) -> bool:
    """Whether it is stored who asked for it last: for a month, unless they are forgotten."""
    row = await tx.one(
        """
        SELECT asked_by FROM mail_request WHERE address = :address AND asked_at >= :month
         ORDER BY id DESC LIMIT 1
        """,
        {"address": address, "month": to_text(now - MONTH)},
    )
    return row is not None and row["asked_by"] != ""


async def forget_asker(tx: Transaction, person: str) -> None:
    """Forget who asked for addresses; the counts of the address stay."""
    await tx.run(
        "UPDATE mail_request SET asked_by = '' WHERE asked_by = :person", {"person": person}
    )


async def tally(tx: Transaction) -> dict[str, int]:
    """How many addresses are asked, confirmed and unsubscribed."""
    row = await tx.one(
        """
        SELECT coalesce(sum(CASE WHEN confirmed_at IS NULL AND unsubscribed_at IS NULL
                                 THEN 1 ELSE 0 END), 0) AS asked,
               coalesce(sum(CASE WHEN confirmed_at IS NOT NULL AND unsubscribed_at IS NULL
                                 THEN 1 ELSE 0 END), 0) AS confirmed,
               coalesce(sum(CASE WHEN unsubscribed_at IS NOT NULL THEN 1 ELSE 0 END), 0)
                   AS unsubscribed
          FROM mail_address
        """
    )
    assert row is not None  # noqa: S101 - sums always are
    return {name: int(row[name]) for name in ("asked", "confirmed", "unsubscribed")}


def _found(row: Row | None) -> Subscriber | None:
    if row is None:
        return None
    return Subscriber(
        address=row["address"],
        token=row["token"],
        locale=row["locale"],
        confirm_key=row["confirm_key"],
        confirm_until=from_text(row["confirm_until"]),
        confirmed_at=from_text(row["confirmed_at"]) if row["confirmed_at"] else None,
        unsubscribed_at=from_text(row["unsubscribed_at"]) if row["unsubscribed_at"] else None,
    )


async def list_asked_in(tx: Transaction, channel: str) -> tuple[str, ...]:
    """The addresses for which somebody asked last in that channel."""
    rows = await tx.all(
        "SELECT address FROM mail_address WHERE asked_in = :channel ORDER BY address",
        {"channel": channel},
    )
    return tuple(row["address"] for row in rows)
