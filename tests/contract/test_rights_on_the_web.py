"""Who may do what on the web: every role, place and action (issue 14, item 6).

Ids of people and channels coincide on purpose in two Slack workspaces and two Discord servers.
"""

import asyncio
import ipaddress
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp

from bot.channels.domain.subscription import Standing
from bot.channels.store import subscriptions
from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.catalogue import Catalogues
from bot.core.domain import command_line
from bot.core.ports import ChannelRef, Command, Health, Platform, User, parse_channel
from bot.discussion.services.library import DatabaseLibrary
from bot.platforms.web.chat import WebChat
from bot.platforms.web.context import Metrics
from bot.platforms.web.sign_in.rights import RightsOfPeople
from bot.platforms.web.sign_in.ways import SignInWays
from bot.platforms.web.visitors.proxies import SECRET_HEADER, ProxySignIn
from bot.webchat.services.access import WebAccess, one_time_address
from bot.webchat.services.sessions import DatabaseSessions
from bot.webchat.store.board import DatabaseBoard
from tests.fakes.accounts import FakeAccounts
from tests.platforms.web.sign_in_stage import StatedRights, account_ways
from tests.ports import free_port
from tests.stage import MORNING, english
from tests.talk_stage import TalkStage, talking, today

SECRET = "s" * 40
PLACES = {
    "web": parse_channel("web:general"),
    "slack C1 of T1": parse_channel("slack:T1/C1"),
    "slack C2 of T1": parse_channel("slack:T1/C2"),
    "slack C1 of T2": parse_channel("slack:T2/C1"),
    "discord 11 of 1": parse_channel("discord:1/11"),
    "discord 11 of 2": parse_channel("discord:2/11"),
}
EVERYWHERE = frozenset(PLACES)
ACTIONS = ("read talk", "find talk", "find talk in the chat", "open", "manage")
BOSS = User("U0", "Boss", can_manage=True)


@dataclass(frozen=True)
class Account:
    """Somebody who signs in, and what their platform says of them."""

    platform: str
    user: str
    workspace: str
    sees: frozenset[str] = frozenset()
    manages: frozenset[str] = frozenset()
    is_named_in: str = ""

    @property
    def person(self) -> str:
        team = f"{self.workspace}/" if self.platform == "slack" else ""
        return f"{self.platform}:{team}{self.user}"


@dataclass(frozen=True)
class Role:
    """A role with every place that it may act on, by action; `writes` is of the web chat."""

    reads_talk: frozenset[str]
    opens: frozenset[str] = frozenset()
    manages: frozenset[str] = frozenset()
    writes: bool = True
    account: Account | None = None
    is_operator: bool = False
    is_proxied: bool = False
    has_left: bool = False


def places(*names: str) -> frozenset[str]:
    assert set(names) <= EVERYWHERE
    return frozenset(names)


def account(
    platform: str, user: str, workspace: str, *, sees: str, manages: str = "", named: str = ""
) -> Account:
    managed = places(manages) if manages else frozenset()
    return Account(platform, user, workspace, places(sees), managed, named)


ROLES = {
    "guest": Role(places("web"), writes=False),
    "operator": Role(EVERYWHERE, manages=places("web"), is_operator=True),
    "user of the proxy": Role(places("web"), is_proxied=True),
    "reader in Slack": Role(
        places("web", "slack C1 of T1"),
        opens=places("slack C1 of T1"),
        account=account("slack", "U1", "T1", sees="slack C1 of T1"),
    ),
    "manager in Slack": Role(
        places("web", "slack C2 of T1"),
        opens=places("slack C2 of T1"),
        manages=places("slack C2 of T1"),
        account=account("slack", "U2", "T1", sees="slack C2 of T1", manages="slack C2 of T1"),
    ),
    "named in Slack": Role(
        places("web", "slack C1 of T1"),
        opens=places("slack C1 of T1"),
        manages=places("slack C1 of T1"),
        account=account("slack", "U3", "T1", sees="slack C1 of T1", named="slack C1 of T1"),
    ),
    "same id in another workspace": Role(
        places("web", "slack C1 of T2"),
        opens=places("slack C1 of T2"),
        account=account("slack", "U3", "T2", sees="slack C1 of T2"),
    ),
    "manager who does not see the channel": Role(
        places("web", "slack C1 of T1"),
        opens=places("slack C1 of T1"),
        account=account("slack", "U5", "T1", sees="slack C1 of T1", manages="slack C2 of T1"),
    ),
    "reader in Discord": Role(
        places("web", "discord 11 of 1"),
        opens=places("discord 11 of 1"),
        account=account("discord", "101", "1", sees="discord 11 of 1"),
    ),
    "manager in Discord": Role(
        places("web", "discord 11 of 2"),
        opens=places("discord 11 of 2"),
        manages=places("discord 11 of 2"),
        account=account("discord", "102", "2", sees="discord 11 of 2", manages="discord 11 of 2"),
    ),
    "left the workspace": Role(
        places("web"),
        writes=False,
        account=account("slack", "U9", "T1", sees="slack C1 of T1", manages="slack C1 of T1"),
        has_left=True,
    ),
}


