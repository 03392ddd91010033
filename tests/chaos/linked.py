"""Two linked channels that get the digest of a day."""

from datetime import datetime

from bot.channels.store import linked_channels
from bot.core.database.database import Database
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import ChannelRef
from bot.digest.services import plan, subscribe
from bot.digest.services.options.typed import TypedOptions


async def plan_linked(db: Database, one: ChannelRef, other: ChannelRef, now: datetime) -> None:
    """Subscribe both, link them, and plan what is due now."""
    for channel in (one, other):
        await subscribe.add(db, channel, TypedOptions(at=f"{now:%H:%M}", zone="UTC"), now=now)
    async with db.transaction() as tx:
        await linked_channels.join(tx, str(one), str(other), now)
    await plan.plan_due(db, now=now, voices=lambda _: ENGLISH)
