"""Documents and people's text as HTML: complete and escaped."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.entry import Reference
from bot.core.catalogue import Catalogues
from bot.core.domain.document import (
    Button,
    Buttons,
    Code,
    Divider,
    Document,
    Fields,
    Heading,
    Item,
    Items,
    Link,
    Note,
    Paragraph,
    Quote,
    Style,
    Text,
)
from bot.core.domain.i18n import ENGLISH
from bot.core.latex import readable
from bot.discussion.domain.entry_page import Mention
from bot.platforms.web.rendering.render import command_page, render, render_text, safe_url
from bot.platforms.web.rendering.view import make_view
from tests.contract.test_chat import EVERY_BLOCK, HOSTILE

TAGS = {
    *("h3", "h4", "p", "blockquote", "ol", "ul", "li", "div", "dl", "dt", "dd", "hr"),
    *("a", "button", "span", "strong", "em", "code", "bdi", "pre"),
}
ATTRIBUTES = {
    *("dir", "lang", "class", "value", "href", "rel", "target", "type"),
    *("data-command", "aria-label", "tabindex"),
}
CLASSES = {"related", "note", "items", "line", "detail", "buttons", "button", "tag", "said"}


class Reader(HTMLParser):
    """Reads HTML as a browser would and fails at anything that we do not write."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.words: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        assert {name for name, _ in attrs} <= ATTRIBUTES, attrs
        for name, value in attrs:
            if name == "class":
                assert value in CLASSES
            if name == "href":
                self.addresses.append(value or "")
        if tag != "hr":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


texts = st.one_of(
    st.text(max_size=40),
    st.sampled_from(HOSTILE),
    st.sampled_from(
        ("</p>", "'><svg onload=x>", "<!--", "]]>", "#tag<b>", "<?php", "&lt;", "\ud800")
    ),
)
urls = st.one_of(
    texts,
    texts.map(lambda text: f"https://example.org/{text}"),
    texts.map(lambda text: f"http://{text}"),
    st.sampled_from(
        ("javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", " https://x.y", "//x")
    ),
)
inlines = st.lists(
    st.one_of(
        st.builds(Text, texts, st.sampled_from(Style)),
        st.builds(Link, texts, urls),
    ),
    max_size=4,
).map(tuple)
buttons = st.one_of(st.builds(Button, texts, command=texts), st.builds(Button, texts, url=urls))
blocks = st.one_of(
    st.builds(Heading, inlines),
    st.builds(Paragraph, inlines, language=st.sampled_from((None, "ko", "en", '"><b>'))),
    st.builds(Quote, inlines, language=st.none()),
    st.builds(Note, inlines),
    st.builds(
        Items,
        st.lists(
            st.builds(
                Item,
                inlines,
                detail=inlines,
                number=st.none() | st.integers(0, 99),
                button=st.none() | buttons,
            ),
            max_size=3,
        ).map(tuple),
    ),
    st.builds(Fields, st.lists(st.tuples(texts, inlines), max_size=3).map(tuple)),
    st.builds(Code, texts),
    st.just(Divider()),
    st.builds(Buttons, st.lists(buttons, max_size=3).map(tuple)),
)
documents = st.builds(Document, st.lists(blocks, max_size=5).map(tuple), summary=texts)


@given(documents)
def test_no_document_adds_tags_or_attributes(document: Document):
    reader = read(render(document))

    for address in reader.addresses:
        assert address.startswith(("https://", "http://", "/entry/", "/tag/", "/digest/"))


@given(documents)
def test_every_document_can_be_encoded(document: Document):
    assert render(document).encode().decode() == render(document)


@given(texts)
def test_a_persons_text_stays_text(text: str):
    reader = read(render_text(text))

    assert all(address.startswith(("https://", "http://")) for address in reader.addresses)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=60))
def test_no_character_of_a_text_is_lost(text: str):
    reader = read(render(Document((Paragraph((Text(text),)),), summary="")))

    assert "".join(reader.words) == readable(text)


def test_every_kind_of_block_is_shown():
    words = "".join(read(render(EVERY_BLOCK)).words)

    for expected in (
        "A title",
        "strong",
        "그대로 옮긴 말",
        "with a detail",
        "Third",
        "값",
        "Ask",
        "Go",
    ):
        assert expected in words


def test_only_the_first_heading_is_the_title():
    html = render(Document((Heading((Text("One"),)), Heading((Text("Two"),))), summary=""))

    assert "<h3" in html.partition("Two")[0]
    assert "<h4" in html


