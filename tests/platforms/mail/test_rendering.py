"""The two parts of a message and its headers: nothing of a text leaves its place."""

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from bot.core.catalogue import Catalogues
from bot.core.domain.document import (
    Button,
    Buttons,
    Divider,
    Document,
    Heading,
    Inline,
    Item,
    Items,
    Link,
    Paragraph,
    Quote,
    Text,
)
from bot.core.domain.mail.address import Sender
from bot.core.ports import DeliveryKey
from bot.mail.domain.subscriber import Subscriber
from bot.platforms.mail.rendering.addresses import command_address, link_address
from bot.platforms.mail.rendering.message import make_message

SITE = "https://papers.example.org"
NOW = datetime(2026, 2, 3, 9, tzinfo=UTC)
READER = Subscriber("team@example.org", "tok", "ko", "other", NOW, confirmed_at=NOW)
TEXTS = st.text(st.characters(), max_size=60) | st.sampled_from(
    [
        "a\r\nBcc: x@y.org",
        "</title><script>x</script>",
        "\u202egnirts",
        "\x00\ud800",
        "'\"><a href=x>",
    ]
)


def made(document: Document, *, sender: str = "Papers", locale: str = "ko") -> EmailMessage:
    content = make_message(
        document,
        key=DeliveryKey("d1"),
        subscriber=READER,
        sender=Sender("papers@example.org", sender),
        site=SITE,
        at=NOW,
        say=Catalogues()(locale),
    )
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


class Tags(HTMLParser):
    """The elements and addresses of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in {"href", "src"}}


OURS = {
    *[
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "div",
        "p",
        "h1",
        "h2",
        "hr",
        "a",
        "br",
        "span",
        "bdi",
        "blockquote",
    ]
}
HEADERS = {
    *[
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "List-Id",
    ],
    *[
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "Content-Type",
        "Content-Language",
        "MIME-Version",
    ],
}


@given(TEXTS, TEXTS, TEXTS)
def test_no_text_adds_a_header_an_element_or_an_address(first: str, second: str, third: str):
    inlines: tuple[Inline, ...] = (Text(first), Link(second, "https://arxiv.org/abs/1"))
    wild = (Link(first, third), Link(first, f"https://{second}"))
    document = Document(
        (
            Heading(inlines),
            Paragraph(wild),
            Quote((Text(third),)),
            Divider(),
            Items((Item(inlines, detail=(Text(third),), number=1),)),
            Buttons((Button(first, command=f"/paper {second}"), Button(second, url=third))),
        ),
        summary=first,
    )

    message = made(document, sender=second)

    assert set(message.keys()) == HEADERS
    assert [str(each) for each in message["To"].addresses] == ["team@example.org"]
    html = Tags(part(message, "html"))
    assert html.tags <= OURS
    assert html.attributes <= {*["lang", "charset", "name", "content", "class", "style", "href"]}
    assert all(re.match(r"https?://[^\s\"<>]+\Z", link) for link in html.links)
    assert "\u202e" not in part(message, "plain")


def test_both_parts_say_the_same_and_links_show_where_they_lead():
    document = Document(
        (
            Heading((Link("제목 & <b>", "https://arxiv.org/abs/2502.00001"),)),
            Paragraph((Text("본문 "), Link("arxiv.org", "https://evil.example/x"))),
            Buttons(
                (Button("읽기", command="/paper entry:7"), Button("토론", command="/digest x"))
            ),
            Paragraph((Link("경로", "/entry/8"),)),
        ),
        summary="\u05e9 & 요약",
    )

    message = made(document)

    text, html = part(message, "plain"), part(message, "html")
    for words in ("본문", "evil.example/x", f"{SITE}/entry/7", f"{SITE}/entry/8", "구독 취소"):
        assert words in text
        assert words in html
    assert "제목 & <b>" in text
    assert "제목 &amp; &lt;b&gt;" in html
    assert "토론" not in text + html  # a message has no commands
    assert "(https://evil.example/x)" in html
    assert message["Message-ID"] == "<d1@example.org>"
    assert message["List-Unsubscribe"] == f"<{SITE}/mail/unsubscribe/tok>"
    assert "color-scheme" in html
    assert "{" not in text  # no style sheet leaks into it
    assert "<title>\u05e9 &amp; 요약</title>" in html  # a title holds no elements


def test_the_content_is_ascii_whatever_its_letters():
    content = make_message(
        Document((Paragraph((Text("가" * 3000),)),), "가나다" * 100),
        key=DeliveryKey("d1"),
        subscriber=READER,
        sender=Sender("papers@example.org", "논문"),
        site=SITE,
        at=NOW,
        say=Catalogues()("ko"),
    )

    assert content.isascii()
    assert max(map(len, content.splitlines())) <= 998  # RFC 5321, section 4.5.3.1.6


def test_what_a_page_can_show_is_a_link_and_nothing_else():
    assert command_address("/paper #rl", SITE) == f"{SITE}/tag/rl"
    assert command_address("/paper a b&c", SITE) == f"{SITE}/papers?q=a%20b%26c"
    assert command_address("/digest 2025-02-04", SITE) == f"{SITE}/digest/2025-02-04"
    assert command_address("/digest discuss entry:1", SITE) is None
    assert link_address("javascript:alert(1)", SITE) is None
    assert link_address("//evil.example", SITE) is None
