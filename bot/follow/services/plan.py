"""Planning the direct message of a day: its news and the message, in one transaction.

As with digests, a day of a reader is planned once, and what came too late for it is in the next
message. It reaches back to a week before the first day that is not planned, but never before a
follow was made; what a reader was told of is never news again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from bot.archive.domain.entry import EntryId
from bot.channels.domain.schedule import (
    LATE_NOTES,
    Slot,
    ask_again_at,
    due,
    newest_slot,
    next_slot,
)
from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, DeliveryKey, MessageRef, Platform, parse_channel
from bot.follow.domain.follow import PART, Follow, Reader, message_key
from bot.follow.domain.news import Days, Item, Line, News, by_entry, news_of, ordered, untold
from bot.follow.domain.present_follow import (
    MOST_LINES,
    count_fitting,
    present_news,
    present_unreadable,
)
from bot.follow.services.sight import NOTHING, Sight, look
from bot.follow.store import follows, readers
from bot.outbox.store import deliveries

log = logging.getLogger(__name__)

Voices = Callable[[str], Translate]
Link = Callable[[MessageRef], str | None]
"""The address of a message."""
Reads = Callable[[str, Collection[ChannelRef]], Awaitable[frozenset[ChannelRef]]]
"""Which of these channels a person reads now; none of those of which nobody can tell."""

_TOGETHER = 50
"""Readers of one transaction."""
_DAY = timedelta(days=1)
_KEPT = timedelta(days=60)
"""For so long is kept what a reader was told of; news is a few weeks old at most."""


def _nobody() -> None:
    """The default of `told`."""


async def _reads_all(_person: str, channels: Collection[ChannelRef]) -> frozenset[ChannelRef]:
    """The default of `reads`."""
    return frozenset(channels)


async def next_due(db: Database) -> datetime | None:
    """When there may be something to plan again."""
    async with db.reading() as tx:
        return await readers.next_due(tx)


async def plan_due(
    db: Database,
    *,
    now: datetime,
    voices: Voices,
    link: Link,
    reads: Reads = _reads_all,
    told: Callable[[], None] = _nobody,
) -> int:
    """Plan the messages that are due; returns how many. `told` is called when some can go out.

    `reads` is asked for people who would be told of what was said in a channel.

    May be called repeatedly and by several processes.
    """
    async with db.reading() as tx:
        waiting = await readers.list_due(tx, now)
        if not waiting:
            return 0
        followed = await follows.list_of_all(tx, [each.person for each in waiting])
        sight = await _look(tx, waiting, followed, now)
    hidden = await _list_hidden(waiting, followed, sight, reads, now)
    desk = _Desk(sight, now, voices, link, hidden)
    planned = 0
    for start in range(0, len(waiting), _TOGETHER):
        people = [each.person for each in waiting[start : start + _TOGETHER]]
        async with db.transaction() as tx:
            await tx.guard(readers.GUARD)
            some_planned = await _plan(tx, people, desk)
        planned += some_planned
        if some_planned:
            told()
    if planned:
        log.info("planned %d direct messages of what readers follow", planned)
    return planned


@dataclass(frozen=True, slots=True)
class _Desk:
    """What planning needs, the same for every reader."""

    sight: Sight
    now: datetime
    voices: Voices
    link: Link
    hidden: frozenset[tuple[str, str]]
    """People and channels whose talk they do not read."""


async def _list_hidden(
    waiting: Sequence[Reader],
    followed: Mapping[str, Sequence[Follow]],
    sight: Sight,
    reads: Reads,
    now: datetime,
) -> frozenset[tuple[str, str]]:
    hidden: set[tuple[str, str]] = set()
    for reader in waiting:
        talking = {
            each.asked_in
            for each in followed.get(reader.person, ())
            if each.asked_in != reader.inbox
            if (found := sight.find(each, _today(reader, now))) is not None and found.tells_talk
        }
        if talking:
            seen = await reads(reader.person, [parse_channel(each) for each in sorted(talking)])
            hidden |= {(reader.person, each) for each in talking - {str(ref) for ref in seen}}
    return frozenset(hidden)


async def _look(
    tx: Transaction,
    waiting: Sequence[Reader],
    followed: Mapping[str, Sequence[Follow]],
    now: datetime,
) -> Sight:
    slots = [(each, slot) for each in waiting for slot in _slots(each, now)]
    if not slots:
        return NOTHING
    first = min(_first(each, slot) for each, slot in slots)
    asking = [
        (follow, _today(each, now)) for each in waiting for follow in followed.get(each.person, ())
    ]
    return await look(tx, asking, first, max(slot.on for _, slot in slots), now)


def _today(reader: Reader, now: datetime) -> date:
    return now.astimezone(reader.schedule.zone).date()


def _slots(reader: Reader, now: datetime) -> tuple[Slot, ...]:
    """The days to plan for a reader now: at most one, and after a restore each that may be sent."""
    if reader.doubt_from is None:
        found = due(reader.schedule, reader.closed_on, now)
        return (found.slot,) if found is not None else ()
    slots = []
    on, newest = reader.closed_on, newest_slot(reader.schedule, now)
    while on < newest.on:
        slots.append(next_slot(reader.schedule, on))
        on = slots[-1].on
    return tuple(slots)


def _first(reader: Reader, slot: Slot) -> date:
    return min(reader.closed_on + _DAY, slot.on) - LATE_NOTES


@dataclass(frozen=True, slots=True)
class _Day:
    """A reader's day as it is planned: `document` is `None` where there is nothing to tell.

    The reader is told that the `unreadable` follows find nothing any more.
    """

    reader: Reader
    slot: Slot
    news: tuple[News, ...]
    unreadable: tuple[Follow, ...]
    document: Document | None

    @property
    def key(self) -> str:
        """The key of the message."""
        return message_key(self.reader.person, self.slot.on)


async def _plan(tx: Transaction, people: Sequence[str], desk: _Desk) -> int:
    """Plan these readers, those that are still due; returns how many messages are new."""
    followed = await follows.list_of_all(tx, people)
    known = await follows.list_told(tx, people)
    waiting = await readers.list_due(tx, desk.now, people)
    days = await asyncio.to_thread(_days_of_all, waiting, followed, known, desk)
    planned = {day.reader.person for day in days}
    for reader in waiting:
        if reader.person not in planned:
            again_at = ask_again_at(reader.schedule, reader.closed_on, desk.now)
            await readers.ask_at(tx, reader.person, again_at)
    with_news = [day for day in days if day.document is not None]
    await follows.add_told(
        tx, [(day.reader.person, day.slot.on, _items(day.news)) for day in with_news]
    )
    await follows.add_told_unreadable(
        tx, [(each, day.slot.on) for day in with_news for each in day.unreadable]
    )
    await readers.close(tx, [_closed(day, desk.now) for day in days])
    await follows.prune_told(tx, people, (desk.now - _KEPT).date())
    return await deliveries.add(tx, [_draft(day) for day in with_news], desk.now)


def _days_of_all(
    waiting: Sequence[Reader],
    followed: Mapping[str, Sequence[Follow]],
    known: Mapping[str, Collection[Item]],
    desk: _Desk,
) -> list[_Day]:
    return [
        day
        for reader in waiting
        for day in _days(
            reader, followed.get(reader.person, ()), known.get(reader.person, ()), desk
        )
    ]


def _days(
    reader: Reader, followed: Sequence[Follow], told: Collection[Item], desk: _Desk
) -> list[_Day]:
    days, today = [], _today(reader, desk.now)
    unreadable = tuple(
        each
        for each in followed
        if not each.is_told_unreadable and desk.sight.find_problem(each, today) is not None
    )
    for slot in _slots(reader, desk.now):
        span = Days(desk.sight.dates, _first(reader, slot), slot.on)
        news = untold(
            (each for follow in followed for each in _found(reader, follow, desk, span)), told
        )
        document = _present(reader, slot.on, followed, news, desk, unreadable=unreadable)
        days.append(_Day(reader, slot, news, unreadable, document))
        told, unreadable = {*told, *_items(news)}, ()
    return days


def _found(reader: Reader, follow: Follow, desk: _Desk, span: Days) -> tuple[News, ...]:
    # A follow of just now waits for the next day.
    found = desk.sight.find(follow, _today(reader, desk.now))
    if found is not None and (follow.person, follow.asked_in) in desk.hidden:
        found = found.without_talk
    return news_of(follow, found, span) if found is not None else ()


def _items(news: Sequence[News]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys(item for each in news for item in each.items))


def _draft(day: _Day) -> deliveries.Draft:
    assert day.document is not None  # noqa: S101 - only days with news are drafted
    channel, doubt_from = parse_channel(day.reader.inbox), day.reader.doubt_from
    key = DeliveryKey(day.key)
    return deliveries.Draft(key, channel, PART, day.document, doubt_from=doubt_from)


def _closed(day: _Day, now: datetime) -> readers.Closed:
    schedule, on = day.reader.schedule, day.slot.on
    return readers.Closed(
        day.reader.person,
        on,
        ask_again_at(schedule, on, now),
        day.key if day.document is not None else None,
        ends_doubt=on >= newest_slot(schedule, now).on,
    )


def _present(
    reader: Reader,
    on: date,
    followed: Sequence[Follow],
    news: Sequence[News],
    desk: _Desk,
    *,
    unreadable: Sequence[Follow],
) -> Document | None:
    """The message that tells the news, and which follows cannot be read; `None` if there is none."""
    say = desk.voices(reader.locale)
    sight = desk.sight
    grouped = by_entry(each for each in news if each.entry_id in sight.stored)
    entry_ids = ordered(grouped, sight.dates)
    if not entry_ids:
        return present_unreadable(on, unreadable, say) if unreadable else None
    channels = tuple(dict.fromkeys((*(each.asked_in for each in followed), reader.asked_in)))
    lines = [
        Line(
            sight.stored[entry_id],
            tuple(dict.fromkeys(each.reason for each in grouped[entry_id])),
            _address(entry_id, channels, reader, desk),
        )
        for entry_id in entry_ids[:MOST_LINES]
    ]
    fitting = count_fitting(lines, say)
    more: dict[str, int] = {}
    for entry_id in entry_ids[fitting:]:
        query = grouped[entry_id][0].query
        more[query] = more.get(query, 0) + 1
    return present_news(on, lines[:fitting], tuple(more.items()), say, unreadable)


def _address(entry_id: EntryId, channels: Sequence[str], reader: Reader, desk: _Desk) -> str | None:
    """Where the reader finds the paper: its message in a channel where they asked, else its page."""
    for channel in channels:
        if (reader.person, channel) in desk.hidden:
            continue
        message = desk.sight.posted.get((entry_id, channel))
        address = desk.link(message) if message is not None else None
        if address:
            return address
    is_web = parse_channel(reader.inbox).platform is Platform.WEB
    return f"/entry/{entry_id}" if is_web else None
