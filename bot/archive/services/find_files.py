"""The files that an import is given, found in folders without leaving them; blocking, for a thread.

Nothing here raises for what stands in a folder: what cannot be read becomes one problem, and the
rest goes on.
"""

import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.archive.domain.entry import Problem, Severity
from bot.archive.domain.files.file_names import (
    folded,
    is_hidden,
    is_lock,
    is_note,
    is_taken,
    placeholder_of,
)
from bot.archive.domain.files.stable_files import Signature
from bot.archive.domain.files.sync_copies import is_same_note, originals_of
from bot.archive.services.regular_files import NotRegularError, kind_of, read_regular

_BYTES_COMPARED = 65_536


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
        return is_note(self.path)


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files of an import in order, the real paths of its folders, and what went wrong.

    `unseen` are locations of files and folders of which nothing can be told: they may hold what
    they held. `refused` are pairs of path and location of files that are there and are no entries
    of this folder: copies of others, and links that lead out of it.
    """

    files: tuple[FoundFile, ...]
    folders: tuple[str, ...]
    problems: tuple[Problem, ...]
    unseen: frozenset[str] = frozenset()
    refused: frozenset[tuple[str, str]] = frozenset()

    def may_hold(self, location: str) -> bool:
        """Whether a file may be there that could not be seen."""
        return any(
            location == place or location.startswith(place.rstrip("/") + "/")
            for place in self.unseen
        )


@dataclass(slots=True)
class _Notes:
    """What a walk has found so far."""

    problems: list[Problem] = field(default_factory=list)
    unseen: set[str] = field(default_factory=set)
    refused: set[tuple[str, str]] = field(default_factory=set)


def find_files(paths: Iterable[Path]) -> FoundFiles:
    """The files meant: files themselves, and of folders all notes and texts, sorted by path.

    Hidden folders and files are left out, symbolic links that lead out of the folder, and copies
    that sync tools made of other files. Each file counts once, by whatever paths it is given.
    """
    files: dict[str, FoundFile] = {}
    folders: list[str] = []
    notes = _Notes()
    given: list[FoundFile] = []
    for path in paths:
        root = os.path.realpath(path)
        try:
            mode = path.stat().st_mode
        except OSError as error:
            notes.problems.append(_problem(path, _reason(error)))
            continue
        if stat.S_ISDIR(mode):
            found = sorted(_in_folder(path, root, notes), key=lambda file: file.path)
            if not found:
                notes.problems.append(_problem(path, "this folder contains no note (*.md)"))
            folders.append(root)
        elif stat.S_ISREG(mode):
            found = []
            given.append(FoundFile(path, as_text(path), _normal(path.name), as_text(root)))
        else:
            advice = "give a file or a folder, or - for standard input"
            notes.problems.append(_problem(path, f"{kind_of(mode)}, not a file: {advice}"))
            continue
        files |= {file.location: file for file in found if file.location not in files}
    files |= {file.location: file for file in _given(given, notes) if file.location not in files}
    return FoundFiles(
        tuple(files.values()),
        tuple(map(as_text, folders)),
        tuple(notes.problems),
        frozenset(notes.unseen),
        frozenset(notes.refused),
    )


def take_snapshot(folder: Path) -> tuple[FoundFiles, dict[str, Signature]]:
    """What is in a folder now, and the state of each file, by location; files are not read."""
    findings = find_files([folder])
    signatures = {}
    for found in findings.files:
        try:
            signatures[found.location] = signature(os.stat(found.file))  # noqa: PTH116  many
        except OSError:
            continue  # gone since: the next look misses it as well
    return findings, signatures


def signature(status: os.stat_result) -> Signature:
    """The state of a file, which differs once it is written to."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _given(files: Iterable[FoundFile], notes: _Notes) -> Iterator[FoundFile]:
    """Of files that were named one by one (by a shell's `*`), those that are no copies of others."""
    by_folder: dict[str, list[FoundFile]] = {}
    for file in files:
        by_folder.setdefault(os.path.dirname(file.location), []).append(file)  # noqa: PTH120
    for together in by_folder.values():
        yield from _without_copies(together, notes)


def _in_folder(folder: Path, root: str, notes: _Notes) -> Iterator[FoundFile]:
    pending = [""]
    while pending:
        below = pending.pop()
        found: list[FoundFile] = []
        for entry in _entries(folder / below, f"{root.rstrip('/')}/{below}", notes):
            inner = f"{below}/{entry.name}" if below else entry.name
            place = f"{root.rstrip('/')}/{inner}"
            try:
                if not is_hidden(entry.name) and entry.is_dir(follow_symlinks=False):
                    pending.append(inner)
                elif entry.is_symlink() and not is_hidden(entry.name):
                    _check_link(folder / inner, inner, root, notes)
                elif is_taken(entry.name):
                    if not entry.is_file(follow_symlinks=False):
                        kind = kind_of(entry.stat(follow_symlinks=False).st_mode)
                        notes.problems.append(_problem(folder / inner, f"{kind}, not a file"))
                        notes.unseen.add(as_text(place))
                        continue
                    found.append(
                        FoundFile(
                            folder / inner,
                            as_text(folder / inner),
                            _normal(inner),
                            as_text(place),
                            as_text(root),
                        )
                    )
                else:
                    _check_placeholder(folder / inner, place, notes)
            except OSError as error:
                notes.problems.append(_problem(folder / inner, _reason(error)))
                notes.unseen.add(as_text(place))
        yield from _without_copies(found, notes)


