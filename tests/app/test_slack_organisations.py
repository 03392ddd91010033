"""An organisation installs the app, and grants it to workspaces one by one (issue 14, item 2)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.app.slack.install_requests import exchange_by
from bot.app.slack.organisations import SlackOrganisations
from bot.channels.domain.subscription import Standing
from bot.channels.store import subscriptions
from bot.core.ports import ChannelRef, ChatError, DeliveryKey, Identity, Platform
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.workspaces.domain.slack_app import Ended, Kind
from bot.workspaces.services import grants, slack_apps
from tests.app.test_slack_install import DOCUMENT, Stage, a_browser, is_written, staged
from tests.fakes.slack.oauth import uninstall
from tests.fakes.slack.organisation import FakeOrganisation
from tests.fakes.slack.wire import http_body, signed
from tests.waiting import eventually, until

ONE, TWO = ChannelRef(Platform.SLACK, "T1", "C1"), ChannelRef(Platform.SLACK, "T2", "C2")


@pytest.fixture
async def browser():
    async with a_browser() as session:
        yield session


async def subscribed(stage: Stage, *channels: ChannelRef) -> None:
    for each in channels:
        options = TypedOptions(at="09:00", zone="UTC")
        await subscribe.add(stage.db, each, options, now=datetime.now(UTC))


async def standing(stage: Stage, channel: ChannelRef) -> tuple[Standing, str]:
    async with stage.db.reading() as tx:
        found = await subscriptions.find(tx, str(channel))
    assert found is not None
    return found.standing, found.reason


async def until_standing(stage: Stage, channel: ChannelRef, wanted: Standing) -> None:
    async def is_so() -> bool:
        return (await standing(stage, channel))[0] is wanted

    await eventually(is_so, every=0.02)


async def added(
    stage: Stage, browser: aiohttp.ClientSession, whole: FakeOrganisation, *teams: str
) -> None:
    """The organisation E1 installs the app and adds it to these workspaces, which are connected then."""
    await stage.install("E1", browser)
    await whole.grant(*teams)
    await stage.connected(*teams)


def organisations(stage: Stage) -> dict[str, str]:
    return {
        each.name: each.detail
        for each in stage.slack.workspaces()
        if each.name.startswith("slack:E")
    }


async def test_an_organisation_grants_withdraws_and_removes_the_app(
    tmp_path: Path, browser: aiohttp.ClientSession
) -> None:
    async with staged(tmp_path, "T1", "T2") as stage:
        whole = stage.fake.organisation("E1", "T1", "T2")
        one, two = stage.fake.of["T1"], stage.fake.of["T2"]
        status, page = await stage.install("E1", browser)
        assert (status, "An organisation" in page, "add the app to workspaces" in page) == (
            200,
            True,
            True,
        )
        await until(lambda: organisations(stage) == {"slack:E1": "organisation; workspaces: 0"})
        assert stage.served() == set()
        await whole.grant("T1", "T2")
        await stage.connected("T1", "T2")
        assert all("by the organisation E1" in each.detail for each in stage.slack.workspaces()[:2])

        # Each workspace is one of its own.
        await two.command("/paper x", channel="C2")
        await one.press_home(
            {"type": "button", "action_id": "a", "block_id": "b", "value": "/paper y"}
        )
        await until(lambda: len(stage.inbox.commands) == 2)
        assert [each.channel.workspace for each in stage.inbox.commands] == ["T2", "T1"]
        await two.command("/note 2502.01456", channel="C2")
        await two.hands.submit(await two.modal())
        assert [each.channel for each in stage.inbox.submitted] == [TWO]
        first = await stage.slack.chat.post(TWO, DOCUMENT, key=DeliveryKey("k1"))
        assert first.channel == TWO
        assert first.id in {message["ts"] for message in two.messages("C2")}
        # The token reaches the channels of the others as well: they are not of this workspace.
        assert await stage.slack.check(TWO) == TWO
        with pytest.raises(ChatError):
            await stage.slack.check(ChannelRef(Platform.SLACK, "T1", "C2"))
        rights = stage.slack.rights
        assert rights is not None
        who = Identity(Platform.SLACK, ("T2",), "U1", "Ada")
        assert await rights.list_visible(who, [ONE, TWO]) == {TWO: "papers"}

        await subscribed(stage, ONE, TWO)
        await whole.withdraw("T2")
        assert await standing(stage, TWO) == (Standing.REFUSED, slack_apps.WITHDRAWN)
        assert (await standing(stage, ONE))[0] is Standing.ACTIVE
        await stage.connected("T1")
        with pytest.raises(ChatError):
            await stage.slack.chat.post(TWO, DOCUMENT, key=DeliveryKey("k2"))
        await whole.grant("T2")
        await until_standing(stage, TWO, Standing.ACTIVE)
        await stage.connected("T1", "T2")

        await whole.uninstall()
        for each in (ONE, TWO):
            assert await standing(stage, each) == (Standing.REFUSED, slack_apps.UNINSTALLED)
        await stage.connected()
        await until(lambda: organisations(stage) == {})
        [stored] = await slack_apps.list_stored(stage.db)
        assert (stored.workspace, stored.kind, stored.ended) == (
            "E1",
            Kind.ORGANISATION,
            Ended.UNINSTALLED,
        )

        # Installed again, it grants the app anew; an event that was lost is made up for.
        assert (await stage.install("E1", browser))[0] == 200
        await whole.grant("T1", told=False)
        await until(lambda: "slack:E1" in organisations(stage))
        await one.command("/paper z")
        await stage.connected("T1")
        await until_standing(stage, ONE, Standing.ACTIVE)
        assert (await standing(stage, TWO))[0] is Standing.REFUSED
        assert (await stage.install("E1", browser))[0] == 200  # once more: harmless
        await whole.revoke()
        assert await standing(stage, ONE) == (Standing.REFUSED, slack_apps.REVOKED)


async def test_what_stopped_resumes_though_the_process_ended_between_grant_and_resuming(
    tmp_path: Path, browser: aiohttp.ClientSession
) -> None:
    async with staged(tmp_path, "T2") as stage:
        whole = stage.fake.organisation("E1", "T2")
        await added(stage, browser, whole, "T2")
        await subscribed(stage, TWO)
        await whole.withdraw("T2")
        assert await standing(stage, TWO) == (Standing.REFUSED, slack_apps.WITHDRAWN)
        whole.granted.append("T2")
        await grants.grant(stage.db, "E1", {"T2": "Two"})  # all that the other process came to

        await SlackOrganisations(stage.db, stage.settings, clock=stage.clock).look()

        assert (await standing(stage, TWO))[0] is Standing.ACTIVE


async def test_a_workspace_s_own_installation_wins(
    tmp_path: Path, browser: aiohttp.ClientSession
) -> None:
    async with staged(tmp_path, "T1", "T2") as stage:
        whole = stage.fake.organisation("E1", "T1", "T2")
        one = stage.fake.of["T1"]
        await added(stage, browser, whole, "T1", "T2")
        await subscribed(stage, ONE, TWO)
        one.is_whole = False
        await stage.install("T1", browser)
        apps = await stage.find_apps()
        assert apps["T1"].bot_token == one.bot_token
        assert apps["T2"].bot_token == whole.token
        assert apps["T1"].organisation == ""

        # Its end is not that of the organisation, whose grant then serves it; nothing stops.
        await uninstall(one)
        await stage.connected("T1", "T2")
        apps = await stage.find_apps()
        assert apps["T1"].bot_token == whole.token
        assert [(await standing(stage, each))[0] for each in (ONE, TWO)] == [Standing.ACTIVE] * 2

        # The other way round: the organisation ends, and one with its own goes on.
        await stage.install("T1", browser)
        await whole.uninstall()
        assert (await standing(stage, ONE))[0] is Standing.ACTIVE
        assert (await standing(stage, TWO))[0] is Standing.REFUSED
        await stage.connected("T1")


async def test_requests_that_name_another_organisation_have_no_effect(
    tmp_path: Path, browser: aiohttp.ClientSession
) -> None:
    async with staged(tmp_path, "T1", "T2") as stage:
        whole = stage.fake.organisation("E1", "T1", "T2")
        one, two = stage.fake.of["T1"], stage.fake.of["T2"]
        await added(stage, browser, whole, "T1")
        await subscribed(stage, ONE)

        foreign = {"enterprise_id": "E9", "authorizations": []}
        sent = [
            await one.command("/paper x", enterprise_id="E9"),
            await two.command("/paper x", channel="C2"),  # not granted
            await whole.event({"type": "app_uninstalled"}, **foreign),
            await whole.event({"type": "team_access_revoked", "team_ids": ["T1"]}, **foreign),
            await whole.event({"type": "team_access_granted", "team_ids": ["T2"]}, **foreign),
            # Of the workspace, which has no installation of its own.
            await one.event(
                {"type": "app_uninstalled"}, authorizations=[], is_enterprise_install=False
            ),
        ]
        one.signing_secret = two.signing_secret = "another"
        forged = [await whole.uninstall(), await whole.revoke()]
        one.signing_secret = stage.fake.of["T2"].signing_secret

        assert [each.status for each in sent] == [200] * 6
        assert [each.status for each in forged] == [401] * 2
        assert stage.inbox.commands == []
        assert [each.workspace for each in await grants.list_grants(stage.db)] == ["T1"]
        assert (await standing(stage, ONE))[0] is Standing.ACTIVE
        [stored] = await slack_apps.list_stored(stage.db)
        assert stored.ended is Ended.NOT


async def test_rights_in_a_workspace_are_not_those_in_another_of_the_organisation(
    tmp_path: Path, browser: aiohttp.ClientSession
) -> None:
    async with staged(tmp_path, "T1", "T2") as stage:
        whole = stage.fake.organisation("E1", "T1", "T2")
        world = stage.fake.of["T2"].world
        # Slack tells what somebody is in the workspace where they are at home.
        for user, home, rules in (("U7", "T1", False), ("U8", "T2", False), ("U9", "T1", True)):
            person = world.add_person(user, user, admin=not rules)
            person.team, person.teams, person.rules = home, ("T1", "T2"), rules
        await added(stage, browser, whole, "T1", "T2")
        rights = stage.slack.rights
        assert rights is not None

        async def may(user: str) -> bool:
            return await rights.may_manage(Identity(Platform.SLACK, ("T2",), user, user), TWO)

        assert [await may(user) for user in ("U7", "U8", "U9")] == [False, True, True]
        who = Identity(Platform.SLACK, ("T1", "T2", "T3"), "U9", "U9")
        assert await rights.shared_workspaces(who) == ("T1", "T2")


@pytest.mark.parametrize("user", ["U1", "U7", "U8"])
async def test_a_form_goes_to_the_workspace_in_which_it_was_opened(
    tmp_path: Path, browser: aiohttp.ClientSession, user: str
) -> None:
    async with staged(tmp_path, "T1", "T2") as stage:
        whole = stage.fake.organisation("E1", "T1", "T2")
        slack = stage.fake.of["T2"]
        partner = slack.world.add_person("U7", "Grace")
        partner.team = "T7"  # by a channel of Slack Connect
        colleague = slack.world.add_person("U8", "Edsger")
        colleague.team, colleague.teams = "T1", ("T1", "T2")
        await added(stage, browser, whole, "T1", "T2")

        await slack.command("/note 2502.01456", user=user, channel="C2")
        modal = await slack.modal(user)
        await slack.until(lambda: len(modal.shown) >= 2)
        await slack.hands.type(modal, "English", "Kept")
        await until(lambda: stage.inbox.kept)
        await slack.hands.submit(modal)

    assert not modal.is_open
    assert [each.values["en"] for each in stage.inbox.kept][-1:] == ["Kept"]
    (filled,) = stage.inbox.submitted
    assert (filled.user.id, filled.channel.workspace, filled.values["en"]) == (user, "T2", "Kept")


async def test_a_replayed_event_has_no_effect(
    tmp_path: Path, browser: aiohttp.ClientSession
) -> None:
    async with staged(tmp_path, "T1") as stage:
        whole = stage.fake.organisation("E1", "T1")
        await added(stage, browser, whole, "T1")
        await subscribed(stage, ONE)
        withdrawn = await whole.withdraw("T1")
        assert withdrawn is not None
        await whole.grant("T1")
        body, kind = http_body(withdrawn)

        headers = signed(body, at=withdrawn.signed_at) | {"Content-Type": kind}
        status, _ = await stage.fake.of["T1"].post_raw(body, headers)

        assert status == 401
        assert [each.workspace for each in await grants.list_grants(stage.db)] == ["T1"]


async def test_the_token_of_an_organisation_rotates(
    tmp_path: Path, browser: aiohttp.ClientSession
) -> None:
    async with staged(tmp_path, "T1") as stage:
        whole = stage.fake.organisation("E1", "T1")
        stage.fake.oauth.rotates = True
        await added(stage, browser, whole, "T1")
        former = whole.token

        stage.clock.ahead = timedelta(hours=11)
        await stage.installations.refresh(exchange_by(stage.settings, clock=stage.clock))

        assert stage.fake.oauth.refreshes == ["ok"]
        assert whole.token != former
        assert (await stage.find_apps())["T1"].bot_token == whole.token
        assert not is_written(tmp_path, whole.token)
