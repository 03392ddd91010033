"""“Add to Slack” from the browser to the database, against a Slack that several workspaces are in."""

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from http.cookies import BaseCookie
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from bot.app.platforms import Given, find_slack_apps, join
from bot.app.slack.install_requests import exchange_by
from bot.app.slack.installations import SlackInstallations
from bot.app.work.reading_rights import vetting
from bot.channels.domain.subscription import Standing
from bot.channels.store import subscriptions
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database, opened
from bot.core.domain.document import Document, Paragraph, run
from bot.core.ports import ChannelRef, ChatError, DeliveryKey, Platform, User
from bot.core.services.holdings import Everything
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.settings import Settings
from bot.workspaces.domain.slack_app import SlackApp, Tokens
from bot.workspaces.services import install_states, slack_apps
from tests.fakes.slack import SIGNING_SECRET
from tests.fakes.slack.oauth import CLIENT_ID, CLIENT_SECRET, revoked, uninstall
from tests.fakes.slack.workspaces import FakeWorkspaces, workspaces
from tests.platforms.memory import Kept, Notes
from tests.platforms.slack.stage import Clock, RecordingInbox, Remembered
from tests.waiting import eventually, until

DOCUMENT = Document((Paragraph(run("Words.")),), "Words.")
KEY = "k" * 40


class Stage:
    """The bot's Slack with real database and web server, and the person with a browser."""

    def __init__(self, fake: FakeWorkspaces, db: Database) -> None:
        self.fake = fake
        self.db = db
        self.clock = Clock()
        self.inbox = RecordingInbox()
        self.settings = Settings.model_validate(
            {
                "SLACK_CLIENT_ID": CLIENT_ID,
                "SLACK_CLIENT_SECRET": CLIENT_SECRET,
                "SLACK_SIGNING_SECRET": SIGNING_SECRET,
                "SLACK_API_BASE": fake.url,
                "PAPERBOT_SECRET_KEY": KEY,
            }
        )
        self.installations = SlackInstallations(db, self.settings, clock=self.clock)
        self.slack = join(
            self.settings,
            Given(
                Remembered(),
                Notes(),
                Kept([], []),
                Catalogues(),
                self.clock,
                Everything("this process"),
                lambda: 50,
            ),
            db,
            find_apps=self.find_apps,
        )[Platform.SLACK]
        self.url = ""

    async def find_apps(self):
        return await find_slack_apps(self.db, self.settings)

    async def install(
        self, team: str, browser: aiohttp.ClientSession, language: str = "en"
    ) -> tuple[int, str]:
        """A person goes the whole way; returns what they see at the end."""
        self.fake.oauth.approves = team
        return await seen(browser, await self.confirmed(browser), language)

    async def confirmed(self, browser: aiohttp.ClientSession) -> str:
        """Where Slack sends the person who has confirmed."""
        status, page = await seen(browser, f"{self.url}/slack/install")
        assert status == 200
        [slack] = re.findall(r'href="([^"]*/oauth/v2/authorize[^"]*)"', page)
        async with browser.get(unescape(slack), allow_redirects=False) as answer:
            assert answer.status == 302
            return answer.headers["Location"]

    async def connected(self, *teams: str) -> None:
        wanted = {f"slack:{team}" for team in teams}
        await until(lambda: self.served() == wanted)

    def served(self) -> set[str]:
        """The workspaces that are connected; organisations are left out."""
        ok = {each.name for each in self.slack.workspaces() if each.ok}
        return {name for name in ok if name.startswith("slack:T")}

    async def standing(self, team: str) -> tuple[Standing, str]:
        async with self.db.reading() as tx:
            found = await subscriptions.find(tx, str(channel(team)))
        assert found is not None
        return found.standing, found.reason


async def seen(browser: aiohttp.ClientSession, url: str, language: str = "en") -> tuple[int, str]:
    """A page, as the browser gets it."""
    headers = {"Accept-Language": language}
    async with browser.get(URL(url, encoded=True), headers=headers) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, await answer.text()


