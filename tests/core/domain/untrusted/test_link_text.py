"""A link whose text reads like an address shows where it leads, if that is elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain.document import Link
from bot.core.domain.untrusted.link_text import target_to_show
from tests.growth import LINEAR, exponent, repeated

ARXIV = "https://arxiv.org/abs/2310.07831"
EVIL = "https://evil.example.org"


@pytest.mark.parametrize(
    "text",
    [
        ARXIV,
        "http://arxiv.org/abs/2310.07831",
        "HTTPS://ARXIV.ORG/ABS/2310.07831",
        "arxiv.org/abs/2310.07831",
        "arXiv.org",
        "www.arxiv.org",
        "arxiv.org.",
        "(arxiv.org)",
        "see https://arxiv.org/abs/2310.07831 for more",
        "논문은 arxiv.org/abs/2310.07831입니다",
        "arXiv:2310.07831",
        "arXiv: 2310.07831v2",
        "arxiv:cs.LG/0701001",
        "https://arxiv.org@evil.example.org",
        "arxiv.org:443@evil.example.org",
        "https://arxiv.org\\@evil.example.org",
        "https://arxiv.org./abs/2310.07831",
        "\u202egro.vixra//:sptth\u202c",
        "https://arxiv.org/\u200fabs",
        "аrxiv.org",
        "ａｒｘｉｖ．ｏｒｇ/abs",
        "arxiv。org/abs/2310.07831",
        "arxiv\u2024org",
        "ar\u200bxiv.org",
        "arx\u00adiv.org",
        "https:\u2215\u2215arxiv.org\u2044abs",
        "https://arxiv%2Eorg/abs/2310.07831",
        "arxiv%2eorg/abs/2310.07831",
        "ftp://arxiv.org/x",
        "editor@arxiv.org",
        "https://www.bücher.de",
        "네이버.한국",
        "127.0.0.1",
        "10.0.0.1:8000/admin",
        "http://localhost:8000/",
        "localhost:8000/x",
        "http://[::1]/",
        "huggingface.co/papers/2310.07831",
        "arxiv.org에서",
        "arxiv.org의 논문",
        "_arxiv.org_",
        ".arxiv.org",
        "@arxiv.org",
        "arxiv\u2022org",
        "arxiv\u22c5org",
        "arxiv\ua4f8org",
        "🅐🅡🅧🅘🅥.org",
        "neurips.cc",
        "deepmind.google",
        "x" * 3000,
    ],
)
def test_a_link_whose_text_is_another_address_is_shown_with_its_target(text: str):
    assert target_to_show(Link(text, EVIL)) == EVIL


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("here", EVIL),
        ("여기 보세요", EVIL),
        ("이 논문은 좋다.그리고 길다", EVIL),
        ("Dr.GRPO, U.S.-based, LLM.int8() and e.g. GPT-4.5 vs. v1.2.3", EVIL),
        ("train.py, README.md and Node.js", EVIL),
        ("10:30, 3.14 and 2310.07831", EVIL),
        (ARXIV, ARXIV),
        ("arxiv.org/abs/2310.07831", ARXIV),
        ("arXiv.org", ARXIV),
        ("https://arxiv.org/", ARXIV),
        ("ARXIV.ORG/abs/2310.07831/", ARXIV),
        ("http://arxiv.org/abs/2310.07831", ARXIV),
        ("www.arxiv.org./abs/2310.07831", ARXIV),
        ("arXiv:2310.07831", ARXIV),
        ("arXiv:2310.07831v2", ARXIV + "v2"),
        ("arXiv:2310.07831", "https://arxiv.org/pdf/2310.07831"),
        ("arXiv:cs.LG/0701001", "https://arxiv.org/abs/cs.LG/0701001"),
        (
            "https://ko.wikipedia.org/wiki/강화학습",
            "https://ko.wikipedia.org/wiki/%EA%B0%95%ED%99%94%ED%95%99%EC%8A%B5",
        ),
        ("https://a.example/wiki/Bias_(statistics)", "https://a.example/wiki/Bias_(statistics)"),
        ("a.example/wiki/Bias_(statistics)", "https://a.example/wiki/Bias_(statistics)"),
        ("www.bücher.de", "https://www.xn--bcher-kva.de/"),
        ("https://www.bücher.de/x", "https://www.bücher.de/x"),
        ("네이버.한국", "https://xn--950bt9s8xi.xn--3e0b707e"),
        ("https://a.example/x?b=1", "https://a.example/x?b=1#part"),
        ("https://a.example:8443/", "https://a.example:8443/x"),
        ("arxiv.org에서", ARXIV),
        ("", EVIL),
        ("민지", "/c/general/t/7"),
        ("arxiv.org", "/c/general/t/7"),
    ],
)
def test_a_link_whose_text_is_its_target_is_shown_alone(text: str, url: str):
    assert target_to_show(Link(text, url)) is None


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://arxiv.org/abs/2310.07831", "https://arxiv.org/abs/2310.99999"),
        ("https://github.com/a/b", "https://github.com/a/b/raw"),
        ("bit.ly/AbC", "https://bit.ly/abc"),
        ("arxiv.org", "https://arxiv.org.evil.example/"),
        ("arxiv.org", "https://evil.example/arxiv.org"),
        ("arxiv.org:8000", "https://arxiv.org:9000/"),
        ("export.arxiv.org/abs/1", "https://arxiv.org/abs/1"),
        ("arXiv:2310.07831", "https://arxiv.org/abs/2310.07832"),
        ("https://www.bücher.de", "https://www.bucher.de"),
        ("two: arxiv.org evil.example", "https://evil.example/"),
    ],
)
def test_channels_with_similar_names_are_different_channels(text: str, url: str):
    shown = target_to_show(Link(text, url))

    assert shown is not None
    assert url in shown


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://arxiv.org@evil.example/abs", "evil.example"),
        ("https://arxiv.org%2Fabs@evil.example/", "evil.example"),
        ("https://user:arxiv.org@evil.example/", "evil.example"),
        ("https://аrxiv.org/abs/2310.07831", "xn--rxiv-43d.org"),
        ("https://xn--rxiv-43d.org/abs", "xn--rxiv-43d.org"),
        ("https://раураl.com/", "xn--l-7sba6dbr.com"),
        ("https://ạrxiv.org/", "xn--rxiv-4q5a.org"),
        ("https://ａｒｘｉｖ.org/", "arxiv.org"),
        ("https://evil.example\\@arxiv.org/", "evil.example"),
    ],
)
def test_an_address_that_misleads_by_itself_is_shown_with_its_host(url: str, host: str):
    assert host in (target_to_show(Link(url, url)) or "")
    assert host in (target_to_show(Link("arxiv.org", url)) or "")
    assert host in (target_to_show(Link("here", url)) or "")


@given(st.text(), st.text(max_size=50))
def test_any_text_and_any_address_can_be_compared(text: str, rest: str):
    target_to_show(Link(text, f"https://{rest}"))
    target_to_show(Link(text, rest))


@given(st.text("ab./:@#?% \u202e\u200bа1", max_size=30))
def test_a_foreign_address_is_never_hidden_behind_one_of_arxiv(around: str):
    assert target_to_show(Link(f"{around} https://arxiv.org/abs/2310.07831", EVIL)) == EVIL


@pytest.mark.parametrize(
    "piece", ["a.", "a-", "a@", "://", "[", "a.b/", "xn--", "1.", "a:", "www.", "%2"]
)
def test_time_grows_linearly_with_the_length_of_a_text(piece: str):
    def shown(text: str) -> object:
        return target_to_show(Link(text, EVIL))

    assert exponent(shown, repeated(piece)) < LINEAR
