"""Making the recap of a period: what the archive brought, and what readers of channels said of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.store import entries
from bot.channels.domain.schedule import slot_utc
from bot.channels.store import channel_preferences, linked_channels
from bot.core.database.database import Database, Transaction
from bot.core.database.instants import from_text
from bot.core.domain.document import Document
from bot.core.domain.i18n import Translate
from bot.reactions.store import reactions
from bot.recap.domain.period import Period
from bot.recap.domain.present_recap import present_recap
from bot.recap.domain.recap import BEFORE, SHOWN, Recap, Rows, make_recap
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
    db: Database, period: Period, *, zone: ZoneInfo, channels: Collection[str]
) -> LookedBack:
    """`look_back`, in a transaction of its own."""
    async with db.reading() as tx:
        return await look_back(tx, period, zone=zone, channels=channels)


async def look_back(
    tx: Transaction, period: Period, *, zone: ZoneInfo, channels: Collection[str]
) -> LookedBack:
    """The recap of a period for readers of these channels (REFs).

    It counts what was said and liked in these channels and in those linked with them, from when
    they were linked on. Names are given of channels with `discussion:on` only.
    """
    begin, midnight = period.before(BEFORE).first, time()
    since = slot_utc(period.first, midnight, zone)
    until = slot_utc(period.after().first, midnight, zone)
    readable = await linked_channels.readable_from(tx, *channels)
    named_in = {each for each in readable if (await channel_preferences.get(tx, each)).discussion}
    # A like has no thread that tells who could read it: it counts where all of the period was shared.
    whole = [each for each, shared in readable.items() if not shared or from_text(shared) <= since]
    liked = await reactions.list_most_liked(
        tx, since=since, until=until, limit=SHOWN, channels=whole
    )
    recap = make_recap(
        period,
        Rows(
            papers=await rows.count_papers(tx, begin, period.last),
            tags=await rows.count_tags(tx, begin, period.last),
            begins_on=await rows.find_first_day(tx),
            said=await rows.list_said(tx, since, until, readable, named_in),
            liked=[(each.entry_id, each.people) for each in liked],
            cited=await rows.list_cited(tx, period.first, period.last),
            events=await rows.list_events(tx, since, until),
        ),
    )
    named = [each.entry_id for each in recap.discussed]
    named += [entry_id for entry_id, _ in recap.liked]
    named += [each.earlier for each in (*recap.taken_up, *recap.most_cited) if each.earlier]
    found = await entries.list_by_id(tx, dict.fromkeys(named))
    return LookedBack(recap, {stored.id: stored for stored in found})
