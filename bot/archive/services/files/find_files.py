"""Finds the files of an import without leaving the given folders. Blocking: call it in a thread.

No entry of a folder raises an error: each entry that cannot be imported becomes one problem.
"""

import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import field
from pathlib import Path

from bot.archive.domain.entry import Problem, Severity
from bot.archive.domain.files.file_names import is_hidden, is_imported, placeholder_of
from bot.archive.domain.files.found_file import FoundFile
from bot.archive.domain.files.stable_files import Signature, Snapshot
from bot.archive.services.files.copies import check_copies
from bot.archive.services.files.regular_files import kind_of
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import Worded, worded

_EXPORTS = (".jsonl", ".jsonl.gz")


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files of an import in order, the real paths of its folders, and the problems.

    `unreadable` are the locations of files and folders whose content is unknown at the moment; what
    was imported from them must not be withdrawn. `excluded` are the path and location of existing
    files that must not be entries: copies made by sync tools, links that lead out of the folder.
    """

    files: tuple[FoundFile, ...]
    folders: tuple[str, ...]
    problems: tuple[Problem, ...]
    unreadable: frozenset[str] = frozenset()
    excluded: frozenset[tuple[str, str]] = frozenset()

    def may_exist(self, location: str) -> bool:
        """Whether the file may still exist although it was not found."""
        return any(
            location == place or location.startswith(place.rstrip("/") + "/")
            for place in self.unreadable
        )


@dataclass(slots=True)
class _Walk:
    """What a walk over the folders has found besides files."""

    problems: list[Problem] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    excluded: set[tuple[str, str]] = field(default_factory=set)


def find_files(paths: Iterable[Path], within: Path | None = None) -> FoundFiles:
    """The given files, and all notes and pages below the given folders, sorted by path.

    Left out are hidden files and folders, symbolic links that lead out of a folder, and copies that
    sync tools made. A file that is reached by several paths is returned once. A given path may be a
    link too, but where a shell's `*` may have made it (a file, or one of several paths in a folder),
    it must not lead out of the folder that it is in.

    The path of a file that is given by its own path is its name, or relative to `within` if it is
    below that folder.
    """
    paths = tuple(paths)
    base = os.path.realpath(within) if within is not None else None
    siblings = Counter(path.parent for path in paths)
    files: dict[str, FoundFile] = {}
    folders: list[str] = []
    walk = _Walk()
    given: list[FoundFile] = []
    for path in paths:
        root = os.path.realpath(path)
        try:
            mode = path.stat().st_mode
        except OSError as error:
            walk.problems.append(_problem(path, _reason(error)))
            continue
        is_directory = stat.S_ISDIR(mode)
        may_be_pattern = stat.S_ISREG(mode) or (is_directory and siblings[path.parent] > 1)
        if may_be_pattern and path.is_symlink() and _leads_out(path, root):
            advice = worded(
                "this symbolic link leads out of its folder, to {target}: give that path",
                target=as_text(root),
            )
            walk.problems.append(_problem(path, advice))
            walk.excluded.add((_normal(path.name), as_text(root)))
            continue
        if is_directory:
            found = sorted(_in_folder(path, root, walk), key=lambda file: file.path)
            if not found:
                walk.problems.append(_problem(path, _no_notes(path)))
            folders.append(root)
        elif stat.S_ISREG(mode):
            found = []
            name = os.path.relpath(root, base) if base and _is_below(root, base) else path.name
            given.append(FoundFile(path, as_text(path), _normal(name), as_text(root)))
        else:
            message = worded(
                "{kind}, not a file: give a file or a folder, or - for standard input",
                kind=kind_of(mode),
            )
            walk.problems.append(_problem(path, message))
            continue
        files |= {file.location: file for file in found if file.location not in files}
    files |= {file.location: file for file in _given(given, walk) if file.location not in files}
    return FoundFiles(
        tuple(files.values()),
        tuple(map(as_text, folders)),
        tuple(walk.problems),
        frozenset(walk.unreadable),
        frozenset(walk.excluded),
    )


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def take_snapshot(folder: Path) -> Snapshot:
    """The signatures of the files of a folder; the files are not read."""
    found = find_files([folder])
    signatures = {}
    for file in found.files:
        try:
            signatures[file.location] = signature(os.stat(file.file))  # noqa: PTH116  many
        except OSError:
            continue  # deleted meanwhile
    return Snapshot(signatures, found.problems)


def signature(status: os.stat_result) -> Signature:
    """The signature of a file, which changes when the file is written."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _given(files: Iterable[FoundFile], walk: _Walk) -> Iterator[FoundFile]:
    """The files given by their own path (by a shell's `*`), without copies of each other."""
    by_folder: dict[str, list[FoundFile]] = {}
    for file in files:
        by_folder.setdefault(os.path.dirname(file.location), []).append(file)  # noqa: PTH120
    for together in by_folder.values():
        yield from _without_copies(together, walk)