def channel(team: str) -> ChannelRef:
    return ChannelRef(Platform.SLACK, team, "C1")


@asynccontextmanager
async def a_browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=Cookies(unsafe=True)) as session:
        yield session


class Cookies(aiohttp.CookieJar):
    """A browser's: it takes this machine for safe without TLS."""

    def filter_cookies(self, request_url: URL = URL()) -> BaseCookie[str]:  # noqa: B008
        return super().filter_cookies(request_url.with_scheme("https"))


@asynccontextmanager
async def staged(folder: Path, *teams: str) -> AsyncIterator[Stage]:
    async with workspaces(*teams) as fake, opened(folder / "paperbot.db") as db:
        stage = Stage(fake, db)
        application = web.Application()
        for prefix, mounted in stage.slack.mounts.items():
            application.add_subapp(prefix, mounted)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        stage.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        fake.oauth.redirect_uri = f"{stage.url}/slack/oauth_redirect"
        for slack in fake.of.values():
            slack.events_url = f"{stage.url}/slack/events"
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(stage.slack.chat.run(stage.inbox))
            try:
                yield stage
            finally:
                serving.cancel()
                await runner.cleanup()


@pytest.fixture
async def browser():
    async with a_browser() as session:
        yield session


async def test_workspaces_install_use_remove_and_install_again(
    tmp_path: Path, browser: aiohttp.ClientSession
) -> None:
    async with staged(tmp_path, "T1", "T2") as stage:
        one, two = stage.fake.of["T1"], stage.fake.of["T2"]
        status, page = await stage.install("T1", browser)
        assert (status, "Papers of T1" in page) == (200, True)
        assert "channels:history" in stage.fake.oauth.asked[0]["scope"]
        status, page = await stage.install("T2", browser, language="ko-KR")
        assert (status, 'lang="ko"' in page) == (200, True)
        await stage.connected("T1", "T2")

        # One app and one secret for both: whose it is, the request says.
        await two.command("/paper x")
        await until(lambda: stage.inbox.commands)
        assert [each.channel.workspace for each in stage.inbox.commands] == ["T2"]
        first = await stage.slack.chat.post(channel("T1"), DOCUMENT, key=DeliveryKey("k1"))

        # Again: new tokens replace the old ones, and nothing else changes.
        assert (await stage.install("T1", browser))[0] == 200
        await until(lambda: one.calls_of("auth.test")[-1].answer == "ok")
        [stored, _] = await slack_apps.list_stored(stage.db)
        decrypted = slack_apps.decrypted(stored, [KEY])
        assert decrypted.tokens.bot_token == one.bot_token
        assert await until_found(stage, "T1", "k1") == first

        now = datetime.now(UTC)
        await subscribe.add(stage.db, channel("T1"), TypedOptions(at="09:00", zone="UTC"), now=now)
        await uninstall(one)
        await stage.connected("T2")
        assert await stage.standing("T1") == (Standing.REFUSED, slack_apps.UNINSTALLED) or (
            await stage.standing("T1") == (Standing.REFUSED, slack_apps.REVOKED)
        )
        with pytest.raises(ChatError):
            await stage.slack.chat.post(channel("T1"), DOCUMENT, key=DeliveryKey("k2"))
        assert len(one.messages()) == 1
        assert [each.workspace for each in await slack_apps.list_stored(stage.db)] == ["T1", "T2"]
        # What Slack still sends for it is acknowledged, so that the others go on.
        late = await one.event({"type": "app_uninstalled"})
        assert late.status == 200

        assert (await stage.install("T1", browser))[0] == 200
        await stage.connected("T1", "T2")
        assert await stage.standing("T1") == (Standing.ACTIVE, "")
        await stage.slack.chat.post(channel("T1"), DOCUMENT, key=DeliveryKey("k2"))
        # An event of the former installation that comes late ends nothing.
        await one.event({"type": "app_uninstalled"}, event_time=int(time.time()) - 60)
        assert (await stage.standing("T1"))[0] is Standing.ACTIVE

        await revoked(two)
        await stage.connected("T1")


