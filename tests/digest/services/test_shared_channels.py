"""Of several digests in one shared channel, one goes on (issue 14, item 2)."""

from bot.channels.domain.subscription import Standing
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
