"""What the use cases of the form of a note need."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.archive.domain.note import Note
from bot.core.database.database import Database
from bot.core.domain.dataclass import dataclass
from bot.core.ports import ChannelRef, User
from bot.vault.domain.writing import Author, Change, WriteResult, Written
from bot.vault.services.own_writes import OwnWrites

Vets = Callable[[ChannelRef, User], Awaitable[bool]]
"""Whether the operator knows the workspace or server where somebody is, so that its managers may write."""


async def vet_all(_channel: ChannelRef, _user: User) -> bool:
    """`Vets` where nobody but the operator can add the bot."""
    return True


def new_key() -> str:
    """A key for a form that nobody can guess."""
    return secrets.token_hex(8)


def _nothing() -> None:
    """Nobody is told."""


class NoteWriter(Protocol):
    """Writes notes as files of the vault; see `bot.vault.services.writer.VaultWriter`."""

    async def add(self, note: Note, author: Author) -> Written:
        """Write a new file."""
        ...

    async def change(self, change: Change, author: Author) -> WriteResult:
        """Change a file while it is what was read."""
        ...


@dataclass(frozen=True, slots=True)
class NoteFiles:
    """The vault: its folder (a real path), what writes there, and what the watcher need not import."""

    folder: Path
    writer: NoteWriter
    own: OwnWrites = field(default_factory=OwnWrites)


class TextModel(Protocol):
    """A language model somewhere; see `bot.desk.client.completions.CompletionsClient`."""

    @property
    def name(self) -> str:
        """What people are told it is."""
        ...

    async def write(self, instruction: str, material: str) -> str:
        """What it writes, untrusted. Raises `UserError`: one line that says what is wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Drafting:
    """Texts that are drafted on request; at most `budget` requests are sent on one day (UTC)."""

    model: TextModel
    budget: int


@dataclass(frozen=True, slots=True)
class NoteContext:
    """`curators` are the people who may write (`person_id`); none: the manager of a channel that `vets` knows.

    With `files` a note is a file of the vault, without it is kept in the database; notes that are
    files of `vault` (a real path) are not changed then. `new_key` makes the key of a form, `written` is
    called when an entry was stored. Without `drafting` nothing can be drafted.
    """

    db: Database
    clock: Callable[[], datetime]
    curators: frozenset[str] = frozenset()
    new_key: Callable[[], str] = new_key
    written: Callable[[], None] = _nothing
    files: NoteFiles | None = None
    vault: Path | None = None
    drafting: Drafting | None = None
    vets: Vets = vet_all
