"""Export entries: as a vault, digest pages, JSON lines or a bibliography."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

from bot.archive.domain.citations import bibliography
from bot.archive.domain.entry import Language, Reference, SourceKind, StoredEntry
from bot.archive.domain.export_format import Format
from bot.archive.domain.files.sync_copies import is_same_note, originals_of
from bot.archive.domain.formats import digest_page, vault_note
from bot.archive.services import import_parser
from bot.core.domain.errors import UsageError
from bot.core.domain.late import late_pattern

_PAGE = 500


_STYLES = {
    Format.BIBTEX: bibliography.BIBTEX,
    Format.CSL: bibliography.CSL,
    Format.RIS: bibliography.RIS,
}


async def export_text(found: AsyncIterator[StoredEntry], form: Format) -> AsyncIterator[str]:
    """The entries, in their order, as pieces of one text; see `Format.is_by_paper`.

    Raises `UsageError` for `VAULT`, which is a folder.
    """
    match form:
        case Format.JSONL:
            async for stored in found:
                yield json.dumps(entry_json(stored), ensure_ascii=False) + "\n"
        case Format.VAULT:
            raise UsageError("A vault is a folder: name one with --out PATH")
        case Format.DIGEST:
            entries = [stored.entry async for stored in found]
            yield await asyncio.to_thread(digest_page.write, entries)
        case _:
            async for piece in bibliography.write(found, _STYLES[form], asyncio.to_thread):
                yield piece


async def export_vault(found: AsyncIterator[StoredEntry], folder: Path) -> int:
    """Write one note for each entry into an empty or new folder; return how many.

    A note from a vault that has not changed is written byte for byte, with its path there. Raises
    `UsageError` if the folder is not writable or has files.
    """
    await asyncio.to_thread(_make_empty, folder)
    taken: set[str] = set()
    written = 0
    page: list[StoredEntry] = []
    async for stored in found:
        page.append(stored)
        if len(page) == _PAGE:
            written += await asyncio.to_thread(_write_notes, folder, page, taken)
            page = []
    return written + await asyncio.to_thread(_write_notes, folder, page, taken)


def entry_json(stored: StoredEntry) -> dict[str, object]:
    """The JSON form of an entry, as in `show --json`, `lookup --json` and `jsonl`."""
    entry, paper = stored.entry, stored.entry.paper
    return {
        "id": stored.id,
        "date": entry.date.isoformat() if entry.date is not None else None,
        "title": paper.title,
        "authors": list(paper.authors),
        "arxiv_id": paper.arxiv_id.number if paper.arxiv_id is not None else None,
        "url": paper.url or (paper.arxiv_id.url if paper.arxiv_id is not None else None),
        "abstract": paper.abstract,
        "commentary": {language: "\n\n".join(entry.paragraphs(language)) for language in Language},
        "tags": list(entry.tags),
        "references": [_reference_json(reference) for reference in entry.references],
        "links": list(entry.links),
        "source": {"kind": entry.source.kind, "path": entry.source.path},
        "changed_at": (
            stored.changed_at.isoformat(timespec="seconds")
            if stored.changed_at is not None
            else None
        ),
    }


def _reference_json(reference: Reference) -> dict[str, object]:
    arxiv_id = reference.arxiv_id
    return {
        "arxiv_id": arxiv_id.number if arxiv_id is not None else None,
        "url": reference.url or (arxiv_id.url if arxiv_id is not None else None),
        "title": reference.title,
    }


def _make_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise _unwritable(folder, error) from error
    if there:
        raise UsageError(
            "This folder contains files, and export overwrites none: choose an empty folder",
            path=str(folder),
        )


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        "The file cannot be written ({reason}): choose another place with --out",
        path=str(path),
        reason=error.strerror or type(error).__name__,
    )


def _write_notes(folder: Path, page: list[StoredEntry], taken: set[str]) -> int:
    for stored in page:
        text = import_parser.write_note(stored.entry)
        wanted = _wanted_path(stored)
        path = folder / free_path(wanted, taken)
        try:
            if _looks_like_copy(path, text):
                path = folder / free_path(wanted, taken, before_number=", ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        except OSError as error:
            raise _unwritable(path, error) from error
    return len(page)


def _looks_like_copy(path: Path, text: str) -> bool:
    """Whether an import would leave out that note as a copy of a note already written."""
    originals = (path.with_name(original.name) for original in originals_of(path.name))
    return any(
        original.exists() and is_same_note(text, original.read_text(encoding="utf-8"))
        for original in originals
    )


def _wanted_path(stored: StoredEntry) -> str:
    source = stored.entry.source
    if source.kind is SourceKind.VAULT_NOTE:
        return source.path
    return vault_note.file_name(stored.entry)


def free_path(wanted: str, taken: set[str], *, before_number: str = " ") -> str:
    """A path for a note that no other note has; it is added to `taken`.

    Whatever `wanted` is, the path stays in the folder, is not hidden, and differs from all others also
    if case is ignored.
    """
    *folders, name = ("/" + wanted).split("/")
    folder = "".join(f"{_safe(part)}/" for part in folders if part)
    stem = _safe(name[:-3] if name.lower().endswith(".md") else name)
    for number in count(1):
        end = f"{before_number}{number}" if number > 1 else ""
        path = f"{folder}{stem}{end}.md"
        if path.casefold() not in taken:
            taken.add(path.casefold())
            return path
    raise AssertionError


def _safe(part: str) -> str:
    """One part of a path that is valid and has no special meaning on any system."""
    plain = _CONTROL.sub("_", part)
    while len(plain.encode()) > _LONGEST_BYTES:
        plain = plain[:-1]
    if not plain or plain.startswith(".") or _RESERVED.fullmatch(plain):
        return f"_{plain}"
    return plain


_CONTROL = late_pattern(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
_RESERVED = late_pattern(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_LONGEST_BYTES = 240
