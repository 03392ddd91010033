"""A web chat where people sign in with accounts of fakes, and what the platforms say of them."""

import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from bot.assistants import over_http
from bot.assistants.services.tools import Tools
from bot.core.database.database import Database
from bot.core.ports import (
    ChannelRef,
    ChatUnavailableError,
    Identity,
    Platform,
    SignIn,
    parse_channel,
)
from bot.platforms.discord.sign_in import DiscordSignIn
from bot.platforms.slack.sign_in import SlackSignIn
from bot.platforms.web.sign_in.rights import RightsOfPeople
from bot.platforms.web.sign_in.ways import AssistantAccess, SignInWays
from bot.webchat.services.sessions import DatabaseSessions
from bot.webchat.services.tokens import DatabaseAssistantTokens
from tests.fakes.accounts import CLIENT_ID, CLIENT_SECRET, FakeAccounts
from tests.platforms.web.stage import Clock, FakeInbox, Stage, staged
from tests.ports import free_port


@dataclass
class StatedRights:
    """`ports.Rights` as a test states them, by person."""

    members: dict[str, set[str]] = field(default_factory=dict)
    visible: dict[str, set[str]] = field(default_factory=dict)
    managed: dict[str, set[str]] = field(default_factory=dict)
    is_down: bool = False

    async def shared_workspaces(self, who: Identity) -> tuple[str, ...]:
        self._answer()
        theirs = self.members.get(who.person, set())
        return tuple(each for each in who.workspaces if each in theirs)

    async def may_manage(self, who: Identity, channel: ChannelRef) -> bool:
        self._answer()
        return str(channel) in self.managed.get(who.person, set())

    async def list_visible(
        self, who: Identity, channels: Collection[ChannelRef]
    ) -> dict[ChannelRef, str]:
        self._answer()
        seen = {parse_channel(each) for each in self.visible.get(who.person, set())}
        return {each: f"papers {each.id}" for each in channels if each in seen}

    def _answer(self) -> None:
        if self.is_down:
            raise ChatUnavailableError("the platform does not answer")


@dataclass
class SignInStage:
    """The chat, the accounts' servers, and what they say of people."""

    web: Stage
    accounts: FakeAccounts
    rights: StatedRights

    async def sign_in(
        self,
        platform: str = "slack",
        client: aiohttp.ClientSession | None = None,
        path: str = "/",
    ) -> tuple[int, str]:
        """Go all the way as a browser does; the last status and the path it ended at."""
        url = self.web.url(f"/sign-in/{platform}")
        async with (client or self.web.client).get(url, params={"next": path}) as response:
            return response.status, str(response.url.relative())

    async def begin(self, platform: str = "slack") -> str:
        """Begin an attempt; the address that the platform sends the browser back to."""
        async with self.web.client.get(
            self.web.url(f"/sign-in/{platform}"), allow_redirects=False
        ) as response:
            assert response.status == 303
            location = response.headers["Location"]
        async with self.web.client.get(location, allow_redirects=False) as response:
            return response.headers["Location"]

    async def who(self, client: aiohttp.ClientSession | None = None) -> str:
        """The account page's words: whether somebody is signed in, and as whom."""
        async with (client or self.web.client).get(self.web.url("/sign-in")) as response:
            page = await response.text()
        with contextlib.suppress(ValueError):
            start = page.index("You are signed in with")
            return page[start : page.index("</p>", start)]
        return ""


def account_ways(
    accounts: FakeAccounts, clock: Callable[[], datetime], *, guilds: frozenset[str]
) -> dict[Platform, SignIn]:
    """Signing in at the fakes, with a bot that is in those guilds."""

    async def of_the_bot() -> frozenset[str]:
        return guilds

    return {
        Platform.SLACK: SlackSignIn(
            CLIENT_ID, CLIENT_SECRET, api_base=accounts.slack_api, clock=clock
        ),
        Platform.DISCORD: DiscordSignIn(
            CLIENT_ID, CLIENT_SECRET, api_base=accounts.discord_api, guilds=of_the_bot
        ),
    }


def tools_without_talk(db: Database, clock: Callable[[], datetime]) -> Tools:
    return Tools(db, clock, ZoneInfo("UTC"), with_discussions=False)


def access(db: Database, clock: Callable[[], datetime]) -> AssistantAccess | None:
    """How assistants ask, if the extra is installed."""
    if not over_http.is_installed():
        return None
    opened = partial(over_http.answering, tools_without_talk(db, clock), "0")
    return AssistantAccess(DatabaseAssistantTokens(db), opened)


@asynccontextmanager
async def signing_in(
    *, address: str | None = None, inbox: FakeInbox | None = None, **more: Any
) -> AsyncIterator[SignInStage]:
    """A chat that has both ways to sign in; `address` is the site's, by default the chat's own; `more` is for it."""
    port = free_port()
    site = address or f"http://127.0.0.1:{port}"
    rights = StatedRights()
    rights.members = {
        "slack:T1/U1": {"T1"},
        "slack:T1/U2": {"T1"},
        "discord:101": {"1"},
    }
    rights.visible = {"slack:T1/U1": {"slack:T1/C1"}, "slack:T1/U2": {"slack:T1/C2"}}
    rights.managed = {"slack:T1/U1": {"slack:T1/C1"}}

    async with FakeAccounts() as accounts:

        def ways(db: Database, clock: Clock) -> SignInWays:
            accounts.clock = clock
            return SignInWays(
                site,
                account_ways(accounts, clock, guilds=frozenset({"1", "2"})),
                RightsOfPeople({Platform.SLACK: rights, Platform.DISCORD: rights}, clock=clock),
                DatabaseSessions(db),
            )

        names = ("papers.example.org",)
        async with staged(
            sign_in=ways, assistants=access, port=port, names=names, inbox=inbox, **more
        ) as stage:
            yield SignInStage(stage, accounts, rights)
