"""Which files of a watched folder have come to rest, judged by several looks at it.

A sync tool or an editor writes a file in steps: emptied, then half, then whole. A file is settled
once several looks in a row saw the same of it; until then nothing of it is read, and nothing that
was kept of it changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Signature: TypeAlias = tuple[int, int, int]
"""Size, time of the last change of the content and of the inode (nanoseconds). No inode number:
some network file systems make up a new one with every look."""


@dataclass(frozen=True, slots=True)
class StableFiles:
    """The files, by location, that looks saw alike, and those that are still changing."""

    files: Mapping[str, Signature]
    changing: frozenset[str]

    def is_gone(self, location: str) -> bool:
        """Whether no look saw a file there."""
        return location not in self.files and location not in self.changing


def settle(looks: Sequence[Mapping[str, Signature]]) -> StableFiles:
    """What one or more looks in a row have in common."""
    last, *others = reversed(looks)
    changing = {
        location
        for other in others
        for location in other.keys() | last.keys()
        if other.get(location) != last.get(location)
    }
    files = {location: found for location, found in last.items() if location not in changing}
    return StableFiles(files, frozenset(changing))
