"""Creates and replaces single files beside editors and sync tools, which take no lock.

Blocking: call it in a thread. A file is written under a hidden name, which no import reads, and then
gets its own name. What a crash leaves under hidden names is tidied up by `clean`.
"""

import ctypes
import errno
import fcntl
import hashlib
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from bot.archive.domain.files.file_names import is_hidden
from bot.archive.services.export import free_path
from bot.vault.domain.versions import names, with_link

Exchange = Callable[[Path, Path], bool]
"""Exchanges the files of two names in one step; `False` where the system cannot do that."""

Ways = tuple[Callable[[Path, Path], None], Exchange]
"""How a file gets a name that must be free: a hard link, else a rename, else an empty file first."""

OLD = timedelta(minutes=10)
"""A hidden file of this age was left by a process that was killed: writing takes moments."""

_AT_FDCWD = -100
_NOREPLACE, _EXCHANGE = 1, 2
_F_SETSIG = 10
_UNSUPPORTED = {
    errno.ENOSYS,
    errno.EINVAL,
    errno.EPERM,
    errno.EOPNOTSUPP,
    errno.EMLINK,
    errno.EXDEV,
}
"""What a file system without hard links, or without that kind of rename, answers."""
_MOST_TRIES = 3
"""How often a file gets its link to another version: a program may hold it open for hours."""
_PREFIX, _TEXT, _SWAPPED = ".paperbot-", ".tmp", ".swap"


def exchange(one: Path, other: Path) -> bool:
    """`renameat2` with `RENAME_EXCHANGE` (Linux, renameat2(2))."""
    return _rename(one, other, _EXCHANGE)


def rename_new(one: Path, other: Path) -> bool:
    """`renameat2` with `RENAME_NOREPLACE`; raises `FileExistsError` where the name is taken."""
    return _rename(one, other, _NOREPLACE)


WAYS: Ways = (os.link, rename_new)


def read(file: Path) -> bytes | None:
    """The file as it is; `None` where there is none."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def create(file: Path, content: bytes, ways: Ways = WAYS) -> bool:
    """Make a file with that content; `False` where there is one with another, which stays."""
    if read(file) == content:
        return True
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = _written_beside(file.parent, content)
    try:
        _give_name(beside, file, ways)
    except FileExistsError:
        return read(file) == content
    finally:
        beside.unlink(missing_ok=True)
    _sync(file.parent)
    return True


def replace(file: Path, there: bytes, content: bytes, exchange: Exchange = exchange) -> bool:
    """Replace a file that still is `there`, and that nobody is writing; `False` where it is not.

    The two are exchanged, and what came out is compared: a save between a comparison and a rename
    would be lost. Where the system cannot exchange, it is compared just before.
    """
    target = file.resolve()  # a link to a note stays one
    beside = None
    try:
        mode = target.stat().st_mode & 0o7777
        if read(target) != there:
            return False
        beside = _written_beside(target.parent, content)
        beside.chmod(mode)
        swapped = beside.with_name(_swap_name(content, there))
        beside.replace(swapped)
        beside = swapped
        if not exchange(beside, target):
            if read(target) != there:
                return False
            beside.replace(target)
        elif read(beside) != there or _is_being_written(beside):
            return _put_back(beside, target, content, exchange)
    except FileNotFoundError:
        return False
    finally:
        if beside is not None and (read(beside) in {content, there}):
            beside.unlink(missing_ok=True)
    _sync(target.parent)
    return True


def _put_back(beside: Path, target: Path, ours: bytes, exchange: Exchange) -> bool:
    """Give what came out its name again; what was saved over ours meanwhile is kept, too."""
    exchange(beside, target)
    if read(beside) != ours:
        _keep(beside, target, exchange)
    _sync(target.parent)
    return False


def write_beside(file: Path, content: bytes, name: str, exchange: Exchange = exchange) -> Path:
    """Write another version beside `file`, under the first free name; the two name each other.

    `file` does not get its link while a program keeps it open for writing.
    """
    taken: set[str] = set()
    while True:
        other = file.with_name(free_path(name, taken, before_number=", "))
        if create(other, with_link(content, file.stem)):
            break
    for _ in range(_MOST_TRIES):
        there = read(file)
        if there is None or names(there, other.stem):
            break
        linked = with_link(there, other.stem)
        if linked == there or replace(file, there, linked, exchange):
            break
    return other


def _keep(hidden: Path, file: Path, exchange: Exchange) -> Path:
    """Give somebody's text under a hidden name one of its own beside `file`."""
    name = f"{file.stem} (kept){file.suffix}"
    kept = write_beside(file, hidden.read_bytes(), name, exchange)
    hidden.unlink()
    return kept


def clean(folder: Path, *, below: bool, now: float | None = None) -> list[Path]:
    """Delete old hidden files of the bot; what holds somebody's text gets a name, and is returned.

    `below` looks in the folders below, too. `now` is in seconds, as a file's times are.
    """
    moment = time.time() if now is None else now
    kept = []
    for hidden in _hidden_files(folder, below=below):
        with suppress(OSError):
            if moment - hidden.stat().st_ctime < OLD.total_seconds():
                continue
            if hidden.suffix == _SWAPPED and (found := _recovered(hidden)) is not None:
                kept.append(found)
            else:
                hidden.unlink()
    return kept


def _hidden_files(folder: Path, *, below: bool) -> Iterator[Path]:
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if below and not is_hidden(name)]
        for name in files:
            if name.startswith(_PREFIX) and name.endswith((_TEXT, _SWAPPED)):
                yield Path(path, name)


def _recovered(hidden: Path) -> Path | None:
    """The file that came out of an exchange, by its new name, unless it is what was compared."""
    ours, there, _ = hidden.stem.removeprefix(_PREFIX).split("-")
    if _digest(hidden.read_bytes()) in {ours, there}:
        return None
    for file in sorted(hidden.parent.glob("*.md")):
        if _digest(file.read_bytes()) == ours:
            return _keep(hidden, file, exchange)
    return _keep(hidden, hidden.with_name("paperbot.md"), exchange)


def _swap_name(ours: bytes, there: bytes) -> str:
    return f"{_PREFIX}{_digest(ours)}-{_digest(there)}-{secrets.token_hex(4)}{_SWAPPED}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _written_beside(folder: Path, content: bytes) -> Path:
    """A hidden file with that content, safe on the disk."""
    beside = folder / f"{_PREFIX}{secrets.token_hex(6)}{_TEXT}"
    with beside.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return beside


def _give_name(hidden: Path, file: Path, ways: Ways) -> None:
    """Give the file that name as well, or instead; raises `FileExistsError` where it is taken."""
    link, rename = ways
    try:
        link(hidden, file)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
    else:
        return
    if rename(hidden, file):
        return
    # Without either (exFAT on macOS, some network drives), the name is taken by an empty file first.
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    hidden.replace(file)


def _rename(one: Path, other: Path, flag: int) -> bool:
    """renameat2(2) with a flag; `False` where the C library or the file system lacks it."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    arguments = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), flag)
    if call(*arguments) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(other))


def _is_being_written(file: Path) -> bool:
    """Whether a program has it open for writing, as far as the system tells (fcntl(2), leases)."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    with file.open("rb") as stream:
        try:
            # Whoever opens it meanwhile makes the system send a signal; SIGIO would end the process.
            fcntl.fcntl(stream, _F_SETSIG, signal.SIGURG)
            fcntl.fcntl(stream, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(stream, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
    return False


def _sync(folder: Path) -> None:
    """Make the names in the folder outlive a loss of power, where the system can do that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
