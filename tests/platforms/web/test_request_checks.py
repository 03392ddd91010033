"""The pure checks of the web server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.web.request_checks import (
    clean_text,
    host_is_ours,
    is_same_origin,
)
from bot.platforms.web.visitors.visitor import preferred_language

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
def test_our_host_names_are_allowed(host: str):
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
def test_other_host_names_are_refused(host: str):
    assert not host_is_ours(host, OURS)


@given(st.text(max_size=60))
def test_any_host_header_can_be_checked(host: str):
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
    assert is_same_origin(headers, OURS)


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
def test_other_origins_may_not_post(headers: dict[str, str]):
    assert not is_same_origin(headers, OURS)


@given(st.text())
def test_a_cleaned_text_can_be_encoded(text: str):
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
        ("ko; q=0.9, en; q=0.5", "ko"),
        ("en ; q=0.2 , ko\t;\tQ=0.7", "ko"),
        ("ko;q=0, en;q=0.1", "en"),
        ("ko;q=nan, en;q=0.1", "en"),
        ("ko;level=1, en;q=0.5", "ko"),
    ],
)
def test_the_language_is_the_one_the_browser_prefers(header: str, language: str):
    assert preferred_language({"Accept-Language": header}) == language
