"""A document on a terminal: all of it, and nothing that steers the terminal."""

from hypothesis import given
from hypothesis import strategies as st

from bot.cli.output.text import render, runs
from bot.core.domain.document import (
    Button,
    Buttons,
    Document,
    Fields,
    Heading,
    Item,
    Items,
    Link,
    Paragraph,
    Quote,
    Style,
    Text,
)


def test_every_block_has_its_lines():
    document = Document(
        (
            Heading((Link("A title", "https://example.org/a"),)),
            Paragraph((Text("First "), Text("strong", Style.STRONG), Text("."))),
            Quote((Text("Two\nlines"),)),
            Items((Item((Text("One"),), detail=(Text("detail"),), number=9),)),
            Fields((("State", (Text("held"),)),)),
            Buttons((Button("Older", command="/paper x page:2"),)),
        ),
        summary="",
    )

    assert render(document) == (
        "A title <https://example.org/a>\n\n"
        "First strong.\n\n"
        "> Two\n> lines\n\n"
        "9. One\n   detail\n\n"
        "State: held\n\n"
        "[Older] /paper x page:2\n"
    )


def test_an_address_is_not_said_twice():
    link = Link("https://example.org/a", "https://example.org/a")

    assert render(Document((Paragraph((link,)),), summary="")) == "https://example.org/a\n"


def test_an_empty_document_is_empty():
    assert render(Document((), summary="")) == ""


@given(st.text())
def test_no_text_steers_the_terminal_and_none_is_lost(text: str):
    document = Document((Heading((Text(text),)), Quote((Text(text),))), summary="")

    shown = render(document)

    assert not set(shown) & {"\x1b", "\x07", "\x08", "\r", "\x9b", "\u202e"}
    for character in set(text):
        assert character in shown or not character.isprintable() or "\ufffd" in shown
    assert shown == "".join(run.text for run in runs(document))
