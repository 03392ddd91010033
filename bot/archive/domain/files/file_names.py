"""What the name of a file in a vault says: what the import takes, and what it leaves out.

The one list of suffixes: the import, the watcher and `doctor` all ask here.
"""

import unicodedata

NOTE_SUFFIXES = (".md", ".markdown")
PAGE_SUFFIXES = (".txt",)

_PLACEHOLDER_SUFFIXES = (".icloud", ".nextcloud", ".owncloud", ".opencloud", ".rslsc")
"""Sync tools append one of these to the name of a file whose content is not on this machine."""


def is_note(name: str) -> bool:
    """Whether a file of that name or path is a note."""
    return name.lower().endswith(NOTE_SUFFIXES)


def is_taken(name: str) -> bool:
    """Whether the import takes a file of that name out of a folder."""
    return not is_hidden(name) and name.lower().endswith(NOTE_SUFFIXES + PAGE_SUFFIXES)


def is_hidden(name: str) -> bool:
    """Whether a file or folder of that name is hidden: `.git`, `.obsidian`, `.trash`."""
    return name.startswith(".")


def is_lock(name: str) -> bool:
    """Whether it is the lock file of an editor: `~$Alpha.md`, `.~lock.Alpha.md#`, `._Alpha.md`."""
    return name.startswith(("~$", ".~lock.", "._"))


def placeholder_of(name: str) -> str | None:
    """The file that a sync tool's placeholder stands for: `.Alpha.md.icloud` for `Alpha.md`."""
    for suffix in _PLACEHOLDER_SUFFIXES:
        if name.lower().endswith(suffix):
            original = name[: -len(suffix)].removeprefix(".")
            return original if is_taken(original) else None
    return None


def folded(name: str) -> str:
    """A form of a name in which names agree that differ in case or composition only."""
    return unicodedata.normalize("NFC", name).casefold()