def _in_folder(folder: Path, root: str, walk: _Walk) -> Iterator[FoundFile]:
    pending = [""]
    shown_root = as_text(root)
    while pending:
        below = pending.pop()
        found: list[FoundFile] = []
        for entry in _entries(folder / below, f"{root.rstrip('/')}/{below}", walk):
            inner = f"{below}/{entry.name}" if below else entry.name
            place = f"{root.rstrip('/')}/{inner}"
            try:
                if not is_hidden(entry.name) and entry.is_dir(follow_symlinks=False):
                    pending.append(inner)
                elif entry.is_symlink() and not is_hidden(entry.name):
                    _check_link(folder / inner, inner, root, walk)
                elif is_imported(entry.name):
                    if not entry.is_file(follow_symlinks=False):
                        kind = kind_of(entry.stat(follow_symlinks=False).st_mode)
                        walk.problems.append(
                            _problem(folder / inner, worded("{kind}, not a file", kind=kind))
                        )
                        walk.unreadable.add(as_text(place))
                        continue
                    file = folder / inner
                    found.append(
                        FoundFile(file, as_text(file), _normal(inner), as_text(place), shown_root)
                    )
                else:
                    _check_placeholder(folder / inner, place, walk)
            except OSError as error:
                walk.problems.append(_problem(folder / inner, _reason(error)))
                walk.unreadable.add(as_text(place))
        yield from _without_copies(found, walk)


def _entries(folder: Path, place: str, walk: _Walk) -> list[os.DirEntry[str]]:
    """The entries of a folder, as far as it can be read."""
    entries: list[os.DirEntry[str]] = []
    try:
        with os.scandir(folder) as listing:
            entries.extend(listing)
    except OSError as error:
        walk.problems.append(_problem(folder, _reason(error)))
        walk.unreadable.add(as_text(place))
    return entries


def _no_notes(folder: Path) -> Worded:
    """What to say of a folder without notes: exports are imported by their own paths only."""
    exports = sorted(each for end in _EXPORTS for each in folder.glob(f"*{end}"))
    if not exports:
        return worded("this folder contains no note (*.md)")
    return worded(
        "this folder contains exports and no note (*.md): import the files themselves, such as {file}",
        file=as_text(str(exports[0])),
    )


def _leads_out(link: Path, target: str) -> bool:
    below = os.path.relpath(target, os.path.realpath(link.parent))
    return below.split("/")[0] == os.pardir


def _check_link(link: Path, inner: str, root: str, walk: _Walk) -> None:
    """Report a symbolic link that leads out of the folder, nowhere, or to a file left out.

    Links are never followed: what is in the folder is found without them.
    """
    if not is_imported(link.name) and not link.is_dir():
        return
    severity = Severity.ERROR if is_imported(link.name) else Severity.WARNING
    target = os.path.realpath(link)
    below = os.path.relpath(target, root).split("/")
    if below[0] == os.pardir:
        message = worded(
            "this symbolic link leads out of the folder, to {target}: not read",
            target=as_text(target),
        )
        walk.excluded.add((_normal(inner), as_text(target)))
    elif severity is Severity.WARNING:
        return
    else:
        try:
            os.stat(link)  # noqa: PTH116  a Path hides which error it was
        except OSError as error:
            message = _reason(error)
            walk.unreadable.add(as_text(f"{root.rstrip('/')}/{inner}"))
        else:
            if is_imported(below[-1]) and not any(map(is_hidden, below)):
                return
            message = worded("this symbolic link leads to what is not imported: not read")
    walk.problems.append(Problem(as_text(link), None, severity, message))


def _check_placeholder(file: Path, place: str, walk: _Walk) -> None:
    original = placeholder_of(file.name)
    if original is None:
        return
    walk.unreadable.add(as_text(f"{place.rpartition('/')[0]}/{original}"))
    walk.problems.append(_warning(file, _elsewhere(as_text(original))))


def _elsewhere(name: str) -> Worded:
    return worded(
        "{name} is not on this machine, only its placeholder: let the sync tool download it",
        name=name,
    )


def _without_copies(files: Iterable[FoundFile], walk: _Walk) -> Iterator[FoundFile]:
    for file, reason in check_copies(files):
        if reason is None:
            yield file
            continue
        walk.problems.append(Problem(file.shown, None, Severity.WARNING, reason))
        walk.excluded.add((file.path, file.location))


def _problem(path: Path, message: str) -> Problem:
    return Problem(as_text(path), None, Severity.ERROR, message)


def _warning(path: Path, message: str) -> Problem:
    return Problem(as_text(path), None, Severity.WARNING, message)


def _reason(error: OSError) -> Worded:
    if isinstance(error, FileNotFoundError):
        return worded("there is no such file or folder")
    return worded("this cannot be read: {reason}", reason=error.strerror or type(error).__name__)


def _normal(name: str) -> str:
    return name if name.isascii() else unicodedata.normalize("NFC", as_text(name))


def as_text(path: str | Path) -> str:
    """A path as valid Unicode text, whatever bytes it has on the file system."""
    text = str(path)
    return text if text.isascii() else os.fsencode(text).decode("utf-8", "replace")
