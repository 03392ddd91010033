"""Documents: the platform-neutral content of one message.

Text in a document is plain and untrusted: it holds no markup of any platform, and each
renderer escapes it. `dump` and `load` turn a document into JSON and back without loss.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from operator import is_
from typing import TypeAlias, cast

from bot.core.domain.dataclass import dataclass


class Style(StrEnum):
    """The style of a run of text."""

    PLAIN = "plain"
    STRONG = "strong"
    EMPHASIS = "emphasis"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Text:
    """A run of text."""

    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class Link:
    """A run of text that leads to `url`: http or https, or a path within the web chat."""

    text: str
    url: str


Inline: TypeAlias = Text | Link


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; the first one of a document is its title."""

    inlines: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Prose; `language` (`ko`, `en`) where it is known."""

    inlines: tuple[Inline, ...]
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody else's words: a paper's abstract, a person's reply."""

    inlines: tuple[Inline, ...]
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Small print: authors, dates, tags, hints."""

    inlines: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press: exactly one of `command` (a whole command line) and `url` is set.

    The command line is all the button needs, so buttons on old messages keep working.
    """

    label: str
    command: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a list; `number` is shown where it is set; `button` belongs to the row."""

    inlines: tuple[Inline, ...]
    detail: tuple[Inline, ...] = ()
    number: int | None = None
    button: Button | None = None


@dataclass(frozen=True, slots=True)
class Items:
    """A list of rows."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """Labelled values."""

    fields: tuple[tuple[str, tuple[Inline, ...]], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Lines for a machine, to be copied: shown as they are, with their indentation."""

    text: str


@dataclass(frozen=True, slots=True)
class Divider:
    """A break between parts."""


@dataclass(frozen=True, slots=True)
class Buttons:
    """A row of buttons."""

    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Counts over time: for each of `lines` a name and a count for each of the `periods`.

    A picture where the platform can show one, else bars of text (`bot/core/domain/chart.py`).
    `text` says the same in words, for those who do not see it.
    """

    periods: tuple[str, ...]
    lines: tuple[tuple[str, tuple[int, ...]], ...]
    text: str


Block: TypeAlias = (
    Heading | Paragraph | Quote | Note | Items | Fields | Code | Chart | Divider | Buttons
)


@dataclass(frozen=True, slots=True)
class Translation:
    """How a document reads in another language: its summary, and the blocks that differ by place."""

    locale: str
    summary: str
    blocks: tuple[tuple[int, Block], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One message.

    `summary` is the plain text of a notification or a screen reader. What a renderer cannot
    fit into one message goes on in the thread; nothing is ever cut silently. `opens_thread`
    says that a discussion belongs to this message; `thread_name` names it. `is_private` answers
    are for the person who asked, wherever they asked; such documents are never stored.
    `translations` are for platforms that show each reader a message in the reader's language.
    It notifies the person whom it `calls` (`ports.person_id`; empty: nobody), on that person's
    platform, and nobody whom a text mentions.
    """

    blocks: tuple[Block, ...]
    summary: str
    opens_thread: bool = False
    thread_name: str = ""
    is_private: bool = False
    translations: tuple[Translation, ...] = ()
    calls: str = ""

    def __hash__(self) -> int:
        """Cheap on purpose: renderers look documents up by it. Unequal ones may share one."""
        return hash((self.summary, len(self.blocks)))


_TYPES: Mapping[str, type] = {
    kind.__name__: kind
    for kind in (
        Text,
        Link,
        Heading,
        Paragraph,
        Quote,
        Note,
        Button,
        Item,
        Items,
        Fields,
        Code,
        Chart,
        Divider,
        Buttons,
        Translation,
        Document,
    )
}


_STYLES: Mapping[str, Style] = {style.value: style for style in Style}

_NEVER_STORED = frozenset({"is_private"})
"""Left out, so that documents stored before are still equal to the same documents now."""


