"""The addresses that were asked, over the database: `Subscribers`."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.channels.domain.subscription import Standing
from bot.channels.store import subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.ports import ChannelRef, Platform
from bot.mail.domain.subscriber import (
    BEFORE_CONFIRMATION,
    UNCONFIRMED,
    UNSUBSCRIBED,
    Answer,
    Subscriber,
)
from bot.mail.store import addresses
from bot.outbox.store.waiting import unposted

log = logging.getLogger(__name__)


class DatabaseSubscribers:
    """`Subscribers` over an open database.

    `clock` gives the aware instant; `changed` is called when there may be something to plan.
    """

    def __init__(
        self, db: Database, clock: Callable[[], datetime], changed: Callable[[], None]
    ) -> None:
        self._db = db
        self._clock = clock
        self._changed = changed

    async def find(self, address: str) -> Subscriber | None:
        async with self._db.reading() as tx:
            return await _in_language(tx, await addresses.find(tx, address))

    async def find_by_token(self, token: str) -> Subscriber | None:
        async with self._db.reading() as tx:
            return await _in_language(tx, await addresses.find_by_token(tx, token))

    async def find_by_confirmation(self, token: str) -> Subscriber | None:
        async with self._db.reading() as tx:
            return await _in_language(tx, await addresses.find_by_confirmation(tx, token))

    async def confirm(self, token: str) -> Answer:
        now = self._clock()
        async with self._db.transaction() as tx:
            found = await addresses.find_by_confirmation(tx, token)
            if found is None:
                return Answer.UNKNOWN
            channel = channel_of(found.address)
            await subscriptions.guard(tx, str(channel))
            found = await addresses.find_by_confirmation(tx, token)
            if found is None:
                return Answer.UNKNOWN
            if found.wants_mail:
                return Answer.DONE
            if found.confirmed_at is not None or now >= found.confirm_until:
                return Answer.EXPIRED  # it has unsubscribed since, or waited too long
            present = await subscriptions.find(tx, str(channel))
            if present is None or present.standing is Standing.REMOVED:
                return Answer.ENDED
            changed = await addresses.confirm(tx, found.address, now)
            _must_be_one(changed, "confirmed")
            await unposted.give_up(tx, str(channel), BEFORE_CONFIRMATION)
            if present.standing is Standing.PAUSED and present.reason == UNCONFIRMED:
                today = now.astimezone(present.options.schedule.zone).date()
                options = replace(present.options, since=max(present.options.since, today))
                await subscriptions.update(
                    tx, present.id, options, standing=Standing.ACTIVE, now=now, next_at=now
                )
        log.info("%s: its owner has confirmed the subscription", channel)
        self._changed()
        return Answer.DONE

    async def unsubscribe(self, token: str) -> Answer:
        now = self._clock()
        async with self._db.transaction() as tx:
            found = await addresses.find_by_token(tx, token)
            if found is None:
                log.error("an unsubscribe link has a token of no address; nothing was changed")
                return Answer.UNKNOWN
            channel = channel_of(found.address)
            await subscriptions.guard(tx, str(channel))
            _must_be_one(await addresses.unsubscribe(tx, token, now), "unsubscribed")
            await unposted.give_up(tx, str(channel), UNSUBSCRIBED)
            present = await subscriptions.find(tx, str(channel))
            if present is not None and present.standing is not Standing.REMOVED:
                await subscriptions.update(
                    tx,
                    present.id,
                    present.options,
                    standing=Standing.REMOVED,
                    now=now,
                    next_at=None,
                )
                ended = await subscriptions.find(tx, str(channel))
                _must_be_one(int(ended is not None and ended.standing is Standing.REMOVED), "ended")
        log.info("%s: its owner has unsubscribed", channel)
        return Answer.DONE


def channel_of(address: str) -> ChannelRef:
    """The channel of an address."""
    return ChannelRef(Platform.MAIL, "", address)


async def _in_language(tx: Transaction, found: Subscriber | None) -> Subscriber | None:
    """In the interface language of its subscription, which may have changed since it was asked."""
    if found is None:
        return None
    present = await subscriptions.find(tx, str(channel_of(found.address)))
    return found if present is None else replace(found, locale=present.options.spoken)


def _must_be_one(rows: int, what: str) -> None:
    """A page must never say that something was done where nothing was changed."""
    if rows != 1:
        raise RuntimeError(f"not one row was {what}, but {rows}")