def test_a_button_carries_its_command_line_untouched():
    html = render(
        Document((Buttons((Button("Next", command='/paper "a b" page:2'),)),), summary="")
    )

    assert 'data-command="/paper &#34;a b&#34; page:2"' in html


def test_equal_buttons_in_a_list_are_told_apart_by_their_row():
    item = Item((Text("A paper"),), button=Button("Read", command="/paper entry:3"))

    html = render(Document((Items((item,)),), summary=""))

    assert 'aria-label="Read: A paper"' in html
    assert 'href="/entry/3"' in html


def test_tags_in_small_print_lead_to_their_papers():
    html = render(Document((Note((Text("4 May · #보상-모델 a#b C#"),)),), summary=""))

    assert html.count("<a ") == 1
    assert 'data-command="/paper #보상-모델"' in html


def test_buttons_that_look_up_tags_are_links_in_small_print():
    tags = tuple(Button(f"#{tag}", command=f"/paper #{tag}") for tag in ("rl", "보상-모델"))

    html = render(Document((Buttons(tags),), summary=""))

    assert html.startswith('<p class="note"')
    assert html.count('<a class="tag"') == 2
    assert 'data-command="/paper #rl"' in html


def test_code_keeps_its_lines_and_can_be_reached_by_keyboard():
    html = render(Document((Code("@misc{a,\n  title = {<b>},\n}"),), summary=""))

    assert html == (
        '<pre dir="ltr" tabindex="0"><code>@misc{a,\n  title = {&lt;b&gt;},\n}</code></pre>'
    )


def test_text_that_turns_the_direction_is_isolated():
    html = render(Document((Paragraph((Text("\u202eevil"), Text("after"))),), summary=""))

    assert "<bdi>\u202eevil</bdi>after" in html


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.org",
        "https://",
        "https:///x",
        "http://[::1",
        "https://a b",
        "https://a\u0000b",
        "https://a\nb",
        "ftp://example.org",
        "https://example.org/" + "x" * 2000,
        "",
    ],
)
def test_only_web_addresses_become_links(url: str):
    assert safe_url(url) is None


@pytest.mark.parametrize(
    "url", ["https://arxiv.org/abs/2501.00001", "HTTP://example.org/?a=1&b='\""]
)
def test_a_web_address_is_kept_as_it_is(url: str):
    assert safe_url(url) == url


@pytest.mark.parametrize(
    ("line", "page"),
    [
        ("/paper entry:12", "/entry/12"),
        ("/paper #rl", "/tag/rl"),
        ("/digest 2025-02-04", "/digest/2025-02-04"),
        ("/paper rl page:2", None),
        ("/paper #rl -#moe", None),
        ("/paper entry:1/../x", None),
    ],
)
def test_a_command_that_a_page_answers_leads_there(line: str, page: str | None):
    assert command_page(line) == page


@pytest.mark.parametrize(
    "text",
    [
        "[https://arxiv.org/abs/2310.07831](https://evil.example.org)",
        "[arxiv.org/abs/2310.07831](https://evil.example.org)",
        "[arXiv:2310.07831](https://evil.example.org)",
        "[\u202egro.vixra//:sptth](https://evil.example.org)",
    ],
)
def test_an_address_that_leads_elsewhere_is_shown_with_where_it_leads(text: str):
    reader = Reader()
    reader.feed(render_text(text))

    assert reader.addresses == ["https://evil.example.org"]
    assert "(https://evil.example.org)" in "".join(reader.words)


def test_a_link_that_leads_where_it_says_is_shown_once():
    reader = Reader()
    reader.feed(render_text("https://arxiv.org/abs/2310.07831 and [this](https://a.example/b)"))

    assert "".join(reader.words).strip() == "arXiv:2310.07831 and this"


async def test_pages_are_compiled_before_somebody_opens_them():
    view = make_view(Catalogues(), build="of this test")

    await view.compile_pages()

    compiled = {name for _, name in view.templates.cache}  # type: ignore[attr-defined]
    assert {"chat.html", "papers.html", "paper.html", "entry.html", "parts.html"} <= compiled


def test_a_reference_named_like_another_address_is_shown_with_its_target():
    view = make_view(Catalogues(), build="x")
    title = "https://arxiv.org/abs/2310.07831"
    reference = Reference(None, url="https://evil.example.org", title=title)
    macros = view.templates.get_template("paper.html").module  # type: ignore[attr-defined]

    reader = Reader()
    reader.feed(macros.mentioned((Mention(reference),), ENGLISH))

    assert f"{title} (https://evil.example.org)" in "".join(reader.words)
