"""The fake Discord as a process of its own, for tests that kill and for measuring."""

import json

import aiohttp

from bot.core.ports import ChannelRef, Platform
from bot.platforms.discord import sdk
from bot.platforms.discord.http_hooks import HttpHooks
from bot.platforms.discord.posting.posting import Posting
from bot.platforms.discord.rest import Rest
from tests import forked
from tests.fakes.discord import TOKEN
from tests.platforms.discord.stage import key, said


async def test_it_serves_and_tells_what_came_of_it():
    process = await forked.start("tests.fakes.discord")
    try:
        places = json.loads(await process.stdout.readline())
        sdk.point_at(places["api_base"], places["gateway_url"])
        rest = Rest(TOKEN, HttpHooks())
        async with aiohttp.ClientSession() as session:

            async def control(verb: str, **arguments: object):
                async with session.post(places["control"] + verb, json=arguments) as answer:
                    return await answer.json()

            await control("channels", first=50, count=2)
            await control("fail", method="POST", path="/messages$", when="after", status=503)
            channel = ChannelRef(Platform.DISCORD, "1", "51")
            await Posting(rest).post(channel, said("once"), key())
            counts = await control("counts")
        await rest.close()
    finally:
        await process.end()

    assert counts["messages"] == {"51": 1}
    assert counts["statuses"] == {"200": 3, "503": 1}
    assert counts["complaints"] == []
