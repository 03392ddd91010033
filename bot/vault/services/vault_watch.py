"""Watches the vault's folder: by events of the file system, and by an interval."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from bot.archive.domain.files.file_names import is_hidden, is_imported, placeholder_of

log = logging.getLogger(__name__)

_DEBOUNCE = timedelta(seconds=0.5)
"""Events within this time are one event: a `git pull` changes many files at once."""
LOOK_EVERY = timedelta(seconds=10)
"""Network drives, overlays and shared folders of virtual machines report no events. Looking this
often finds a new note within 30 seconds on any file system (issue 12, item 19)."""


class WatchEvent(StrEnum):
    """Why to look at the folder."""

    CHANGED = "changed"
    """A note or the folder itself changed, or the watch has just begun."""
    INTERVAL = "interval"
    """`look_every` has passed without a reported change."""
    GONE = "gone"
    """The folder does not exist or cannot be opened."""


async def watch_folder(
    folder: Path, *, poll: bool = False, look_every: timedelta = LOOK_EVERY
) -> AsyncIterator[WatchEvent]:
    """Yield an event at once, at each change, and every `look_every`; runs until cancelled.

    With `poll`, events of the file system are not used. A folder that disappears (an unmounted
    disk) or is replaced (a fresh clone) is watched again when it is back.
    """
    identity = await asyncio.to_thread(_identity, folder)
    yield WatchEvent.CHANGED if identity is not None else WatchEvent.GONE
    failure = ""
    while True:
        if identity is None or poll:
            await asyncio.sleep(look_every.total_seconds())
        else:
            try:
                async for event in _events(folder, look_every):
                    if await asyncio.to_thread(_identity, folder) != identity:
                        break
                    yield event
            except (OSError, RuntimeError) as error:
                # Most often the system's limit of watches (ENOSPC): the interval still works.
                if str(error) != failure:
                    failure = str(error)
                    log.warning(
                        "cannot watch %s (%s): looking every %d s instead",
                        folder,
                        error,
                        look_every.seconds,
                    )
                await asyncio.sleep(look_every.total_seconds())
        before, identity = identity, await asyncio.to_thread(_identity, folder)
        if identity is None and before is None:
            continue
        if identity is None:
            yield WatchEvent.GONE
        else:
            yield WatchEvent.CHANGED if identity != before else WatchEvent.INTERVAL


async def _events(folder: Path, look_every: timedelta) -> AsyncIterator[WatchEvent]:
    """Events of the file system, and one for each interval; ends when the set of folders changes.

    Each folder is watched separately: a recursive watch follows symbolic links out of the vault.
    """
    # Imported here: it is slow to import, and few commands watch.
    from watchfiles import awatch  # noqa: PLC0415

    clock = asyncio.get_running_loop().time
    folders = await asyncio.to_thread(_folders, folder)
    looked_at = clock()
    async for changes in awatch(
        *folders,
        watch_filter=None,
        debounce=_milliseconds(_DEBOUNCE),
        rust_timeout=_milliseconds(look_every),
        yield_on_timeout=True,
        force_polling=False,
        recursive=False,
        ignore_permission_denied=True,
    ):
        if any(_is_relevant(path) for _, path in changes):
            yield WatchEvent.CHANGED
        elif clock() - looked_at >= look_every.total_seconds():
            yield WatchEvent.INTERVAL
        else:
            continue
        looked_at = clock()
        if await asyncio.to_thread(_folders, folder) != folders:
            return


def _is_relevant(path: str) -> bool:
    name = os.path.basename(path)  # noqa: PTH119  a string is enough
    return is_imported(name) or placeholder_of(name) is not None or "." not in name


def _folders(folder: Path) -> tuple[str, ...]:
    """The folder and the folders below it, without hidden ones and without following links."""
    found: list[str] = []
    for path, below, _ in os.walk(folder):
        below[:] = sorted(name for name in below if not is_hidden(name))
        found.append(path)
    return tuple(found)


def _identity(folder: Path) -> tuple[int, int] | None:
    """The device and inode of the folder at that path; `None` if there is none."""
    try:
        status = folder.stat()
        return (status.st_dev, status.st_ino) if folder.is_dir() else None
    except OSError:
        return None


def _milliseconds(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)
