"""Keeps documents, and what was made of them, that are likely to be wanted again soon."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

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
)

MOST: Final = 192
"""Documents that are kept: with their messages in Slack and Discord they take 7 MB."""
_LONGEST: Final = 12_000
"""Characters of a document that is kept: a page of ten papers with very long titles has nearly as many."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def is_short(document: Document) -> bool:
    """Whether a document takes so little memory that it may be kept."""
    return sum(map(_characters, document.blocks)) <= _LONGEST


class Kept(Generic[K, V]):
    """The values that were wanted last, by their keys, and never more than `MOST`.

    Not `functools.lru_cache`, which keeps everything: here the caller says what is worth keeping.
    """

    def __init__(self) -> None:
        self._values: OrderedDict[K, V] = OrderedDict()

    def find(self, key: K) -> V | None:
        """The value that is kept by this key, which is now the one wanted last; or `None`."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def keep(self, key: K, value: V) -> None:
        """Keep a value, in place of one of the same key, else of the one that is not wanted longest."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > MOST:
            self._values.popitem(last=False)


def _item_characters(item: Item) -> int:
    of_button = _button_characters(item.button) if item.button is not None else 0
    return of_button + _inline_characters(item.inlines) + _inline_characters(item.detail)


def _characters(block: Block) -> int:
    match block:
        case Heading(inlines) | Paragraph(inlines) | Quote(inlines) | Note(inlines):
            return _inline_characters(inlines)
        case Items(items):
            return sum(map(_item_characters, items))
        case Fields(fields):
            return sum(len(label) + _inline_characters(value) for label, value in fields)
        case Code(text):
            return len(text)
        case Chart(periods, lines, text):
            return len(text) + 10 * len(periods) * len(lines)
        case Buttons(buttons):
            return sum(map(_button_characters, buttons))
        case Divider():
            return 0


def _button_characters(button: Button) -> int:
    return len(button.label) + len(button.command or button.url or "")


def _inline_characters(inlines: tuple[Inline, ...]) -> int:
    return sum(
        [
            len(inline.text) + (len(inline.url) if isinstance(inline, Link) else 0)
            for inline in inlines
        ]
    )
