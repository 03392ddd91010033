"""Watches the curator's folder and says when to look at it: by the system's events, and by time."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from watchfiles import awatch

from bot.archive.domain.files.file_names import is_hidden, is_taken, placeholder_of

log = logging.getLogger(__name__)

_DEBOUNCE = timedelta(seconds=0.5)
"""Events this close together are one: a `git pull` touches many files, an editor saves twice."""
LOOK_EVERY = timedelta(seconds=10)
"""Network file systems, overlays and some virtual machines report no events: a note is found by
this look, whatever the file system (issue 12, item 19: within 30 seconds)."""


class WatchEvent(StrEnum):
    """Why to look at the folder now."""

    CHANGED = "changed"
    """A note or the folder itself changed, or this is the first look."""
    INTERVAL = "interval"
    """Nothing was reported for a while."""
    GONE = "gone"
    """The folder is not there."""


async def watch_folder(
    folder: Path, *, poll: bool = False, look_every: timedelta = LOOK_EVERY
) -> AsyncIterator[WatchEvent]:
    """Yields when to look at the folder: at once, at each event, and every `look_every`.

    Runs until cancelled. `poll` does without the system's events. A folder that vanishes (an
    unmounted disk) or is replaced (a fresh clone) is looked for again with every look.
    """
    seen = await asyncio.to_thread(_identity, folder)
    yield WatchEvent.CHANGED if seen is not None else WatchEvent.GONE
    failure = ""
    while True:
        if seen is None or poll:
            await asyncio.sleep(look_every.total_seconds())
        else:
            try:
                async for sign in _events(folder, look_every):
                    if await asyncio.to_thread(_identity, folder) != seen:
                        break
                    yield sign
            except (OSError, RuntimeError) as error:
                # Most often the system's limit of watches (ENOSPC): time alone will do.
                if str(error) != failure:
                    failure = str(error)
                    log.warning("no events from %s (%s): looking by time only", folder, error)
                await asyncio.sleep(look_every.total_seconds())
        before, seen = seen, await asyncio.to_thread(_identity, folder)
        if seen is None and before is None:
            continue
        if seen is None:
            yield WatchEvent.GONE
        else:
            yield WatchEvent.CHANGED if seen != before else WatchEvent.INTERVAL


async def _events(folder: Path, look_every: timedelta) -> AsyncIterator[WatchEvent]:
    """The system's events, with a sign by time between them; ends when the folders are others.

    Each folder is watched by itself: a watch of the whole tree would follow symbolic links, out of
    the vault as well.
    """
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
        if any(_matters(path) for _, path in changes):
            yield WatchEvent.CHANGED
        elif clock() - looked_at >= look_every.total_seconds():
            yield WatchEvent.INTERVAL
        else:
            continue
        looked_at = clock()
        if await asyncio.to_thread(_folders, folder) != folders:
            return


def _matters(path: str) -> bool:
    name = os.path.basename(path)  # noqa: PTH119  a string is enough
    return is_taken(name) or placeholder_of(name) is not None or "." not in name


def _folders(folder: Path) -> tuple[str, ...]:
    """The folder and those below it that are not hidden, without following links."""
    found: list[str] = []
    for path, below, _ in os.walk(folder):
        below[:] = sorted(name for name in below if not is_hidden(name))
        found.append(path)
    return tuple(found)


def _identity(folder: Path) -> tuple[int, int] | None:
    """Which folder stands at that path now; `None` when there is none."""
    try:
        status = folder.stat()
        return (status.st_dev, status.st_ino) if folder.is_dir() else None
    except OSError:
        return None


def _milliseconds(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)
