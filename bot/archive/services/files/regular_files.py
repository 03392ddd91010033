"""Reads regular files up to a limit; refuses pipes, which may block, and devices."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import Worded, worded

_READ_ONLY = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Content:
    """The first bytes of a file; `is_whole`: the file has no more.

    `before` and `after` are the results of `fstat` before and after reading.
    """

    data: bytes
    is_whole: bool
    before: os.stat_result
    after: os.stat_result


class NotRegularError(Exception):
    """The path is not a regular file; `kind` says what it is, for a message."""

    def __init__(self, kind: Worded) -> None:
        super().__init__(kind)
        self.kind = kind


def read_regular(path: Path, limit: int, *, follow: bool = True) -> Content:
    """Read at most `limit` bytes; with `follow=False`, a symbolic link is an error.

    Raises `OSError` or `NotRegularError`. Does not block on a pipe.
    """
    descriptor = os.open(path, _READ_ONLY if follow else _READ_ONLY | os.O_NOFOLLOW)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise NotRegularError(kind_of(before.st_mode))
        pieces: list[bytes] = []
        left = limit + 1
        while left > 0 and (piece := os.read(descriptor, min(left, max(before.st_size, 4095) + 1))):
            pieces.append(piece)
            left -= len(piece)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    data = b"".join(pieces)
    return Content(data[:limit], len(data) <= limit, before, after)


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read it line by line. Raises `OSError` or `NotRegularError`."""
    file = os.fdopen(os.open(path, _READ_ONLY), "rb")
    mode = os.fstat(file.fileno()).st_mode
    if stat.S_ISREG(mode):
        return file
    file.close()
    raise NotRegularError(kind_of(mode))


def kind_of(mode: int) -> Worded:
    """What a file mode means, as the beginning of a message."""
    kinds = (
        (stat.S_ISDIR, worded("this is a folder")),
        (stat.S_ISLNK, worded("this is a symbolic link")),
        (stat.S_ISFIFO, worded("this is a pipe")),
        (stat.S_ISSOCK, worded("this is a socket")),
        (stat.S_ISCHR, worded("this is a device")),
        (stat.S_ISBLK, worded("this is a device")),
    )
    return next((name for is_it, name in kinds if is_it(mode)), worded("this is something else"))
