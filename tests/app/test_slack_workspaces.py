"""Slack as one platform with several workspaces, in which all ids are the same on purpose."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web

from bot.app.platforms import EventsOf
from bot.app.slack.workspaces import SlackWorkspaces
from bot.core.catalogue import Catalogues
from bot.core.domain.document import Document, Paragraph, run
from bot.core.domain.errors import UsageError
from bot.core.ports import ChannelRef, ChatUnavailableError, DeliveryKey, Platform, User
from bot.platforms.slack.access import Access
from bot.platforms.slack.chat import SlackChat
from bot.platforms.slack.requests import signed_requests
from tests.fakes.slack import SIGNING_SECRET
from tests.fakes.slack.workspaces import FakeWorkspaces, workspaces
from tests.platforms.memory import Notes
from tests.platforms.slack.stage import QUICK, Clock, RecordingInbox, Remembered
from tests.waiting import until

DOCUMENT = Document((Paragraph(run("Words.")),), "Words.")
KEY = DeliveryKey("k1")
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
AddedItself = Callable[[Collection[str]], Awaitable[bool]]


def channel(team: str) -> ChannelRef:
    return ChannelRef(Platform.SLACK, team, "C1")


class Stage:
    """The platform over some fakes; `apps` are what `paperbot slack add` has stored."""

    def __init__(
        self,
        fake: FakeWorkspaces,
        *,
        fixed: str | None,
        http: bool,
        one_app: bool = False,
        added_itself: AddedItself | None = None,
    ) -> None:
        self.fake = fake
        self.http = http
        self.one_app = one_app
        self.inbox = RecordingInbox()
        self.clock, self.seen = Clock(), Remembered()
        self.apps: dict[str, Access | UsageError] = {}
        self.slack = SlackWorkspaces(
            self.access(fixed) if fixed else None,
            self.find_apps,
            self.open_chat,
            clock=self.clock,
            sleep=lambda _: asyncio.sleep(0.02),
            added_itself=added_itself,
        )

    def access(self, team: str, *, bot_token: str | None = None) -> Access:
        slack = self.fake.of[team]
        secret = self.signing_secret(team) if self.http else None
        app_token = None if self.http else slack.app_token
        return Access(bot_token or slack.bot_token, app_token, secret, self.fake.url)

    def signing_secret(self, team: str) -> str:
        return SIGNING_SECRET if self.one_app else f"{SIGNING_SECRET}-{team}"

    async def find_apps(self) -> dict[str, Access | UsageError]:
        return dict(self.apps)

    def open_chat(self, team: str, access: Access) -> SlackChat:
        return SlackChat(
            access,
            seen=EventsOf(team, self.seen),
            voices=Catalogues(),
            clock=self.clock,
            memo=Notes(),
            timing=QUICK,
        )

    def is_ok(self) -> dict[str, bool]:
        return {each.name: each.ok for each in self.slack.conditions}

    async def connected(self, *teams: str) -> None:
        wanted = {f"slack:{team}": True for team in teams}
        await until(lambda: wanted.items() <= self.is_ok().items())


@asynccontextmanager
async def staged(
    *teams: str,
    fixed: str | None = None,
    http: bool = False,
    one_app: bool = False,
    added_itself: AddedItself | None = None,
) -> AsyncIterator[Stage]:
    async with workspaces(*teams) as fake:
        stage = Stage(fake, fixed=fixed, http=http, one_app=one_app, added_itself=added_itself)
        stage.apps = {team: stage.access(team) for team in teams if team != fixed}
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(stage.slack.run(stage.inbox))
            try:
                yield stage
            finally:
                serving.cancel()


async def test_each_message_goes_to_its_workspace_and_is_found_there() -> None:
    async with staged("T1", "T2", fixed="T1") as stage:
        await stage.connected("T1", "T2")

        posted = await stage.slack.post(channel("T2"), DOCUMENT, key=KEY)

        assert [len(slack.messages()) for slack in stage.fake.of.values()] == [0, 1]
        assert await stage.slack.find(channel("T2"), KEY, since=SINCE) == posted
        assert await stage.slack.find(channel("T1"), KEY, since=SINCE) is None
        await stage.slack.reply(posted, DOCUMENT, key=DeliveryKey("k2"))
        await stage.slack.delete(posted)
        assert [len(slack.messages()) for slack in stage.fake.of.values()] == [0, 0]
        with pytest.raises(ChatUnavailableError):
            await stage.slack.post(channel("T9"), DOCUMENT, key=KEY)


async def test_people_are_answered_in_their_workspace() -> None:
    async with staged("T1", "T2") as stage:
        await stage.connected("T1", "T2")

        for team, slack in stage.fake.of.items():
            await slack.command(f"/paper {team}")
        await until(lambda: len(stage.inbox.commands) == 2)

        assert [(each.channel.workspace, each.user.id) for each in stage.inbox.commands] == [
            ("T1", "U1"),
            ("T2", "U1"),
        ]
        # The same event id in both workspaces: neither is taken for a repetition.
        for slack in stage.fake.of.values():
            message = {"type": "message", "channel": "C1", "channel_type": "channel"}
            said = {"user": "U1", "text": "hello", "ts": "2.0", "thread_ts": "1.0"}
            await slack.event({**message, **said, "parent_user_id": "UBOT"}, event_id="Ev1")
        await until(lambda: len(stage.inbox.heard) == 2)
        assert {each.message.channel.workspace for each in stage.inbox.heard} == {"T1", "T2"}


async def test_a_wrong_token_stops_its_own_workspace_until_it_is_replaced() -> None:
    async with staged("T1", "T2") as stage:
        stage.apps["T2"] = stage.access("T2", bot_token="xoxb-wrong")
        await until(lambda: stage.is_ok() == {"slack:T1": True, "slack:T2": False})
        await stage.slack.post(channel("T1"), DOCUMENT, key=KEY)

        assert stage.slack.condition.ok
        assert "1 of 2 workspaces; slack:T2" in stage.slack.condition.detail

        stage.apps["T2"] = stage.access("T2")
        await stage.connected("T1", "T2")
        assert stage.slack.condition.detail == "2 of 2 workspaces"


async def test_a_removed_workspace_is_disconnected() -> None:
    async with staged("T1", "T2") as stage:
        await stage.connected("T1", "T2")

        del stage.apps["T1"]

        await until(lambda: stage.is_ok() == {"slack:T2": True})
        await until(lambda: not stage.fake.of["T1"].sockets.open)
        with pytest.raises(ChatUnavailableError):
            await stage.slack.post(channel("T1"), DOCUMENT, key=KEY)


async def test_a_workspace_of_the_settings_that_was_added_too_is_connected_once() -> None:
    async with staged("T1", fixed="T1") as stage:
        await stage.connected("T1")
        stage.apps["T1"] = stage.access("T1")
        looks = stage.fake.of["T1"].calls_of("auth.test")
        await asyncio.sleep(0)

        assert list(stage.is_ok()) == ["slack:T1"]
        assert len(looks) == 1


async def test_who_comes_from_a_workspace_that_added_itself_is_not_known() -> None:
    async def added_itself(workspaces: Collection[str]) -> bool:
        return not {"T1", "T2"}.isdisjoint(workspaces)

    async with staged("T1", "T2", fixed="T1", added_itself=added_itself) as stage:
        await stage.connected("T1", "T2")
        known = {
            (place, home): await stage.slack.vets(
                channel(place), User("U1", "Ada", can_manage=True, workspace=home)
            )
            for place in ("T1", "T2", "T3")
            for home in ("", "T1", "T2")
        }

    assert {each for each in known if known[each]} == {
        ("T1", ""),
        ("T1", "T1"),
        ("T3", ""),
        ("T3", "T1"),
    }


async def test_a_wrong_token_of_the_settings_ends_the_bot() -> None:
    async with workspaces("T1") as fake:
        stage = Stage(fake, fixed="T1", http=False)
        fake.of["T1"].tokens[fake.of["T1"].bot_token] = "invalid_auth"

        with pytest.raises(UsageError):
            await stage.slack.run(stage.inbox)


async def test_the_token_of_an_organisation_in_the_settings_ends_the_bot() -> None:
    async with workspaces("T1") as fake:
        fake.of["T1"].bot_token = fake.organisation("E1", "T1").mint(1)
        stage = Stage(fake, fixed="T1", http=False)

        with pytest.raises(UsageError, match="whole organisation"):
            await stage.slack.run(stage.inbox)


async def test_requests_go_to_the_app_whose_secret_signed_them() -> None:
    async with staged("T1", "T2", http=True) as stage, served(stage):
        await stage.connected("T1", "T2")
        one, two = stage.fake.of["T1"], stage.fake.of["T2"]

        asked = await two.command("/paper x")
        await two.until(lambda: asked.answers)
        assert [each.channel.workspace for each in stage.inbox.commands] == ["T2"]

        two.signing_secret = "another"
        forged = await two.command("/paper x")
        assert forged.status == 401
        # Signed by the app of T1, but for T2.
        two.signing_secret = one.signing_secret
        foreign = await two.command("/paper x")
        assert foreign.status == 401
        assert len(stage.inbox.commands) == 1


NO_TEAM = (
    {"team_id": ""},
    {"team_id": "", "is_enterprise_install": "true", "enterprise_id": "E1"},
)


@pytest.mark.parametrize("named", NO_TEAM)
async def test_a_request_of_a_shared_app_that_names_no_workspace_has_no_effect(
    named: dict[str, str],
) -> None:
    async with staged("T1", "T2", http=True, one_app=True) as stage, served(stage):
        await stage.connected("T1", "T2")
        two = stage.fake.of["T2"]

        asked = await two.command("/paper nobody", **named)
        removed = await two.event({"type": "app_uninstalled"}, **named, authorizations=[])
        button = {"type": "button", "action_id": "command.0", "block_id": "b"}
        message = await two.say("Choose")
        pressed = await two.press(message, button | {"value": "/paper nobody"}, team=None)
        own = await two.command("/paper own")
        await two.until(lambda: own.answers)

        assert [each.status for each in (asked, removed, pressed)] == [200, 200, 200]
        found = [(each.channel.workspace, each.options["query"]) for each in stage.inbox.commands]
        assert found == [("T2", "own")]
        assert stage.is_ok() == {"slack:T1": True, "slack:T2": True}


async def test_a_workspace_that_is_not_connected_holds_back_no_request_for_another() -> None:
    async with staged("T1", "T2", http=True, one_app=True) as stage:
        one, two = stage.fake.of["T1"], stage.fake.of["T2"]
        one.tokens[one.bot_token] = "token_revoked"
        async with served(stage):
            await stage.connected("T2")
            asked = await two.command("/paper x")
            waiting = await one.command("/paper x")
            unknown = await two.command("/paper x", team_id="T3")
            await two.until(lambda: asked.answers)

        # Slack sends it again to a workspace that is not connected yet, and to no other one.
        assert (asked.status, waiting.status, unknown.status) == (200, 503, 401)
        assert [each.channel.workspace for each in stage.inbox.commands] == ["T2"]


@asynccontextmanager
async def served(stage: Stage) -> AsyncIterator[None]:
    """A web server at the address that both apps were given."""

    def receivers() -> list[signed_requests.SignedRequests]:
        return [chat.requests for chat in stage.slack.chats() if chat.requests is not None]

    application = web.Application()
    application.add_subapp("/slack", signed_requests.application(receivers))
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    for team, slack in stage.fake.of.items():
        slack.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        slack.signing_secret = stage.signing_secret(team)
    try:
        yield
    finally:
        await runner.cleanup()


async def test_tokens_that_cannot_be_read_skip_their_workspace_only(caplog) -> None:
    async with staged("T1", "T2", "T3", fixed="T1") as stage:
        stage.apps["T3"] = UsageError("wrong key for T3")
        await stage.connected("T1", "T2")
        await until(lambda: "slack:T3" in stage.is_ok())

        assert stage.is_ok() == {"slack:T1": True, "slack:T2": True, "slack:T3": False}
        told = stage.slack.condition
        assert (told.ok, told.detail) == (True, "2 of 3 workspaces; slack:T3: wrong key for T3")
        assert caplog.text.count("wrong key for T3") == 1
        del stage.apps["T2"]
        await until(lambda: "slack:T2" not in stage.is_ok())
        with pytest.raises(ChatUnavailableError):  # not by the app of the settings
            await stage.slack.post(channel("T3"), DOCUMENT, key=KEY)

        stage.apps = {"T3": stage.access("T3")}
        await stage.connected("T1", "T3")
        stage.apps["T3"] = UsageError("wrong key for T3")
        await until(lambda: not stage.is_ok()["slack:T3"])
        await stage.slack.post(channel("T3"), DOCUMENT, key=KEY)  # with the tokens that it has
