"""The files that an import is given: found, read and hashed; blocking, for a thread."""

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.archive.domain.entry import Problem, Severity
from bot.archive.domain.source_match import InputFile

NOTE_SUFFIXES = (".md", ".markdown")
_PAGE_SUFFIXES = (".txt",)

_READING = 1
"""Raised whenever the formats read the same file differently, so that all are read anew."""


FILES_AT_ONCE = 250
_BYTES_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to be read.

    `shown` names it as a person gave it; `path` is relative to what was given, NFC and with `/`.
    `location` is its absolute, real path and `root` that of the folder given, if it was one.
    """

    file: Path
    shown: str
    path: str
    location: str
    root: str | None = None

    @property
    def is_note(self) -> bool:
        """Whether its name says that it is a vault's note."""
        return self.path.lower().endswith(NOTE_SUFFIXES)


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What is in a file; `root` is `None` unless a whole folder was given."""

    input: InputFile
    shown: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Findings:
    """The files of an import in order, the real paths of its folders, and what went wrong."""

    files: tuple[FoundFile, ...]
    folders: tuple[str, ...]
    problems: tuple[Problem, ...]


def find_files(paths: Iterable[Path]) -> Findings:
    """The files meant: files themselves, and of folders all notes and texts, sorted by path.

    Hidden folders and files are left out, and folders that are symbolic links. Each file counts
    once, by whatever paths it is given.
    """
    files: dict[str, FoundFile] = {}
    folders: list[str] = []
    problems: list[Problem] = []
    for path in paths:
        root = os.path.realpath(path)
        if path.is_dir():
            found = sorted(_in_folder(path, root, problems), key=lambda file: file.path)
            if not found:
                problems.append(_problem(path, "there is no note (*.md) in this folder"))
            folders.append(root)
        elif path.exists():
            found = [FoundFile(path, _text(path), _normal(path.name), _text(root))]
        else:
            problems.append(_problem(path, "there is no such file or folder"))
            continue
        for file in found:
            files.setdefault(file.location, file)
    return Findings(tuple(files.values()), tuple(map(_text, folders)), tuple(problems))


def _in_folder(folder: Path, root: str, problems: list[Problem]) -> Iterator[FoundFile]:
    pending = [""]
    while pending:
        below = pending.pop()
        try:
            with os.scandir(folder / below) as entries:
                visible = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            problems.append(_problem(folder / below, _reason(error)))
            continue
        for entry in visible:
            inner = f"{below}/{entry.name}" if below else entry.name
            if entry.is_dir(follow_symlinks=False):
                pending.append(inner)
            elif entry.name.lower().endswith(NOTE_SUFFIXES + _PAGE_SUFFIXES) and entry.is_file():
                location = f"{root.rstrip('/')}/{inner}"
                if entry.is_symlink():
                    location = os.path.realpath(location)
                yield FoundFile(
                    folder / inner,
                    _text(folder / inner),
                    _normal(inner),
                    _text(location),
                    _text(root),
                )


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """Some files that were read, how many of those asked for that is, and what went wrong."""

    files: tuple[ReadFile, ...]
    count: int
    problems: tuple[Problem, ...]


def read_batch(files: Iterable[FoundFile]) -> ReadBatch:
    """What is in these files, or the first of them if they are large."""
    read: list[ReadFile] = []
    problems: list[Problem] = []
    size = 0
    for found in files:
        if size >= _BYTES_AT_ONCE:
            break
        try:
            data = found.file.read_bytes()
        except OSError as error:
            problems.append(_problem(found.file, _reason(error)))
            continue
        size += len(data)
        given = InputFile(found.path, found.location, found.root, content_hash(data))
        read.append(ReadFile(given, found.shown, data))
    return ReadBatch(tuple(read), len(read) + len(problems), tuple(problems))


def content_hash(data: bytes) -> str:
    """A fingerprint of what a file holds and of how it is read."""
    return hashlib.blake2b(data, digest_size=16, salt=_READING.to_bytes(16, "big")).hexdigest()


def which_exist(locations: Iterable[str]) -> frozenset[str]:
    """Those of these files that are there."""
    return frozenset(location for location in locations if os.path.exists(location))  # noqa: PTH110


def _problem(path: Path, message: str) -> Problem:
    return Problem(_text(path), None, Severity.ERROR, message)


def _reason(error: OSError) -> str:
    return f"this cannot be read: {error.strerror or type(error).__name__}"


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", _text(name))


def _text(path: str | Path) -> str:
    """A path as text that can be kept, whatever bytes the file system has in it."""
    return os.fsencode(path).decode("utf-8", "replace")
