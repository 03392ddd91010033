"""Write a note as text, and change the text of a note only where the note changed.

Whatever is written is read again before it counts: a text that the parser reads otherwise is
refused with a `NoteTextError`, and nothing is written.
"""

from collections.abc import Callable
from typing import TypeAlias

from bot.archive.domain.entry import Entry
from bot.archive.domain.formats import vault_note
from bot.archive.domain.note import Note
from bot.core.domain.errors import UserError

ReadNote: TypeAlias = Callable[[str, str], Entry]
"""Reads the text of a note, given its path, as an import would: `import_parser.read_note`."""


class NoteTextError(UserError):
    """What a note says cannot be written so that it is read back; `field` says which part of it.

    It is `title`, `text`, `tags` or `date`.
    """

    def __init__(self, field: str, message: str, **values: object) -> None:
        super().__init__(message)
        self.values = values
        self.field = field


def file_name(note: Note) -> str:
    """The name of the file for a new note: `250203 Title.md`."""
    return vault_note.file_name(note.as_entry())


def write_note(note: Note, read: ReadNote) -> str:
    """The text of a new note, in the house format. Raises `NoteTextError`."""
    text = vault_note.write(note.as_entry())
    read(text, note.path or file_name(note))
    return text


def rewrite_note(text: str, before: Note, after: Note, read: ReadNote) -> str:
    """The text of a note with what differs between `before` and `after`, else byte for byte.

    `before` is what was shown to the person, read from `text`; its path counts. Raises
    `NoteTextError`.
    """
    raise NotImplementedError
