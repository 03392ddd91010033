"""Following a query, ending that, and the settings of the direct message."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.archive.domain.typed_dates import Days
from bot.channels.domain.schedule import ask_again_at, newest_slot
from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError
from bot.core.ports import ChannelRef, User, person_ids
from bot.follow.domain.follow import (
    MOST_FOLLOWS,
    PART,
    Follow,
    Reader,
    default_schedule,
    normal_form,
)
from bot.follow.store import follows, readers
from bot.outbox.store import direct_messages

OpenInbox = Callable[[ChannelRef, User], Awaitable[ChannelRef]]
"""The channel of a person's direct messages, given a channel where the person is.

Raises `ChatError`, and `UserError` where there can be none.
"""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, where, and in which language they are answered."""

    user: User
    channel: ChannelRef
    locale: str

    @property
    def people(self) -> tuple[str, ...]:
        """The ids under which the person may follow something; new follows are of the first."""
        return person_ids(self.channel, self.user)


@dataclass(frozen=True, slots=True)
class Following:
    """What a person follows, and with which settings (`None`: nothing yet)."""

    reader: Reader | None
    follows: tuple[Follow, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """New settings; `None` leaves one as it is."""

    at: time | None = None
    zone: ZoneInfo | None = None
    weekdays: frozenset[int] | None = None


async def list_followed(db: Database, asker: Asker) -> Following:
    """What a person follows."""
    async with db.reading() as tx:
        reader = await readers.find(tx, asker.people[0])
        return Following(reader, await follows.list_of(tx, asker.people[0]))


async def count(db: Database, asker: Asker) -> int | None:
    """How many queries a person follows, under any of their ids; `None` if they never did."""
    async with db.reading() as tx:
        if not [each for each in asker.people if await readers.find(tx, each) is not None]:
            return None
        return sum(map(len, (await follows.list_of_all(tx, asker.people)).values()))


async def add(
    db: Database, asker: Asker, text: str, *, now: datetime, zone: ZoneInfo, open_inbox: OpenInbox
) -> tuple[str, bool]:
    """Follow a query; returns its normal form, and whether it was not followed before.

    `zone` is that of a person who has chosen none. The inbox is opened here, at the person's wish.
    Raises `UserError` and `ChatError`.
    """
    query = normal_form(text, Days(now.astimezone(zone).date()))
    inbox = await open_inbox(asker.channel, asker.user)
    async with db.transaction() as tx:
        await tx.guard(readers.GUARD)
        reader = await _asking(tx, asker, str(inbox), now, zone)
        listed = await follows.list_of(tx, reader.person)
        if len(listed) >= MOST_FOLLOWS and query not in {each.query for each in listed}:
            raise UsageError(
                "You follow {most} queries, and no more are possible: end one with /unfollow",
                most=MOST_FOLLOWS,
            )
        if not listed:
            # Nothing was followed until now: what came before is no news.
            reader = replace(reader, closed_on=max(reader.closed_on, _last_slot(reader, now)))
        await readers.put(tx, reader, next_at(reader, now))
        made_on = now.astimezone(reader.schedule.zone).date()
        follow = Follow(reader.person, query, now, made_on, str(asker.channel))
        return query, await follows.add(tx, follow)


async def _asking(
    tx: Transaction, asker: Asker, inbox: str, now: datetime, zone: ZoneInfo
) -> Reader:
    """The person as a reader, with what is known of them by now."""
    known = await readers.find(tx, asker.people[0])
    if known is None:
        known = Reader(
            person=asker.people[0],
            name=asker.user.name,
            inbox=inbox,
            asked_in=str(asker.channel),
            locale=asker.locale,
            schedule=default_schedule(zone),
            closed_on=date.min,
        )
        known = replace(known, closed_on=_last_slot(known, now))
    # In their direct messages nobody could be told that these are closed.
    asked_in = known.asked_in if str(asker.channel) == inbox else str(asker.channel)
    return replace(known, name=asker.user.name, inbox=inbox, asked_in=asked_in, locale=asker.locale)


def _last_slot(reader: Reader, now: datetime) -> date:
    return newest_slot(reader.schedule, now).on


def next_at(reader: Reader, now: datetime) -> datetime:
    """When planning is to look at a reader, who follows something, next."""
    at = ask_again_at(reader.schedule, reader.closed_on, now)
    return max(at, reader.silent_until) if reader.silent_until else at


async def remove(db: Database, asker: Asker, text: str | None, *, today: date) -> int:
    """End a follow of a person, given as it was typed; `None` ends all. Returns how many ended.

    Raises `QueryError`.
    """
    removed = 0
    async with db.transaction() as tx:
        await tx.guard(readers.GUARD)
        followed = await follows.list_of_all(tx, asker.people)
        known = {each.query for of_person in followed.values() for each in of_person}
        query = text
        if text is not None and text not in known:  # what is known may be unreadable by now
            query = normal_form(text, Days(today))
        for person in asker.people:
            removed += await follows.remove(tx, person, query)
            if not await follows.list_of(tx, person):
                await readers.ask_at(tx, person, None)
    return removed


async def change(
    db: Database, asker: Asker, settings: Settings, *, now: datetime, zone: ZoneInfo
) -> None:
    """Change when a person is told; raises `UsageError` for who follows nothing."""
    async with db.transaction() as tx:
        await tx.guard(readers.GUARD)
        known = await readers.find(tx, asker.people[0])
        if known is None:
            raise UsageError("You follow nothing yet: write /follow and what to follow first")
        reader = await _asking(tx, asker, known.inbox, now, zone)
        schedule = replace(
            reader.schedule,
            at=settings.at or reader.schedule.at,
            zone=settings.zone or reader.schedule.zone,
            weekdays=settings.weekdays or reader.schedule.weekdays,
        )
        reader = replace(reader, schedule=schedule)
        is_following = bool(await follows.list_of(tx, reader.person))
        await readers.put(tx, reader, next_at(reader, now) if is_following else None)


async def forget(tx: Transaction, person: str, now: datetime) -> None:
    """Forget what a person follows and was told, and do not post what is on its way to them."""
    await tx.guard(readers.GUARD)
    reader = await readers.find(tx, person)
    awaited = await readers.forget(tx, person)
    if awaited is not None:
        await direct_messages.drop(tx, awaited, now)
    if reader is not None:
        await direct_messages.forget(tx, reader.inbox, PART, now)
