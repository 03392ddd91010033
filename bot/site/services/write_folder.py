"""Writes the files of the site that changed, and removes those that are gone; touches no others."""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError
from bot.site.domain.manifest import NAME, UNFINISHED, Manifest, read

_NEW = ".paperbot-site.new"
"""A file while it is written. A run that is killed leaves it; the next run needs the same name."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the site: its path in the folder with `/`, a key of what it is made from, how."""

    path: str
    key: str
    make: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Written:
    """How many files were written, were left as they are, and were removed."""

    written: int
    kept: int
    removed: int


def write_folder(
    folder: Path, files: Iterable[File], *, progress: Callable[[int, int], None]
) -> Written:
    """Bring the folder up to date; what the site did not write stays as it is.

    A file is made only if its key changed or it is missing. Each is replaced at once, and a run that
    is killed leaves a folder that the next run finishes. Raises `UsageError` where the folder is not
    writable, has files that are not the site's own, or is being written by another run.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            return _write(folder, {file.path: file for file in files}, progress)
    except OSError as error:
        raise UsageError(
            "The site cannot be written ({reason}): choose another folder",
            path=str(error.filename or folder),
            reason=error.strerror or type(error).__name__,
        ) from error


def _write(
    folder: Path, files: Mapping[str, File], progress: Callable[[int, int], None]
) -> Written:
    old = _own(folder)
    changed = [
        file
        for file in files.values()
        if old.files.get(file.path) != file.key or not (folder / file.path).is_file()
    ]
    for file in changed:
        if file.path not in old.files and (folder / file.path).exists():
            raise UsageError(
                "This file is not the site's, and is in its place: move it, or choose another folder",
                path=str(folder / file.path),
            )
    gone = [path for path in old.files if path not in files]
    if changed or gone:
        begun = {file.path: UNFINISHED for file in changed}
        _replace(folder, NAME, Manifest({**old.files, **begun}).text().encode())
    for done, file in enumerate(changed, start=1):
        _replace(folder, file.path, file.make())
        progress(done, len(changed))
    for path in gone:
        _remove(folder, path)
    if changed or gone:
        new = Manifest({file.path: file.key for file in files.values()})
        _replace(folder, NAME, new.text().encode())
    return Written(len(changed), len(files) - len(changed), len(gone))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lock the folder against other runs; the system unlocks it when this one ends, however it does."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                "Another run is writing this folder: wait until it ends", path=str(folder)
            ) from error
        except OSError:  # this file system has no locks
            pass
        yield
    finally:
        os.close(opened)


def _own(folder: Path) -> Manifest:
    """What the site wrote before; raises `UsageError` where the folder is somebody else's."""
    try:
        found = read((folder / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        if any(not each.name.startswith(".") for each in folder.iterdir()):
            raise UsageError(
                "This folder contains files that the site did not write: choose an empty folder",
                path=str(folder),
            ) from None
        return Manifest()
    except UnicodeDecodeError:
        found = None
    if found is None:
        raise UsageError(
            "This list of the site's files cannot be read: empty the folder and run again",
            path=str(folder / NAME),
        )
    return found


def _replace(folder: Path, path: str, content: bytes) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    new = folder / _NEW
    try:
        new.write_bytes(content)
        new.replace(target)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _remove(folder: Path, path: str) -> None:
    target = folder / path
    target.unlink(missing_ok=True)
    for above in target.relative_to(folder).parents:
        if above == Path():
            break
        try:
            (folder / above).rmdir()
        except OSError:  # it has other files
            break
