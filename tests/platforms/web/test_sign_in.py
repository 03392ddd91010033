"""Signing in with Slack and Discord, against servers that answer well and badly."""

import base64
import json
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey
from yarl import URL

from bot.platforms.web.sign_in.ways import ATTEMPT_FOR, safe_path
from bot.webchat.services.sessions import SESSION_FOR
from tests.browser import browsing, visiting
from tests.fakes.accounts import CLIENT_ID, KEY, OTHER_KEY, signed
from tests.platforms.web.sign_in_stage import signing_in

Json = dict[str, Any]


def unsigned(claims: Json) -> str:
    parts = ({"alg": "none"}, claims)
    text = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts
    )
    return f"{text}."


def with_public_key_as_secret(claims: Json) -> str:
    secret = OctKey.import_key(KEY.as_pem(private=False))
    return jwt.encode({"alg": "HS256", "kid": "1"}, claims, secret)


def tampered(claims: Json) -> str:
    head, body, signature = signed(claims).split(".")
    _, other, _ = signed(claims | {"https://slack.com/user_id": "U2"}).split(".")
    assert body != other
    return f"{head}.{other}.{signature}"


async def test_a_person_signs_in_and_goes_on_where_they_were():
    async with signing_in() as stage:
        ended = await stage.sign_in(path="/entry/3?x=1")
        who = await stage.who()
        asked = stage.accounts.asked[0]

    assert ended == (200, "/entry/3?x=1")
    assert who == "You are signed in with Slack as Ada."
    assert asked["scope"] == "openid profile"
    assert len(asked["state"]) >= 32
    assert len(asked["nonce"]) >= 32


async def test_a_person_signs_in_with_discord():
    async with signing_in() as stage:
        stage.accounts.user = "101"
        ended = await stage.sign_in("discord")
        who = await stage.who()

    assert ended == (200, "/")
    assert who == "You are signed in with Discord as Ada."


@pytest.mark.parametrize("guilds", [[], ["2"], ["3"], ["1", "3"]])
async def test_only_members_of_a_guild_of_the_bot_sign_in_with_discord(guilds: list[str]):
    async with signing_in() as stage:
        stage.accounts.user, stage.accounts.guilds = "101", guilds
        status, _ = await stage.sign_in("discord")

    assert status == (200 if "1" in guilds else 403)


@pytest.mark.parametrize(("team", "user"), [("T2", "U1"), ("T1", "U9")])
async def test_strangers_to_the_workspace_do_not_sign_in(team: str, user: str):
    async with signing_in() as stage:
        stage.accounts.workspace, stage.accounts.user = team, user
        status, _ = await stage.sign_in()

        assert status == 403
        assert await stage.who() == ""


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another attempt"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": ["another-client"]},
        {"aud": [CLIENT_ID, "another-client"]},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"iat": 99_999_999_999},
        {"iat": None},
        {"nbf": 99_999_999_999},
        {"https://slack.com/team_id": None},
        {"https://slack.com/user_id": ""},
        {"https://slack.com/user_id": 7},
    ],
    ids=str,
)
async def test_a_token_with_a_wrong_claim_signs_nobody_in(claims: Json):
    async with signing_in() as stage:
        stage.accounts.claims = claims
        status, _ = await stage.sign_in()

        assert status == 403
        assert await stage.who() == ""


@pytest.mark.parametrize(
    "sign",
    [
        lambda claims: signed(claims, key=OTHER_KEY),
        unsigned,
        with_public_key_as_secret,
        tampered,
        lambda _: "",
        lambda _: "no.token.at-all",
    ],
    ids=["key", "none", "HS256", "tampered", "empty", "nonsense"],
)
async def test_a_token_that_slack_did_not_sign_signs_nobody_in(sign: Any):
    async with signing_in() as stage:
        stage.accounts.sign = sign
        status, _ = await stage.sign_in()

        assert status == 403
        assert await stage.who() == ""


