"""Full text as the engine behind a transaction has it."""

from typing import Protocol

from bot.archive.domain.search.segment import Phrases
from bot.core.database.database import Engine, Statements
from bot.lookup.domain.match import Condition, Match
from bot.lookup.store import fulltext_postgresql, fulltext_sqlite


class FullText(Protocol):
    """The functions of a module that writes the conditions of one engine."""

    KEY: str
    HAS_ORDER: bool
    REPLY_IS_INDEXED: str

    def origin(self, match: Match, /) -> str:
        """What is scanned for the entries of a match, newest first; it is called `d`."""

    def scanned(self, match: Match, /) -> Condition:
        """The condition on rows of `origin`."""

    def found(self, match: Match, /) -> Condition:
        """Whether the entry of a sort key matches."""

    def reply_found(self, phrases: Phrases, /) -> Condition:
        """The condition on rows of `reply_search`."""


def fulltext(statements: Statements) -> FullText:
    """The module of the engine."""
    if statements.engine is Engine.POSTGRESQL:
        return fulltext_postgresql
    return fulltext_sqlite
