"""Which source a file is: one file is one source, by whatever way it is reached.

A vault may be imported by another path, from a copy, or one file of it alone; a note may be
renamed. What a person would call the same note keeps its entries and their ids. Two notes that
only share a file name stay two.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True, slots=True)
class KnownSource:
    """A source of which entries are kept.

    `location` is the file it was last read from; `is_gone`: that vanished, and its entries are
    withdrawn.
    """

    id: int
    path: str
    location: str | None
    content_hash: str
    is_gone: bool = False

    def holds(self, file: "InputFile") -> bool:
        """Whether reading that file, which is this source, would change no entry."""
        return (
            self.content_hash == file.content_hash
            and not self.is_gone
            and (file.location is None or source_name(self.path) == source_name(file.path))
        )


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that was read now.

    `path` is relative to what was given to import (`/`, NFC); `location` is the absolute, real
    path on this machine, and `root` that of the folder which `path` starts from; both are
    `None` where the input is no file.
    """

    path: str
    location: str | None
    root: str | None
    content_hash: str


def source_name(path: str) -> str:
    """The last part of a path, folded: a first narrowing of what may be the same file."""
    return unicodedata.normalize("NFC", path.rpartition("/")[2]).casefold()


def same_source(
    file: InputFile, candidates: Iterable[KnownSource], is_there: Callable[[str], bool]
) -> KnownSource | None:
    """The candidate that the file is, if any; `is_there` tells whether a location still exists.

    Candidates are not yet taken by another file of this import.
    """
    others = tuple(candidates)
    for known in others:
        if known.location is not None and known.location == file.location:
            return known
        if file.location is None and known.content_hash == file.content_hash:
            return known
    elsewhere = [known for known in others if not _stays_in(known, file.root, is_there)]
    return next(
        (
            known
            for is_same in (_is_copy, _is_moved_whole, _is_renamed)
            for known in elsewhere
            if is_same(file, known, is_there)
        ),
        None,
    )


def path_of(file: InputFile, known: KnownSource | None) -> str:
    """The path to keep a source under: the fullest one known of a file, or its new one."""
    if known is None:
        return file.path
    if file.location is None:
        return known.path
    longer, shorter = sorted((file.path, known.path), key=len, reverse=True)
    return longer if f"/{longer}".endswith(f"/{shorter}") else file.path


def other_paths(file: InputFile) -> Iterator[str]:
    """What to keep a source under when its path is taken by another: with ever more folders."""
    folders = (file.location or "").removesuffix(file.path).strip("/").split("/")
    path = file.path
    for folder in reversed(folders):
        if folder:
            path = f"{folder}/{path}"
            yield path
    stem, dot, suffix = file.path.rpartition(".")
    for number in count(2):
        yield f"{stem} ({number}){dot}{suffix}" if dot else f"{file.path} ({number})"


def _stays_in(known: KnownSource, root: str | None, is_there: Callable[[str], bool]) -> bool:
    """Whether the known file still is in the folder being read, so that it is another one."""
    return (
        root is not None
        and known.location is not None
        and known.location.startswith(root.rstrip("/") + "/")
        and is_there(known.location)
    )


def _is_gone(known: KnownSource, is_there: Callable[[str], bool]) -> bool:
    return known.location is None or not is_there(known.location)


def _is_copy(file: InputFile, known: KnownSource, is_there: Callable[[str], bool]) -> bool:
    """The same place in the same or another copy of the vault.

    A bare file name says too little: there, the content must agree, or the other must be gone.
    """
    return known.path == file.path and (
        "/" in file.path or known.content_hash == file.content_hash or _is_gone(known, is_there)
    )


def _is_moved_whole(file: InputFile, known: KnownSource, is_there: Callable[[str], bool]) -> bool:
    """The same place, seen from a folder above or below the one it was imported from."""
    longer, shorter = sorted((file.path, known.path), key=len, reverse=True)
    return longer.endswith("/" + shorter) and (
        known.content_hash == file.content_hash or _is_gone(known, is_there)
    )


def _is_renamed(file: InputFile, known: KnownSource, is_there: Callable[[str], bool]) -> bool:
    """The same content under a new name, and nothing under the old one."""
    return known.content_hash == file.content_hash and _is_gone(known, is_there)