async def test_an_attempt_is_good_once():
    async with signing_in() as stage:
        back = await stage.begin()
        jar = stage.web.client.cookie_jar
        before = list(jar)
        async with stage.web.client.get(back, allow_redirects=False) as response:
            assert response.status == 303
        await stage.web.post("/api/sign-out")
        for cookie in before:  # the browser kept the cookie of the attempt
            jar.update_cookies({cookie.key: cookie.value}, response.url)
        async with stage.web.client.get(back, allow_redirects=False) as again:
            assert again.status == 403

        assert await stage.who() == ""


async def test_a_code_is_good_once():
    async with signing_in() as stage:
        back = await stage.begin()
        code = parse_qs(urlsplit(back).query)["code"][0]
        async with stage.web.client.get(back, allow_redirects=False) as first:
            assert first.status == 303
        await stage.web.post("/api/sign-out")
        replayed = (await stage.begin()).partition("?")
        state = parse_qs(replayed[2])["state"][0]
        async with stage.web.client.get(
            f"{replayed[0]}?code={code}&state={state}", allow_redirects=False
        ) as response:
            assert response.status == 403

        assert await stage.who() == ""


@pytest.mark.parametrize(
    "change",
    [
        lambda back: back.replace("state=", "state=x"),
        lambda back: back.partition("&state=")[0],
        lambda back: back.replace("/slack/", "/discord/"),
        lambda back: back.replace("code=", "other="),
        lambda back: back.replace("code=", f"code={'x' * 3000}"),
        lambda back: f"{back.partition('state=')[0]}state=%ED%A0%80",
    ],
    ids=["forged", "missing", "platform", "no code", "long code", "half a character"],
)
async def test_a_wrong_answer_of_the_browser_signs_nobody_in(change: Any):
    async with signing_in() as stage:
        back = change(await stage.begin())
        async with stage.web.client.get(back, allow_redirects=False) as response:
            assert response.status == 403

        assert await stage.who() == ""


async def test_the_attempt_of_another_browser_signs_nobody_in():
    async with signing_in() as stage, another_browser() as victim:
        back = await stage.begin()  # the attacker sends this address to the victim
        async with victim.get(back, allow_redirects=False) as response:
            assert response.status == 403
        async with victim.get(stage.web.url("/sign-in/slack"), allow_redirects=False) as begun:
            assert begun.status == 303  # … and also while the victim signs in
        async with victim.get(back, allow_redirects=False) as response:
            assert response.status == 403

        assert await stage.who(victim) == ""


async def test_attempts_are_limited_like_writing_and_people_still_sign_in():
    async with signing_in() as stage, another_browser() as another:
        await stage.who(another)  # it has its visitor's cookie
        await stage.who()
        statuses = []
        for _ in range(25):
            async with stage.web.client.get(
                stage.web.url("/sign-in/slack"), allow_redirects=False
            ) as response:
                statuses.append(response.status)

        assert (statuses[0], statuses[-1]) == (303, 429)
        assert (await stage.sign_in(client=another))[0] == 200
        assert await stage.who(another) != ""


async def test_an_attempt_expires():
    async with signing_in() as stage:
        back = await stage.begin()
        stage.web.clock.at += ATTEMPT_FOR
        async with stage.web.client.get(back, allow_redirects=False) as response:
            assert response.status == 403


async def test_who_declines_or_finds_slack_down_is_told_so():
    async with signing_in() as stage:
        stage.accounts.down = True
        down, _ = await stage.sign_in()
        stage.accounts.down, stage.accounts.declines = False, True
        declined, _ = await stage.sign_in()
        stage.accounts.declines, stage.rights.is_down = False, True
        unknown, _ = await stage.sign_in()

        assert (down, declined, unknown) == (403, 403, 503)
        assert await stage.who() == ""


async def test_a_session_gets_a_new_secret_each_time_and_the_old_one_ends():
    async with signing_in() as stage, another_browser() as thief:
        await stage.sign_in()
        old = session_cookie(stage.web.client)
        await stage.sign_in()
        new = session_cookie(stage.web.client)
        thief.cookie_jar.update_cookies({old[0]: old[1]}, URL(stage.web.address))

        assert old[1] != new[1]
        assert await stage.who(thief) == ""
        thief.cookie_jar.update_cookies({old[0]: "chosen-by-an-attacker"}, URL(stage.web.address))
        await stage.sign_in(client=thief)
        assert session_cookie(thief)[1] != "chosen-by-an-attacker"


