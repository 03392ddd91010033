"""What the full-text index of entries, or of replies, is asked, whichever engine has it."""

from enum import Enum

from bot.archive.domain.search.segment import Phrases
from bot.core.domain.dataclass import dataclass


class Columns(Enum):
    """The fields of an entry in which a phrase must stand."""

    ALL = "title tags authors commentary abstract"
    TITLE = "title"
    TITLE_TAGS = "title tags"
    LABELS = "title tags authors"
    AUTHORS = "authors"
    WRITTEN = "title tags authors commentary"


class Index(Enum):
    """The fields that the index has which is scanned; a smaller one is read more quickly."""

    ALL = "search"
    LABELS = "label_search"
    TITLES = "title_search"


@dataclass(frozen=True, slots=True)
class Part:
    """One of these phrases stands in these fields.

    `ALL` are all fields of the index that is scanned: for words that stand in one field only.
    """

    phrases: Phrases
    columns: Columns = Columns.ALL


@dataclass(frozen=True, slots=True)
class Match:
    """Each of `parts` is found, and none of `unwanted`; there is at least one part."""

    parts: tuple[Part, ...]
    unwanted: tuple[Part, ...] = ()
    index: Index = Index.ALL


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in SQL; `{}` stands for each of the values in turn, `[d]` for a sort key."""

    sql: str
    values: tuple[object, ...] = ()
