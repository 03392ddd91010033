"""Where an address in a text begins and ends (issue 12, item 26)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain.untrusted.addresses import LONGEST, ascii_address, find_addresses


@pytest.mark.parametrize(
    "url",
    [
        "https://en.wikipedia.org/wiki/Bias_(statistics)",
        "https://en.wikipedia.org/wiki/Bias_(statistics)#In_(general)",
        "https://example.org/q[a]",
        "https://example.org/x?ids[]=1&ids[]=2",
        "https://example.org/a_b_",
        "https://example.org/a*b*",
        "https://example.org/~user~",
        "https://example.org/Rock_'n'",
        "https://example.org/{a}",
        "https://ko.wikipedia.org/wiki/강화학습",
        "https://ko.wikipedia.org/wiki/강화_학습_(기계_학습)",
        "https://ja.wikipedia.org/wiki/強化学習#概要",
        "https://example.org/?q=강화학습&lang=ko",
        "https://www.bücher.de",
        "https://www.bücher.de/straße?größe=1",
        "https://예시.한국",
        "https://예시.한국/강화",
        "https://пример.рф/путь",
        "https://de.wikipedia.org/wiki/Erdős–Rényi",
        "https://example.org/wiki/Paul_Erdős",
        "https://example.org/a,b;c:d!e?f.g",
        "https://example.org/%EA%B0%95",
        "https://example.org:8080/a",
        "http://[::1]:8000/a",
        "HTTPS://Example.org/A",
        "https://example.org/a|b^c\\d",
        f"https://example.org/{'a' * 1900}",
    ],
)
@pytest.mark.parametrize(
    "around",
    ["{}", "({})", "“{}”", "<{}>", "see {}.", "{}, and", "*{}*", "_{}_", "'{}'", "[{}]", "{} 참고"],
)
def test_an_address_is_found_as_it_stands(url: str, around: str) -> None:
    text = around.format(url)

    (found,) = find_addresses(text)

    assert found.url == url
    assert text[found.start : found.end] == url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://arxiv.org/abs/2007.05869와", "https://arxiv.org/abs/2007.05869"),
        ("(https://arxiv.org/abs/2309.08589)가", "https://arxiv.org/abs/2309.08589"),
        ("https://example.org/a와", "https://example.org/a"),
        ("https://example.org와", "https://example.org"),
        ("https://arxiv.org입니다.그리고", "https://arxiv.org"),
        ("https://ARXIV.ORG입니다.그리고", "https://ARXIV.ORG"),
        ("https://www.bücher.de를", "https://www.bücher.de"),
        (
            "https://ko.wikipedia.org/wiki/학습_(기계)을",
            "https://ko.wikipedia.org/wiki/학습_(기계)",
        ),
        ("https://example.org/%EA%B0%95은", "https://example.org/%EA%B0%95"),
        ("https://example.org/a)))", "https://example.org/a"),
        ("(see https://example.org/a(b))", "https://example.org/a(b)"),
        ("https://example.org/a…", "https://example.org/a"),
        ("https://example.org/a。次", "https://example.org/a"),
        ("\\url{https://example.org/a}", "https://example.org/a"),
        ("https://example.org/what?!", "https://example.org/what"),
    ],
)
def test_the_sentence_around_an_address_is_no_part_of_it(text: str, url: str) -> None:
    (found,) = find_addresses(text)

    assert found.url == url


@pytest.mark.parametrize(
    "text", ["https://", "http:///a", "https://?", f"https://e.org/{'a' * LONGEST}", "ftp://e.org"]
)
def test_text_that_is_no_address_stays_text(text: str) -> None:
    assert list(find_addresses(text)) == []


@given(st.text(st.sampled_from("htps:/.()[]_a가é1,!'* ") | st.characters(), max_size=60))
def test_addresses_stand_in_the_text_in_order(text: str) -> None:
    end = 0
    for found in find_addresses(text):
        assert found.start >= end
        assert text[found.start : found.end] == found.url
        end = found.end


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://www.bücher.de/straße", "https://www.xn--bcher-kva.de/stra%C3%9Fe"),
        ("https://ko.wikipedia.org/wiki/강화", "https://ko.wikipedia.org/wiki/%EA%B0%95%ED%99%94"),
        ("https://example.org/%EA%B0%95é", "https://example.org/%EA%B0%95%C3%A9"),
        ("https://example.org:81/a?b=가#다", "https://example.org:81/a?b=%EA%B0%80#%EB%8B%A4"),
        ("https://example.org/a_(b)", "https://example.org/a_(b)"),
        ("ftp://bücher.de", None),
        ("https://a@bücher.de", None),
        ("javascript:alert(1)", None),
        ("https://", None),
    ],
)
def test_an_address_goes_over_the_wire_in_ascii(url: str, written: str | None) -> None:
    assert ascii_address(url) == written
