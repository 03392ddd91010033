"""Watches the curator's folder and says when something in it changed."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from watchfiles import Change, DefaultFilter, awatch

log = logging.getLogger(__name__)

_SETTLE = timedelta(seconds=1.6)
"""Changes this close together are one: a `git pull` touches many files, an editor saves twice."""
_LOOK_AGAIN = timedelta(seconds=30)
"""How often the folder itself is looked at when the system reports nothing."""


class _Notes(DefaultFilter):
    """Notes and folders, without `.git`, editors' temporary files and the like."""

    def __call__(self, change: Change, path: str) -> bool:
        return super().__call__(change, path) and Path(path).suffix in {"", ".md"}


async def changes(folder: Path, *, look_again: timedelta = _LOOK_AGAIN) -> AsyncIterator[bool]:
    """Yields whether the folder is there: once at first, then whenever it or a note changed.

    Runs until cancelled. A folder that vanishes (an unmounted disk) or is replaced (a fresh
    clone) is looked for again every `look_again`.
    """
    seen = _identity(folder)
    yield seen is not None
    while True:
        if seen is None:
            await asyncio.sleep(look_again.total_seconds())
        else:
            try:
                async for changed in awatch(
                    folder,
                    watch_filter=_Notes(),
                    debounce=_milliseconds(_SETTLE),
                    rust_timeout=_milliseconds(look_again),
                    yield_on_timeout=True,
                ):
                    if _identity(folder) != seen:
                        break
                    if changed:
                        yield True
            except OSError as error:
                # Most often the system's limit of watches: the folder is still looked at.
                log.warning("cannot watch %s (%s); looking again in a while", folder, error)
                await asyncio.sleep(look_again.total_seconds())
        now = _identity(folder)
        if now != seen or now is not None:
            seen = now
            yield seen is not None


def _identity(folder: Path) -> tuple[int, int] | None:
    """Which folder stands at that path now; `None` when there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if folder.is_dir() else None


def _milliseconds(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)
