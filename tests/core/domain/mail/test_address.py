"""E-mail addresses: one spelling for each, and one line about what cannot be used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain.errors import UsageError
from bot.core.domain.mail.address import parse_address, parse_sender
from bot.core.ports import Platform, parse_channel


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("team@example.org", "team@example.org"),
        (" Ada.Lovelace+papers@Example.ORG ", "ada.lovelace+papers@example.org"),
        ("team@논문.한국", "team@xn--s80bq8p.xn--3e0b707e"),
        ("team@BÜCHER.example", "team@xn--bcher-kva.example"),
    ],
)
def test_an_address_has_one_spelling(typed: str, address: str):
    assert parse_address(typed) == address
    assert str(parse_channel(f"mail:{typed.strip()}")) == f"mail:{address}"


@pytest.mark.parametrize(
    "typed",
    [
        *("", "team", "@example.org", "team@", "a b@example.org", "a@b", "a..b@example.org"),
        *(".a@example.org", "a@exa_mple.org", "a@-x.org", "a@127.0.0.1", "a@[127.0.0.1]"),
        *('"a"@example.org', "a/b@example.org", "a%b@example.org", "a@example.org\nBcc: x@y.org"),
        *(
            "김@example.org",
            "a@stra\u00dfe.example",
            "a@\u200cx.example",
            f"{'a' * 65}@example.org",
        ),
        *(
            f"a@{'x' * 64}.org",
            f"a@{'x.' * 130}org",
            "a@example.org,b@example.org",
            "a@@example.org",
        ),
    ],
)
def test_what_is_no_address_is_refused_in_one_line(typed: str):
    with pytest.raises(UsageError) as refused:
        parse_address(typed)

    assert "\n" not in str(refused.value)


@given(st.text(max_size=40))
def test_what_is_accepted_is_accepted_as_it_is_and_is_a_channel(text: str):
    try:
        address = parse_address(f"{text}@example.org")
    except UsageError:
        return
    assert parse_address(address) == address
    assert parse_channel(f"mail:{address}").platform is Platform.MAIL


def test_a_sender_may_have_a_name():
    with pytest.raises(UsageError):  # two addresses, as RFC 5322 reads it
        parse_sender("Papers, daily <Papers@example.org>")
    named = parse_sender('"Papers, daily" <Papers@example.org>')
    assert (named.name, named.address) == ("Papers, daily", "papers@example.org")
