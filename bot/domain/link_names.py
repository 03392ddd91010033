"""What a link between notes calls the other note, and what a note is called by links.

A vault's links name a file without its folder: `[[230517 SLiC-HF]]`, `[[230517 SLiC-HF.md]]`,
`[[2023/230517 SLiC-HF|this one]]` and `[[230517 SLiC-HF#Results]]` lead to the same note.
"""

import re
import unicodedata

_BEHIND_THE_NAME = re.compile(r"[|#^]")


def note_name(path: str) -> str:
    """The name by which links find the note at that path, whatever its case and composition."""
    name = unicodedata.normalize("NFC", path.replace("\\", "/").rpartition("/")[2])
    return name.strip().casefold().removesuffix(".md").strip()


def linked_name(link: str) -> str:
    """The `note_name` of the note that a link leads to; empty for a link within its own note."""
    return note_name(_target(link))


def linked_folder(link: str) -> str:
    """The folder that a link names beside the file, folded; mostly empty."""
    folder = _target(link).replace("\\", "/").rpartition("/")[0].strip("/ ")
    return unicodedata.normalize("NFC", folder).casefold()


def _target(link: str) -> str:
    return _BEHIND_THE_NAME.split(link, maxsplit=1)[0].strip()
