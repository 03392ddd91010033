"""What a start does to a database, before anything is planned or delivered."""

from datetime import timedelta

from bot.app.clock import now
from bot.app.main import prepare
from bot.core.domain.document import Document
from bot.core.ports import DeliveryKey, parse_channel
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.outbox.domain.delivery import QUIET
from bot.outbox.store import claims, deliveries
from tests.databases import throw_away

CHANNEL = parse_channel("discord:G1/22")
HOUR = timedelta(hours=1)


async def test_a_start_in_quiet_hours_keeps_what_waited_for_the_end_of_yesterdays():
    begun = now()
    yesterday = begun - timedelta(days=1)
    span = f"{begun - HOUR:%H:%M}-{begun + 2 * HOUR:%H:%M}"
    words = TypedOptions(at="09:00", zone="UTC", quiet=span)
    notice = deliveries.Draft(
        DeliveryKey("notice"), CHANNEL, "notice", Document((), "a notice"), is_unasked=True
    )
    async with throw_away() as db:
        await subscribe.add(db, CHANNEL, words, now=yesterday)
        async with db.transaction() as tx:
            await deliveries.add(tx, [notice], yesterday)

        await prepare(db)

        status = await subscribe.status(db, CHANNEL, now=begun)
        async with db.transaction() as tx:
            later = begun + HOUR
            ready = await claims.claim(tx, [CHANNEL], owner="us", now=later, lease_until=later)
    assert status.wait == (QUIET, f"{begun + 2 * HOUR:%H:%M}")
    assert ready == ()
