"""Telling the channel in which an address was asked for that its server refuses it."""

from collections.abc import Callable
from datetime import datetime

from bot.channels.domain.subscription import Subscription
from bot.channels.store import subscriptions
from bot.core.database.database import Database
from bot.core.domain.document import notice
from bot.core.domain.i18n import Translate
from bot.core.ports import DeliveryKey, Platform, parse_channel
from bot.mail.store import addresses
from bot.outbox.domain.delivery import delivery_key
from bot.outbox.store import deliveries
from bot.outbox.store.deliveries import Draft

_PART = "mail-bounced"


async def tell(
    db: Database, refused: Subscription, *, voices: Callable[[str], Translate], now: datetime
) -> bool:
    """Plan the message, once a day at most; whether there is a channel to tell.

    Everybody in the channel reads it, so that it names the domain alone.
    """
    place = parse_channel(refused.channel)
    if place.platform is not Platform.MAIL:
        return False
    async with db.transaction() as tx:
        asked_in = await addresses.find_asked_in(tx, place.id)
        asked = await subscriptions.find(tx, asked_in) if asked_in else None
        if not asked_in:
            return False
        say = voices(asked.options.spoken if asked is not None else refused.options.spoken)
        text = say(
            "{name} had the digest sent to an address at {domain}. Its mail server refuses messages, so "
            "that the digest by e-mail has stopped there. An operator can resume it.",
            name=refused.created_by or say("Somebody"),
            domain=place.id.rpartition("@")[2],
        )
        key = DeliveryKey(delivery_key(asked_in, _PART, place.id, now.date().isoformat()))
        draft = Draft(key, parse_channel(asked_in), _PART, notice(text), is_unasked=True)
        await deliveries.add(tx, [draft], now)
    return True
