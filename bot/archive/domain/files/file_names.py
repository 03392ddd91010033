"""Decides by its name whether a file of a vault is imported.

The import, the watcher and `paperbot doctor` all use this list of suffixes.
"""

import unicodedata

NOTE_SUFFIXES = (".md", ".markdown")
PAGE_SUFFIXES = (".txt",)

_PLACEHOLDER_SUFFIXES = (".icloud", ".nextcloud", ".owncloud", ".opencloud", ".rslsc")
"""Sync tools append one of these to the name of a file that is not downloaded."""


def is_note(name: str) -> bool:
    """Whether a file of that name or path is a note."""
    return name.lower().endswith(NOTE_SUFFIXES)


def is_imported(name: str) -> bool:
    """Whether a file of that name in an imported folder is imported."""
    return not is_hidden(name) and name.lower().endswith(NOTE_SUFFIXES + PAGE_SUFFIXES)


def is_hidden(name: str) -> bool:
    """Whether a file or folder of that name is hidden: `.git`, `.obsidian`, `.trash`."""
    return name.startswith(".")


def is_lock(name: str) -> bool:
    """Whether it is the lock file of an editor: `~$Alpha.md`, `.~lock.Alpha.md#`, `._Alpha.md`."""
    return name.startswith(("~$", ".~lock.", "._"))


def placeholder_of(name: str) -> str | None:
    """The file that a placeholder stands for: `Alpha.md` for `.Alpha.md.icloud`."""
    for suffix in _PLACEHOLDER_SUFFIXES:
        if name.lower().endswith(suffix):
            original = name[: -len(suffix)].removeprefix(".")
            return original if is_imported(original) else None
    return None


def folded(name: str) -> str:
    """The name in NFC, case-folded, for comparisons."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()
