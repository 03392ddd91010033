"""A file that an import found."""

from pathlib import Path

from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to import.

    `shown` is its name in messages. `path` is relative to the imported folder (separator `/`, NFC).
    `location` is its absolute real path, and `root` that of the imported folder; `None` for a file
    that was given by its own path.
    """

    file: Path
    shown: str
    path: str
    location: str
    root: str | None = None
