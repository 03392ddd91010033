"""Every renderer takes time in proportion to its text, whatever the text is made of."""

from collections.abc import Callable
from itertools import count

import pytest

from bot.archive.domain.entry import (
    Commentary,
    Entry,
    EntryId,
    Language,
    Paper,
    Source,
    SourceKind,
    StoredEntry,
)
from bot.archive.domain.present_entry import LANGUAGES, present_entry, row
from bot.cli.output import text as terminal
from bot.core.domain.document import Document, Items
from bot.core.domain.i18n import ENGLISH
from bot.discussion.domain.present_discussion import present_copy
from bot.platforms.discord.rendering import render as discord
from bot.platforms.slack.rendering import render as slack
from bot.platforms.web.rendering import render as web
from tests.growth import LINEAR, exponent, repeated

PIECES = {
    "prose": "plain words of prose ",
    "hangul": "강화 학습을 한다. ",
    "emphasis": "*_~`|",
    "brackets": "[a](",
    "link": "[a](https://e.org/(x)) ",
    "addresses": "https://e.org/a_(b) ",
    "glued": "https://e.org/a와",
    "note link": "[[a]]",
    "open note link": "[[",
    "mentions": "<@1><#2>@everyone",
    "headings": "\n# a\n> b\n1. c\n- d",
    "newlines": "\n\n",
    "formulas": "$\\alpha_1$ ",
    "open formulas": "\\(\\[$",
    "accents": "\\'e{\\H o}\\v C",
    "backslashes": "\\",
    "controls": "\x00\u202e\u200b",
    "marks": "e\u0301\u0316\u0301",
    "flags": "🏴\U000e0067\U000e007f🇰🇷",
    "families": "👩‍👩‍👧",
    "html": "<b>&amp;\"'",
    "tags": "#a#b/c",
    "invites": "discord.gg/a ",
    "spaces": " ",
    "one word": "a",
}


def as_one_paragraph(text: str) -> Document:
    return present_entry(_stored((text,)), languages=LANGUAGES, say=ENGLISH, detailed=True)


def as_paragraphs(text: str) -> Document:
    return present_entry(_stored(tuple(_parts(text))), languages=LANGUAGES, say=ENGLISH)


def as_rows(text: str) -> Document:
    rows = (
        row(_stored((part,), title=part), next(_NUMBERS), languages=LANGUAGES, say=ENGLISH)
        for part in _parts(text)
    )
    return Document((Items(tuple(rows)),), "")


_NUMBERS = count(1)
"""Of rows, so that none was shown before: renderers keep the rows shown last."""


def as_reply(text: str) -> Document:
    return present_copy("A person", "Slack", text)


def as_title(text: str) -> Document:
    return present_entry(_stored(("x",), title=text), languages=LANGUAGES, say=ENGLISH)


def _parts(text: str) -> list[str]:
    return [text[at : at + 40] for at in range(0, len(text), 40)]


def _stored(paragraphs: tuple[str, ...], title: str = "A title") -> StoredEntry:
    source = Source(SourceKind.VAULT_NOTE, "a.md", text="")
    written = (Commentary(Language.EN, paragraphs),)
    return StoredEntry(
        EntryId(1), Entry(Paper(title, abstract=paragraphs[0]), source, None, written)
    )


def _discord(document: Document) -> object:
    try:
        return discord.render(document)
    except discord.TooLongError:
        return None


RENDERERS: dict[str, Callable[[Document], object]] = {
    "slack": lambda document: slack.render(document, mark="m"),
    "discord": _discord,
    "web": web.render,
    "terminal": terminal.render,
}


SHAPES = (as_one_paragraph, as_paragraphs, as_rows, as_reply, as_title)


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_rendering_takes_time_in_proportion(
    renderer: str, shape: Callable[[str], Document]
) -> None:
    def growth(piece: str) -> float:
        make = repeated(piece)
        return exponent(RENDERERS[renderer], lambda size: shape(make(size)))

    grows = {name: growth(piece) for name, piece in PIECES.items()}

    assert {name: slope for name, slope in grows.items() if slope >= LINEAR} == {}


@pytest.mark.parametrize("parts", [lambda text: (text,), lambda text: tuple(_parts(text))])
def test_a_row_takes_the_same_time_however_long_the_note_is(
    parts: Callable[[str], tuple[str, ...]],
) -> None:
    def stored(size: int) -> StoredEntry:
        return _stored(parts("https://e.org/a [[b]] " * size))

    grows = exponent(lambda one: row(one, 1, languages=LANGUAGES, say=ENGLISH), stored, most=0.5)

    assert grows < 0.5
