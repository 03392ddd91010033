"""A proxy that signs people in: its user counts from a trusted address and with the secret only."""

import ipaddress

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from bot.platforms.web.visitors.proxies import SECRET_HEADER, Proxies, ProxySignIn
from tests.platforms.web.stage import Stage, staged

SECRET = "s" * 32
USER_HEADER = "X-Forwarded-User"
SIGN_IN = ProxySignIn(USER_HEADER, SECRET)
LOCAL = ipaddress.ip_network("127.0.0.0/8")
PROXIES = Proxies((LOCAL,))

_VALUES = st.lists(st.text(max_size=40) | st.sampled_from(["ada", SECRET, ""]), max_size=3)


def test_the_secret_is_never_shown():
    assert SECRET not in repr(SIGN_IN)


@given(st.sampled_from(["127.0.0.1", "203.0.113.9", "::1", "", None]), _VALUES, _VALUES)
def test_a_user_needs_a_trusted_address_and_the_secret(
    remote: str | None, users: list[str], secrets: list[str]
):
    user = SIGN_IN.user(PROXIES, remote, users=users, secrets=secrets)

    if user is not None:
        assert remote == "127.0.0.1"
        assert secrets == [SECRET]
        assert users[0].strip() == user


def test_the_user_is_found():
    found = SIGN_IN.user(PROXIES, "::ffff:127.0.0.1", users=[" ada "], secrets=[SECRET])

    assert found == "ada"


_HEADER_TEXT = st.text(
    st.characters(codec="latin-1", exclude_characters="\r\n\0", exclude_categories=["Cc"]),
    max_size=30,
)


async def _seen_as(stage: Stage, headers: CIMultiDict[str]) -> tuple[str, str]:
    """The page of the chat, and what writing says, for a request with these headers."""
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(cookie_jar=jar) as client:
        async with client.get(stage.url("/"), headers=headers) as response:
            page = await response.text()
            echoed = str(response.headers)
        body = {"channel": "general", "text": "hello", "nonce": "01234567"}
        async with client.post(
            stage.url("/api/say"), json=body, headers=CIMultiDict(headers, **stage.own)
        ) as response:
            return page + echoed, f"{response.status}"


async def test_forged_headers_are_ignored_and_never_echoed():
    untrusted = (ipaddress.ip_network("10.0.0.0/8"),)
    forged = [
        CIMultiDict({USER_HEADER: "mallory-9731"}),
        CIMultiDict({USER_HEADER: "mallory-9731", SECRET_HEADER: "wrong-9731"}),
        CIMultiDict({USER_HEADER: "mallory-9731", SECRET_HEADER: ""}),
        CIMultiDict({USER_HEADER: "mallory-9731", SECRET_HEADER: SECRET[:-1]}),
        CIMultiDict([(USER_HEADER, "mallory-9731"), (USER_HEADER, "b"), (SECRET_HEADER, SECRET)]),
        CIMultiDict(
            [(USER_HEADER, "mallory-9731"), (SECRET_HEADER, SECRET), (SECRET_HEADER, SECRET)]
        ),
        CIMultiDict({"X_Forwarded_User": "mallory-9731", SECRET_HEADER: SECRET}),
    ]
    real = CIMultiDict({USER_HEADER: "mallory-9731", SECRET_HEADER: SECRET})

    async with staged(proxies=(LOCAL,), proxy_sign_in=SIGN_IN) as stage:
        trusted = [await _seen_as(stage, headers) for headers in forged]
    async with staged(proxies=untrusted, proxy_sign_in=SIGN_IN) as stage:
        strangers = [await _seen_as(stage, headers) for headers in [*forged, real]]

    for page, writing in trusted + strangers:
        assert "mallory" not in page
        assert "wrong-9731" not in page
        assert SECRET not in page
        assert writing == "403"


@given(_HEADER_TEXT, _HEADER_TEXT)
def test_fuzzed_secrets_sign_nobody_in(user: str, secret: str):
    assert SIGN_IN.user(PROXIES, "127.0.0.1", users=[user], secrets=[secret]) is None


async def test_a_signed_in_person_is_the_same_on_every_device_and_writes():
    async with staged(proxies=(LOCAL,), proxy_sign_in=SIGN_IN) as stage:
        for number in (1, 2):
            jar = aiohttp.CookieJar(unsafe=True)
            headers = {USER_HEADER: "ada@example.org", SECRET_HEADER: SECRET, **stage.own}
            async with aiohttp.ClientSession(cookie_jar=jar, headers=headers) as client:
                body = {"channel": "general", "text": "hello", "nonce": f"0123456{number}"}
                async with client.post(stage.url("/api/say"), json=body) as response:
                    assert response.status == 200
                async with client.post(stage.url("/api/name"), json={"name": "Bo"}) as response:
                    assert response.status == 403
        messages = await stage.board.list_messages("general", limit=9)

    authors = {message.author.id for message in messages if message.author}
    assert len(authors) == 1
    assert {message.author.name for message in messages if message.author} == {"ada@example.org"}


@pytest.mark.parametrize("operator", [False, True])
async def test_without_a_user_only_the_operator_writes(operator: bool):
    async with staged(proxies=(LOCAL,), proxy_sign_in=SIGN_IN) as stage:
        if operator:
            await stage.become_operator()

        status, answer = await stage.post(
            "/api/say", channel="general", text="hello", nonce="01234567"
        )

    assert status == (200 if operator else 403)
    assert operator or answer == {"error": "Sign in to write here."}