async def find(stage: Stage, team: str, key: str):
    since = datetime(2026, 1, 1, tzinfo=UTC)
    return await stage.slack.chat.find(channel(team), DeliveryKey(key), since=since)


async def until_found(stage: Stage, team: str, key: str):
    async def can_be_asked() -> bool:
        try:
            await find(stage, team, key)
        except ChatError:
            return False
        return True

    await eventually(can_be_asked, every=0.02)
    return await find(stage, team, key)


async def test_a_state_counts_once_for_a_while_and_in_its_browser(
    tmp_path: Path, browser: aiohttp.ClientSession
) -> None:
    async with staged(tmp_path, "T1") as stage:
        stage.fake.oauth.approves = "T1"
        redirect = await stage.confirmed(browser)
        forged = str(URL(redirect).update_query(state="x" * 43))
        nameless = str(URL(redirect).without_query_params("state"))
        for wrong in (forged, nameless):
            assert (await seen(browser, wrong))[0] == 400
        async with a_browser() as another:
            assert (await seen(another, redirect))[0] == 400
            await stage.confirmed(another)  # even one that has begun an installation of its own
            assert (await seen(another, redirect))[0] == 400
        assert await slack_apps.list_stored(stage.db) == ()

        stage.clock.ahead += install_states.VALID_FOR
        status, page = await seen(browser, redirect)
        assert (status, "expired" in page) == (401, True)
        stage.clock.ahead = timedelta()

        redirect = await stage.confirmed(browser)
        kept = browser.cookie_jar.filter_cookies(URL(redirect))
        assert (await seen(browser, redirect))[0] == 200
        browser.cookie_jar.update_cookies(kept, URL(redirect))  # it keeps what it should forget
        assert (await seen(browser, redirect))[0] == 401
        assert len(await slack_apps.list_stored(stage.db)) == 1
        # Only hashes are stored.
        state = URL(redirect).query["state"]
        assert not is_written(tmp_path, state)


def is_written(folder: Path, text: str) -> bool:
    return any(text.encode() in path.read_bytes() for path in folder.iterdir())


async def test_what_cannot_be_installed_says_why(
    tmp_path: Path, browser: aiohttp.ClientSession
) -> None:
    async with staged(tmp_path, "T1") as stage:
        status, page = await stage.install("", browser)
        assert (status, "cancelled" in page) == (200, True)
        status, page = await stage.install("", browser, language="ko")
        assert (status, "취소" in page) == (200, True)

        own = SlackApp("T1", "One", Tokens("xoxb-own", "xapp-own"), datetime.now(UTC))
        await slack_apps.add(stage.db, own, [KEY])
        status, page = await stage.install("T1", browser)
        assert (status, "paperbot slack remove T1" in page) == (409, True)
        [stored] = await slack_apps.list_stored(stage.db)
        assert slack_apps.decrypted(stored, [KEY]).tokens == own.tokens

        stage.fake.oauth.approves = "T1"
        redirect = await stage.confirmed(browser)
        wrong = str(URL(redirect).update_query(code="<script>\nx"))
        status, page = await seen(browser, wrong)
        assert (status, "script" in page) == (401, False)


async def test_one_address_cannot_use_up_the_installations_of_all(
    tmp_path: Path, browser: aiohttp.ClientSession
) -> None:
    async with staged(tmp_path, "T1") as stage:
        stage.fake.oauth.approves = "T1"
        begun = await stage.confirmed(browser)
        async with a_browser() as another:
            pages = [await seen(another, f"{stage.url}/slack/install") for _ in range(25)]

        statuses = [status for status, _ in pages]
        assert statuses == sorted(statuses)
        assert {*statuses} == {200, 503}
        assert "Too many installations were begun" in pages[-1][1]
        assert (await seen(browser, begun))[0] == 200
        await stage.connected("T1")


