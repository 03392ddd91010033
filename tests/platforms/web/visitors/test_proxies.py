"""Headers of trusted proxies."""

import ipaddress

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.web.visitors.proxies import Proxies
from tests.platforms.web.stage import staged

NETWORKS = tuple(map(ipaddress.ip_network, ("127.0.0.1/32", "10.0.0.0/8", "fd00::/8")))
PROXIES = Proxies(NETWORKS)


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.2.3.4", "198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("127.0.0.1", ["nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["1.2.3.4, nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["", ","], "127.0.0.1"),
        ("fd00::1", ["[2001:db8:1:2:3:4:5:6]:80"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        ("fe80::1%eth0", [], "fe80::/64"),
        (None, ["198.51.100.1"], ""),
        ("", [], ""),
    ],
)
def test_the_visitors_address_is_the_last_that_is_no_trusted_proxy(
    remote: str | None, forwarded: list[str], address: str
):
    assert PROXIES.visitor_address(remote, forwarded) == address


@pytest.mark.parametrize(
    ("remote", "proto", "by_tls"),
    [
        ("127.0.0.1", ["https"], True),
        ("127.0.0.1", ["HTTPS"], True),
        ("127.0.0.1", ["http, https"], True),
        ("127.0.0.1", ["https", "http"], False),
        ("127.0.0.1", ["http"], False),
        ("127.0.0.1", [], False),
        ("203.0.113.9", ["https"], False),
        (None, ["https"], False),
    ],
)
def test_only_a_trusted_proxy_can_say_tls(remote: str | None, proto: list[str], by_tls: bool):
    assert PROXIES.came_by_tls(remote, proto) is by_tls


@given(st.text(), st.lists(st.text()))
def test_any_header_can_be_read(remote: str, values: list[str]):
    PROXIES.visitor_address(remote, values)
    PROXIES.visitor_address("127.0.0.1", values)
    PROXIES.came_by_tls("127.0.0.1", values)


async def test_cookies_are_secure_behind_tls():
    async with staged(proxies=NETWORKS) as stage, aiohttp.ClientSession() as client:
        for path in ("/", "/?lang=ko"):
            async with client.get(
                stage.url(path),
                headers={"X-Forwarded-Proto": "https"},
                allow_redirects=False,
            ) as response:
                assert "Secure" in response.headers["Set-Cookie"]


async def test_a_header_of_no_trusted_proxy_is_ignored():
    async with (
        staged() as stage,
        stage.client.get(stage.url("/"), headers={"X-Forwarded-Proto": "https"}) as response,
    ):
        assert "Secure" not in response.headers["Set-Cookie"]
