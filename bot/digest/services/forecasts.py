"""When the entries of an import will be posted, in every channel with a digest."""

from collections.abc import Mapping
from datetime import date, datetime

from bot.archive.store import tag_merges
from bot.channels.domain.subscription import Standing, Subscription
from bot.channels.store import slots, subscriptions
from bot.core.database.database import Database
from bot.digest.domain.forecast import Forecast, forecast
from bot.lookup.domain.tag_filter import parse_tags


async def forecast_all(
    db: Database, added: Mapping[tuple[date, tuple[str, ...]], int], *, now: datetime
) -> tuple[tuple[Subscription, Forecast], ...]:
    """The active subscriptions, each with what becomes of the new entries, by date and tags.

    Those with a query are left out: whether an entry passes it is known when it is planned.
    """
    async with db.reading() as tx:
        meanings = await tag_merges.meanings(tx)
        return tuple(
            [
                (
                    each,
                    forecast(
                        added,
                        each.options,
                        parse_tags(each.options.tags).merged(meanings),
                        last_closed=await slots.last_closed(tx, each.id),
                        replay_until=each.replay_until,
                        now=now,
                    ),
                )
                for each in await subscriptions.list_all(tx)
                if each.standing is Standing.ACTIVE and not each.options.only
            ]
        )
