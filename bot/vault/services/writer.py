"""Writes notes into the vault: a new one, or what changed in one.

This is the whole interface for those who write: `VaultWriter.add` and `VaultWriter.change`.

A file that is there is replaced only while it is what was read: a vault is also written by editors and
sync tools, which take no lock.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path, PurePosixPath

from bot.archive.domain.formats.note_text import file_name, rewrite_note, write_note
from bot.archive.domain.note import Note
from bot.archive.services.export import free_path
from bot.archive.services.import_parser import NOTE_PARSER
from bot.core.domain.i18n import Worded, translatable, worded
from bot.vault.domain.commit import ToCommit, to_commit
from bot.vault.domain.writing import Author, Change, Conflict, VaultError, WriteResult, Written
from bot.vault.services import note_file
from bot.vault.services.vault_git import VaultGit, digest

_UNWRITABLE = translatable("The note cannot be written into the vault ({reason})")


class VaultWriter:
    """Writes into one vault. Everything may be repeated: the same call again changes nothing.

    A file is complete or not there: after a crash, repeating the call finishes it. Raises
    `NoteTextError` where the note cannot be written as it is, and `VaultError` where the folder
    cannot be written; nothing was written then.
    """

    def __init__(
        self,
        folder: Path,
        git: VaultGit | None = None,
        exchange: note_file.Exchange = note_file.exchange,
    ) -> None:
        self._folder = folder
        self._git = git
        self._exchange = exchange

    async def add(self, note: Note, author: Author) -> Written:
        """Write a new file. An equal file that is there already is taken for the same call."""
        pulled = await self._git.pull() if self._git is not None else None
        written = await asyncio.to_thread(self._add, note)
        if self._git is None:
            return written
        files = [await self._to_commit(written.path, author, is_new=True)]
        return replace(written, trouble=_told(await self._git.save(files, pulled)))

    async def change(self, change: Change, author: Author) -> WriteResult:
        """Change the file of `change.before`, only where it changed, while it is what was read.

        Else the whole new note is written beside it, and the files name each other. A file that is no
        longer there is written anew.
        """
        if self._git is None:
            return await asyncio.to_thread(self._change, change, author)
        pulled = await self._git.pull()
        # What somebody has changed and not committed yet is theirs to commit.
        was_clean = await self._git.is_clean(change.before.path or "")
        result = await asyncio.to_thread(self._change, change, author)
        if isinstance(result, Written):
            files = [await self._to_commit(result.path, author, is_new=False)]
        else:
            files = [await self._to_commit(result.ours, author, is_new=True)]
            if was_clean:
                files.append(await self._to_commit(result.theirs, author, is_new=False))
        return replace(result, trouble=_told(await self._git.save(files, pulled)))

    async def _to_commit(self, path: str, author: Author, *, is_new: bool) -> ToCommit:
        # A link to a note stays one: its target was written.
        file = await asyncio.to_thread((self._folder / path).resolve)
        real = str(file.relative_to(self._folder)) if file.is_relative_to(self._folder) else path
        return to_commit(real, await asyncio.to_thread(digest, file), author, is_new=is_new)

    def _add(self, note: Note) -> Written:
        for path in _free_names(note.path or file_name(note)):
            text = write_note(replace(note, path=path), NOTE_PARSER)
            note_file.clean((self._folder / path).parent, below=False)
            if self._is_written_anew(path, text):
                return Written(path, text)
        raise AssertionError

    def _change(self, change: Change, author: Author) -> WriteResult:
        path = change.before.path
        if path is None:
            raise ValueError("a note without a file cannot be changed")
        text = rewrite_note(change.text, change.before, change.after, NOTE_PARSER)
        note_file.clean((self._folder / path).parent, below=False)
        there = self._read(path)
        if there is None and self._is_written_anew(path, text):
            return Written(path, text)
        if there == text.encode() or (
            there == change.text.encode() and self._is_replaced(path, there, text)
        ):
            return Written(path, text)
        return self._write_beside(path, text, author)

    def _write_beside(self, path: str, text: str, author: Author) -> Conflict:
        """Both versions as files, each with a link to the other; theirs gets it while it is UTF-8."""
        theirs = PurePosixPath(path)
        name = f"{theirs.stem} ({author.name}).md"
        file = self._folder / path
        with _explained(file):
            ours = note_file.write_beside(file, text.encode(), name, self._exchange)
        return Conflict(theirs=path, ours=str(theirs.with_name(ours.name)))

    def _is_written_anew(self, path: str, text: str) -> bool:
        """Whether the file was not there, or was exactly this; nobody's file is overwritten."""
        file = self._folder / path
        with _explained(file):
            return note_file.create(file, text.encode())

    def _is_replaced(self, path: str, there: bytes, text: str) -> bool:
        """Whether the file still was `there`, and is this now."""
        file = self._folder / path
        with _explained(file):
            return note_file.replace(file, there, text.encode(), self._exchange)

    def _read(self, path: str) -> bytes | None:
        file = self._folder / path
        with _explained(file):
            return note_file.read(file)


def _free_names(wanted: str) -> Iterator[str]:
    """Names to try for a new file: as wanted, then with `, 2`, which no sync tool gives to a copy."""
    taken: set[str] = set()
    for _ in count():
        yield free_path(wanted, taken, before_number=", ")


def _told(problem: Worded | None) -> str:
    if problem is None:
        return ""
    return worded("The file is written. {problem}", problem=problem)


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """Turn errors of the file system into ones that a person can act on."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise VaultError(_UNWRITABLE, reason=reason, path=str(file)) from error
