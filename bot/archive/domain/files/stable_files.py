"""Decides which files of a watched folder are stable, by comparing snapshots of it.

Sync tools and editors write a file in steps: truncated, then partly written, then complete. A file
is stable when all snapshots in a row agree on it. Until then it is not imported, and its entries
stay as they are.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from bot.archive.domain.entry import Problem
from bot.core.domain.dataclass import dataclass

Signature: TypeAlias = tuple[int, int, int]
"""Size in bytes, mtime and ctime in nanoseconds. Without the inode number: some network file systems
return a new one for every call."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The signatures of the files of a folder, by location, and its problems."""

    files: Mapping[str, Signature]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class StableFiles:
    """The signatures of the stable files, by location, and the locations that still change."""

    files: Mapping[str, Signature]
    changing: frozenset[str]

    def is_gone(self, location: str) -> bool:
        """Whether no snapshot has a file there."""
        return location not in self.files and location not in self.changing


def find_stable(snapshots: Sequence[Snapshot]) -> StableFiles:
    """The files on which one or more snapshots, oldest first, agree."""
    last, *others = (snapshot.files for snapshot in reversed(snapshots))
    changing = {
        location
        for other in others
        for location in other.keys() | last.keys()
        if other.get(location) != last.get(location)
    }
    files = {location: found for location, found in last.items() if location not in changing}
    return StableFiles(files, frozenset(changing))
