"""Keeps documents, and what was made of them, that are likely to be wanted again soon."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

from bot.core.domain.document import Document, characters

MOST: Final = 192
"""Documents that are kept: with their messages in Slack and Discord they take 7 MB."""
_LONGEST: Final = 12_000
"""Characters of a document that is kept: the longest page of a list has about half as many."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def is_short(document: Document) -> bool:
    """Whether a document takes so little memory that it may be kept."""
    return characters(document) <= _LONGEST


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
