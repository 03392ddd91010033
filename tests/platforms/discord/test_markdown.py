"""Untrusted text shows as it is in Discord: no ping, link or format."""

from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.domain.document import Link, Style, Text
from bot.platforms.discord.rendering import markdown
from tests.platforms.discord.documents import HOSTILE, inlines, texts, urls
from tests.platforms.discord.reader import Token, read, shown


@given(text=texts)
@example(text="a_b_ c_d_")
@example(text="[x\\](https://evil.example)")
@example(text="1. one\n2. two\n- three\n-# four\n# five\n> six\n>>> seven")
@example(text="discord.gg/abc and https://discord.com/invite/abc")
@example(text="a:100:b https://evil.example <https://evil.example>")
def test_any_text_reads_as_itself(text: str):
    cleaned = markdown.clean(text)

    assert read(markdown.escape(text)) == ([Token("text", cleaned)] if cleaned else [])


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_reads_as_itself_inside_every_style(text: str):
    for style in Style:
        rendered = markdown.render((Text(f"a {text} b", style),))

        kinds = {token.kind for token in read(rendered)}
        assert kinds <= {"text", "strong", "em", "code"}, (text, rendered)
        expected = markdown.clean(text)
        if style is Style.CODE:
            expected = expected.replace("`", "ˋ")
        assert expected.strip().replace("\u200b", "") in shown(rendered).replace("\u200b", "")


@given(runs=inlines)
def test_runs_beside_each_other_give_no_more_than_they_are(runs: tuple[Text | Link, ...]):
    rendered = markdown.render(runs)

    tokens = read(rendered)
    assert {token.kind for token in tokens} <= {"text", "strong", "em", "code", "link"}
    wanted = {markdown.address(run.url) for run in runs if isinstance(run, Link)}
    assert {token.url for token in tokens if token.kind == "link"} <= wanted


@given(label=texts, url=urls)
def test_a_link_leads_where_it_says_and_nowhere_else(label: str, url: str):
    tokens = read(markdown.render((Link(label, url),)))

    for token in tokens:
        assert token.kind in {"text", "link"}
        if token.kind == "link":
            assert token.url == markdown.address(url)
            assert "://" not in token.text or token.text == token.url


@given(text=st.text() | texts)
def test_an_address_is_plain_and_ends_nothing(text: str):
    address = markdown.address(text)

    if address is not None:
        assert address.isascii()
        assert address.startswith(("http://", "https://"))
        assert not set(address) & set(" <>()\"'\\`\n")


@pytest.mark.parametrize("between", [Text(" and "), Text("b\\_c_d \n\n"), Text("x_y", Style.CODE)])
@pytest.mark.parametrize(
    "behind",
    [
        Text("x_ @everyone", Style.CODE),
        Text("x__y_", Style.CODE),
        Link("Bias", "https://a.example/Bias_(statistics)"),
        Link("b.example/a_b", "https://a.example/x_"),
    ],
)
def test_an_underscore_within_a_word_begins_no_emphasis(between: Text, behind: Text | Link):
    runs = (Text("a_t"), between, behind, Text(" self_play"))

    tokens = read(markdown.render(runs))

    assert {token.kind for token in tokens} <= {"text", "code", "link"}
    assert "a_t" in tokens[0].text
    assert markdown.render(runs).endswith("self_play")


def test_bold_text_beside_hangul_is_bold():
    rendered = markdown.render((Text("강화", Style.STRONG), Text("학습은")))

    assert read(rendered) == [Token("strong", "강화"), Token("text", "학습은")]


def test_neighbours_of_two_styles_stay_apart():
    nothing = Text("\u200e", Style.CODE)  # a direction mark is not shown
    rendered = markdown.render((Text("a", Style.STRONG), nothing, Text("b", Style.EMPHASIS)))

    assert [t for t in read(rendered) if t.text != "\u200b"] == [
        Token("strong", "a"),
        Token("em", "b"),
    ]


def test_what_notifications_show_stays_readable():
    title = "Process Reinforcement: PRIME, self-play & long_context (2025) - a study #1"

    assert markdown.escape(title) == title


@pytest.mark.parametrize(
    ("label", "url"),
    [
        ("https://arxiv.org/abs/2310.07831", "https://evil.example/"),
        ("arxiv.org/abs/2310.07831", "https://evil.example/"),
        ("www.arxiv.org", "https://evil.example/"),
        ("see arxiv.org.", "https://evil.example/"),
        ("аrxiv.org", "https://evil.example/"),  # a Cyrillic first letter
        ("arxiv。org", "https://evil.example/"),
        ("arx\u200biv.org", "https://evil.example/"),
        ("arxiv.org@evil.example", "https://arxiv.org/"),
        ("https://arxiv.org@evil.example/", "https://arxiv.org@evil.example/"),
        ("gro.vixra\u202e", "https://evil.example/"),
        ("arXiv:2310.07831", "https://evil.example/"),
        ("A paper", "https://arxiv.org@evil.example/"),
    ],
)
def test_a_label_that_reads_like_another_address_stands_beside_the_target(label: str, url: str):
    rendered = markdown.render((Link(label, url),))

    target = markdown.address(url)
    assert target is not None
    assert f"<{target}>" in rendered
    assert all(token.text == token.url for token in read(rendered) if token.kind == "link")


@pytest.mark.parametrize("label", ["A paper", "Node.js in practice", "arxiv.org", "GPT-4.5 vs. o3"])
def test_a_label_that_promises_nothing_else_stands_alone(label: str):
    rendered = markdown.render((Link(label, "https://arxiv.org/abs/2310.07831"),))

    assert rendered == f"[{label}](<https://arxiv.org/abs/2310.07831>)"


@pytest.mark.parametrize(
    "url",
    [
        "https://en.wikipedia.org/wiki/Bias_(statistics)",
        "https://example.org/a_b_",
        "https://example.org/[a]",
        "https://example.org/?q=[a](b)&c=*d*~~e~~",
        "https://ko.wikipedia.org/wiki/강화학습",
        "https://www.bücher.de/",
        "https://example.org/a'b`c",
        "https://[2001:db8::1]:8080/x",
        "https://example.org:443/#a)b(c",
    ],
)
def test_an_address_is_linked_whole(url: str):
    for rendered in (markdown.render((Link(url, url),)), markdown.render((Link("x", url),))):
        (token,) = read(rendered)

        assert token.kind == "link"
        assert token.url == markdown.address(url)
        assert unquote(token.url or "") == url.replace("bücher", "xn--bcher-kva")
