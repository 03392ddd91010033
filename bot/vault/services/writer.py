"""Writes notes into the vault: a new one, or what changed in one.

This is the whole interface for those who write: `VaultWriter.add` and `VaultWriter.change`.

A file is written beside under a hidden name, which no import reads, and renamed. A file that is there
is replaced only while it is what was read; it is compared again just before, since a vault is also
written by editors and sync tools, which take no lock.
"""

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path, PurePosixPath

from bot.archive.domain.formats.note_text import file_name, rewrite_note, write_note
from bot.archive.domain.note import Note
from bot.archive.services.export import free_path
from bot.archive.services.import_parser import NOTE_PARSER
from bot.core.domain.i18n import translatable
from bot.vault.domain.writing import Author, Change, Conflict, VaultError, WriteResult, Written

_UNWRITABLE = translatable("The note cannot be written into the vault ({reason})")


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
        del author  # the name of whoever writes stands in no note
        return await asyncio.to_thread(self._add, note)

    async def change(self, change: Change, author: Author) -> WriteResult:
        """Change the file of `change.before`, only where it changed, while it is what was read.

        Else the whole new note is written beside it, and the files name each other. A file that is no
        longer there is written anew.
        """
        return await asyncio.to_thread(self._change, change, author)

    def _add(self, note: Note) -> Written:
        for path in _free_names(note.path or file_name(note)):
            text = write_note(replace(note, path=path), NOTE_PARSER)
            if self._is_written_anew(path, text):
                return Written(path, text)
        raise AssertionError

    def _change(self, change: Change, author: Author) -> WriteResult:
        path = change.before.path
        if path is None:
            raise ValueError("a note without a file cannot be changed")
        text = rewrite_note(change.text, change.before, change.after, NOTE_PARSER)
        file = self._folder / path
        there = _read(file)
        if there is None and self._is_written_anew(path, text):
            return Written(path, text)
        if there == text.encode() or (
            there == change.text.encode() and _is_replaced(file, there, text)
        ):
            return Written(path, text)
        return self._write_beside(path, text, author)

    def _write_beside(self, path: str, text: str, author: Author) -> Conflict:
        """Both versions as files, each with a link to the other; theirs gets it while it is UTF-8."""
        theirs = PurePosixPath(path)
        for ours in _free_names(str(theirs.with_name(f"{theirs.stem} ({author.name}).md"))):
            if self._is_written_anew(ours, _with_link(text, theirs.stem)):
                break
        file = self._folder / path
        named = f"[[{PurePosixPath(ours).stem}]]"
        there = _read(file)
        with suppress(UnicodeDecodeError):
            while there is not None and named.encode() not in there:
                if _is_replaced(file, there, _with_link(there.decode(), PurePosixPath(ours).stem)):
                    break
                there = _read(file)
        return Conflict(theirs=path, ours=ours)

    def _is_written_anew(self, path: str, text: str) -> bool:
        """Whether the file was not there, or was exactly this; nobody's file is overwritten."""
        file = self._folder / path
        if _read(file) == text.encode():
            return True
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            beside = _written_beside(file, text)
            try:
                os.link(beside, file)  # unlike a rename, it fails where there is a file
            finally:
                beside.unlink()
        except FileExistsError:
            return _read(file) == text.encode()
        except OSError as error:
            raise _unwritable(file, error) from error
        _sync(file.parent)
        return True


def _free_names(wanted: str) -> Iterator[str]:
    """Names to try for a new file: as wanted, then with `, 2`, which no sync tool gives to a copy."""
    taken: set[str] = set()
    for _ in count():
        yield free_path(wanted, taken, before_number=", ")


def _with_link(text: str, stem: str) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    return f"{text.rstrip()}{end}{end}[[{stem}]]{end}"


def _read(file: Path) -> bytes | None:
    """The file as it is; `None` where there is none."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unwritable(file, error) from error


def _is_replaced(file: Path, there: bytes, text: str) -> bool:
    """Replace a file that still is `there`."""
    target = file.resolve()  # a link to a note stays one
    try:
        beside = _written_beside(target, text)
        try:
            beside.chmod(target.stat().st_mode & 0o7777)
            if _read(target) != there:
                return False
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unwritable(file, error) from error
    _sync(target.parent)
    return True


def _written_beside(file: Path, text: str) -> Path:
    """A hidden file with that text in the same folder, safe on the disk."""
    beside = file.with_name(f".paperbot-{secrets.token_hex(6)}.tmp")
    with beside.open("xb") as stream:
        stream.write(text.encode())
        stream.flush()
        os.fsync(stream.fileno())
    return beside


def _sync(folder: Path) -> None:
    """Make the names in the folder outlive a loss of power, where the system can do that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _unwritable(file: Path, error: OSError) -> VaultError:
    return VaultError(
        _UNWRITABLE,
        reason=error.strerror or type(error).__name__,
        path=str(file),
    )
