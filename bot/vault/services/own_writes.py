"""What the bot itself wrote into the vault and has imported: the watcher need not do that again."""

import asyncio
import os
from dataclasses import field
from pathlib import Path

from bot.archive.domain.files.stable_files import Signature, Snapshot
from bot.archive.services.files.find_files import as_text, signature
from bot.core.domain.dataclass import dataclass


@dataclass(slots=True)
class OwnWrites:
    """One vault's. `lock` is held from a write until its import has ended: one note at a time."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _files: dict[str, Signature] = field(default_factory=dict)

    def note(self, file: Path, before: Signature | None) -> None:
        """A file was imported; `before` is its signature from just before that."""
        if before is not None and before == signature_of(file):
            self._files[as_text(file)] = before

    def explain(self, imported: Snapshot | None, found: Snapshot) -> bool:
        """Whether these writes alone lead from what was imported to what is found."""
        if not self._files or imported is None:
            return False
        return found == Snapshot({**imported.files, **self._files}, imported.problems)

    @property
    def is_empty(self) -> bool:
        """Whether the bot has written nothing since all was forgotten."""
        return not self._files

    def forget(self) -> None:
        """Everything is imported."""
        self._files.clear()


def signature_of(file: Path) -> Signature | None:
    """The signature of a file; `None` where there is none."""
    try:
        return signature(os.stat(file))  # noqa: PTH116 - as in `take_snapshot`
    except OSError:
        return None
