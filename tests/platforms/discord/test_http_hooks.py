"""Requests keep to the rate limit, and no secret is logged."""

import asyncio
import logging

import pytest

from bot.core.ports import ChannelRef, Platform
from bot.platforms.discord import sdk
from bot.platforms.discord.answers import Place
from bot.platforms.discord.http_hooks import HttpHooks
from bot.platforms.discord.posting.posting import Posting
from bot.platforms.discord.rest import Rest
from tests.fakes.discord import TOKEN
from tests.platforms.discord.stage import RunningBot, Stage, key, said


async def test_however_much_is_to_be_posted_discord_never_has_to_turn_it_away(stage: Stage):
    stage.discord.rates.on = True
    places = [stage.discord.world.add_channel(100 + n, f"channel-{n}").id for n in range(120)]
    rest = Rest(TOKEN, HttpHooks())
    posting = Posting(rest)

    async with asyncio.TaskGroup() as posts:
        for number, place in enumerate(places):
            channel = ChannelRef(Platform.DISCORD, "1", str(place))
            posts.create_task(posting.post(channel, said("hello"), key(number)))
    await rest.close()

    assert {request.status for request in stage.discord.requests} == {200}


async def test_a_process_that_may_send_nothing_yet_waits_until_it_may(stage: Stage):
    asked = asyncio.Event()
    share = 0

    def per_second() -> int:
        asked.set()
        return share

    rest = Rest(TOKEN, HttpHooks(per_second=per_second))
    async with asyncio.TaskGroup() as calls:
        account = calls.create_task(rest.account())
        await asked.wait()
        sent = len(stage.discord.requests)
        share = 1
    await rest.close()

    assert sent == 0
    assert account.result().application


async def test_a_request_that_is_given_up_while_it_waits_holds_up_no_other(stage: Stage):
    share, asked = 50, asyncio.Event()

    def per_second() -> int:
        asked.set()
        return share

    rest = Rest(TOKEN, HttpHooks(per_second=per_second))
    await rest.account()
    asked.clear()
    share = 0
    async with asyncio.TaskGroup() as calls:
        given_up = calls.create_task(rest.place(11))
        other = calls.create_task(rest.place(11))
        await asked.wait()
        given_up.cancel()
        share = 50
    await rest.close()

    assert given_up.cancelled()
    assert other.result().id == 11


async def test_a_request_that_is_given_up_as_its_turn_comes_is_counted_as_lost(stage: Stage):
    share, asked, waiting = 50, asyncio.Event(), list[asyncio.Task[Place]]()

    def per_second() -> int:
        asked.set()
        if share and waiting:
            asyncio.get_running_loop().call_soon(waiting.pop().cancel)
        return share

    hooks = HttpHooks(per_second=per_second)
    rest = Rest(TOKEN, hooks)
    await rest.account()
    asked.clear()
    share = 0
    async with asyncio.TaskGroup() as calls:
        waiting.append(given_up := calls.create_task(rest.place(11)))
        await asked.wait()
        share = 50
    now = asyncio.get_running_loop().time()
    await rest.close()

    assert given_up.cancelled()
    # One that is sent counts for two seconds until it is answered.
    assert hooks._window.ready_at(now, 1) - now < 1.1


async def test_an_error_while_requests_wait_holds_up_none(stage: Stage):
    shares: list[int] = []
    asked = asyncio.Event()

    def per_second() -> int:
        asked.set()
        if not shares:
            return 50
        if share := shares.pop():
            return share
        raise ZeroDivisionError

    rest = Rest(TOKEN, HttpHooks(per_second=per_second))
    await rest.account()
    shares = [0]
    with pytest.raises(ZeroDivisionError):
        await rest.place(11)
    place = await rest.place(11)
    await rest.close()

    assert place.id == 11


async def test_not_even_at_debug_are_tokens_of_interactions_logged(bot: RunningBot, caplog):
    with caplog.at_level(logging.DEBUG):
        sdk.point_at(bot.discord.api_base, bot.discord.gateway_url)
        asked = await bot.discord.types("paper", {"query": "x"})
        await asked.answer()

    assert asked.token not in caplog.text
    assert TOKEN not in caplog.text