def dump(document: Document) -> str:
    """The document as one line of JSON; `load` gives it back equal."""
    return json.dumps(_plain(document), ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Document:
    """The document that `dump` wrote."""
    return cast(Document, _value(json.loads(text)))


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if type(value).__name__ in _TYPES:
        names: tuple[str, ...] = type(value).__slots__  # type: ignore[attr-defined]
        kept = (name for name in names if name not in _NEVER_STORED)
        plain = {name: _plain(getattr(value, name)) for name in kept}
        for name in ("translations", "calls"):
            if not plain.get(name, True):
                del plain[name]  # as documents were stored before there were any
        return {"is": type(value).__name__} | plain
    return value


def _value(plain: object) -> object:
    if isinstance(plain, list):
        return tuple([_value(part) for part in plain])
    if isinstance(plain, dict):
        kind = _TYPES[plain.pop("is")]
        if kind is Text:
            return Text(plain["text"], _STYLES[plain["style"]])
        return kind(**{name: _value(part) for name, part in plain.items()})
    return plain


def translated(document: Document, others: Mapping[str, Document]) -> Document:
    """The document with the others, the same message by locale, as its translations.

    One with another number of blocks is left out: it is not the same message.
    """
    translations = tuple(
        Translation(
            locale,
            other.summary,
            tuple(
                (place, block)
                for place, block in enumerate(other.blocks)
                if block != document.blocks[place]
            ),
        )
        for locale, other in others.items()
        if other != document and len(other.blocks) == len(document.blocks)
    )
    if translations == document.translations:
        return document
    return replace(document, translations=translations)


def in_locale(document: Document, locale: str) -> Document:
    """The document as it reads in that language, where it is translated; else unchanged."""
    for translation in document.translations:
        if translation.locale == locale:
            blocks = dict(translation.blocks)
            return replace(
                document,
                blocks=tuple(blocks.get(at, block) for at, block in enumerate(document.blocks)),
                summary=translation.summary,
                translations=(),
            )
    return document


def run(text: str) -> tuple[Inline, ...]:
    """The text as inlines: one run without style."""
    return (Text(text),)


def plain_text(inlines: tuple[Inline, ...]) -> str:
    """The words of some inlines, without style or address."""
    return "".join([inline.text for inline in inlines])


def notice(text: str, button: str | None = None, command: str | None = None) -> Document:
    """One sentence, and at most one button."""
    blocks: list[Block] = [Paragraph(run(text))]
    if button is not None and command is not None:
        blocks.append(Buttons((Button(button, command=command),)))
    return Document(tuple(blocks), summary=text)


def private(document: Document) -> Document:
    """The document for the person who asked alone."""
    return replace(document, is_private=True)


def with_notes(document: Document, texts: Sequence[str]) -> Document:
    """The document with small print after it."""
    if not texts:
        return document
    notes = tuple(Note(run(text)) for text in texts)
    return replace(document, blocks=(*document.blocks, *notes))


def lines(texts: Sequence[str]) -> Document:
    """Several sentences, each a paragraph of its own."""
    return Document(tuple(Paragraph(run(text)) for text in texts), summary=" ".join(texts))


def map_text(
    document: Document, change: Callable[[str], str], *, but_lists: bool = False
) -> Document:
    """The document with every text that is shown changed, but code, addresses and command lines.

    With `but_lists`, lists are as they were, for renderers that change each row by `map_item`.
    """
    blocks = [
        block if but_lists and isinstance(block, Items) else _mapped(block, change)
        for block in document.blocks
    ]
    summary, thread_name = change(document.summary), change(document.thread_name)
    if (
        _are_same(blocks, document.blocks)
        and summary == document.summary
        and thread_name == document.thread_name
    ):
        return document
    return replace(document, blocks=tuple(blocks), summary=summary, thread_name=thread_name)


def _mapped(block: Block, change: Callable[[str], str]) -> Block:
    match block:
        case Heading() | Paragraph() | Quote() | Note():
            inlines = map_inlines(block.inlines, change)
            return block if inlines is block.inlines else replace(block, inlines=inlines)
        case Items():
            items = [map_item(item, change) for item in block.items]
            return block if _are_same(items, block.items) else Items(tuple(items))
        case Fields():
            return Fields(
                tuple((change(n), map_inlines(value, change)) for n, value in block.fields)
            )
        case Code() | Divider():
            return block
        case Chart():
            return replace(block, text=change(block.text))
        case Buttons():
            buttons = [_mapped_button(button, change) for button in block.buttons]
            return block if _are_same(buttons, block.buttons) else Buttons(tuple(buttons))


def map_item(item: Item, change: Callable[[str], str]) -> Item:
    """A row with its texts changed, as `map_text` does."""
    button = _mapped_button(item.button, change) if item.button is not None else None
    inlines, detail = map_inlines(item.inlines, change), map_inlines(item.detail, change)
    if inlines is item.inlines and detail is item.detail and button is item.button:
        return item
    return Item(inlines, detail, item.number, button)


def _mapped_button(button: Button, change: Callable[[str], str]) -> Button:
    label = change(button.label)
    return button if label == button.label else replace(button, label=label)


def map_inlines(inlines: tuple[Inline, ...], change: Callable[[str], str]) -> tuple[Inline, ...]:
    """The runs with their texts changed, but code and addresses that stand for themselves.

    The same object where nothing changes, as in most texts of most messages.
    """
    changed = [_mapped_inline(inline, change) for inline in inlines]
    return inlines if _are_same(changed, inlines) else tuple(changed)


def _mapped_inline(inline: Inline, change: Callable[[str], str]) -> Inline:
    text = inline.text
    if inline.text == inline.url if isinstance(inline, Link) else inline.style is Style.CODE:
        return inline
    changed = change(text)
    return inline if changed is text or changed == text else replace(inline, text=changed)


def _are_same(some: Sequence[object], others: Sequence[object]) -> bool:
    """Whether they are the same objects in the same order, as many as these."""
    return all(map(is_, some, others))
