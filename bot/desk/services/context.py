"""What the use cases of the form of a note need."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.database.database import Database


def new_key() -> str:
    """A key for a form that nobody can guess."""
    return secrets.token_hex(8)


def _nothing() -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class NoteContext:
    """`curators` are the people who may write (`person_id`); none: whoever manages the channel.

    `new_key` makes the key of a form, `written` is called when an entry was stored.
    """

    db: Database
    clock: Callable[[], datetime]
    curators: frozenset[str] = frozenset()
    new_key: Callable[[], str] = new_key
    written: Callable[[], None] = _nothing
