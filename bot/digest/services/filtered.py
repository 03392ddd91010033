"""The entries that a slot of a channel may take."""

from collections.abc import Mapping
from datetime import date, timedelta

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.store import entries, tag_merges
from bot.channels.domain.digest_options import TagFilter
from bot.channels.domain.schedule import LATE_NOTES
from bot.channels.domain.subscription import DigestOptions, Subscription
from bot.channels.store import linked_channels, slots
from bot.core.database.database import Transaction
from bot.core.domain.errors import ProblemsError
from bot.digest.domain.digest import compile_digest
from bot.digest.store.reviews import NEVER
from bot.lookup.domain import entry_filter
from bot.lookup.domain.tag_filter import parse_tags
from bot.lookup.services import typed_dates
from bot.lookup.store import few_entries

_DAY = timedelta(days=1)


def find_problem(subscription: Subscription) -> ProblemsError | None:
    """Why the subscription's filter cannot be read, if so; nothing is posted through it then."""
    return entry_filter.find_problem(subscription.options.tags, subscription.options.only)


async def tag_filter(tx: Transaction, options: DigestOptions) -> TagFilter:
    """A channel's filter; a tag that was merged means the one it counts as too."""
    if not options.tags:
        return TagFilter()
    return parse_tags(options.tags).merged(await tag_merges.meanings(tx))


async def matching(
    tx: Transaction, subscription: Subscription, on: date, found: tuple[StoredEntry, ...]
) -> tuple[StoredEntry, ...]:
    """Those of the entries that the subscription's query finds, as `/paper QUERY` would there.

    On that date, which relative dates refer to. Raises `UserError` for a filter that cannot be read.
    """
    options, problem = subscription.options, find_problem(subscription)
    if problem is not None:
        raise problem
    if not options.only or not found:
        return found
    asked = entry_filter.query_on(options.only, await typed_dates.days_on(tx, options.only, on))
    readable = await linked_channels.readable_from(tx, subscription.channel)
    hits = await few_entries.matching(tx, [asked], [each.id for each in found], readable=readable)
    return tuple(each for each in found if each.id in hits[asked])


async def untaken(
    tx: Transaction, subscription: Subscription, first: date, last: date
) -> tuple[StoredEntry, ...]:
    """The entries of these days that were in no slot of the subscription yet and pass its query."""
    return await _untaken(tx, subscription, last, await entries.between(tx, first, last))


async def _untaken(
    tx: Transaction, subscription: Subscription, on: date, found: tuple[StoredEntry, ...]
) -> tuple[StoredEntry, ...]:
    taken = await slots.posted(tx, subscription.id, [stored.id for stored in found])
    left = tuple(stored for stored in found if stored.id not in taken)
    return await matching(tx, subscription, on, left)


async def candidates(
    tx: Transaction,
    subscription: Subscription,
    on: date,
    *,
    last: date | None,
    held: Mapping[EntryId, date],
) -> tuple[StoredEntry, ...]:
    """The entries that the slot of that date may take: the oldest day first.

    `last` is the newest slot that is closed. Those that a review has `held` before, or left to
    this slot, are among them however old they are, and although the options are of a later day;
    those held for ever are not, unless they were given a later date.
    """
    options = subscription.options
    reach = on - LATE_NOTES if last is None else min(last + _DAY, on - LATE_NOTES)
    first = max(reach, options.since)
    found = await entries.between(tx, first, on)
    known = {each.id for each in found}
    if older := [each for each, until in held.items() if until != NEVER and each not in known]:
        waiting = [
            each
            for each in await entries.list_by_id(tx, older)
            if each.entry.date is not None and each.entry.date <= on
        ]
        waiting.sort(key=lambda each: (each.entry.date or on, each.id))
        found = (*waiting, *found)
    # What is held for ever was dated up to `last`; it counts again once it is given a later date.
    found = tuple(
        each
        for each in found
        if held.get(each.id) != NEVER
        or (last is not None and each.entry.date is not None and each.entry.date > last)
    )
    free = await _untaken(tx, subscription, on, found)
    return compile_digest(free, on=on, tags=await tag_filter(tx, options)).entries
