"""Decides which stored source an imported file is.

A vault may be imported again by another path, from a copy of it, or one file at a time, and notes
are renamed. The same note keeps its source, so that its entries keep their ids. Two notes that
share only the file name are two sources.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import count

from bot.archive.domain.dates import named_date
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class KnownSource:
    """A source in the database.

    `location` is the file that it was last read from. `is_gone`: that file was deleted, and the
    entries are withdrawn.
    """

    id: int
    path: str
    location: str | None
    content_hash: str
    is_gone: bool = False

    def is_unchanged_by(self, file: "InputFile") -> bool:
        """Whether parsing that file, which matched this source, would change no entry."""
        return (
            self.content_hash == file.content_hash
            and not self.is_gone
            and (file.location is None or source_name(self.path) == source_name(file.path))
            and self._is_dated_like(path_of(file, self))
        )

    def _is_dated_like(self, path: str) -> bool:
        """Whether a note says the same at that path: names of folders may be its date."""
        return path == self.path or named_date(path) == named_date(self.path)


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of the import in progress.

    `path` is relative to the imported folder (separator `/`, NFC). `location` is the absolute real
    path of the file and `root` that of the imported folder; both are `None` for standard input, and
    `root` also for a file that was imported by its own path.
    """

    path: str
    location: str | None
    root: str | None
    content_hash: str


def source_name(path: str) -> str:
    """The file name of a path, case-folded: the key by which candidates are looked up."""
    return unicodedata.normalize("NFC", path.rpartition("/")[2]).casefold()


def same_source(
    file: InputFile, candidates: Iterable[KnownSource], is_there: Callable[[str], bool]
) -> KnownSource | None:
    """The candidate that the file is, if any; `is_there` says whether a location still exists.

    The candidates must not include sources that another file of this import matched.
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
            for is_same in (_is_copy, _is_same_below, _is_renamed)
            for known in elsewhere
            if is_same(file, known, is_there)
        ),
        None,
    )


def path_of(file: InputFile, known: KnownSource | None) -> str:
    """The path to store for a source: the longest one known of the same file, else the new one.

    A file that was moved and is imported alone, or from a folder below, gets its path in the folder
    that the known path counts from. Where a folder is imported and the known path is a name alone, it
    counts from where the file happened to lie, perhaps above that folder.
    """
    if known is None or known.path == file.path:
        return file.path
    if file.location is None:
        return known.path
    tells = file.root is None or "/" in known.path
    moved = _path_beside(known, file.location) if tells else None
    if moved is not None and f"/{moved}".endswith(f"/{file.path}"):
        return moved
    longer, shorter = sorted((file.path, known.path), key=len, reverse=True)
    return longer if f"/{longer}".endswith(f"/{shorter}") else file.path


def _path_beside(known: KnownSource, location: str) -> str | None:
    """The path of a file in the folder that the path of a source counts from, if it is there."""
    here, there = (unicodedata.normalize("NFC", each) for each in (location, known.location or ""))
    folder = there.removesuffix(known.path)
    is_there = folder != there and folder.endswith("/") and here.startswith(folder)
    return here.removeprefix(folder) if is_there else None


def other_paths(file: InputFile) -> Iterator[str]:
    """Alternatives for a path that another source has: with more parent folders, then numbered."""
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
    """Whether the source's file still exists in the imported folder: then it is another file."""
    return (
        root is not None
        and known.location is not None
        and known.location.startswith(root.rstrip("/") + "/")
        and is_there(known.location)
    )


def _is_gone(known: KnownSource, is_there: Callable[[str], bool]) -> bool:
    return known.location is None or not is_there(known.location)


def _is_copy(file: InputFile, known: KnownSource, is_there: Callable[[str], bool]) -> bool:
    """Whether both have the same path in the same vault or a copy of it.

    For a path without a folder, the content must agree too, or the known file must be gone.
    """
    return known.path == file.path and (
        "/" in file.path or known.content_hash == file.content_hash or _is_gone(known, is_there)
    )


def _is_same_below(file: InputFile, known: KnownSource, is_there: Callable[[str], bool]) -> bool:
    """Whether both are the same file, imported from a folder above or below the known one."""
    longer, shorter = sorted((file.path, known.path), key=len, reverse=True)
    return longer.endswith("/" + shorter) and (
        known.content_hash == file.content_hash or _is_gone(known, is_there)
    )


def _is_renamed(file: InputFile, known: KnownSource, is_there: Callable[[str], bool]) -> bool:
    """Whether the content is the same and the known file is gone."""
    return known.content_hash == file.content_hash and _is_gone(known, is_there)
