"""Writes notes into the vault: a new one, or what changed in one.

This is the whole interface for those who write: `VaultWriter.add` and `VaultWriter.change`.
"""

from pathlib import Path

from bot.archive.domain.note import Note
from bot.vault.domain.writing import Author, Change, WriteResult, Written


class VaultWriter:
    """Writes into one vault. Everything may be repeated: the same call again changes nothing.

    A file is complete or not there: after a crash, repeating the call finishes it. Raises
    `NoteTextError` where the note cannot be written as it is, and `VaultError` where the folder
    cannot be written; nothing was written then.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def add(self, note: Note, author: Author) -> Written:
        """Write a new file. An equal file that is there already is taken for the same call."""
        raise NotImplementedError

    async def change(self, change: Change, author: Author) -> WriteResult:
        """Change the file of `change.before`, only where it changed, while it is what was read.

        Else the whole new note is written beside it, and the files name each other. A file that is no
        longer there is written anew.
        """
        raise NotImplementedError