@pytest.mark.browser
async def test_a_person_signs_in_and_manages_a_channel_in_a_browser(chromium: str):
    async with (
        signing_in() as stage,
        browsing(chromium) as browser,
        visiting(browser, stage.web.address, width=390, height=800, locale="ko-KR") as page,
    ):
        assert await page.locator("#room-text").is_disabled()
        await page.goto(stage.web.url("/entry/3"))
        await page.get_by_role("link", name="로그인").click()
        await page.get_by_role("link", name="Slack 계정으로 로그인").click()
        await page.wait_for_url("**/entry/3")
        await page.get_by_role("link", name="계정").click()
        await page.get_by_role("link", name="#papers C1").click()
        await page.locator("#line").fill("/digest today")
        await page.locator("#line").press("Enter")
        await page.locator("[data-answer] .question").wait_for()
        [command] = [each for each in stage.web.inbox.asked if each.options.get("what") == "today"]
        width = await page.evaluate("document.documentElement.scrollWidth")
        await page.goto(stage.web.url("/sign-in"))
        await page.get_by_role("button", name="모든 기기에서 로그아웃").click()
        await page.wait_for_url(stage.web.address)
        assert await page.locator("#room-text").is_disabled()

    assert (str(command.channel), command.user.id) == ("slack:T1/C1", "U1")
    assert command.user.can_manage
    assert width <= 390


async def test_signing_out_ends_one_session_or_all():
    async with signing_in() as stage, another_browser() as phone, another_browser() as tablet:
        for client in (None, phone, tablet):
            await stage.sign_in(client=client)
        kept = session_cookie(stage.web.client)

        await stage.web.post("/api/sign-out")
        stage.web.client.cookie_jar.update_cookies({kept[0]: kept[1]}, URL(stage.web.address))
        assert await stage.who() == ""
        assert await stage.who(phone) != ""

        await stage.sign_in()
        await stage.web.post("/api/sign-out", everywhere=True)
        assert await stage.who(phone) == ""
        assert await stage.who(tablet) == ""


async def test_another_site_can_neither_sign_out_nor_write():
    async with signing_in() as stage:
        await stage.sign_in()
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            for path in ("/api/sign-out", "/api/manage", "/api/say"):
                async with stage.web.client.post(
                    stage.web.url(path), json={}, headers=headers
                ) as response:
                    assert response.status == 403
        async with stage.web.client.post(
            stage.web.url("/api/sign-out"), data={"everywhere": "1"}, headers=stage.web.own
        ) as response:
            assert response.status == 415
        async with stage.web.client.get(stage.web.url("/api/sign-out")) as response:
            assert response.status == 405

        assert await stage.who() != ""


async def test_sessions_expire_and_end_with_the_membership():
    async with signing_in() as stage:
        await stage.sign_in()
        stage.web.clock.at += SESSION_FOR - timedelta(minutes=1)
        assert await stage.who() != ""
        stage.web.clock.at += timedelta(minutes=1)
        assert await stage.who() == ""

        await stage.sign_in()
        stage.rights.is_down = True
        stage.web.clock.at += timedelta(minutes=6)
        assert await stage.who() != ""  # the platform cannot tell, so nothing has changed
        stage.rights.is_down, stage.rights.members["slack:T1/U1"] = False, set()
        stage.web.clock.at += timedelta(minutes=6)
        assert await stage.who() == ""
        stage.rights.members["slack:T1/U1"] = {"T1"}
        assert await stage.who() == ""  # the session was ended, not suspended


async def test_a_session_of_a_server_that_was_left_ends_no_newer_one():
    async with signing_in() as stage, another_browser() as phone:
        stage.rights.members["discord:101"] = {"1", "2"}
        stage.accounts.user, stage.accounts.guilds = "101", ["2"]
        await stage.sign_in("discord", phone)
        stage.accounts.guilds = ["1"]
        await stage.sign_in("discord")
        stage.rights.members["discord:101"] = {"1"}
        stage.web.clock.at += timedelta(minutes=6)

        left, stays = await stage.who(phone), await stage.who()

    assert left == ""
    assert stays == "You are signed in with Discord as Ada."