async def test_slack_can_ask_for_the_challenge_before_anybody_installs(tmp_path: Path) -> None:
    async with staged(tmp_path, "T1") as stage:
        slack = stage.fake.of["T1"]
        slack.world.team = "T9"
        asked = await slack.event({}, type="url_verification", challenge="c-1")
        assert (asked.status, asked.response) == (200, {"challenge": "c-1"})
        slack.signing_secret = "another"
        forged = await slack.event({}, type="url_verification", challenge="c-2")
        assert forged.status == 401


async def test_people_of_a_workspace_that_installed_the_app_are_not_known(
    tmp_path: Path, browser: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    async with staged(tmp_path, "T1") as stage:
        vets = vetting({Platform.SLACK: stage.slack})
        ada = User("U1", "Ada", can_manage=True, workspace="T1")
        before = await vets(channel("T1"), ada)
        await stage.install("T1", browser)
        after = await vets(channel("T1"), ada)
        on_the_web = await vets(ChannelRef(Platform.WEB, "", "general"), ada)

    assert (before, after, on_the_web) == (True, False, True)
    assert caplog.text.count("PAPERBOT_CURATORS is empty") == 1


async def test_scopes_that_were_not_granted_are_named_and_the_rest_works(
    tmp_path: Path, browser: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    async with staged(tmp_path, "T1") as stage:
        slack = stage.fake.of["T1"]
        slack.world.scopes -= {"channels:history", "users:read"}
        await stage.install("T1", browser)
        await stage.connected("T1")

        [condition] = stage.slack.workspaces()
        assert "missing scopes: channels:history, users:read" in condition.detail
        assert "T1 did not grant channels:history, users:read" in caplog.text
        asked = await slack.command("/paper x")
        await slack.until(lambda: asked.answers)
        await stage.slack.chat.post(channel("T1"), DOCUMENT, key=DeliveryKey("k1"))
        assert len(slack.messages()) == 2
        # Whether it is there cannot be looked up: nobody may take that for a no.
        with pytest.raises(ChatError, match="permission"):
            await find(stage, "T1", "k1")


async def test_ten_processes_use_a_refresh_token_once(
    tmp_path: Path, browser: aiohttp.ClientSession
) -> None:
    async with staged(tmp_path, "T1") as stage:
        slack, oauth = stage.fake.of["T1"], stage.fake.oauth
        oauth.rotates = True
        await stage.install("T1", browser)
        await stage.connected("T1")
        exchange = exchange_by(stage.settings, clock=stage.clock)
        await stage.installations.refresh(exchange)
        assert oauth.refreshes == []

        processes = [await refreshing(tmp_path, stage.fake.url, hours=11) for _ in range(10)]
        for process in processes:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"ready\n"
        ends = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
        assert [process.returncode for process in processes] == [0] * 10, ends
        assert oauth.refreshes == ["ok"]

        # The bot takes the new token, and the next one when that expires.
        stage.clock.ahead = timedelta(hours=22)
        await stage.installations.refresh(exchange)
        assert oauth.refreshes == ["ok", "ok"]
        [stored] = await slack_apps.list_stored(stage.db)
        assert slack_apps.decrypted(stored, [KEY]).tokens.bot_token == slack.bot_token
        assert await until_found(stage, "T1", "k1") is None

        # One that was used by somebody else is no use; the workspace is told to install again.
        oauth.rotates = False
        oauth.forget_refresh_tokens()
        stage.clock.ahead = timedelta(hours=33)
        await stage.installations.refresh(exchange)
        await stage.installations.refresh(exchange)
        assert oauth.refreshes == ["ok", "ok", "invalid_refresh_token"]
        await stage.install("T1", browser)
        assert await until_found(stage, "T1", "k1") is None


async def refreshing(folder: Path, api_base: str, *, hours: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.app.refreshing_process",
        *(str(folder / "paperbot.db"), api_base, KEY, str(hours)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
