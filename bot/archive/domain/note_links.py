"""Links between notes: which notes a link leads to.

Links name a file without its folder: `[[230517 SLiC-HF]]`, `[[230517 SLiC-HF.md]]`,
`[[2023/230517 SLiC-HF|this one]]` and `[[230517 SLiC-HF#Results]]` lead to the same note.
"""

import unicodedata

from bot.core.domain.late import late_pattern

_SUFFIX = late_pattern(r"\.(?:md|markdown)\Z")
_BEHIND_THE_NAME = late_pattern(r"\\?[|#^]")
"""In a table, the `|` in a link is written `\\|`."""


_LONGEST = 600
"""In characters. A file's name has at most 255, case folding makes at most three of one, and no
more than 2,700 bytes fit into an index of PostgreSQL."""


def note_name(path: str) -> str:
    """The link name of the note at `path`, independent of case and Unicode composition."""
    name = unicodedata.normalize("NFC", path.replace("\\", "/").rpartition("/")[2])
    return _SUFFIX.sub("", name.strip().casefold()).strip()[:_LONGEST]


def linked_name(link: str) -> str:
    """The `note_name` that a link refers to; empty for a link within its own note."""
    return note_name(_target(link))


def leads_to(link: str, path: str) -> bool:
    """Whether the folder that a link names, if any, fits `path`. The names must agree already."""
    folder = _folder(_target(link))
    return f"/{_folder(path)}".endswith(f"/{folder}") if folder else True


def _folder(path: str) -> str:
    folder = path.replace("\\", "/").rpartition("/")[0].strip("/ ")
    return unicodedata.normalize("NFC", folder).casefold()


def _target(link: str) -> str:
    return _BEHIND_THE_NAME.split(link, maxsplit=1)[0].strip()
