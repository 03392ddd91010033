"""The headers as they go out: mail programs and servers read bytes, not what our library makes of them."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from email.utils import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.catalogue import Catalogues
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.domain.mail.address import Sender
from bot.core.ports import DeliveryKey
from bot.mail.domain import bounce_report
from bot.mail.domain.subscriber import Subscriber
from bot.platforms.mail.rendering.headers import one_line
from bot.platforms.mail.rendering.message import make_message
from tests.mail.test_bounce_reports import report

NOW = datetime(2026, 2, 3, 9, tzinfo=UTC)
KEY = DeliveryKey("d" + "0" * 24)
TOKEN = "tok_" + "a" * 39
"""As long as a real one."""
READER = Subscriber("team@example.org", TOKEN, "en", "other", NOW, confirmed_at=NOW)
PAPERS = Sender("papers@example.org", "Papers")
INJECTION = "=?utf-8?q?x=0D=0AReply-To=3A_evil=40x.org=0D=0A=0D=0AClick_here?="
NAMES = [
    b"From",
    b"To",
    b"Subject",
    b"Date",
    b"Message-ID",
    b"In-Reply-To",
    b"References",
    b"Auto-Submitted",
    b"X-Auto-Response-Suppress",
    b"List-Id",
    b"List-Unsubscribe",
    b"List-Unsubscribe-Post",
    b"Content-Language",
    b"MIME-Version",
    b"Content-Type",
]


def made(
    title: str = "2 papers",
    *,
    sender: Sender = PAPERS,
    reader: Subscriber = READER,
    site: str = "https://papers.example.org",
) -> bytes:
    return make_message(
        Document((Paragraph((Text("x"),)),), title),
        key=KEY,
        subscriber=reader,
        sender=sender,
        site=site,
        at=NOW,
        say=Catalogues()("en"),
        root="droot",
    )


def head(content: bytes) -> bytes:
    return content.partition(b"\r\n\r\n")[0] + b"\r\n"


def lines_of(content: bytes) -> list[bytes]:
    """Each header with its name, folded as it is."""
    return head(content).replace(b"\r\n ", b"\0 ").removesuffix(b"\r\n").split(b"\r\n")


def decoded(value: str) -> str:
    """As a mail program shows it."""
    return str(make_header(decode_header(value)))


def names_of(content: bytes) -> list[bytes]:
    return [line.partition(b":")[0] for line in lines_of(content)]


@pytest.mark.parametrize(
    "site",
    [
        "https://papers.example.org",
        f"https://{'a' * 60}.{'b' * 60}.{'c' * 60}.example.org:8443",
        "https://[2001:db8::1]:8000",
    ],
)
@pytest.mark.parametrize("domain", ["example.org", f"{'d' * 60}.{'e' * 60}.{'f' * 60}.example.org"])
def test_what_programs_read_is_on_one_line_as_it_is(site: str, domain: str):
    content = made(sender=Sender(f"papers@{domain}"), site=site)

    lines = lines_of(content)
    for expected in (
        f"List-Unsubscribe: <{site}/mail/unsubscribe/{TOKEN}>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        f"List-Id: <paperbot.{domain}>",
        f"Message-ID: <{KEY}@{domain}>",
        f"In-Reply-To: <droot@{domain}>",
        f"References: <droot@{domain}>",
        f"From: papers@{domain}",
        "To: team@example.org",
        "Subject: 2 papers",
        "Date: Tue, 03 Feb 2026 09:00:00 +0000",
    ):
        assert expected.encode() in lines
    assert names_of(content) == NAMES


@pytest.mark.parametrize("quoted", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_that_quotes_our_bytes_is_understood(quoted: str):
    content = made(sender=Sender(f"papers@{'d' * 60}.example.org", "논문 " * 40))
    ours = content if quoted == "message/rfc822" else head(content)

    found = bounce_report.parse(report(ours.decode(), quoted=quoted))

    assert found == bounce_report.BounceReport(TOKEN, KEY, "5.1.1", is_final=True)


def test_a_site_with_other_letters_is_an_address_in_ascii():
    [line] = [
        line
        for line in lines_of(made(site="https://논문.example.org"))
        if line.startswith(b"List-Unsubscribe:")
    ]

    host = "%EB%85%BC%EB%AC%B8.example.org"
    assert line == f"List-Unsubscribe: <https://{host}/mail/unsubscribe/{TOKEN}>".encode()


WILD = st.text(
    st.sampled_from('=?utf-8QqBb_ 0DA3:\r\n\t,;<>@"\\()가é\u2028\x85\ud800') | st.characters(),
    max_size=200,
) | st.builds("".join, st.lists(st.sampled_from([INJECTION, "=?", "?=", " ", "a" * 70, "제목"])))


@given(WILD, WILD)
@example(f"Attention {INJECTION}", f"Papers {INJECTION}")
@example("=?utf-8?b?SGk=?= title", "=?utf-8?b?SGk=?=")
@example("a" * 150, "b" * 150)
@example("two  spaces " * 12, "plain words " * 12)
@example('a "quoted\\" name, (with) <all>', 'a "quoted\\" name, (with) <all>')
def test_a_title_and_a_name_arrive_as_they_are_and_add_no_header(title: str, name: str):
    content = made(title, sender=Sender("papers@example.org", name))

    assert content.isascii()
    assert names_of(content) == NAMES
    lines = head(content).removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(line) <= 78 for line in lines if not line.startswith(b"List-Unsubscribe:"))
    assert all(line.strip() and not line.endswith(b": ") for line in lines)
    sent = message_from_bytes(content)
    text = one_line(title) or "paperbot"
    shown = text if len(text) <= 160 else f"{text[:159].rstrip()}…"
    assert decoded(sent["Subject"]) == shown
    owner, _, _ = sent["From"].rpartition("<")
    owner = owner.strip()
    assert (unquote(owner) if owner[:1] == '"' else decoded(owner)) == one_line(name)
    [address] = message_from_bytes(content, policy=default)["From"].addresses
    assert address.addr_spec == "papers@example.org"


def test_an_address_that_looks_like_an_encoded_word_adds_no_header():
    address = "=?utf-8?q?x=0d=0abcc=3aevil=40x.org?=@example.org"

    content = made(reader=replace(READER, address=address))

    assert names_of(content) == NAMES
    assert f"To: {address}".encode() in lines_of(content)
