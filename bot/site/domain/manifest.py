"""What the site wrote into its folder: which files are its own, and what each was made from."""

import json
from collections.abc import Mapping
from dataclasses import field

from bot.core.domain.dataclass import dataclass

NAME = ".paperbot-site.json"
_VERSION = 1
UNFINISHED = ""
"""The key of a file that a run is about to write: if the run ends there, the next one writes it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The key of each file of the site, by its path in the folder with `/`."""

    files: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The manifest as it is stored: the same for the same files."""
        files = dict(sorted(self.files.items()))
        return (
            json.dumps({"version": _VERSION, "files": files}, indent=0, ensure_ascii=False) + "\n"
        )


def read(text: str) -> Manifest | None:
    """The manifest as it was stored; `None` if this is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    files = value.get("files") if isinstance(value, dict) else None
    if not isinstance(files, dict) or value.get("version") != _VERSION:
        return None
    if not all(isinstance(key, str) and _is_inside(path) for path, key in files.items()):
        return None
    return Manifest(files)


def _is_inside(path: str) -> bool:
    """Whether a path stays in the folder, whoever wrote the manifest."""
    parts = path.split("/")
    return all(part not in ("", ".", "..") and "\\" not in part for part in parts)