def _entries(folder: Path, place: str, notes: _Notes) -> list[os.DirEntry[str]]:
    """What is in a folder, as far as it can be read."""
    entries: list[os.DirEntry[str]] = []
    try:
        with os.scandir(folder) as listing:
            entries.extend(listing)
    except OSError as error:
        notes.problems.append(_problem(folder, _reason(error)))
        notes.unseen.add(as_text(place))
    return entries


def _check_link(link: Path, inner: str, root: str, notes: _Notes) -> None:
    """Tell of a symbolic link that leads out of the folder, nowhere, or to what is left out.

    Links are not followed: a note or folder within the folder is found where it stands.
    """
    if not is_taken(link.name) and not link.is_dir():
        return
    severity = Severity.ERROR if is_taken(link.name) else Severity.WARNING
    target = os.path.realpath(link)
    below = os.path.relpath(target, root).split("/")
    if below[0] == os.pardir:
        message = f"this symbolic link leads out of the folder, to {as_text(target)}: not read"
        notes.refused.add((_normal(inner), as_text(target)))
    elif severity is Severity.WARNING:
        return
    else:
        try:
            os.stat(link)  # noqa: PTH116  a Path hides which error it was
        except OSError as error:
            message = _reason(error)
            notes.unseen.add(as_text(f"{root.rstrip('/')}/{inner}"))
        else:
            if is_taken(below[-1]) and not any(map(is_hidden, below)):
                return
            message = "this symbolic link leads to what is not imported: not read"
    notes.problems.append(Problem(as_text(link), None, severity, message))


def _check_placeholder(file: Path, place: str, notes: _Notes) -> None:
    original = placeholder_of(file.name)
    if original is None:
        return
    notes.unseen.add(as_text(f"{place.rpartition('/')[0]}/{original}"))
    notes.problems.append(_warning(file, _ELSEWHERE.format(name=as_text(original))))


_ELSEWHERE = "{name} is not on this machine, only its placeholder: let the sync tool download it"


def _without_copies(files: Iterable[FoundFile], notes: _Notes) -> Iterator[FoundFile]:
    """The files of one folder that are neither copies of others nor an editor's lock files."""
    by_name = {folded(file.file.name): file for file in files}
    stranded: dict[str, FoundFile] = {}
    for file in by_name.values():
        for each in originals_of(file.file.name):
            if each.is_certain:
                key = folded(each.name)
                # Where the note itself is gone, the newest of its conflict copies stands for it.
                stranded[key] = max(stranded.get(key, file), file, key=lambda found: found.path)
    for file in by_name.values():
        original = _original_of(file, stranded | by_name)
        if original is not None:
            message = f"this is a copy of {original.shown} that a sync tool or a person made: "
            message += "not imported; delete it, or rename it if it is another note"
        elif is_lock(file.file.name):
            message = f"this is an editor's lock file of {_locked(file, by_name)}: not imported"
        else:
            yield file
            continue
        notes.problems.append(Problem(file.shown, None, Severity.WARNING, message))
        notes.refused.add((file.path, file.location))


def _original_of(file: FoundFile, by_name: dict[str, FoundFile]) -> FoundFile | None:
    for each in originals_of(file.file.name):
        other = by_name.get(folded(each.name))
        if other is None or other is file:
            continue
        if each.is_certain or is_same_note(_beginning(file), _beginning(other)):
            return other
    return None


def _beginning(file: FoundFile) -> str:
    try:
        return read_regular(file.file, _BYTES_COMPARED).data.decode("utf-8", "replace")
    except (OSError, NotRegularError):
        return ""


def _locked(file: FoundFile, by_name: dict[str, FoundFile]) -> str:
    """The file that a lock file is about; Office leaves out its first two characters."""
    ending = folded(file.file.name.removeprefix("~$").removeprefix(".~lock.").removeprefix("._"))
    return next(
        (
            other.shown
            for name, other in by_name.items()
            if other is not file and name.endswith(ending)
        ),
        "another file",
    )


def _problem(path: Path, message: str) -> Problem:
    return Problem(as_text(path), None, Severity.ERROR, message)


def _warning(path: Path, message: str) -> Problem:
    return Problem(as_text(path), None, Severity.WARNING, message)


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder"
    return f"this cannot be read: {error.strerror or type(error).__name__}"


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", as_text(name))


def as_text(path: str | Path) -> str:
    """A path as text that can be kept, whatever bytes the file system has in it."""
    return os.fsencode(path).decode("utf-8", "replace")
