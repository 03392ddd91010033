"""Of several digests in one shared channel, one goes on (issue 14, item 2)."""

from bot.channels.domain.subscription import Standing
from bot.channels.store import channel_preferences, subscriptions
from bot.channels.store.channel_preferences import ChannelPreferences
from bot.core.ports import ChannelRef, Platform
from bot.digest.services import shared_channels, subscribe
from tests.databases import throw_away
from tests.stage import MORNING, NINE_IN_SEOUL

FIRST, SECOND, THIRD = (ChannelRef(Platform.SLACK, team, "C1") for team in ("T1", "T2", "T3"))


async def test_a_digest_whose_double_ends_while_slack_is_asked_goes_on():
    async with throw_away() as db:
        for each in (FIRST, SECOND, THIRD):
            await subscribe.add(db, each, NINE_IN_SEOUL, now=MORNING)
        asked: list[ChannelRef] = []

        async def connected(channel: ChannelRef) -> frozenset[str]:
            if not asked:
                await subscribe.remove(db, FIRST, now=MORNING)
            asked.append(channel)
            return frozenset({"T1", "T2", "T3"}) - {channel.workspace}

        await shared_channels.stop_doubles(db, connected, now=MORNING)
        await shared_channels.stop_doubles(db, connected, now=MORNING)

        standings = {each.channel: each.standing for each in await subscribe.list_all(db)}
        assert standings == {str(SECOND): Standing.ACTIVE, str(THIRD): Standing.REFUSED}


async def test_what_is_public_of_a_digest_ends_when_another_workspace_takes_it_over():
    async with throw_away() as db:
        await subscribe.add(db, FIRST, NINE_IN_SEOUL, now=MORNING)
        async with db.transaction() as tx:
            public = ChannelPreferences(public_since=MORNING)
            await channel_preferences.put(tx, str(FIRST), public)
            [first] = await subscriptions.list_of_id(tx, FIRST)
            await subscriptions.update(
                tx, first.id, first.options, standing=Standing.REFUSED, now=MORNING, next_at=None
            )

        async def connected(_: ChannelRef) -> frozenset[str]:
            return frozenset({"T1"})

        await subscribe.add(db, SECOND, NINE_IN_SEOUL, now=MORNING, connected=connected)

        async with db.reading() as tx:
            kept = await channel_preferences.get(tx, str(FIRST))
        assert [each.channel for each in await subscribe.list_all(db)] == [str(SECOND)]
        assert kept.public_since is None
