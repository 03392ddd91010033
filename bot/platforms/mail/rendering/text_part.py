"""A document as the text part of a message: as readable as the other, with each address beside its link."""

import unicodedata
from collections.abc import Sequence

from bot.core.domain.chart import bars
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Chart,
    Code,
    Divider,
    Document,
    Fields,
    Heading,
    Inline,
    Item,
    Items,
    Link,
    Note,
    Paragraph,
    Quote,
    map_text,
)
from bot.core.domain.late import late_pattern
from bot.core.latex import readable
from bot.platforms.mail.rendering.addresses import button_address, link_address
from bot.platforms.mail.rendering.footer import Footer

_UNPRINTABLE = late_pattern("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_TURNS = late_pattern("[\u202a-\u202e\u2066-\u2069]")
_WIDE = 68


def text_part(document: Document, footer: Footer, site: str) -> str:
    """The whole text. Lines are as long as their paragraphs: mail programs wrap them."""
    body = _Body(site)
    blocks = map_text(document, readable).blocks
    parts = [*map(body.block, blocks, (*blocks[1:], None))]
    end = [*footer.lines, *(f"{label}: {url}" for label, url in footer.links)]
    text = "\n\n".join([*filter(None, parts), "-- \n" + "\n".join(end)])
    return f"{_plain(text)}\n"


class _Body:
    def __init__(self, site: str) -> None:
        self._site = site
        self._titled = False

    def block(self, block: Block, following: Block | None) -> str:
        match block:
            case Heading(inlines):
                return self._heading(inlines)
            case Paragraph(inlines) | Note(inlines):
                return self._words(inlines)
            case Quote(inlines):
                return "\n".join(f"> {line}" for line in self._words(inlines).splitlines())
            case Items(items):
                return "\n".join(map(self._item, items))
            case Fields(fields):
                return "\n".join(f"{name}: {self._words(value)}" for name, value in fields)
            case Code(text):
                return _indented(text)
            case Chart():
                return f"{_indented(bars(block))}\n\n{block.text}"
            case Divider():
                return "-" * _WIDE if isinstance(following, Heading) else "* * *"
            case Buttons(buttons):
                return "\n".join(filter(None, map(self._button, buttons)))

    def _heading(self, inlines: Sequence[Inline]) -> str:
        text = "".join(inline.text for inline in inlines)
        line = "" if self._titled else f"\n{'=' * min(_columns(text), _WIDE)}"
        self._titled = True
        found = (self._address(each) for each in inlines if isinstance(each, Link))
        below = "".join(
            f"\n<{url}>" for url in dict.fromkeys(filter(None, found)) if url not in text
        )
        return f"{text}{line}{below}"

    def _item(self, item: Item) -> str:
        number = f"{item.number}. " if item.number is not None else "* "
        lines = [f"{number}{self._words(item.inlines)}"]
        if item.detail:
            lines.append(f"   {self._words(item.detail)}")
        button = self._button(item.button) if item.button is not None else ""
        return "\n".join([*lines, *([f"   {button}"] if button else [])])

    def _button(self, button: Button) -> str:
        url = button_address(button, self._site)
        return f"{button.label}: {url}" if url is not None else ""

    def _words(self, inlines: Sequence[Inline]) -> str:
        return "".join(map(self._inline, inlines))

    def _inline(self, inline: Inline) -> str:
        if not isinstance(inline, Link):
            return inline.text
        url = self._address(inline) or inline.url
        return inline.text if inline.text.strip() == url else f"{inline.text} <{url}>"

    def _address(self, link: Link) -> str:
        return link_address(link.url, self._site) or ""


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _plain(text: str) -> str:
    """Without what a message of text cannot hold, or what would turn its lines round."""
    return _TURNS.sub("", _UNPRINTABLE.sub("\ufffd", text))