@dataclass
class World:
    """The bot's web server over a real archive, with talk in every place."""

    stage: TalkStage
    bot: Bot
    access: WebAccess
    accounts: FakeAccounts
    rights: StatedRights
    address: str

    async def become(self, role: Role, client: aiohttp.ClientSession) -> None:
        """What a person of the role does before they act."""
        if role.is_operator:
            token = await self.access.new_token(at=self.stage.clock())
            async with client.get(one_time_address(self.address, token)) as response:
                assert response.status == 200
        if role.account is not None:
            await self._sign_in(role.account, client)
        if role.has_left:
            self.rights.members.clear()
            self.stage.clock.turn(seconds=600)

    async def _sign_in(self, who: Account, client: aiohttp.ClientSession) -> None:
        self.rights.members[who.person] = {who.workspace}
        self.rights.visible[who.person] = {str(PLACES[each]) for each in who.sees}
        self.rights.managed[who.person] = {str(PLACES[each]) for each in who.manages}
        if who.is_named_in:
            await self.ask(f"/digest managers <@{who.user}>", PLACES[who.is_named_in])
        self.accounts.user, self.accounts.workspace = who.user, who.workspace
        self.accounts.guilds = [who.workspace]
        async with client.get(f"{self.address}sign-in/{who.platform}") as response:
            assert response.status == 200

    async def ask(self, text: str, channel: ChannelRef) -> None:
        line = command_line.parse_line(text)
        await self.bot.command(Command(line.spec.name, line.options, BOSS, channel, "en"))

    async def may(self, action: str, place: str, client: aiohttp.ClientSession) -> bool:
        """Whether an action on a place has its effect."""
        channel = PLACES[place]
        match action:
            case "read talk":
                page = await self._get(client, "entry/1")
                fragment = await self._get(client, "api/discussion?entry=1")
                assert (said_in(place) in page) == (said_in(place) in fragment)
                return said_in(place) in page
            case "find talk":
                query = f"in:discussion {said_in(place)}"
                return "/entry/1" in await self._get(client, "papers", q=query)
            case "find talk in the chat":
                return await self._finds_in_chat(client, place)
            case "open":
                async with client.get(
                    f"{self.address}manage", params={"channel": str(channel)}
                ) as response:
                    return response.status == 200
            case _:
                return await self._pauses(client, channel)

    async def _finds_in_chat(self, client: aiohttp.ClientSession, place: str) -> bool:
        """Talk of other platforms is told to who asks alone: everybody reads the web chat."""
        own = {"Origin": self.address.rstrip("/")}
        line = f"/paper in:discussion {said_in(place)}"
        body = {
            "channel": "general",
            "text": line,
            "nonce": f"5{list(PLACES).index(place)}23456789",
        }
        async with client.post(f"{self.address}api/say", json=body, headers=own) as response:
            text = await response.text()
        found = "A fine paper." in text
        assert not found or place == "web" or "private" in json.loads(text)
        return found

    async def _pauses(self, client: aiohttp.ClientSession, channel: ChannelRef) -> bool:
        own = {"Origin": self.address.rstrip("/")}
        line = "/digest pause"
        if channel.platform is Platform.WEB:
            path = "api/say"
            body = {"channel": channel.id, "text": line, "nonce": "0123456789"}
        else:
            path, body = "api/manage", {"channel": str(channel), "line": line}
        async with client.post(self.address + path, json=body, headers=own):
            pass
        async with self.stage.stage.db.reading() as tx:
            found = await subscriptions.find(tx, str(channel))
        assert found is not None
        await self.ask("/digest resume", channel)
        return found.standing is Standing.PAUSED

    async def writes(self, client: aiohttp.ClientSession) -> bool:
        own = {"Origin": self.address.rstrip("/")}
        body = {"channel": "general", "text": "hello", "nonce": "9876543210"}
        async with client.post(f"{self.address}api/say", json=body, headers=own) as response:
            return response.status == 200

    async def _get(self, client: aiohttp.ClientSession, path: str, **query: str) -> str:
        async with client.get(self.address + path, params=query or None) as response:
            assert response.status == 200  # the archive is for everybody
            return await response.text()


