"""Direct messages: opened for one person, like any channel to post in, and closed without harm."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.catalogue import Catalogues
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.domain.extent import Extent
from bot.core.ports import (
    ChannelRef,
    Chat,
    ChatRefusedError,
    ChatUnavailableError,
    DeliveryKey,
    User,
    parse_channel,
)
from bot.follow.services import closed_inbox, follow, plan
from bot.follow.services.follow import Asker
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.services.deliver import Deliverer
from bot.platforms.slack.manifest import SCOPES
from tests.archive_stage import NOW, an_entry, keep
from tests.databases import throw_away
from tests.fakes.discord import Fault as DiscordFault
from tests.fakes.slack import Fault as SlackFault
from tests.fakes.slack.blocks import pings
from tests.platforms.discord.stage import PAPERS, posting_alone
from tests.platforms.slack.stage import CHANNEL as SLACK_CHANNEL
from tests.platforms.slack.stage import staged as staged_slack
from tests.platforms.web.stage import staged

KEY = DeliveryKey("direct1")
HELLO = Document((Paragraph((Text("hello"),)),), "hello")


@dataclass(frozen=True, slots=True)
class Case:
    """A chat, a channel of everybody, a person, and what may be wrong with the person's inbox.

    `close` makes the person take no direct messages; `hinder` makes the next opening fail for now.
    `notified` are the ids of people whom messages in the channel of everybody notified.
    """

    chat: Chat
    everybody: ChannelRef
    workspace: str
    person: str
    nobody: str
    close: Callable[[], None]
    hinder: Callable[[], None]
    notified: Callable[[], list[str]]

    async def open(self) -> ChannelRef:
        return await self.chat.direct_channel(self.workspace, self.person)


@asynccontextmanager
async def slack() -> AsyncIterator[Case]:
    async with staged_slack() as stage:

        def close() -> None:
            stage.slack.world.messages_tab = False

        def hinder() -> None:
            stage.slack.faults.append(SlackFault("conversations.open", status=500))

        def notified() -> list[str]:
            said = stage.slack.messages(SLACK_CHANNEL.id)
            return [who for each in said for who in pings(each["text"], each["blocks"])]

        yield Case(stage.chat, SLACK_CHANNEL, "T1", "U2", "U404", close, hinder, notified)


@asynccontextmanager
async def discord() -> AsyncIterator[Case]:
    async with posting_alone() as stage:

        def close() -> None:
            stage.discord.person(102).is_closed = True

        def hinder() -> None:
            fault = DiscordFault("POST", "^/users/@me/channels", "after", drop=True)
            stage.discord.fail(fault)

        def notified() -> list[str]:
            said = stage.discord.messages(int(PAPERS.id))
            return [str(who["id"]) for each in said for who in each["mentions"]]

        yield Case(stage.chat, PAPERS, "1", "102", "404", close, hinder, notified)


@asynccontextmanager
async def web() -> AsyncIterator[Case]:
    async with staged() as stage:
        everybody = ChannelRef(stage.chat.platform, "", "general")
        person = "0123456789abcdef"

        def nothing() -> None:
            """The bot's own inboxes are never closed."""

        yield Case(stage.chat, everybody, "", person, "general", nothing, nothing, list)


PLATFORMS: dict[str, Callable[[], AbstractAsyncContextManager[Case]]] = {
    "discord": discord,
    "slack": slack,
    "web": web,
}


@pytest.fixture(params=sorted(PLATFORMS))
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    async with PLATFORMS[request.param]() as opened:
        yield opened


