"""Finds the copies and lock files among the files of a folder. Blocking: it reads some of them."""

from collections.abc import Iterable, Iterator, Sequence

from bot.archive.domain.files.file_names import folded, is_lock
from bot.archive.domain.files.found_file import FoundFile
from bot.archive.domain.files.sync_copies import Original, is_same_note, originals_of
from bot.archive.services.files.regular_files import NotRegularError, read_regular
from bot.core.domain.i18n import worded

_BYTES_COMPARED = 65_536


def check_copies(files: Iterable[FoundFile]) -> Iterator[tuple[FoundFile, str | None]]:
    """Each file of a folder, with the reason for leaving it out, or `None`.

    Of conflict copies whose original is gone, the newest one is imported.
    """
    # In order, so that each import leaves out the same one of two equal files.
    every = sorted(files, key=lambda file: (file.path, file.location))
    names = [file.file.name for file in every]
    by_name: dict[str, FoundFile] = {}
    for file, name in zip(every, names, strict=True):
        by_name.setdefault(folded(name), file)
    candidates = [(file, originals_of(name)) for file, name in zip(every, names, strict=True)]
    by_original = _newest_conflict_copies(candidates) | by_name
    for (file, originals), name in zip(candidates, names, strict=True):
        original = _twin_of(file, by_name[folded(name)])
        if original is None and originals:
            original = _original_of(file, originals, by_original)
        if original is not None:
            yield (
                file,
                worded(
                    "this is a copy of {name} that a sync tool or a person made: not imported; "
                    "delete it, or rename it if it is another note",
                    name=original.shown,
                ),
            )
        elif is_lock(name):
            locked = _locked_file(file, by_name)
            yield file, f"this is an editor's lock file of {locked}: not imported"
        else:
            yield file, None


def _newest_conflict_copies(
    candidates: Iterable[tuple[FoundFile, Sequence[Original]]],
) -> dict[str, FoundFile]:
    """The newest conflict copy of each original, by the folded name of the original."""
    newest: dict[str, FoundFile] = {}
    for file, originals in candidates:
        for original in originals:
            if original.is_certain:
                key = folded(original.name)
                newest[key] = max(newest.get(key, file), file, key=lambda found: found.path)
    return newest


def _twin_of(file: FoundFile, twin: FoundFile) -> FoundFile | None:
    """The file whose name differs in case or in Unicode composition only, with the same note."""
    if twin is file or not is_same_note(_beginning(file), _beginning(twin)):
        return None
    return twin


def _original_of(
    file: FoundFile, originals: Sequence[Original], by_name: dict[str, FoundFile]
) -> FoundFile | None:
    for original in originals:
        other = by_name.get(folded(original.name))
        if other is None or other is file:
            continue
        if original.is_certain or is_same_note(_beginning(file), _beginning(other)):
            return other
    return None


def _beginning(file: FoundFile) -> str:
    try:
        return read_regular(file.file, _BYTES_COMPARED).data.decode("utf-8", "replace")
    except (OSError, NotRegularError):
        return ""


def _locked_file(file: FoundFile, by_name: dict[str, FoundFile]) -> str:
    """The file that a lock file belongs to; Office replaces its first two characters."""
    ending = folded(file.file.name.removeprefix("~$").removeprefix(".~lock.").removeprefix("._"))
    return next(
        (
            other.shown
            for name, other in by_name.items()
            if other is not file and name.endswith(ending)
        ),
        "another file",
    )