def said_in(place: str) -> str:
    """One word that nobody says elsewhere."""
    return "word" + "".join(c for c in place if c.isalnum())


async def _no_metrics() -> Metrics:
    return Metrics(b"", "text/plain")


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(talking(folder, MORNING))
        accounts = await stack.enter_async_context(FakeAccounts())
        accounts.clock = stage.clock
        await stage.subscribe(*PLACES.values())
        await stage.stage.note("Paper", today(stage))
        await stage.post()
        for place, channel in PLACES.items():
            await stage.say(stage.root(channel), said_in(place))

        async def check(channel: ChannelRef) -> ChannelRef:
            return channel

        db, port, rights = stage.stage.db, free_port(), StatedRights()
        desk = DigestContext(db, stage.clock, ZoneInfo("Asia/Seoul"), check, lambda: None)
        bot = Bot(desk, voices=english, talk=stage.talk)
        access = WebAccess(db)
        chat = WebChat(
            DatabaseBoard(db),
            DatabaseLibrary(db),
            access,
            host="127.0.0.1",
            port=port,
            voices=Catalogues(),
            now=stage.clock,
            health=lambda: Health(ok=True),
            metrics=_no_metrics,
            proxies=(ipaddress.ip_network("127.0.0.1"),),
            proxy_sign_in=ProxySignIn("X-Forwarded-User", SECRET),
            sign_in=SignInWays(
                f"http://127.0.0.1:{port}",
                account_ways(accounts, stage.clock, guilds=frozenset({"1", "2"})),
                RightsOfPeople(dict.fromkeys(Platform, rights), clock=stage.clock),
                DatabaseSessions(db),
            ),
        )
        tasks = await stack.enter_async_context(_running(chat, bot))
        yield World(stage, bot, access, accounts, rights, tasks)


@asynccontextmanager
async def _running(chat: WebChat, bot: Bot) -> AsyncIterator[str]:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(chat.run(bot))
        yield await chat.ready()
        running.cancel()


async def test_every_role_may_do_in_every_place_what_it_may_and_nothing_else(tmp_path: Path):
    wrong: list[str] = []
    cells = 0
    async with world(tmp_path) as at:
        for number, (name, role) in enumerate(ROLES.items()):
            headers = {"X-Forwarded-For": f"192.0.2.{number}"}  # an address's writing is limited
            if role.is_proxied:
                headers |= {"X-Forwarded-User": "eve@example.org", SECRET_HEADER: SECRET}
            jar = aiohttp.CookieJar(unsafe=True)
            async with aiohttp.ClientSession(cookie_jar=jar, headers=headers) as client:
                await at.become(role, client)
                asks = places("web") if role.is_operator else role.reads_talk
                asks = asks if role.writes else frozenset()
                wanted = (role.reads_talk, role.reads_talk, asks, role.opens, role.manages)
                for action, allowed in zip(ACTIONS, wanted, strict=True):
                    for place in PLACES:
                        cells += 1
                        if await at.may(action, place, client) != (place in allowed):
                            wrong.append(f"{name}: {action} in {place}")
                cells += 1
                if await at.writes(client) != role.writes:
                    wrong.append(f"{name}: write in the web chat")

    assert wrong == []
    assert cells == len(ROLES) * (len(ACTIONS) * len(PLACES) + 1)
