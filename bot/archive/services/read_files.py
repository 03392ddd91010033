"""The content of the files that an import is given: read and hashed; blocking, for a thread."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.archive.domain.entry import Problem, Severity
from bot.archive.domain.files.file_names import is_note
from bot.archive.domain.files.source_match import InputFile
from bot.archive.domain.files.stable_files import Signature
from bot.archive.services.find_files import FoundFile, signature
from bot.archive.services.regular_files import NotRegularError, read_regular

_READING = 2
"""Raised whenever the formats read the same file differently, so that all are read anew."""

LARGEST_NOTE = 1_000_000
"""Bytes of one entry: what is longer cannot be shown or searched in reasonable time."""
LARGEST_PAGE = 32_000_000
"""Bytes of a page, which holds many entries."""

FILES_AT_ONCE = 250
_BYTES_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What is in a file."""

    input: InputFile
    shown: str
    data: bytes

    @property
    def is_blank(self) -> bool:
        """Whether there is no text in it: nothing at all, white space, or NUL bytes."""
        return not self.data.strip(_BLANK)


_BLANK = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n\f\v"


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """Some files that were read, how many of those asked for that is, and what went wrong."""

    files: tuple[ReadFile, ...]
    count: int
    problems: tuple[Problem, ...]


def read_batch(
    files: Iterable[FoundFile], settled: Mapping[str, Signature] | None = None
) -> ReadBatch:
    """What is in these files, or the first of them if they are large.

    With `settled`, a file whose state is another than the one given there is left out.
    """
    read: list[ReadFile] = []
    problems: list[Problem] = []
    size = count = 0
    for found in files:
        if size >= _BYTES_AT_ONCE:
            break
        count += 1
        limit = LARGEST_NOTE if is_note(found.path) else LARGEST_PAGE
        try:
            content = read_regular(found.file, limit, follow=found.root is None)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            problems.append(_problem(found, f"this cannot be read: {reason}"))
            continue
        except NotRegularError as error:
            problems.append(_problem(found, f"{error.kind}, not a file"))
            continue
        if not content.is_whole:
            problems.append(_problem(found, too_large(limit)))
            continue
        if settled is not None and not (
            signature(content.before) == signature(content.after) == settled.get(found.location)
        ):
            continue
        size += len(content.data)
        given = InputFile(found.path, found.location, found.root, content_hash(content.data))
        read.append(ReadFile(given, found.shown, content.data))
    return ReadBatch(tuple(read), count, tuple(problems))


def too_large(limit: int) -> str:
    """What to tell of a file that is larger than `limit` bytes."""
    return f"this is larger than {limit // 1_000_000} MB: split it, or take out what is no text"


def content_hash(data: bytes) -> str:
    """A fingerprint of what a file holds and of how it is read."""
    return hashlib.blake2b(data, digest_size=16, salt=_READING.to_bytes(16, "big")).hexdigest()


def which_exist(locations: Iterable[str]) -> frozenset[str]:
    """Those of these files that are there, or of which it cannot be told."""
    return frozenset(location for location in locations if not _is_gone(location))


def _is_gone(location: str) -> bool:
    try:
        os.stat(location)  # noqa: PTH116  many
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _problem(found: FoundFile, message: str) -> Problem:
    return Problem(found.shown, None, Severity.ERROR, message)
