"""Making the recap of a period: what the archive brought, and what readers of channels said of it."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.store import entries
from bot.channels.domain.schedule import slot_utc
from bot.channels.domain.subscription import Standing, Subscription
from bot.channels.store import channel_preferences, linked_channels, subscriptions
from bot.channels.store.linked_channels import ReadableSince
from bot.core.database.database import Database, Transaction
from bot.core.database.instants import from_text
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document
from bot.core.domain.i18n import Translate
from bot.digest.services.filtered import find_problem
from bot.lookup.domain.entry_filter import queries_on
from bot.lookup.domain.query_terms import Query
from bot.lookup.services import typed_dates
from bot.lookup.store import few_entries
from bot.reactions.store import reactions
from bot.recap.domain.period import Period
from bot.recap.domain.present_recap import present_recap
from bot.recap.domain.recap import BEFORE, SHOWN, Recap, Rows, make_recap, only_of, stretches
from bot.recap.store import rows


@dataclass(frozen=True, slots=True)
class LookedBack:
    """A recap, and the entries that it names."""

    recap: Recap
    entries: Mapping[EntryId, StoredEntry]

    def present(self, say: Translate) -> Document:
        """The recap as a document."""
        return present_recap(self.recap, self.entries, say)


async def look_back_in(
    db: Database, period: Period, *, zone: ZoneInfo, channels: Collection[str], today: date
) -> LookedBack:
    """`look_back`, in a transaction of its own."""
    async with db.reading() as tx:
        return await look_back(tx, period, zone=zone, channels=channels, today=today)


async def look_back_in_channel(
    db: Database, period: Period, channel: str, *, zone: ZoneInfo, today: date
) -> LookedBack:
    """The recap of a period for readers of one channel; one with a digest sees what its filter lets pass.

    `zone` is that of a channel without a digest. Raises `UserError`.
    """
    async with db.reading() as tx:
        subscription = await subscriptions.find(tx, channel)
        if subscription is None or subscription.standing is Standing.REMOVED:
            return await look_back(tx, period, zone=zone, channels=(channel,), today=today)
        return await look_back_for(tx, subscription, period, today=today)


async def look_back_for(
    tx: Transaction, subscription: Subscription, period: Period, *, today: date | None = None
) -> LookedBack:
    """`look_back` of a channel with a digest, through its filter on the period's last day.

    Raises `UserError` for a filter that cannot be read.
    """
    options = subscription.options
    problem = find_problem(subscription)
    if problem is not None:
        raise problem
    days = await typed_dates.days_on(tx, options.only, period.last)
    return await look_back(
        tx,
        period,
        zone=options.schedule.zone,
        channels=(subscription.channel,),
        wanted=queries_on(options.tags, options.only, days),
        today=today,
    )


async def look_back(
    tx: Transaction,
    period: Period,
    *,
    zone: ZoneInfo,
    channels: Collection[str],
    wanted: Collection[Query] = (),
    today: date | None = None,
) -> LookedBack:
    """The recap of a period for readers of these channels (REFs).

    It counts what was said and liked in these channels and in those linked with them, from when
    they were linked on. Names are given of channels with `discussion:on` only. With `wanted` it is
    about the entries that any of these queries finds. A period that `today` is in is compared with as
    many days of those before; without `today` it is over.
    """
    begin, midnight = period.before(BEFORE).first, time()
    since = slot_utc(period.first, midnight, zone)
    until = slot_utc(period.after().first, midnight, zone)
    readable = await linked_channels.readable_from(tx, *channels)
    named_in = {each for each in readable if (await channel_preferences.get(tx, each)).discussion}
    # A like has no thread that tells who could read it: it counts where all of the period was shared.
    whole = [each for each, shared in readable.items() if not shared or from_text(shared) <= since]
    liked = await reactions.list_most_liked(
        tx, since=since, until=until, limit=_MOST_LIKED if wanted else SHOWN, channels=whole
    )
    so_far = await _so_far(tx, period, today) if today is not None else None
    found = Rows(
        counted=stretches(period, await rows.find_first_day(tx), until=so_far),
        papers=(),
        tags={},
        said=await rows.list_said(tx, since, until, readable, named_in),
        liked=[(each.entry_id, each.people) for each in liked],
        cited=await rows.list_cited(tx, period.first, period.last),
        events=await rows.list_events(tx, since, until),
    )
    empty = await entries.list_empty_notes(tx, begin, period.last)  # no digest has them either
    if wanted:
        found = await _through(tx, found, _Filter(wanted, readable, empty))
    else:
        days = [(each.first, each.last) for each in found.counted]
        papers = [await rows.count_papers(tx, *each, empty) for each in days]
        tags = [await rows.count_tags(tx, *each, without=empty) for each in days]
        found = replace(found, papers=papers, tags=_by_tag(tags))
    recap = await asyncio.to_thread(make_recap, period, found, so_far)  # a year has many rows
    named = [each.entry_id for each in recap.discussed]
    named += [entry_id for entry_id, _ in recap.liked]
    named += [each.earlier for each in (*recap.taken_up, *recap.most_cited) if each.earlier]
    stored = await entries.list_by_id(tx, dict.fromkeys(named))
    return LookedBack(recap, {each.id: each for each in stored})


async def _so_far(tx: Transaction, period: Period, today: date) -> date | None:
    """The last day to compare of a period that is not over: today only once there is a paper of it."""
    if not period.first <= today <= period.last:
        return None
    has_papers = await rows.count_papers(tx, today, today, without=())
    return today if has_papers else max(period.first, today - timedelta(days=1))


_MOST_LIKED = 5000
"""Liked entries of a period that are looked at for those that pass a filter."""


@dataclass(frozen=True, slots=True)
class _Filter:
    """Queries, of which one must find an entry, and the talk that they may search.

    The entries `without` do not count.
    """

    queries: Collection[Query]
    readable: ReadableSince
    without: Collection[EntryId]


async def _through(tx: Transaction, found: Rows, passing: _Filter) -> Rows:
    """The rows with what is counted, all for the entries that pass the filter alone."""
    dated = await rows.list_dated(tx, found.counted[0].first, found.counted[-1].last)
    concerned = {
        *dated,
        *(each.entry_id for each in found.said),
        *(entry_id for entry_id, _ in found.liked),
        *(each.earlier for each in found.cited if each.earlier is not None),
        *(each.entry_id for each in found.events),
    }
    allowed = await few_entries.found_among(
        tx, passing.queries, concerned, readable=passing.readable
    )
    counting = allowed.difference(passing.without)
    papers, tags = [], []
    for each in found.counted:
        among = [n for n, day in dated.items() if each.first <= day <= each.last and n in counting]
        papers.append(len(among))
        tags.append(await rows.count_tags(tx, each.first, each.last, among=among))
    return replace(only_of(found, allowed), papers=papers, tags=_by_tag(tags))


def _by_tag(counts: Sequence[Mapping[str, int]]) -> Mapping[str, Sequence[int]]:
    slugs = set().union(*counts)
    return {slug: [each.get(slug, 0) for each in counts] for slug in slugs}
