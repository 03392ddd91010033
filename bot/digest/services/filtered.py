"""The entries that a channel's query lets through."""

from bot.archive.domain.entry import StoredEntry
from bot.channels.domain.subscription import Subscription
from bot.channels.store import linked_channels
from bot.core.database.database import Transaction
from bot.core.domain.errors import QueryError
from bot.lookup.domain import query
from bot.lookup.store import few_entries


async def matching(
    tx: Transaction, subscription: Subscription, found: tuple[StoredEntry, ...]
) -> tuple[StoredEntry, ...]:
    """Those of the entries that the subscription's query finds, as `/paper QUERY` would there."""
    if not subscription.options.only or not found:
        return found
    try:
        asked = query.parse(subscription.options.only)
    except QueryError:  # stored by a version that understood it
        return found
    readable = await linked_channels.readable_from(tx, subscription.channel)
    hits = await few_entries.matching(tx, [asked], [each.id for each in found], readable=readable)
    return tuple(each for each in found if each.id in hits[asked])
