"""What is written into a vault, by whom, and what became of it."""

from bot.archive.domain.note import Note
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UserError


class VaultError(UserError):
    """The vault's folder cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a note, for the commit; `person` is `slack:T0123/U0123` or alike."""

    name: str
    person: str


@dataclass(frozen=True, slots=True)
class Written:
    """The note stands in the file at `path` (relative to the vault), with exactly this text.

    `trouble` is one line for the curator where something after the writing failed (git); the file
    stays, and it is tried again.
    """

    path: str
    text: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """The file at `theirs` is no longer what was read: `ours` is a second file beside it.

    Both files name each other. Nothing of either text is lost.
    """

    theirs: str
    ours: str
    trouble: str = ""


WriteResult = Written | Conflict


@dataclass(frozen=True, slots=True)
class Change:
    """A note that was changed: `text` is the file as it was read (`Source.text`)."""

    text: str
    before: Note
    after: Note
