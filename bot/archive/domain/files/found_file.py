"""A file that an import found."""

from dataclasses import dataclass
from pathlib import Path

from bot.archive.domain.files.file_names import is_note


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

    @property
    def is_note(self) -> bool:
        """Whether its name says that it is a vault's note."""
        return is_note(self.path)
