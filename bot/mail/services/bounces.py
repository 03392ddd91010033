"""What follows when an address refuses messages: its digest stops, and who asked for it is told."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from bot.channels.domain.subscription import Subscription
from bot.channels.store import subscriptions
from bot.core.database.database import Database
from bot.core.domain.document import notice
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, DeliveryKey, Platform, parse_channel
from bot.mail.domain import bounce_report
from bot.mail.domain.subscriber import REPORTED
from bot.mail.store import addresses, handovers
from bot.outbox.domain.delivery import delivery_key
from bot.outbox.store import deliveries
from bot.outbox.store.deliveries import Draft

_PART = "mail-bounced"


class Outcome(StrEnum):
    """What became of a message that may be a bounce."""

    STOPPED = "stopped"
    """The digest of the address has stopped."""
    BEFORE = "before"
    """It gets no digest at present: it has stopped before."""
    NOT_FINAL = "not final"
    """The message may still arrive, or was refused for itself: nothing was changed."""
    UNKNOWN = "unknown"
    """It is no report of a message of ours: nothing was changed."""


async def note_report(
    db: Database, data: bytes, *, now: datetime
) -> tuple[Outcome, ChannelRef | None]:
    """Stop the digest of an address whose messages come back, by the server's report; may be repeated.

    Only an address whose message the report quotes can be stopped: see `bounce_report`.
    """
    report = bounce_report.parse(data)
    if report is None:
        return Outcome.UNKNOWN, None
    async with db.transaction() as tx:
        found = await addresses.find_by_token(tx, report.token)
        if found is None or not await handovers.was_begun(tx, report.key):
            return Outcome.UNKNOWN, None
        channel = ChannelRef(Platform.MAIL, "", found.address)
        if not report.is_final:
            return Outcome.NOT_FINAL, channel
        await subscriptions.guard(tx, str(channel))
        stopped = await subscriptions.refuse(tx, str(channel), REPORTED, report.status, now)
    return Outcome.STOPPED if stopped else Outcome.BEFORE, channel


async def tell(
    db: Database, refused: Subscription, *, voices: Callable[[str], Translate], now: datetime
) -> bool:
    """Plan the message, once a day at most; whether there is a channel to tell.

    Everybody in the channel reads it, so that it names the domain alone. It names who asked for as long as
    that person can have themselves forgotten.
    """
    place = parse_channel(refused.channel)
    if place.platform is not Platform.MAIL:
        return False
    async with db.transaction() as tx:
        asked_in = await addresses.find_asked_in(tx, place.id)
        asked = await subscriptions.find(tx, asked_in) if asked_in else None
        if not asked_in:
            return False
        knows_asker = await addresses.knows_asker(tx, place.id, now)
        say = voices(asked.options.spoken if asked is not None else refused.options.spoken)
        text = say(
            "{name} had the digest sent to an address at {domain}. Its mail server refuses messages, so "
            "that the digest by e-mail has stopped there. An operator can resume it.",
            name=(knows_asker and refused.created_by) or say("Somebody"),
            domain=place.id.rpartition("@")[2],
        )
        key = DeliveryKey(delivery_key(asked_in, _PART, place.id, now.date().isoformat()))
        draft = Draft(key, parse_channel(asked_in), _PART, notice(text), is_unasked=True)
        await deliveries.add(tx, [draft], now)
    return True