@pytest.mark.parametrize("address", [None, "https://papers.example.org"])
async def test_cookies_are_kept_from_scripts_and_from_plain_connections(address: str | None):
    async with signing_in(address=address) as stage:
        headers = {"Host": "papers.example.org"} if address else {}
        async with stage.web.client.get(
            stage.web.url("/sign-in/slack"), headers=headers, allow_redirects=False
        ) as response:
            set_cookies = response.headers.getall("Set-Cookie")
            back = urlsplit(response.headers["Location"])

    cookie = SimpleCookie(next(each for each in set_cookies if each.startswith("paperbot_sign_in")))
    (morsel,) = cookie.values()
    assert morsel["httponly"]
    assert morsel["samesite"] == "Lax"
    assert bool(morsel["secure"]) is (address is not None)
    wanted = f"{address or ''}/sign-in/slack/done"
    assert parse_qs(back.query)["redirect_uri"][0].endswith(wanted)


async def test_signing_in_begins_at_the_address_that_the_platform_sends_back_to():
    async with (
        signing_in(address="https://papers.example.org") as stage,
        stage.web.client.get(
            stage.web.url("/sign-in/slack"), params={"next": "/entry/3"}, allow_redirects=False
        ) as response,
    ):
        assert response.status == 303
        moved = response.headers["Location"]

    assert moved == "https://papers.example.org/sign-in/slack?next=/entry/3&here=1"


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/entry/3?page=2", "/entry/3?page=2"),
        ("/c/일반", "/c/%EC%9D%BC%EB%B0%98"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_one_goes_on_within_this_site(asked: str, path: str):
    assert safe_path(asked) == path


@given(st.text(max_size=60) | st.from_regex(r"[/\\@:.?#a-z\t%]{0,20}", fullmatch=True))
def test_no_address_leads_to_another_site(asked: str):
    path = safe_path(asked)

    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert path.isascii()
    assert path.isprintable()


async def test_without_settings_there_is_nothing_to_sign_in_with(stage: Any):
    for path in ("/sign-in", "/sign-in/slack", "/sign-in/slack/done", "/manage"):
        async with stage.client.get(stage.url(path)) as response:
            assert response.status == 404
    async with stage.client.get(stage.url("/")) as response:
        assert "/sign-in" not in await response.text()
    status, _ = await stage.post("/api/say", channel="general", text="hello", nonce="01234567")
    assert status == 200


def another_browser() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


def session_cookie(client: aiohttp.ClientSession) -> tuple[str, str]:
    return next(
        (cookie.key, cookie.value)
        for cookie in client.cookie_jar
        if cookie.key.startswith("paperbot_session")
    )


async def test_strange_requests_get_an_answer():
    targets = (
        *("sign-in?next=%ED%A0%80", "sign-in/slack?next=%FF%00", "sign-in/%00", "sign-in/SLACK"),
        *("sign-in/web", "sign-in/slack/done?state=%ED%A0%80&code=%00", "manage?channel=%FF"),
        *("manage?channel=slack:", "manage?channel=web:general", "manage?channel=slack:T1/C1"),
    )
    strange = ("", "=", "%ED%A0%80", "a.b", "..", "x" * 3000)
    async with signing_in() as stage, another_browser() as client:
        async with client.get(stage.web.url("/sign-in/slack"), allow_redirects=False) as begun:
            name = next(key for key in begun.cookies if key.startswith("paperbot_sign_in"))
        names = (name, name.replace("sign_in", "session"))
        for value in strange:
            cookie = "; ".join(f"{each}={value}" for each in names)
            for target in targets:
                async with client.get(
                    URL(stage.web.address + target, encoded=True),
                    headers={"Cookie": cookie},
                    allow_redirects=False,
                ) as response:
                    assert response.status < 500, (target, value)
        bodies: list[Any] = [{}, [], {"channel": 1}, {"channel": "\ud800", "line": "\x00"}]
        for body in bodies:
            async with client.post(
                stage.web.url("/api/manage"), json=body, headers=stage.web.own
            ) as response:
                assert 400 <= response.status < 500
