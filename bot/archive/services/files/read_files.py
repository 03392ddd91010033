"""Reads and hashes the files of an import. Blocking: call it in a thread."""

import hashlib
import os
from collections.abc import Iterable, Mapping

from bot.archive.domain.entry import Problem, Severity
from bot.archive.domain.files.file_names import is_note
from bot.archive.domain.files.found_file import FoundFile
from bot.archive.domain.files.source_match import InputFile
from bot.archive.domain.files.stable_files import Signature
from bot.archive.services.files.find_files import signature
from bot.archive.services.files.regular_files import NotRegularError, read_regular
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import Worded, worded

_READING = 4
"""Raised whenever the formats read the same file differently, so that all are read anew."""

LARGEST_NOTE = 1_000_000
"""In bytes, for one entry: a longer one cannot be shown or searched in reasonable time."""
LARGEST_PAGE = 32_000_000
"""In bytes; a page has many entries."""

FILES_AT_ONCE = 500
_BYTES_AT_ONCE = 4_000_000

_LONGEST_PATH = 2_500
"""In bytes; no more than 2,700 fit into an index of PostgreSQL."""
_PATH_TOO_LONG = worded("the path of this file is too long: move it, or shorten the folders' names")


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file and its content."""

    input: InputFile
    shown: str
    data: bytes

    @property
    def is_blank(self) -> bool:
        """Whether the file has no text: it is empty, white space or NUL bytes."""
        return not self.data.strip(_BLANK)


_BLANK = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n\f\v"


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """The files read, how many of the requested ones were handled (`count`), and the problems."""

    files: tuple[ReadFile, ...]
    count: int
    problems: tuple[Problem, ...]


def read_batch(
    files: Iterable[FoundFile], stable: Mapping[str, Signature] | None = None
) -> ReadBatch:
    """Read these files, or only the first of them if they are large.

    With `stable`, skip each file whose signature differs from the one listed there.
    """
    read: list[ReadFile] = []
    problems: list[Problem] = []
    size = count = 0
    for found in files:
        if size >= _BYTES_AT_ONCE:
            break
        count += 1
        if max(_length(found.path), _length(found.location)) > _LONGEST_PATH:
            problems.append(_problem(found, _PATH_TOO_LONG))
            continue
        limit = LARGEST_NOTE if is_note(found.path) else LARGEST_PAGE
        try:
            content = read_regular(found.file, limit, follow=found.root is None)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            problems.append(_problem(found, worded("this cannot be read: {reason}", reason=reason)))
            continue
        except NotRegularError as error:
            problems.append(_problem(found, worded("{kind}, not a file", kind=error.kind)))
            continue
        if not content.is_whole:
            problems.append(_problem(found, too_large(limit)))
            continue
        if stable is not None and not (
            signature(content.before) == signature(content.after) == stable.get(found.location)
        ):
            continue
        size += len(content.data)
        given = InputFile(found.path, found.location, found.root, content_hash(content.data))
        read.append(ReadFile(given, found.shown, content.data))
    return ReadBatch(tuple(read), count, tuple(problems))


def too_large(limit: int) -> Worded:
    """The message about a file that is larger than `limit` bytes."""
    return worded(
        "this is larger than {n} MB: split it, or remove embedded images and other data",
        n=limit // 1_000_000,
    )


def content_hash(data: bytes) -> str:
    """A hash of the content and of the parser version: equal hashes give equal entries."""
    return hashlib.blake2b(data, digest_size=16, salt=_READING.to_bytes(16, "big")).hexdigest()


def which_exist(locations: Iterable[str]) -> frozenset[str]:
    """Those of these files that exist, or whose existence cannot be checked (EACCES, ESTALE)."""
    return frozenset(location for location in locations if not _is_gone(location))


def _is_gone(location: str) -> bool:
    try:
        os.stat(location)  # noqa: PTH116  many
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _length(path: str | None) -> int:
    return len((path or "").encode(errors="replace"))


def _problem(found: FoundFile, message: str) -> Problem:
    return Problem(found.shown, None, Severity.ERROR, message)
