"""The pure checks of the web server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.web.security import (
    Pace,
    Turnstile,
    clean_name,
    clean_text,
    host_is_ours,
    is_on_this_machine,
    is_same_origin,
)
from bot.platforms.web.site import preferred_language

OURS = frozenset({"papers.example.org"})


@pytest.mark.parametrize(
    "host",
    [
        *(
            "localhost",
            "localhost:8000",
            "127.0.0.1:8000",
            "[::1]:8000",
            "LOCALHOST.",
            "a.localhost",
        ),
        *("192.168.1.5:8000", "papers.example.org", "Papers.Example.Org:443"),
    ],
)
def test_a_name_of_this_server_is_admitted(host: str):
    assert host_is_ours(host, OURS)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.example:8000",
        ),
        *("evil@localhost", "localhost/x", "local host", "[::1", ":8000", "xlocalhost"),
    ],
)
def test_any_other_name_is_turned_away(host: str):
    assert not host_is_ours(host, OURS)


@given(st.text(max_size=60))
def test_no_host_header_breaks_the_check(host: str):
    host_is_ours(host, OURS)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost:8000", "Origin": "http://localhost:8000"},
        {"Host": "papers.example.org", "Origin": "https://papers.example.org"},
        {"Host": "localhost:8000", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_page_of_this_server_may_post(headers: dict[str, str]):
    assert is_same_origin(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost:8000"},
        {"Host": "localhost:8000", "Origin": "null"},
        {"Host": "localhost:8000", "Origin": "http://localhost:9000"},
        {"Host": "localhost:8000", "Origin": "https://evil.example"},
        {
            "Host": "localhost:8000",
            "Origin": "http://localhost:8000",
            "Sec-Fetch-Site": "cross-site",
        },
        {"Host": "localhost:8000", "Sec-Fetch-Site": "same-site"},
        {"Host": "", "Origin": ""},
    ],
)
def test_nobody_else_may_post(headers: dict[str, str]):
    assert not is_same_origin(headers)


@pytest.mark.parametrize("remote", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_a_visitor_at_this_machine_may_manage(remote: str):
    assert is_on_this_machine(remote, {})


@pytest.mark.parametrize(
    ("remote", "headers"),
    [
        ("192.168.1.5", {}),
        ("::ffff:192.168.1.5", {}),
        (None, {}),
        ("", {}),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.9"}),
        ("::1", {"Via": "1.1 proxy"}),
    ],
)
def test_a_visitor_from_elsewhere_may_not(remote: str | None, headers: dict[str, str]):
    assert not is_on_this_machine(remote, headers)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  민지  ", "민지"),
        ("a\u202eb\u200b\u0000c", "abc"),
        ("two\n lines", "two lines"),
        ("\u2028\u2029\u00a0", ""),
        ("x" * 99, "x" * 40),
        ("\ud800", ""),
    ],
)
def test_a_name_is_one_visible_line(typed: str, kept: str):
    assert clean_name(typed) == kept


@given(st.text())
def test_a_cleaned_text_can_be_kept_anywhere(text: str):
    cleaned = clean_text(text)

    assert cleaned.encode().decode() == cleaned
    assert "\r" not in cleaned
    assert "\x00" not in cleaned


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("en-US,en;q=0.9,ko;q=0.8", "en"),
        ("fr, ko;q=0.5, en;q=0.4", "ko"),
        ("en;q=0.2,ko;q=0.7", "ko"),
        ("fr", "en"),
        ("", "en"),
        ("ko;q=nonsense,en;q=0.1", "en"),
        (",;q=,;;", "en"),
    ],
)
def test_the_language_is_the_one_the_browser_prefers(header: str, language: str):
    assert preferred_language({"Accept-Language": header}) == language


def test_a_burst_passes_and_then_the_pace_is_kept():
    turnstile = Turnstile(Pace(burst=3, rate=2))

    waits = [turnstile.wait("a", 0.0) for _ in range(4)]

    assert waits == [0, 0, 0, 0.5]
    assert turnstile.wait("b", 0.0) == 0
    assert turnstile.wait("a", 0.5) == 0
    assert turnstile.wait("a", 0.5) > 0


def test_clients_that_are_quiet_are_forgotten():
    turnstile = Turnstile(Pace(burst=1, rate=0.001), most_clients=2)
    for client in ("a", "b", "c"):
        turnstile.wait(client, 0.0)

    assert turnstile.wait("c", 0.0) > 0
    assert turnstile.wait("a", 0.0) == 0
