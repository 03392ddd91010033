"""Subscribing an address: it is asked first, and gets nothing else until it has confirmed."""

import secrets
from collections.abc import Callable
from datetime import datetime

from bot.channels.domain.subscription import Standing, Subscription
from bot.channels.store import subscriptions
from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate, translatable
from bot.core.ports import ChannelRef, DeliveryKey, parse_channel
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.mail.domain import limits
from bot.mail.domain.present_request import CONFIRM_PATH, present_request
from bot.mail.domain.subscriber import (
    BOUNCED,
    CONFIRM_WITHIN,
    NOT_ASKED,
    SUPERSEDED,
    UNCONFIRMED,
    Subscriber,
)
from bot.mail.store import addresses
from bot.outbox.domain.delivery import delivery_key
from bot.outbox.store import deliveries
from bot.outbox.store.deliveries import Draft
from bot.outbox.store.waiting import unposted

_PART = "mail-request"

NO_SITE = translatable(
    "E-mail needs PAPERBOT_WEB_URL: every message has links to confirm and to unsubscribe, which must "
    "lead to the bot from outside"
)


@dataclass(frozen=True, slots=True)
class OptIn:
    """What asking takes: `site` is the public address of the bot, `voices` give each language."""

    site: str
    voices: Callable[[str], Translate]
    new_token: Callable[[], str] = secrets.token_urlsafe


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for an address: a person in a channel, or an operator, who has no id."""

    name: str = ""
    person: str = ""
    channel: str = ""


async def add(
    db: Database,
    channel: ChannelRef,
    words: TypedOptions,
    by: Asker,
    opt_in: OptIn,
    *,
    now: datetime,
) -> Subscription:
    """Subscribe the address; one that has not confirmed is asked, and its digest waits for that.

    Raises `UserError`, also where it or others were asked too often.
    """
    if not opt_in.site:
        raise UsageError(NO_SITE)
    async with db.reading() as tx:
        known = await addresses.find(tx, channel.id)
    if known is not None and known.wants_mail:

        async def hand_over(tx: Transaction, _added: Subscription) -> None:
            await addresses.hand_over(tx, channel.id, by.channel)

        # No request is stored, by which a name could be forgotten.
        return await subscribe.add(db, channel, words, now=now, also=hand_over)

    async def ask(tx: Transaction, added: Subscription) -> None:
        await addresses.guard(tx)
        asked = await addresses.count(tx, channel.id, by.person, now)
        limits.check(asked, by_operator=not by.person)
        await subscriptions.give_reason(tx, added.id, UNCONFIRMED)
        token = known.token if known is not None else opt_in.new_token()
        await _ask(tx, added, token, by, opt_in=opt_in, now=now)

    return await subscribe.add(
        db,
        channel,
        words,
        now=now,
        created_by=by.name,
        standing=Standing.PAUSED,
        replaced=UNCONFIRMED,
        also=ask,
    )


async def _ask(
    tx: Transaction,
    added: Subscription,
    token: str,
    by: Asker,
    *,
    opt_in: OptIn,
    now: datetime,
) -> None:
    channel = parse_channel(added.channel)
    confirm_token = opt_in.new_token()
    say = opt_in.voices(added.options.spoken)
    subscriber = Subscriber(
        address=channel.id,
        token=token,
        locale=added.options.spoken,
        confirm_key=delivery_key(str(channel), _PART, confirm_token),
        confirm_until=now + CONFIRM_WITHIN,
    )
    await addresses.ask(
        tx,
        subscriber,
        confirm_token=confirm_token,
        asked_by=by.person,
        asked_in=by.channel,
        now=now,
    )
    schedule = added.options.schedule
    document = present_request(
        subscriber,
        f"{opt_in.site}{CONFIRM_PATH}{confirm_token}",
        f"{schedule.at:%H:%M} {schedule.zone.key}",
        say,
    )
    await unposted.give_up(tx, str(channel), SUPERSEDED)
    key = DeliveryKey(subscriber.confirm_key)
    await deliveries.add(tx, [Draft(key=key, channel=channel, part=_PART, document=document)], now)


async def check(db: Database, channel: ChannelRef) -> ChannelRef:
    """The channel, if its address wants messages; raises `UsageError`."""
    async with db.reading() as tx:
        known = await addresses.find(tx, channel.id)
    refusal = NOT_ASKED if known is None else known.refusal_of()
    if refusal:
        raise UsageError("{channel}: {reason}", channel=str(channel), reason=refusal)
    return channel


async def note_bounce(db: Database, channel: ChannelRef, *, now: datetime) -> None:
    """An operator saw messages to the address come back: its digest stops. Raises `UserError`."""
    await subscribe.get(db, channel)
    async with db.transaction() as tx:
        await subscriptions.guard(tx, str(channel))
        if not await subscriptions.refuse(tx, str(channel), BOUNCED, "", now):
            raise UsageError("{channel} gets no digest at present", channel=str(channel))