@pytest.fixture(params=sorted(set(PLATFORMS) - {"web"}))
async def elsewhere(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    """A platform that can close an inbox."""
    async with PLATFORMS[request.param]() as opened:
        yield opened


async def test_opening_again_gives_the_same_channel_which_can_be_stored(case: Case):
    first = await case.open()

    assert await case.open() == first
    assert first != case.everybody
    assert parse_channel(str(first)) == first


async def test_nobody_has_no_inbox(case: Case):
    with pytest.raises(ChatRefusedError, match=r"\w") as raised:
        await case.chat.direct_channel(case.workspace, case.nobody)

    assert raised.value.extent is Extent.CHANNEL


async def test_a_closed_inbox_refuses_for_itself_and_other_channels_go_on(elsewhere: Case):
    channel = await elsewhere.open()
    elsewhere.close()

    with pytest.raises(ChatRefusedError) as raised:
        await elsewhere.chat.post(channel, HELLO, key=KEY)

    assert raised.value.extent is Extent.CHANNEL
    await elsewhere.chat.post(elsewhere.everybody, HELLO, key=KEY)


async def test_who_takes_no_direct_messages_is_notified_once_where_they_asked(elsewhere: Case):
    hostile = "Ada <@101> <@U1> @everyone <!channel>"
    user = User(elsewhere.person, hostile, can_manage=False)
    clock, voices = [NOW], Catalogues()

    async def open_inbox(channel: ChannelRef, _: User) -> ChannelRef:
        return await elsewhere.chat.direct_channel(channel.workspace, elsewhere.person)

    async with throw_away() as db:
        deliverer = Deliverer(
            db,
            {elsewhere.chat.platform: elsewhere.chat},
            owner="me",
            clock=lambda: clock[0],
            rate_limits=RateLimits({}),
            jitter=lambda: 0.5,
        )
        asker = Asker(user, elsewhere.everybody, "en")
        zone = ZoneInfo("Asia/Seoul")
        await follow.add(db, asker, "#rl", now=NOW, zone=zone, open_inbox=open_inbox)
        elsewhere.close()
        for day in range(1, 4):
            clock[0] = NOW + timedelta(days=day)
            on = clock[0].astimezone(zone).date()
            await keep(db, an_entry(f"Of {day} {hostile}", on=on, tags="rl", path=f"{day}.md"))
            await plan.plan_due(db, now=clock[0], voices=voices, link=lambda _: None)
            await deliverer.drain(asyncio.Event())
            await closed_inbox.look(db, now=clock[0], voices=voices)
            await deliverer.drain(asyncio.Event())

    assert elsewhere.notified() == [elsewhere.person]


async def test_a_person_of_another_platform_is_not_called(case: Case):
    for person in ("slack:T1/U1", "discord:101", "web:0123456789abcdef"):
        if not person.startswith(case.chat.platform):
            document = replace(HELLO, calls=person)
            await case.chat.post(case.everybody, document, key=DeliveryKey(f"to-{person[:4]}"))

    assert case.notified() == []


async def test_an_opening_whose_outcome_is_unknown_is_tried_again(elsewhere: Case):
    elsewhere.hinder()

    with pytest.raises(ChatUnavailableError) as raised:
        await elsewhere.open()

    assert not raised.value.whole_workspace
    assert await elsewhere.open() == await elsewhere.open()


@pytest.mark.parametrize("name", ["user_disabled", "cannot_dm_bot", "user_not_visible"])
async def test_slack_says_of_a_person_that_they_cannot_be_written_to(name: str):
    async with staged_slack() as stage:
        stage.slack.faults.append(SlackFault("conversations.open", error=name))

        with pytest.raises(ChatRefusedError, match=name) as raised:
            await stage.chat.direct_channel("T1", "U2")

    assert raised.value.extent is Extent.CHANNEL


async def test_without_the_scope_slack_refuses_direct_messages_and_nothing_else():
    async with staged_slack() as stage:
        stage.slack.world.scopes.discard("im:write")

        with pytest.raises(ChatRefusedError, match="im:write is needed") as raised:
            await stage.chat.direct_channel("T1", "U2")

        assert raised.value.extent is Extent.CHANNEL
        await stage.chat.post(SLACK_CHANNEL, HELLO, key=KEY)
    assert "im:write" in SCOPES


async def test_without_the_scope_to_search_direct_messages_channels_are_searched():
    async with staged_slack() as stage:
        since = stage.clock() - timedelta(minutes=1)
        direct = await stage.chat.direct_channel("T1", "U2")
        stage.slack.world.scopes.discard("im:history")

        with pytest.raises(ChatRefusedError, match="im:history is needed") as raised:
            await stage.chat.find(direct, KEY, since=since)

        assert raised.value.extent is Extent.CHANNEL
        assert await stage.chat.find(SLACK_CHANNEL, KEY, since=since) is None


async def test_a_token_that_is_dead_is_no_refusal_of_the_person():
    async with staged_slack() as stage:
        stage.slack.faults.append(SlackFault("conversations.open", error="account_inactive"))

        with pytest.raises(ChatUnavailableError) as raised:
            await stage.chat.direct_channel("T1", "U2")

    assert raised.value.whole_workspace


async def test_discord_is_asked_again_later_where_channels_are_opened_too_fast():
    async with posting_alone() as stage:
        stage.discord.world.direct_openings = 1
        ada = await stage.chat.direct_channel("1", "101")

        with pytest.raises(ChatUnavailableError, match="40003") as raised:
            await stage.chat.direct_channel("1", "102")

        assert raised.value.retry_after is not None
        assert raised.value.retry_after >= timedelta(seconds=30)
        assert not raised.value.whole_workspace
        assert await stage.chat.direct_channel("1", "101") == ada
        await stage.chat.post(ada, HELLO, key=KEY)


async def test_discord_says_how_to_appeal_where_it_takes_the_bot_for_a_spammer():
    async with posting_alone() as stage:
        fault = DiscordFault("POST", "^/users/@me/channels", status=403, code=20026)
        stage.discord.fail(fault)

        with pytest.raises(ChatRefusedError, match="appeal"):
            await stage.chat.direct_channel("1", "102")
