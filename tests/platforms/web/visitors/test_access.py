"""The operator's rights: by a one-time address, never by the connection."""

import re
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from bot.platforms.web.visitors.access import OPERATOR_FOR, Signer, is_operator, operator_cookie
from bot.webchat.services.access import TOKEN_LIFE, WebAccess, one_time_address
from tests.platforms.web.stage import Stage, staged

NOW = datetime(2025, 2, 4, 12, 0, tzinfo=UTC)


async def new_address(stage: Stage) -> str:
    return one_time_address(stage.address, await stage.access.new_token(at=stage.clock()))


async def manages(stage: Stage, client: aiohttp.ClientSession, **headers: str) -> bool:
    """Whether the client is let make a channel and reads private threads; both or neither."""
    async with client.post(
        stage.url("/api/channel"), json={"name": "made"}, headers={**stage.own, **headers}
    ) as response:
        may_make = response.status == 200
    async with client.get(stage.url("/entry/1"), headers=headers) as response:
        reads_all = "Said elsewhere" in await response.text()
    assert may_make is reads_all
    return may_make


async def test_a_visitor_on_this_machine_has_no_rights(stage: Stage):
    async with stage.client.get(stage.url("/")) as response:
        assert "data-add-channel" not in await response.text()

    assert not await manages(stage, stage.client)


async def test_a_one_time_address_gives_the_browser_the_operators_rights(stage: Stage):
    async with stage.client.get(await new_address(stage)) as response:
        page = await response.text()
        assert str(response.url) == stage.address  # the token is gone from the address bar

    assert "data-add-channel" in page
    assert await manages(stage, stage.client)
    assert await manages(stage, stage.client, **{"X-Forwarded-For": "203.0.113.9"})


async def test_a_one_time_address_works_once(stage: Stage):
    address = await new_address(stage)
    async with stage.client.get(address) as response:
        assert response.status == 200

    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as other:
        async with other.get(address) as response:
            assert response.status == 403
            assert "paperbot open" in await response.text()
        assert not await manages(stage, other)

    async with stage.client.get(address) as response:  # reloaded by the operator
        assert response.status == 200


async def test_a_one_time_address_expires(stage: Stage):
    address = await new_address(stage)
    stage.clock.at += TOKEN_LIFE + timedelta(seconds=1)

    async with stage.client.get(address) as response:
        assert response.status == 403
    assert not await manages(stage, stage.client)


async def test_a_head_request_does_not_use_up_the_address(stage: Stage):
    address = await new_address(stage)
    async with stage.client.head(address) as response:
        assert response.status == 200

    async with stage.client.get(address) as response:
        assert response.status == 200
        assert "data-add-channel" in await response.text()


@pytest.mark.parametrize("token", ["", "x", "\ud55c", "%00", "a" * 5000, "%ED%A0%80"])
async def test_a_made_up_token_gives_no_rights(stage: Stage, token: str):
    async with stage.client.get(f"{stage.address}?token={token}") as response:
        assert response.status == 403

    assert not await manages(stage, stage.client)


async def test_cookies_are_http_only_and_same_site(stage: Stage):
    async with stage.client.get(await new_address(stage), allow_redirects=False) as response:
        cookies = response.headers.getall("Set-Cookie")

    assert len(cookies) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


async def test_the_operators_cookie_is_valid_for_a_month_and_over_restarts(stage: Stage):
    async with stage.client.get(await new_address(stage)):
        pass

    stage.clock.at += OPERATOR_FOR - timedelta(minutes=1)
    assert await manages(stage, stage.client)
    assert await WebAccess(stage.db).signing_key() == await stage.access.signing_key()
    stage.clock.at += timedelta(minutes=2)
    assert not await manages(stage, stage.client)


async def test_tokens_are_stored_as_hashes_until_they_expire(stage: Stage):
    token = await stage.access.new_token(at=NOW)
    async with stage.db.reading() as tx:
        rows = await tx.all("SELECT name, value FROM key_value")
    assert token not in str([tuple(row) for row in rows])

    await stage.access.new_token(at=NOW + TOKEN_LIFE + timedelta(seconds=1))

    async with stage.db.reading() as tx:
        rows = await tx.all("SELECT name FROM key_value WHERE name LIKE 'web: token %'")
    assert len(rows) == 1


def test_a_signature_is_valid_for_its_key_and_purpose_only():
    signer = Signer(b"key")
    signed = signer.sign("visitor", "value")

    assert signer.read("visitor", signed) == "value"
    assert signer.read("operator", signed) is None
    assert Signer(b"other").read("visitor", signed) is None
    for forged in ("", ".", "value", "value.", f"x{signed}", signed[:-1], f"{signed}\ud800", "é.é"):
        assert signer.read("visitor", forged) is None


def test_other_cookies_give_no_rights():
    signer = Signer(b"key")

    assert is_operator(signer, operator_cookie(signer, now=NOW), now=NOW)
    assert not is_operator(signer, operator_cookie(Signer(b"other"), now=NOW), now=NOW)
    assert not is_operator(signer, signer.sign("paperbot_visitor", "1738670400-0"), now=NOW)
    assert not is_operator(signer, "", now=NOW)


async def test_an_unsigned_cookie_is_replaced(stage: Stage):
    ids = set()
    for number in range(3):
        cookies = {"paperbot_visitor": f"{number:032x}"}
        async with (
            aiohttp.ClientSession(cookies=cookies) as client,
            client.get(stage.url("/")) as response,
        ):
            page = await response.text()
            assert "paperbot_visitor" in response.headers["Set-Cookie"]
        ids.update(re.findall(r'data-visitor="(\w+)"', page))

    assert len(ids) == 3


def cookies_of(client: aiohttp.ClientSession) -> dict[str, str]:
    return {cookie.key: cookie.value for cookie in client.cookie_jar}


async def test_two_bots_on_one_host_keep_their_own_cookies(stage: Stage):
    async with staged() as other:
        for bot in (stage, other):
            address = one_time_address(bot.address, await bot.access.new_token(at=bot.clock()))
            async with stage.client.get(address) as response:
                assert response.status == 200

        assert await manages(stage, stage.client)
        assert await manages(other, stage.client)
        assert len(cookies_of(stage.client)) == 4


async def test_cookies_of_an_earlier_version_stay_valid(stage: Stage):
    signer = Signer(await stage.access.signing_key())
    cookies = {
        "paperbot_visitor": signer.sign("paperbot_visitor", "0" * 32),
        "paperbot_operator": operator_cookie(signer, now=stage.clock()),
        "paperbot_name": "Ada",
        "paperbot_language": "ko",
    }

    async with aiohttp.ClientSession(cookies=cookies) as client:
        assert await manages(stage, client)
        async with client.get(stage.url("/")) as response:
            page = await response.text()
            assert "Set-Cookie" not in response.headers

    assert "Ada" in page
    assert 'lang="ko"' in page
